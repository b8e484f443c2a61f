"""Every order of clicks, by two people and more, with crashes: what is disclosed was approved by two."""

import threading

import pytest
from django.db import connections
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from applications.errors import Refusal
from applications.models import Disclosure, DisclosureStatus, StaffUser
from applications.personal import Category, RecipientKind
from privacy.disclosure_states import APPROVED_BY_TWO, ENDED, OPEN, TRANSITIONS, DisclosureState, sources
from privacy.models import DisclosureRequest, SealedPackage
from privacy.services import disclosing, handing_over
from tests import factories
from tests.privacy import disclosures

S = DisclosureState
PEOPLE = ("dpo", "deputy", "third")


# --- the table -------------------------------------------------------------------------------------------
def test_open_and_ended_are_all():
    assert OPEN | ENDED == set(S) == set(TRANSITIONS)


def test_an_end_can_be_reached_from_everywhere():
    reached = set(ENDED)
    while more := {one for one in S if TRANSITIONS[one] & reached} - reached:
        reached |= more
    assert reached == set(S)


def test_only_what_two_approved_is_sealed_and_only_what_is_sealed_is_disclosed():
    assert sources(S.DISCLOSED) == [S.SEALED]
    assert sources(S.SEALED) == [S.APPROVED]
    assert sources(S.APPROVED) == [S.APPROVED_ONCE, S.SEALED]
    assert set(TRANSITIONS[S.SEALED]) <= APPROVED_BY_TWO


# --- the machine -----------------------------------------------------------------------------------------
class Crash(Exception):
    pass


class Clicks(RuleBasedStateMachine):
    """People press whatever they like, whenever they like; a worker may die in between."""

    def __init__(self) -> None:
        super().__init__()
        self.subject = factories.subject()
        self.request = disclosures.asked(self.subject)
        self.approvals: set[str] = set()
        self.ever_taken = False

    def act(self, service, **given) -> bool:
        try:
            service(request_id=self.request.pk, **given)
        except Refusal:
            return False
        return True

    @property
    def now(self) -> DisclosureRequest:
        return disclosures.current(self.request)

    @rule(category=st.sampled_from([Category.ACCOUNT, Category.IDENTIFICATION]))
    def assess(self, category):
        if self.act(
            disclosing.assess, categories=[category], certificate=disclosures.certificate(),
            actor=disclosures.officer(),
        ):  # fmt: skip
            self.approvals = set()

    @rule(who=st.sampled_from(PEOPLE))
    def approve(self, who):
        if self.act(disclosing.approve, actor=disclosures.officer(who)):
            self.approvals.add(who)

    @rule()
    def reopen(self):
        if self.act(disclosing.reopen, actor=disclosures.officer()):
            self.approvals = set()

    @rule()
    def seal(self):
        self.act(handing_over.make_package, actor=disclosures.officer())

    @rule(fails=st.booleans())
    def hand_over(self, fails):
        kept, destroy = None, handing_over.destroy_package
        if fails:
            handing_over.destroy_package = _crash
        try:
            disclosures.handed_over(self.request)
        except (Refusal, Crash) as error:
            kept = error
        finally:
            handing_over.destroy_package = destroy
        assert kept is None or isinstance(kept, Refusal | Crash)

    @rule()
    def never_left(self):
        self.act(handing_over.record_never_left, actor=disclosures.officer())

    @rule()
    def take(self):
        self.ever_taken |= self.act(handing_over.take, actor=disclosures.officer())

    @rule()
    def daily_job(self):
        handing_over.end_sealed_packages()
        assert SealedPackage.objects.exists() <= (self.now.state == S.SEALED)

    @rule()
    def refuse(self):
        why = disclosures.WhyNot.NO_BASIS
        self.act(disclosing.refuse, why=why, reasons="no", actor=disclosures.officer())

    @invariant()
    def two_people_approved_what_may_leave(self):
        request = self.now
        if request.state in APPROVED_BY_TWO:
            assert len(self.approvals) >= 2
            assert request.first_by != request.second_by
            assert request.first_by
        if self.ever_taken:
            assert len(self.approvals) >= 2 or request.state not in APPROVED_BY_TWO

    @invariant()
    def register_says_what_became_of_it(self):
        row = Disclosure.objects.filter(recipient_kind=RecipientKind.AUTHORITY).first()
        status = row.status if row else None
        expected = {S.SEALED: DisclosureStatus.INTENDED, S.DISCLOSED: DisclosureStatus.MADE}
        assert status == expected.get(self.now.state, DisclosureStatus.NOT_MADE if row else None)

    @invariant()
    def what_is_sealed_has_its_package(self):
        if self.now.state == S.SEALED:
            assert SealedPackage.objects.filter(request=self.request).exists()


def _crash(_request):
    raise Crash


class TestClicks(TestCase):
    databases = {"default", "keys", "aside"}

    def test_whatever_is_pressed_two_people_stand_behind_what_leaves(self):
        def fresh():
            DisclosureRequest.objects.all().delete()
            Disclosure.objects.all().delete()
            return Clicks()

        run_state_machine_as_test(
            fresh,
            settings=settings(
                max_examples=12, stateful_step_count=25, deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )  # fmt: skip


# --- at the same moment ----------------------------------------------------------------------------------
def at_once(*deeds) -> list[object]:
    """What came of each, done at the same moment on connections of their own."""
    came: list[object] = [None] * len(deeds)
    gate = threading.Barrier(len(deeds))

    def run(place, deed):
        try:
            gate.wait()
            came[place] = deed()
        except Refusal as refusal:
            came[place] = refusal.code
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return came


@pytest.mark.django_db(databases=["default", "keys", "aside"], transaction=True)
def test_concurrent_clicks_settle_on_one():
    request = disclosures.assessed(disclosures.asked(factories.subject()), Category.ACCOUNT)
    first, second = disclosures.officer(), disclosures.officer("deputy")
    came = at_once(*[lambda: disclosing.approve(request_id=request.pk, actor=first)] * 3)
    assert came.count("same_person") == 2
    disclosing.approve(request_id=request.pk, actor=second)
    came = at_once(*[lambda: handing_over.make_package(request_id=request.pk, actor=first)] * 3)
    assert came.count("illegal_transition") == 2
    assert SealedPackage.objects.count() == 1
    came = at_once(
        lambda: disclosures.handed_over(request),
        lambda: handing_over.record_never_left(request_id=request.pk, actor=second),
    )
    assert came.count("illegal_transition") == 1
    assert Disclosure.objects.get().status in (DisclosureStatus.MADE, DisclosureStatus.NOT_MADE)
    assert StaffUser.objects.count() == 2
