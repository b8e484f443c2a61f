"""Requests that are carried out while everything crashes: no effect is lost, and none is done twice."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from secrets import token_hex
from typing import Any
from unittest import mock

import pytest
from django.conf import settings as product
from django.db import transaction
from django.test import override_settings
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from applications.actors import Actor
from applications.crypto import keyring
from applications.errors import IllegalTransition, SubjectErased
from applications.models import Application, DataSubject, Objection, Restriction, SupplementaryStatement
from applications.row_security import storing
from applications.services import ledger
from lenders.models import DeletionNotice, Submission
from privacy.models import (
    AccessPackage,
    Erasure,
    Letter,
    LetterKind,
    Outcome,
    RecipientNotice,
    Right,
    RightsRequest,
)
from privacy.rights import erasure as erasing
from privacy.rights.access import RELEASED
from privacy.rights.erasure import ErasureOfAPerson
from privacy.rights.registry import MODULES
from privacy.services import requests, running
from privacy.services.deciding import decide_held, is_weighed, weigh
from privacy.states import RequestStatus
from tests import factories
from tests.clock import later
from tests.lenders import scene
from tests.privacy import rights

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=scene.DATABASES),
    pytest.mark.usefixtures("lenders"),
]
S = RequestStatus
STEPS = tuple(dict.fromkeys(step for module in MODULES.values() for step in module.STEPS))
ANSWERS = [
    LetterKind.ACCESS, LetterKind.ERASED, LetterKind.PARTLY_ERASED, LetterKind.RECTIFIED,
    LetterKind.RESTRICTED, LetterKind.OBJECTION_STANDS, LetterKind.OBJECTION_OVERRULED, LetterKind.PAPERS,
    LetterKind.REVIEWED, LetterKind.REVIEW_PASSED_ON, LetterKind.REFUSED,
    LetterKind.PORTABLE,
]  # fmt: skip


class Killed(BaseException):
    """The process ends here: nothing is written any more."""


class Broken(Exception):
    """Something the step needs is away."""

    code = "broken"


@contextmanager
def crashing(step: str, *, where: str, how: type[BaseException]) -> Iterator[None]:
    """One step ends early: before its work, after it but before the row is written, or at a point inside."""
    if where in ("before", "after"):
        with ExitStack() as cuts:
            for kind in map(type, MODULES.values()):
                cuts.enter_context(mock.patch.object(kind, "execute", _cut(kind.execute, step, where, how)))
            yield
    elif where == "key_gone":
        with mock.patch.object(erasing.keyring, "destroy_key", _after(keyring.destroy_key, how)):
            yield
    elif where == "half_deleted":
        first, *rest = erasing.doors()
        broken = [first, *[mock.Mock(wraps=one, erase=mock.Mock(side_effect=how)) for one in rest]]
        with mock.patch.object(erasing, "doors", return_value=broken):
            yield
    else:
        with ExitStack() as cuts:
            for name in {type(module).__module__ for module in MODULES.values()}:
                cuts.enter_context(mock.patch(f"{name}.send_letter", side_effect=how))
            yield


def _cut(execute: Any, step: str, where: str, how: type[BaseException]) -> Any:
    def cut(self: Any, request: RightsRequest) -> Any:
        if request.step == step and where == "before":
            raise how
        here = request.step
        outcome = execute(self, request)
        if here == step:
            raise how
        return outcome

    return cut


def _after(deed: Any, how: type[BaseException]) -> Any:
    def done_and_then(*args: Any) -> Any:
        deed(*args)
        raise how

    return done_and_then


class Carried(RuleBasedStateMachine):
    """A person whose application two lenders have, and a bystander."""

    @initialize()
    def begin(self) -> None:
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.days = 0
        # a database that goes back to a savepoint lacks what the file has
        self.ledger = override_settings(ERASURE_LEDGER=f"{product.ERASURE_LEDGER}.{token_hex(8)}")
        self.ledger.enable()
        self.bystander = factories.subject()
        self.application = scene.sent("atra", "leja")
        scene.taken_by_all(self.application, atra="declined")
        self.subject_id = self.application.subject_id
        self.submissions = set(Submission.objects.values_list("pk", flat=True))

    def teardown(self) -> None:
        if not hasattr(self, "savepoint"):
            return
        try:
            self.whatever_was_decided_is_done_in_the_end()
        finally:
            self.ledger.disable()
            transaction.set_rollback(True)
            self.savepoint.__exit__(None, None, None)

    @property
    def subject(self) -> DataSubject:
        return DataSubject.objects.get(pk=self.subject_id)

    def now(self) -> Any:
        return later(days=self.days)

    # --- what people do ---

    @rule(right=st.sampled_from(list(MODULES)))
    def person_asks(self, right: Right) -> None:
        if self.subject.erased_at is None:
            with self.now(), suppress(IllegalTransition):  # a correction that is being made
                rights.ask(self.subject, right, **rights.wish(self.subject, right))

    @rule(overruled=st.booleans())
    def officer_weighs(self, overruled: bool) -> None:
        for request in filter(is_weighed, RightsRequest.objects.filter(right=Right.OBJECTION)):
            with self.now(), suppress(SubjectErased):
                weigh(request_id=request.pk, overruled=overruled, reasons="So.", actor=rights.OFFICER)

    @rule()
    def officer_approves(self) -> None:
        for request in RightsRequest.objects.filter(status=S.ASSESSED):
            with self.now():
                requests.approve(request_id=request.pk, actor=rights.OFFICER)

    @rule()
    def person_takes_it_back(self) -> None:
        for request in RightsRequest.objects.all():
            with self.now(), suppress(IllegalTransition):
                requests.withdraw(request_id=request.pk, actor=Actor.consumer(self.subject_id))

    @rule(word=st.sampled_from(["deleted", "retained", "pending"]))
    def lenders_answer(self, word: str) -> None:
        application = Application.objects.filter(pk=self.application.pk).first()
        if application is None or self.subject.erased_at is not None:
            return
        with self.now():
            scene.make_due(submission__application=application)
            for slug, prepared in scene.begun(application).items():
                submission = scene.submission_at(application, slug)
                scene.finish(prepared, scene.signed_reply(submission, scene.statement(submission, word)))

    @rule(days=st.integers(0, 12))
    def time_passes(self, days: int) -> None:
        self.days += days

    # --- what machines do ---

    @rule()
    def worker_runs(self) -> None:
        RightsRequest.objects.update(next_try_at=None)
        with self.now():
            running.run_due()

    @rule()
    def ledger_is_written(self) -> None:
        ledger.write()

    @rule(
        step=st.sampled_from(STEPS),
        where=st.sampled_from(["before", "after", "key_gone", "half_deleted", "answer"]),
        how=st.sampled_from([Killed, Broken]),
    )
    def worker_crashes(self, step: str, where: str, how: type[BaseException]) -> None:
        RightsRequest.objects.update(next_try_at=None)
        with self.now(), suppress(Killed), crashing(step, where=where, how=how):
            running.run_due()

    # --- what always holds ---

    @invariant()
    def nothing_is_destroyed_without_a_ledger_and_an_approved_request(self) -> None:
        gone = not keyring.owners_with_keys([self.subject_id])
        if gone or self.subject.erased_at is not None:
            entry = Erasure.objects.get()
            assert entry.subject_id == self.subject_id
            assert entry.request.status in (S.RUNNING, S.COMPLETED)
        if gone:
            assert self.subject.erased_at is not None

    @invariant()
    @storing()
    def nobody_who_has_the_data_is_forgotten(self) -> None:
        left = set(Submission.objects.values_list("pk", flat=True))
        told = set(RecipientNotice.objects.values_list("reference", flat=True))
        assert self.submissions <= left | told
        if self.subject.erased_at is not None:
            assert self.submissions == told
            assert not RecipientNotice.objects.filter(outcome=Outcome.WAITING).exists()

    @invariant()
    def nothing_is_done_twice(self) -> None:
        for request in RightsRequest.objects.all():
            answers = Letter.objects.filter(request=request, template__kind__in=ANSWERS).count()
            ended_with_an_erasure = request.events.filter(what="completed", why="erased").exists()
            if request.right == Right.OBJECTION or ended_with_an_erasure:
                assert answers <= 1  # the answer goes out with the decision, or there is nobody left
            else:
                assert answers == (request.status == S.COMPLETED)
            done = list(request.events.filter(what="step_done").values_list("why", flat=True))
            repeatable = {"tell", "wait", "close"}
            once = [step for step in done if step not in repeatable]
            assert len(once) == len(set(once))
        assert DeletionNotice.objects.count() <= len(self.submissions)
        assert Erasure.objects.count() <= 1

    @invariant()
    @storing()
    def what_is_done_to_the_data_is_done_once(self) -> None:
        standing = Objection.objects.filter(overruled_at=None).values_list("purpose", flat=True)
        assert len(standing) == len(set(standing))
        assert Restriction.objects.filter(lifted_at=None).count() <= 1
        corrected = RightsRequest.objects.filter(right=Right.RECTIFICATION, status=S.COMPLETED)
        if self.subject.erased_at is None and Application.objects.filter(pk=self.application.pk).exists():
            assert SupplementaryStatement.objects.count() == corrected.exists() or not corrected.exists()

    @invariant()
    def failure_has_a_reason_and_a_next_try(self) -> None:
        for request in RightsRequest.objects.filter(trouble="broken"):
            assert request.events.filter(what="step_failed", why="broken").exists()
            assert request.status in (S.APPROVED, S.RUNNING)

    @invariant()
    def bystander_keeps_everything(self) -> None:
        assert keyring.owners_with_keys([self.bystander.pk])
        assert DataSubject.objects.get(pk=self.bystander.pk).erased_at is None

    def whatever_was_decided_is_done_in_the_end(self) -> None:
        """Nothing wedges: with everything up again and the officer at work, all decided requests complete."""
        decided = RightsRequest.objects.filter(status__in=[S.APPROVED, S.RUNNING])
        for again in range(5):
            for package in AccessPackage.objects.defer("content").filter(released_at__isnull=True):
                decisions = dict.fromkeys(package.undecided, RELEASED)
                decide_held(request_id=package.pk, decisions=decisions, actor=rights.OFFICER)
            for weighed in filter(is_weighed, RightsRequest.objects.all()):
                weigh(request_id=weighed.pk, overruled=False, reasons="", actor=rights.OFFICER)
            RightsRequest.objects.update(next_try_at=None)
            ledger.write()
            with later(days=self.days + 45, minutes=15 * again):  # what can be reached has its minutes
                running.run_due()
            for request in RightsRequest.objects.filter(right=Right.ACCESS, status=S.ASSESSED):
                requests.withdraw(request_id=request.pk, actor=rights.OFFICER)
        assert not decided.exists(), list(decided.values_list("right", "step", "trouble"))
        for erasure in Erasure.objects.all():
            assert erasure.certified_at is not None
            with storing():
                assert not Submission.objects.exists()
            assert not keyring.owners_with_keys([self.subject_id])


def test_crashes_at_every_step_lose_nothing_and_double_nothing() -> None:
    run_state_machine_as_test(
        Carried,
        settings=settings(
            max_examples=int(os.environ.get("RUNS", "16")),
            stateful_step_count=14,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def _somebody(right: Right) -> DataSubject:
    """With what the right needs: an application that was sent, or that a lender refused."""
    if right == Right.REVIEW:
        application = scene.sent("atra")
        scene.taken_by_all(application, atra="declined")
        return application.subject
    subject = factories.subject()
    factories.sent_application(subject)
    return subject


@pytest.mark.parametrize(("where", "how"), [("before", Killed), ("after", Broken)])
@pytest.mark.parametrize(
    ("right", "step"),
    [(right, step) for right, module in MODULES.items() for step in module.STEPS],
)
def test_request_goes_on_from_where_it_was_cut(
    right: Right, step: str, where: str, how: type[BaseException]
) -> None:
    subject = _somebody(right)
    request = rights.approved(subject, right)
    with suppress(Killed), crashing(step, where=where, how=how):
        rights.run(rights.decided(request))
    cut = rights.current(request)
    assert cut.step == step
    assert cut.trouble == ("" if how is Killed else "broken")
    done = rights.run(rights.decided(rights.run(request)))
    assert (done.status, done.trouble) == (S.COMPLETED, "")
    assert Letter.objects.filter(request=request, template__kind__in=ANSWERS).count() == 1


def test_failure_is_tried_again_ever_more_rarely() -> None:
    request = rights.approved(factories.subject())
    waits = []
    for _try in range(12):
        with crashing("search", where="before", how=Broken):
            failed = rights.run(request)
        assert failed.next_try_at is not None
        waits.append(failed.next_try_at - timezone.now())
    assert failed.tries == 12
    assert max(waits) <= timedelta(hours=1)


@pytest.mark.django_db(databases=scene.DATABASES, transaction=True)
def test_workers_at_once_carry_one_request_out_once() -> None:
    subject = factories.subject()
    request = rights.approved(subject)
    factories.in_parallel(lambda _worker: running.run(request.pk), 4)
    done = rights.run(request)  # whoever came second left it to the first, also its last step
    assert done.status == S.COMPLETED
    once = [what for what in rights.events(done) if what.startswith("step_done")]
    assert len(once) == len(set(once)) == len(ErasureOfAPerson.STEPS) - 1
    assert Letter.objects.filter(request=request, template__kind__in=ANSWERS).count() == 1
