"""Lenders, the consumer, staff and the clocks, in any order that Hypothesis thinks of.

RUNS=3000 in the environment makes so many stories of it instead of the few that every test run tells.
"""

import os
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from applications.actors import Actor
from applications.crypto.keyring import data_key_scope
from applications.errors import Refusal
from applications.models import Application, Consent
from applications.services.processing import withdraw_consent
from lenders.adapters.base import ErrorCode, LenderError
from lenders.models import Attempt, DeletionNotice, Delivery, Offer, Submission
from lenders.services import choosing, deliveries, ingest, retrying, settling, supplementing
from lenders.states import DeliveryKind
from tests.lenders import scene

pytestmark = [pytest.mark.django_db(databases=scene.DATABASES), pytest.mark.usefixtures("lenders")]

SLUGS = st.sampled_from(["atra", "leja", "baka"])
WORDS = st.sampled_from(
    [
        "offered",
        "declined",
        "pending",
        "needs_more",
        "withdrawn",
        "asleep",
        "contract_signed",
        "deleted",
        "retained",
    ]
)
REFERENCES = st.sampled_from(["", "A", "AB"])
FINAL = {
    "declined",
    "withdrawn",
    "expired",
    "lender_declined_late",
    "contract_signed",
    "not_selected",
}
ERRORS = st.sampled_from(
    [
        LenderError(ErrorCode.REJECTED, permanent=True, signed=True),
        LenderError(ErrorCode.REJECTED, permanent=True),
        LenderError(ErrorCode.ALREADY_RECEIVED, permanent=True),
        LenderError(ErrorCode.UNAVAILABLE, permanent=False),
        LenderError(ErrorCode.NOT_RECEIVED, permanent=False),
        LenderError(ErrorCode.TOKEN_REFUSED, permanent=False),
        LenderError(ErrorCode.TIMED_OUT, permanent=False, ambiguous=True),
    ]
)


