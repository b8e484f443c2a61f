"""Requests of data subjects: one machine, every step on record, clicks at once settled on one."""

import threading
from contextlib import suppress
from datetime import date, datetime, timedelta
from itertools import pairwise
from unittest import mock
from uuid import UUID

import pytest
from django.db import connections, transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from applications.actors import Actor
from applications.crypto import keyring
from applications.crypto.keyring import data_key_scope
from applications.crypto.models import DataKey
from applications.errors import IllegalTransition
from applications.models import AuditEntry, DataSubject, OutboundMail
from privacy.datamap import doors
from privacy.errors import DecisionMissing, TooLateToExtend
from privacy.letter_facts import Delay
from privacy.models import Identity, Refusal, RequestEvent, RequestWords, Result, Right, RightsRequest, Way
from privacy.request_clock import RequestClock
from privacy.services import identifying, receiving, requests
from privacy.states import ENDED, OPEN, TRANSITIONS, RequestStatus
from tests import factories
from tests.clock import later

DATABASES = ["default", "keys", "aside"]
pytestmark = pytest.mark.django_db(databases=DATABASES)
OFFICER = Actor.staff(1)
S = RequestStatus


def asked(
    subject: DataSubject | None, *, right: Right = Right.ACCESS, identity: Identity = Identity.NONE
) -> RightsRequest:
    return receiving.receive(
        right=right, way=Way.OWN_PAGES, language="lv", actor=OFFICER, identity=identity,
        subject_id=subject.pk if subject else None, contact="anna@piemers.lv", text="Lūdzu manus datus.",
    )  # fmt: skip


@pytest.fixture
def anna() -> DataSubject:
    return factories.subject("anna@piemers.lv")


def events(request: RightsRequest) -> list[str]:
    """What happened to it, but for the letters about it."""
    found = RequestEvent.objects.filter(request=request).exclude(what="letter")
    return list(found.order_by("at").values_list("what", flat=True))


# --- coming in ---


def test_erasure_for_somebody_with_a_fresh_code_is_assessed_at_once(anna):
    request = asked(anna, right=Right.ERASURE, identity=Identity.FRESH_CODE)
    assert (request.status, request.identity, request.subject_id) == ("assessed", "fresh_code", anna.pk)
    assert events(request) == ["received", "assessed"]
    assert AuditEntry.objects.filter(action__startswith="request.", subject_id=anna.pk).count() == 2


@pytest.mark.parametrize("identity", [Identity.FRESH_CODE, Identity.CONTACT])
def test_copy_for_whoever_proved_who_they_are_needs_nobodys_decision(anna, identity):
    request = asked(anna, identity=identity)
    assert (request.status, events(request)) == ("approved", ["received", "assessed", "approved"])


def test_copy_for_whom_the_officer_took_for_it_is_decided_by_the_officer(anna):
    assert asked(anna, identity=Identity.OFFICER).status == "assessed"


# --- who asks ---


def test_question_who_asks_goes_to_the_contact_on_file(anna):
    request = receiving.receive(
        right=Right.ACCESS, way=Way.OFFICER, language="lv", actor=OFFICER, subject_id=anna.pk,
        contact="stranger@piemers.lv",
    )  # fmt: skip
    identifying.ask_who(request_id=request.pk, actor=OFFICER)
    with data_key_scope():
        mails = OutboundMail.objects.filter(owner_id=request.pk).order_by("created_at")
        assert [mail.recipient for mail in mails] == ["stranger@piemers.lv", "anna@piemers.lv"]


def test_person_whom_the_question_reached_confirms(anna):
    request = asked(anna)
    identifying.ask_who(request_id=request.pk, actor=OFFICER)
    confirmed = identifying.confirm(request_id=request.pk, subject_id=anna.pk, actor=OFFICER)
    assert (confirmed.identity, confirmed.status) == (Identity.CONTACT, "approved")


