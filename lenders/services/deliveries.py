"""One delivery from claim to outcome: the attempt is written before the call, what came of it after."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.db import DatabaseError, OperationalError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from applications.actors import Actor
from applications.crypto import keyring
from applications.crypto.errors import CURABLE, CryptoError
from applications.errors import ProcessingRefused, ProcessingRestricted, SubjectErased
from applications.models import DataSubject
from applications.personal import Purpose
from applications.row_security import opened, storing
from applications.states import ApplicationStatus
from lenders.adapters.base import (
    AnyAnswer,
    ErrorCode,
    HttpAnswer,
    LenderError,
    Unrecognised,
)
from lenders.models import Attempt, DeletionNotice, Delivery, Submission
from lenders.purposes import PURPOSES
from lenders.selectors.deletions import data_left, on_its_way
from lenders.selectors.queues import HANDED_OVER
from lenders.selectors.words import overtakes_others
from lenders.services import deletions, disclosures, ingest, payload, polling, supplied_files, words
from lenders.services.breaking import note_call
from lenders.services.claims import Claim, give_back
from lenders.services.settling import (
    WAITS_AS,
    close,
    died_on_the_way,
    give_up,
    leave_unknown,
    settle_failure,
)
from lenders.states import OF_A_RIGHT, DeliveryKind, DeliveryStatus, SubmissionStatus

log = structlog.get_logger(__name__)

MUST_BE_UNDERSTOOD = frozenset({DeliveryKind.CHOICE, *OF_A_RIGHT})
# Why a delivery is given back, to be taken up again later.
PASSING = frozenset({"another_chosen", "lender_paused", "still_on_its_way"})
WAIT_FOR_PAPERS = frozenset({DeliveryKind.CHOICE, DeliveryKind.WORD})
CLAIM_CAP = 12  # a row claimed this often without an outcome kills its workers: staff look at it


@dataclass(frozen=True)
class Prepared:
    """A call ready to go, its attempt already on record."""

    claim: Claim
    attempt_id: UUID
    submission_id: UUID
    lender_id: UUID
    kind: DeliveryKind
    call: payload.Call
    hosts: frozenset[str]
    deadline: datetime


def begin(claims: Sequence[Claim]) -> list[Prepared]:
    """Write the attempts and disclosures of claimed deliveries and build their calls.

    Committed before anything is sent. What cannot be sent is settled here and left out of the result.
    """
    kinds = dict(
        Delivery.objects.filter(pk__in=[one.delivery_id for one in claims]).values_list("pk", "kind")
    )
    by_purpose: dict[Purpose, list[Claim]] = defaultdict(list)
    for claim in claims:
        if claim.delivery_id in kinds:
            by_purpose[PURPOSES[DeliveryKind(kinds[claim.delivery_id])]].append(claim)
    prepared: list[Prepared] = []
    for purpose, held in by_purpose.items():
        with opened(purpose):
            prepared += _begin_for_one_purpose(held)
    return prepared


def _begin_for_one_purpose(claims: Sequence[Claim]) -> list[Prepared]:
    fences = {claim.delivery_id: claim for claim in claims}
    by_application: dict[UUID, list[Claim]] = defaultdict(list)
    poison: list[Claim] = []
    rows = Delivery.objects.filter(pk__in=fences).values_list("submission__application_id", "pk", "failures")
    for application_id, delivery_id, failures in rows:
        claim = fences[delivery_id]
        by_application[application_id].append(claim)
        if claim.fence - failures > CLAIM_CAP:
            poison.append(claim)
    # What they are about was restricted since they were claimed: no query for this purpose finds it.
    found = {claim.delivery_id for held in by_application.values() for claim in held}
    hidden = [claim for claim in claims if claim.delivery_id not in found]
    give_back(hidden, code=ProcessingRestricted.code)
    prepared: list[Prepared] = []
    _set_aside(poison)
    for held in by_application.values():
        try:
            prepared += _begin_one_application(held)
        except Exception as error:
            # One application that cannot be read must not hold up the others claimed with it. Its lease runs
            # out, and the cap on claims hands it to staff; what will pass by itself is waited for.
            log.exception("delivery.not_begun", count=len(held))
            if code := _passing(error):
                give_back(held, code=code)
    return prepared


def _passing(error: Exception) -> str:
    """The code of an outage that says nothing about what was claimed; "" for any other error."""
    if isinstance(error, OperationalError):
        return "database_away"
    return error.code if isinstance(error, CryptoError) and error.code in CURABLE else ""


def _set_aside(claims: Sequence[Claim]) -> None:
    """Quarantine what was claimed too often, before anything of it is opened: that may be what breaks."""
    for claim in claims:
        with transaction.atomic():
            held = Delivery.objects.filter(pk=claim.delivery_id, fence=claim.fence, status=DeliveryStatus.DUE)
            _lock_owner(held.values("subject_id"))
            for delivery in held.select_related("submission"):
                give_up(delivery, "quarantined")


def _begin_one_application(claims: Sequence[Claim]) -> list[Prepared]:
    fences = {claim.delivery_id: claim for claim in claims}
    with transaction.atomic():
        # The person's row first, then everything read: an erasure comes whole before this or whole after.
        _lock_owner(Delivery.objects.filter(pk__in=fences).values("subject_id"))
        deliveries = payload.load_deliveries(list(fences))
        keyring.prefetch({owner for one in deliveries for owner in (one.subject_id, one.lender_id)})
        calls = {
            delivery: call
            for delivery in deliveries
            if delivery.fence == fences[delivery.pk].fence
            and delivery.lease_until is not None  # given back by whoever overtook this claim
            and delivery.status == DeliveryStatus.DUE
            and (call := _call_alone(delivery)) is not None
        }
        disclosures.intend(calls)
        attempts = Attempt.objects.bulk_create(
            Attempt(
                subject_id=delivery.subject_id,
                delivery=delivery,
                fence=delivery.fence,
                started_at=timezone.now(),
            )
            for delivery in calls
        )
    return [
        Prepared(fences[delivery.pk], attempt.pk, delivery.submission_id, delivery.lender_id,
                 DeliveryKind(delivery.kind), call, frozenset(delivery.lender.allowed_hosts),
                 delivery.deadline)
        for attempt, (delivery, call) in zip(attempts, calls.items(), strict=True)
    ]  # fmt: skip


def _call_alone(delivery: Delivery) -> payload.Call | None:
    """The same for a delivery whose lender's adapter may fail: it must not hold up the application at other
    lenders. Its own lease runs out, and the cap on claims hands it to staff.
    """
    try:
        return _call_of(delivery)
    except (DatabaseError, CryptoError):  # the transaction, or the person's data: the same for all of them
        raise
    except Exception:
        log.exception("delivery.not_built", delivery=str(delivery.pk))
        return None


def _call_of(delivery: Delivery) -> payload.Call | None:
    """The call to make, or None when there is none to make: the delivery was given up, or given back."""
    code = _cannot_start(delivery)
    # These wait for the lender's papers to be in order again: the consumer has chosen, or has the right.
    waits_for_papers = code == "recipient_lapsed" and delivery.kind in WAIT_FOR_PAPERS
    for_good = code not in PASSING and not waits_for_papers
    if code == "never_left":
        take_back = words.take_back if delivery.kind == DeliveryKind.WORD else deletions.take_back
        take_back(delivery.submission)
    if code is None:
        try:
            call = payload.build(delivery)
            if not died_on_the_way(delivery, call.adapter):
                return call
            leave_unknown(delivery, "lease_lost", can_be_asked=call.adapter.abilities.can_be_asked)
            return None
        except LenderError as error:
            code, for_good = error.code, error.permanent
        except ProcessingRefused as refused:
            # Since it was claimed. No claim takes it while the person's right stands.
            code, for_good = refused.code, False
    if for_good:
        give_up(delivery, code)
        if delivery.kind == DeliveryKind.INQUIRY:
            polling.plan(delivery.submission)
    else:
        give_back([Claim(delivery.pk, delivery.fence)], code=code)
    return None


def _cannot_start(delivery: Delivery) -> str | None:
    """Why this delivery is not sent at all, as a code."""
    if delivery.submission.subject.erased_at is not None:
        return "subject_erased"
    if delivery.kind in OF_A_RIGHT:
        return _cannot_tell_of_a_right(delivery)
    if delivery.kind in HANDED_OVER and delivery.submission.status != WAITS_AS[DeliveryKind(delivery.kind)]:
        return "already_answered"
    too_late = timezone.now() >= delivery.deadline
    if delivery.kind == DeliveryKind.INQUIRY and polling.nothing_to_learn(delivery.submission):
        return "nothing_to_learn"
    standing = delivery.submission.application.status
    if delivery.kind in HANDED_OVER and standing != ApplicationStatus.SUBMITTED:
        # Another offer was chosen after the claim: `claim_due` leaves such rows alone from then on.
        waits = standing == ApplicationStatus.CHOSEN and not too_late
        return "another_chosen" if waits else "no_longer_wanted"
    if delivery.kind == DeliveryKind.CHOICE and delivery.submission.status != SubmissionStatus.SELECTED:
        return "no_longer_chosen"
    if too_late:
        return "deadline_passed"
    if delivery.lender.paused_at is not None:
        return "lender_paused"  # since it was claimed
    if delivery.kind != DeliveryKind.INQUIRY and not delivery.lender.fit_to_receive:
        return "recipient_lapsed"
    return None


def _cannot_tell_of_a_right(delivery: Delivery) -> str | None:
    """A lender whose papers lapsed is told as well, where nothing is handed to it."""
    word = delivery.word
    if word is None:
        known = not DeletionNotice.objects.filter(
            submission=delivery.submission_id, acknowledgement=""
        ).exists()
        overtakes = on_its_way(delivery.submission_id, besides=delivery.pk)
    else:
        known, overtakes = word.told_at is not None, overtakes_others(word)
    if known:
        return "already_answered"
    if overtakes:
        return "still_on_its_way"  # what it is about might arrive after it
    if not data_left(delivery.submission):
        return "never_left"
    if timezone.now() >= delivery.deadline:
        return "deadline_passed"
    if delivery.lender.paused_at is not None:
        return "lender_paused"  # since it was claimed
    hands_over = word is not None and bool(word.labels)
    return "recipient_lapsed" if hands_over and not delivery.lender.fit_to_receive else None


def finish(prepared: Prepared, reply: HttpAnswer | LenderError, *, duration_ms: int) -> None:
    """Write what came of an attempt. A worker that lost its lease meanwhile writes nothing."""
    with transaction.atomic(), storing():
        # always the person's row first, whoever writes
        _lock_owner(Submission.objects.filter(pk=prepared.submission_id).values("subject_id"))
        disclosures.settle(prepared.claim.delivery_id, prepared.attempt_id, reply)
        http_status = reply.status if isinstance(reply, HttpAnswer) else None
        fault: ErrorCode | None = None
        try:
            if isinstance(reply, LenderError):
                raise reply
            answer = prepared.call.parse(reply, prepared.call.endpoint, now=timezone.now())
            if prepared.kind in MUST_BE_UNDERSTOOD and isinstance(answer, Unrecognised):
                # Nobody may tell the consumer that the lender knows on the strength of this.
                raise LenderError(ErrorCode.MALFORMED_ANSWER, permanent=True)
        except LenderError as error:
            delivery = settle_failure(prepared.claim, prepared.call.adapter, error)
            fault, outcome = error.code, str(error.code)
        else:
            delivery = close(prepared.claim, DeliveryStatus.DONE)
            if delivery and prepared.kind == DeliveryKind.SUPPLEMENT:
                supplied_files.forget(prepared.submission_id)
            outcome = _take_in(prepared, answer, reply.message_id) if delivery else "lease_lost"
        Attempt.objects.filter(pk=prepared.attempt_id).update(
            finished_at=timezone.now(),
            outcome=outcome if delivery else "lease_lost",
            http_status=http_status,
            duration_ms=duration_ms,
        )
        if delivery:
            note_call(prepared.lender_id, fault)
    log.info(
        "delivery.attempted", delivery=str(prepared.claim.delivery_id), lender=prepared.call.endpoint.slug,
        kind=prepared.kind, outcome=outcome, duration_ms=duration_ms,
    )  # fmt: skip


def _take_in(prepared: Prepared, answer: AnyAnswer, message_id: str) -> str:
    """Hand an answer to `ingest`; what came of the attempt, as a code."""
    try:
        ingest.ingest(
            submission_id=prepared.submission_id,
            answer=answer,
            message_id=message_id,
            actor=Actor.lender(prepared.call.endpoint.slug),
            asked=prepared.kind,
        )
    except SubjectErased:
        return "subject_erased"
    return type(answer).__name__.lower()


def _lock_owner(subject_ids: QuerySet[Any, Any]) -> None:
    DataSubject.objects.select_for_update().filter(pk__in=subject_ids).first()