class Fates(RuleBasedStateMachine):
    """One application at three lenders. The row that everything hangs on is made once for all runs."""

    application: Application

    @initialize(
        atra=REFERENCES, leja=REFERENCES, baka=REFERENCES, chosen=st.booleans(), doubts=st.integers(0, 3)
    )
    def start(self, atra: str, leja: str, baka: str, chosen: bool, doubts: int) -> None:
        """Runs begin anywhere on the way, or few would come to its end; in one of four the person may take
        their request back.
        """
        self.doubts, self.withdrawn = doubts == 1, False
        self.ended: dict[str, str] = {}
        self.deleted: dict[UUID, str] = {}
        self.retried = 0
        self.held: list[deliveries.Prepared] = []
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.scope = data_key_scope()
        self.scope.__enter__()
        for slug, references in (("atra", atra), ("leja", leja), ("baka", baka)):
            if references:
                self.lender_offers(slug, references)
        if chosen and (offers := self.offers()):
            self.choose(offers[0])

    def offers(self) -> list[Offer]:
        """In an order that every run of the same story shares."""
        found = Offer.objects.select_related("submission__lender")
        return sorted(found, key=lambda offer: (offer.submission.lender.slug, offer.reference))

    def choose(self, offer: Offer) -> None:
        with suppress(Refusal):
            choosing.choose(
                offer_id=offer.pk, subject_id=offer.subject_id, actor=Actor.consumer(offer.subject_id)
            )

    def teardown(self) -> None:
        if hasattr(self, "savepoint"):
            self.scope.__exit__(None, None, None)
            transaction.set_rollback(True)
            self.savepoint.__exit__(None, None, None)

    def at(self, slug: str) -> Submission:
        return scene.submission_at(self.application, slug)

    @rule(slug=SLUGS, word=WORDS, message=st.integers(0, 3))
    def lender_calls_back(self, slug: str, word: str, message: int) -> None:
        scene.say(self.at(slug), word, message_id=f"msg_{message}")

    @rule(slug=SLUGS, references=st.sampled_from(["A", "B", "AB"]), more=st.booleans())
    def lender_offers(self, slug: str, references: str, more: bool = False) -> None:
        """All it has to offer, or a part with more to come."""
        before = self.at(slug)
        offers = [scene.terms_document(before, reference=reference) for reference in references]
        answer = replace(scene.answer(before, "offered", offers=offers), more_to_come=more)
        ingest.ingest(submission_id=before.pk, answer=answer, message_id="", actor=Actor.lender(slug))
        if before.status == "offered" and not before.more_to_come:
            assert not self.at(slug).more_to_come  # what was all of it stays all of it

    @precondition(lambda self: Submission.objects.filter(status="selected").exists())
    @rule(word=st.sampled_from(["declined", "withdrawn", "offered", "pending", "contract_signed"]))
    def chosen_lender_speaks(self, word: str) -> None:
        scene.say(Submission.objects.select_related("lender").get(status="selected"), word)

    @rule()
    def worker_begins(self) -> None:
        scene.make_due()
        scene.end_leases()
        begun = deliveries.begin(scene.claim(self.application))
        assert not self.withdrawn or {one.kind for one in begun} <= {DeliveryKind.DELETION}
        self.held += begun

    @precondition(lambda self: self.held)
    @rule(which=st.integers(0, 99), word=WORDS, error=st.none() | ERRORS)
    def worker_finishes(self, which: int, word: str, error: LenderError | None) -> None:
        """Any call that was ever begun, also one whose lease was lost long ago."""
        held = sorted(self.held, key=lambda one: (one.call.endpoint.slug, one.kind, one.claim.fence))
        prepared = held[which % len(held)]
        submission = Submission.objects.select_related("lender").get(pk=prepared.submission_id)
        reply = scene.signed_reply(submission, scene.statement(submission, word))
        deliveries.finish(prepared, error or reply, duration_ms=1)

    @precondition(lambda self: Offer.objects.exists())
    @rule(which=st.integers(0, 99))
    def consumer_chooses(self, which: int) -> None:
        """Mostly what can be chosen, now and then what cannot."""
        offers = self.offers()
        still_open = [offer for offer in offers if offer.status == "open"]
        among = still_open * 3 + offers
        self.choose(among[which % len(among)])

    @rule(slug=SLUGS, willing=st.booleans())
    def consumer_answers(self, slug: str, willing: bool) -> None:
        """Gives what the lender says it needs, or does not want to."""
        submission = self.at(slug)
        me = {"submission_id": submission.pk, "subject_id": submission.subject_id}
        actor = Actor.consumer(submission.subject_id)
        with suppress(Refusal):
            if willing:
                given = {"identification.phone": "+37129999999"}
                supplementing.give(**me, answers=given, files=(), actor=actor)
            else:
                supplementing.refuse(**me, actor=actor)

    @precondition(lambda self: self.doubts and not self.withdrawn)
    @rule()
    def consumer_withdraws_the_request(self) -> None:
        consent = Consent.objects.get()
        actor = Actor.consumer(consent.subject_id)
        withdraw_consent(consent_id=consent.pk, subject_id=consent.subject_id, actor=actor)
        self.withdrawn = True

    @precondition(lambda self: self.withdrawn)
    @rule()
    def what_was_withdrawn_is_called_off(self) -> None:
        scene.end_leases()
        settling.call_off_withdrawn()
        due = Delivery.objects.filter(status="due")
        assert set(due.values_list("kind", flat=True)) <= {DeliveryKind.DELETION}

    @rule(slug=SLUGS)
    def staff_retry(self, slug: str) -> None:
        with suppress(Refusal):
            retrying.retry(submission_id=self.at(slug).pk, actor=Actor.staff(1))
            self.retried += slug == "baka"

    @rule(slug=SLUGS)
    def late_window_closes(self, slug: str) -> None:
        scene.shift(self.at(slug), late_until=timezone.now() - timedelta(seconds=1))
        ingest.close_overdue()

    @rule(slug=SLUGS)
    def offers_run_out(self, slug: str) -> None:
        Offer.objects.filter(submission=self.at(slug), status="open").update(
            valid_until=timezone.now() - timedelta(seconds=1)
        )
        ingest.expire_offers()

    @invariant()
    def one_choice_at_most_and_everybody_agrees_on_it(self) -> None:
        application = Application.objects.get(pk=self.application.pk)
        standing = Submission.objects.filter(status__in=["selected", "contract_signed"])
        selected = list(standing.values_list("pk", flat=True))
        chosen = list(Offer.objects.filter(status="selected").values_list("submission_id", flat=True))
        assert len(selected) <= 1
        assert chosen == selected
        stands = {"selected": "chosen", "contract_signed": "contracted"}
        expected = [stands[status] for status in standing.values_list("status", flat=True)]
        assert application.status == (expected or ["submitted"])[0]

    @invariant()
    def open_offers_belong_to_lenders_that_offer(self) -> None:
        for submission in Submission.objects.all():
            opened = Offer.objects.filter(submission=submission, status="open").count()
            if submission.status == "offered":
                assert opened
            elif submission.status != "selected":
                assert not opened, submission.status

    @invariant()
    def more_is_awaited_only_of_lenders_that_offer(self) -> None:
        assert not Submission.objects.filter(more_to_come=True).exclude(status="offered").exists()

    @invariant()
    def one_offer_a_reference(self) -> None:
        seen = [(offer.submission_id, offer.reference) for offer in Offer.objects.all()]
        assert len(seen) == len(set(seen))

    @invariant()
    def an_end_is_an_end(self) -> None:
        now = scene.states(self.application)
        for slug, status in self.ended.items():
            assert now[slug] == status
        self.ended = {slug: status for slug, status in now.items() if status in FINAL}

    @rule()
    def a_minute_passes(self) -> None:
        """What was sent to the bank can no longer be on its way."""
        for attempt in Attempt.objects.all():
            scene.shift(attempt, started_at=attempt.started_at - settling.UNDER_WAY)

    @invariant()
    def a_bank_is_sent_an_application_three_times_at_most_unless_staff_repeat_it(self) -> None:
        sendings = Delivery.objects.filter(lender__slug="baka", kind="application").count()
        assert sendings <= settling.MOST_SENDINGS + self.retried

    @invariant()
    def who_does_not_call_back_is_asked_while_it_considers(self) -> None:
        """The bank that considers is asked again, unless its time is over or another lender's contract."""
        submission = self.at("baka")
        if self.withdrawn:
            return
        if submission.status == "pending" and submission.late_until > timezone.now() + timedelta(hours=2):
            due = Delivery.objects.filter(submission=submission, status="due")
            assert due.filter(kind__in=["inquiry", "supplement"]).exists()  # whose answer plans the next

    @invariant()
    def who_was_asked_to_delete_was_asked_once_and_stays_out(self) -> None:
        signed = Submission.objects.filter(status="contract_signed").exists()
        for notice in DeletionNotice.objects.select_related("submission"):
            assert signed or self.withdrawn
            if signed and not self.withdrawn:
                assert notice.submission.status not in {"queued", "pending", "offered", "contract_signed"}
        if signed:
            assert not Offer.objects.filter(status="open").exists()

    @invariant()
    def deleted_stays_deleted(self) -> None:
        for notice in DeletionNotice.objects.all():
            assert self.deleted.get(notice.pk, notice.acknowledgement) == notice.acknowledgement
            if notice.acknowledgement == "deleted":
                self.deleted[notice.pk] = "deleted"

    @invariant()
    def nobody_is_asked_for_what_is_on_its_way(self) -> None:
        on_its_way = Delivery.objects.filter(kind="supplement", status="due")
        assert not on_its_way.filter(submission__status="action_required").exists()

    @invariant()
    def one_live_delivery_of_a_kind(self) -> None:
        due = list(Delivery.objects.filter(status="due").values_list("submission", "kind"))
        assert len(due) == len(set(due))


@pytest.mark.slow
def test_whatever_happens_the_states_agree() -> None:
    Fates.application = scene.sent("atra", "leja", "baka")
    run_state_machine_as_test(
        Fates,
        settings=settings(
            max_examples=int(os.environ.get("RUNS", "40")),
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