def test_person_who_confirms_is_answered_at_the_contact_on_file(anna):
    request = receiving.receive(
        right=Right.ACCESS, way=Way.OFFICER, language="lv", actor=OFFICER, subject_id=anna.pk,
        contact="stranger@piemers.lv",
    )  # fmt: skip
    identifying.ask_who(request_id=request.pk, actor=OFFICER)
    identifying.confirm(request_id=request.pk, subject_id=anna.pk, actor=OFFICER)
    with data_key_scope():
        assert RequestWords.objects.get(pk=request.pk).contact == "anna@piemers.lv"


def test_person_who_did_not_ask_says_so_and_nothing_is_given_out(anna):
    request = asked(anna)
    identifying.ask_who(request_id=request.pk, actor=OFFICER)
    denied = identifying.deny(request_id=request.pk, subject_id=anna.pk, actor=OFFICER)
    assert (denied.status, denied.refusal) == ("refused", Refusal.NOT_IDENTIFIED)


@pytest.mark.parametrize("deed", [identifying.confirm, identifying.deny])
def test_nobody_else_answers_the_question(anna, deed):
    request = asked(anna)
    identifying.ask_who(request_id=request.pk, actor=OFFICER)
    with pytest.raises(RightsRequest.DoesNotExist):
        deed(request_id=request.pk, subject_id=factories.subject().pk, actor=OFFICER)


def test_request_of_nobody_known_waits_to_be_identified():
    request = asked(None)
    assert (request.status, request.subject_id) == ("received", None)
    with pytest.raises(IllegalTransition):
        identifying.identify(
            request_id=request.pk, identity=Identity.OFFICER, actor=OFFICER, decision="Pieteicās klātienē."
        )


def test_officers_decision_who_asks_is_in_words(anna):
    request = asked(anna)
    with pytest.raises(DecisionMissing):
        identifying.identify(request_id=request.pk, identity=Identity.OFFICER, actor=OFFICER, decision=" ")
    identifying.identify(
        request_id=request.pk, identity=Identity.OFFICER, actor=OFFICER, decision="Pieteicās klātienē."
    )
    assert RequestWords.objects.get(pk=request.pk).decision == "Pieteicās klātienē."


def test_words_are_under_a_key_of_the_requests_own(anna):
    request = asked(anna)
    keyring.destroy_key(anna.pk)
    with data_key_scope():
        words = RequestWords.objects.get()
        assert (words.contact, words.text) == ("anna@piemers.lv", "Lūdzu manus datus.")
    assert DataKey.objects.filter(owner_id=request.pk).exists()


def test_second_click_is_the_same_request(anna):
    first, second = asked(anna), asked(anna)
    assert first.pk == second.pk
    assert events(first) == ["received", "asked_again"]
    with data_key_scope():
        assert (
            RequestWords.objects.get().text.count("Lūdzu manus datus.") == 2
        )  # whatever was written is kept


@pytest.mark.parametrize("asked_who", [False, True])
def test_whoever_proves_who_they_are_asks_in_their_own_words(anna, asked_who):
    """Somebody else may have asked in their name: of that request the clock alone goes on."""
    first = receiving.receive(
        right=Right.ACCESS, way=Way.OFFICER, language="lv", actor=OFFICER, subject_id=anna.pk,
        contact="stranger@piemers.lv", text="A stranger's words.",
        received_at=timezone.now() - timedelta(days=5),
    )  # fmt: skip
    if asked_who:
        identifying.ask_who(request_id=first.pk, actor=OFFICER)
    second = asked(anna, identity=Identity.FRESH_CODE)
    assert (second.status, second.identity) == ("approved", Identity.FRESH_CODE)
    assert (second.received_on, second.due_on) == (first.received_on, first.due_on)
    first.refresh_from_db()
    assert (first.status, first.result) == ("withdrawn", Result.ASKED_ANEW)
    with data_key_scope():
        words = RequestWords.objects.get(pk=second.pk)
        assert (words.contact, words.text) == ("anna@piemers.lv", "Lūdzu manus datus.")


def test_days_of_waiting_are_given_back_to_whoever_asks_anew(anna):
    first = receiving.receive(
        right=Right.ACCESS, way=Way.OFFICER, language="lv", actor=OFFICER, subject_id=anna.pk
    )
    identifying.ask_who(request_id=first.pk, actor=OFFICER)
    with later(days=10):
        second = asked(anna, identity=Identity.FRESH_CODE)
    assert (second.paused_days, second.paused_on) == (10, None)


def test_another_right_and_another_person_are_other_requests(anna):
    ids = {asked(anna).pk, asked(anna, right=Right.ERASURE).pk, asked(factories.subject()).pk, asked(None).pk}
    assert len(ids) == 4


def test_request_after_one_that_ended_is_a_new_one(anna):
    first = asked(anna)
    requests.withdraw(request_id=first.pk, actor=OFFICER)
    assert asked(anna).pk != first.pk


@pytest.mark.django_db(databases=DATABASES, transaction=True)
def test_clicks_at_once_are_one_request(anna):
    found: list[UUID] = []
    together = threading.Barrier(6)

    def click() -> None:
        try:
            together.wait(10)
            found.append(asked(anna).pk)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=click) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(found) == 6
    assert set(found) == {RightsRequest.objects.get().pk}


def test_request_that_cannot_be_written_leaves_no_key(anna):
    with (
        mock.patch.object(RequestWords, "save", side_effect=RuntimeError),
        pytest.raises(RuntimeError),
    ):
        asked(anna)
    assert not RightsRequest.objects.exists()
    alive = DataKey.objects.filter(wrapped__isnull=False)
    assert set(alive.values_list("owner_id", flat=True)) == {anna.pk}


# --- the clock ---


def test_clock_runs_from_the_day_it_came_in_riga():
    came = datetime.fromisoformat("2026-11-23T22:30:00+00:00")  # half past midnight in Riga
    request = receiving.receive(
        right=Right.ACCESS, way=Way.OFFICER, language="lv", actor=OFFICER, received_at=came
    )
    assert (request.received_on, request.due_on) == (date(2026, 11, 24), date(2026, 12, 28))


def test_clock_stands_still_while_it_is_asked_who_it_is(anna):
    request = asked(anna)
    identifying.ask_who(request_id=request.pk, actor=OFFICER)
    with later(days=10):
        answered = identifying.identify(request_id=request.pk, identity=Identity.CONTACT, actor=OFFICER)
    assert (answered.paused_days, answered.paused_on) == (10, None)
    assert answered.due_on == RequestClock(request.received_on, paused_days=10).due_on(request.received_on)


def test_more_time_is_taken_once_and_within_the_first_month(anna):
    request = asked(anna)
    longer = requests.extend(request_id=request.pk, actor=OFFICER, why=Delay.MANY)
    assert longer.due_on > request.due_on + timedelta(days=50)
    with pytest.raises(TooLateToExtend):
        requests.extend(request_id=request.pk, actor=OFFICER, why=Delay.MANY)
    other = asked(anna, right=Right.ERASURE)
    with later(days=40), pytest.raises(TooLateToExtend):
        requests.extend(request_id=other.pk, actor=OFFICER, why=Delay.MANY)


# --- refused ---


def test_who_cannot_be_identified_is_refused_for_that_alone(anna):
    request = asked(anna)
    identifying.ask_who(request_id=request.pk, actor=OFFICER)
    with pytest.raises(IllegalTransition):
        requests.refuse(request_id=request.pk, why=Refusal.EXCEPTION, actor=OFFICER)
    refused = requests.refuse(request_id=request.pk, why=Refusal.NOT_IDENTIFIED, actor=OFFICER)
    assert (refused.status, refused.refusal, refused.paused_on) == ("refused", "not_identified", None)
    assert refused.ended_at is not None


def test_person_has_one_open_request_for_a_right_whoever_identifies_it(anna):
    asked(anna)
    nameless = asked(None)
    with pytest.raises(IllegalTransition):
        identifying.identify(
            request_id=nameless.pk,
            identity=Identity.OFFICER,
            actor=OFFICER,
            subject_id=anna.pk,
            decision="Pieteicās klātienē.",
        )


# --- after an erasure ---


def test_register_outlives_the_person_and_the_words_of_an_open_request_wait_for_its_answer(anna):
    open_one = asked(anna, right=Right.ERASURE)
    ended = asked(anna)
    requests.withdraw(request_id=ended.pk, actor=OFFICER)
    for door in doors():
        door.erase(anna)
    assert RightsRequest.objects.filter(subject=anna).count() == 2
    assert RequestWords.objects.get().request_id == open_one.pk
    assert not DataKey.objects.filter(owner_id=ended.pk, wrapped__isnull=False).exists()
    assert RequestEvent.objects.filter(request__subject=anna).exists()


# --- in any order ---


class Requests(RuleBasedStateMachine):
    """One person, whom everybody helps at once."""

    subject: DataSubject

    @initialize()
    def start(self) -> None:
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.seen: dict[UUID, list[str]] = {}

    def teardown(self) -> None:
        if hasattr(self, "savepoint"):
            transaction.set_rollback(True)
            self.savepoint.__exit__(None, None, None)

    def any_of(self, which: int) -> RightsRequest | None:
        found = sorted(RightsRequest.objects.all(), key=lambda one: (one.received_at, one.right, one.status))
        return found[which % len(found)] if found else None

    @rule(right=st.sampled_from(Right), known=st.booleans(), identity=st.sampled_from(Identity))
    def somebody_asks(self, right: Right, known: bool, identity: Identity) -> None:
        who = self.subject if known else None
        asked(who, right=right, identity=identity if who else Identity.NONE)

    @rule(
        which=st.integers(0, 5),
        deed=st.sampled_from(["ask_who", "identify", "approve", "refuse", "withdraw", "extend"]),
        why=st.sampled_from(Refusal),
    )
    def officer_acts(self, which: int, deed: str, why: Refusal) -> None:
        request = self.any_of(which)
        if request is None:
            return
        more: dict[str, object] = {
            "refuse": {"why": why}, "identify": {"identity": Identity.OFFICER, "decision": "Zinām."},
            "extend": {"why": Delay.MANY},
        }.get(deed, {})  # fmt: skip
        if deed == "identify":
            more |= {"subject_id": self.subject.pk}
        with suppress(IllegalTransition, TooLateToExtend):
            getattr(identifying if deed in ("ask_who", "identify") else requests, deed)(
                request_id=request.pk, actor=OFFICER, **more
            )

    @invariant()
    def every_way_is_one_of_the_table_and_on_record(self) -> None:
        for request in RightsRequest.objects.all():
            way = [S(what) for what in events(request) if what in set(S)]
            assert way[0] is S.RECEIVED
            assert way[-1] == request.status
            assert all(after in TRANSITIONS[before] for before, after in pairwise(way))
            before = self.seen.get(request.pk, [])
            assert events(request)[: len(before)] == before
            self.seen[request.pk] = events(request)

    @invariant()
    def nobody_has_two_open_requests_for_one_right(self) -> None:
        named = RightsRequest.objects.filter(status__in=OPEN, subject__isnull=False)
        rights = list(named.values_list("right", flat=True))
        assert len(rights) == len(set(rights))

    @invariant()
    def clock_and_columns_agree(self) -> None:
        today = timezone.localdate()
        for request in RightsRequest.objects.all():
            assert request.due_on == request.clock.due_on(today)
            assert (request.paused_on is not None) == (request.status == S.IDENTITY_CHECK)
            assert (request.ended_at is not None) == (request.status in ENDED)

    @invariant()
    def nothing_goes_on_without_knowing_who_asks(self) -> None:
        beyond = RightsRequest.objects.filter(status__in=[S.ASSESSED, S.APPROVED, S.RUNNING, S.COMPLETED])
        assert not beyond.filter(identity=Identity.NONE).exists()
        assert not beyond.filter(subject__isnull=True).exists()


def test_whatever_is_clicked_the_register_is_sound(anna) -> None:
    Requests.subject = anna
    run_state_machine_as_test(
        Requests,
        settings=settings(
            max_examples=25,
            stateful_step_count=15,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
