"""How a delivery ends: done, tried again later, given up, or left unknown."""

import secrets
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from applications import live
from applications.actors import Actor
from applications.models import Disclosure, DisclosureStatus
from applications.selectors.permission import without_consent
from applications.services.locking import lock_subject
from lenders.adapters.base import Adapter, ErrorCode, LenderError
from lenders.models import Attempt, Delivery, Submission
from lenders.purposes import kinds_for
from lenders.services import deletions, polling, supplied_files, words
from lenders.services.breaking import take_token
from lenders.services.claims import Claim
from lenders.services.contracts import decline_late
from lenders.services.fan_out import new_delivery
from lenders.services.moves import move
from lenders.services.payload import PURPOSE
from lenders.states import OF_A_RIGHT, RETRYABLE, DeliveryKind, DeliveryStatus, SubmissionStatus

log = structlog.get_logger(__name__)

# What is told of a right is tried until its last day: a lender that is away for a week has to delete as well.
FAILURE_CAP: dict[DeliveryKind, int] = {
    DeliveryKind.APPLICATION: 3,
    DeliveryKind.INQUIRY: 5,
    DeliveryKind.CHOICE: 12,
    DeliveryKind.SUPPLEMENT: 5,
}
# Told twice, these could be done twice; the others ask, or ask for what is the same done once or twice.
NOT_TWICE = frozenset({DeliveryKind.APPLICATION, DeliveryKind.CHOICE, DeliveryKind.SUPPLEMENT})
# The lender answered, so it received what it was sent; what it made of that was not to be read.
ANSWERED = frozenset(
    {
        ErrorCode.TOO_LARGE,
        ErrorCode.MALFORMED_ANSWER,
        ErrorCode.BAD_SIGNATURE,
        ErrorCode.STALE_MESSAGE,
        ErrorCode.WRONG_SUBMISSION,
    }
)
# What the consumer is told when a lender is given up on; any other reason is a failure.
ENDS_AS = {
    "timed_out": SubmissionStatus.NO_RESPONSE,
    "deadline_passed": SubmissionStatus.NO_RESPONSE,
    "nothing_to_learn": SubmissionStatus.NO_RESPONSE,
    "no_longer_wanted": SubmissionStatus.NOT_SELECTED,
    "request_withdrawn": SubmissionStatus.CALLED_OFF,
}
# How a submission stands while a delivery of the kind decides what becomes of it.
WAITS_AS = {
    DeliveryKind.APPLICATION: SubmissionStatus.QUEUED,
    DeliveryKind.INQUIRY: SubmissionStatus.QUEUED,
    DeliveryKind.SUPPLEMENT: SubmissionStatus.PENDING,
}
BACKOFF_SECONDS, BACKOFF_CAP_SECONDS = 2.0, 300.0
PATIENT_BACKOFF_CAP_SECONDS = 6 * 3600.0
"""Where nobody waits for it."""
UNDER_WAY = timedelta(minutes=1)
"""For so long after it was sent an application may still be on its way into the lender's books."""
MOST_SENDINGS = 3


def close(claim: Claim, status: DeliveryStatus, error_code: str = "") -> bool:
    """End a delivery, if this worker still holds it."""
    return bool(
        Delivery.objects.filter(pk=claim.delivery_id, fence=claim.fence, status=DeliveryStatus.DUE).update(
            status=status, error_code=error_code, finished_at=timezone.now(), lease_until=None
        )
    )


def settle_failure(claim: Claim, adapter: Adapter, error: LenderError) -> bool:
    """Try again later, or give up; False when the lease was lost."""
    delivery = (
        Delivery.objects.select_for_update(of=("self",))
        .select_related("submission__lender", "submission__application", "submission__subject")
        .filter(pk=claim.delivery_id, fence=claim.fence, status=DeliveryStatus.DUE)
        .first()
    )
    if delivery is None:
        return False
    if delivery.submission.subject.erased_at is not None:
        give_up(delivery, "subject_erased")  # nothing is decided about an erased person
        return True
    delivery.failures += 1
    most_failures = FAILURE_CAP.get(DeliveryKind(delivery.kind))
    wait = wait_before_next(delivery.failures, error, patient=most_failures is None)
    may_have_acted = error.ambiguous or error.code in ANSWERED
    uncertain = may_have_acted and not adapter.abilities.idempotent and delivery.kind in NOT_TWICE
    already_there = error.code == ErrorCode.ALREADY_RECEIVED and delivery.kind == DeliveryKind.APPLICATION
    refused_again = error.code == delivery.error_code == ErrorCode.TOKEN_REFUSED
    if uncertain:
        leave_unknown(delivery, error.code, can_be_asked=adapter.abilities.can_be_asked)
    elif error.code == ErrorCode.NOT_RECEIVED and _may_be_sent_again(delivery, adapter):
        _send_again(claim, delivery.submission)
    elif already_there and adapter.abilities.can_be_asked:
        # Sent before with the fields that the lender needed then: what it made of those still holds.
        close(claim, DeliveryStatus.FAILED, error.code)
        polling.ask_now(delivery.submission)
    elif (
        error.permanent
        or refused_again  # a token just made was not accepted either
        or (most_failures is not None and delivery.failures >= most_failures)
        or timezone.now() + wait >= delivery.deadline
    ):
        _end(claim, delivery, adapter, error)
    else:
        wait = max(wait, take_token(delivery.lender_id))
        Delivery.objects.filter(pk=delivery.pk).update(
            failures=delivery.failures,
            due_at=min(timezone.now() + wait, delivery.deadline),
            lease_until=None,
            error_code=error.code,
        )
    return True


def _end(claim: Claim, delivery: Delivery, adapter: Adapter, error: LenderError) -> None:
    if delivery.kind == DeliveryKind.INQUIRY and adapter.abilities.is_polled:
        # Asked again later: that it could not say it now decides nothing.
        close(claim, DeliveryStatus.FAILED, error.code)
        polling.plan(delivery.submission)
        return
    give_up(delivery, error.code)
    refused = delivery.kind == DeliveryKind.CHOICE and error.code == ErrorCode.REJECTED and error.signed
    if refused and (adapter.abilities.idempotent or not _may_have_been_told(delivery)):
        # The lender itself will not have it: the held offers are the consumer's again.
        decline_late(delivery.submission, Actor.lender(delivery.submission.lender.slug))


def _may_have_been_told(delivery: Delivery) -> bool:
    """Whether the choice was sent before, with nobody knowing what came of it: then a refusal may be one of
    the repetition alone, and staff find out.
    """
    before = Delivery.objects.filter(submission=delivery.submission_id, kind=DeliveryKind.CHOICE)
    sent = Disclosure.objects.filter(delivery__in=before.exclude(pk=delivery.pk).values("pk"))
    return sent.exclude(status=DisclosureStatus.NOT_MADE).exists()


def wait_before_next(failures: int, error: LenderError, *, patient: bool = False) -> timedelta:
    """Full jitter under a doubling cap; a lender's Retry-After is honoured."""
    longest = PATIENT_BACKOFF_CAP_SECONDS if patient else BACKOFF_CAP_SECONDS
    cap = min(longest, BACKOFF_SECONDS * 2.0 ** min(failures - 1, 20))
    jitter = cap * secrets.randbelow(1000) / 1000
    return timedelta(seconds=max(jitter, error.retry_after or 0.0))


def leave_unknown(delivery: Delivery, code: str, *, can_be_asked: bool) -> None:
    """It may have arrived, and a second copy would be a second application: ask the lender, or say so."""
    give_up(delivery, code, status=SubmissionStatus.UNKNOWN)
    if can_be_asked:
        polling.ask_now(delivery.submission)


def died_on_the_way(delivery: Delivery, adapter: Adapter) -> bool:
    """Whether a worker that was lost may have told a lender what must not be told twice."""
    if adapter.abilities.idempotent or delivery.kind not in NOT_TWICE:
        return False
    return Attempt.objects.filter(delivery=delivery, finished_at__isnull=True).exists()


def _may_be_sent_again(delivery: Delivery, adapter: Adapter) -> bool:
    """Whether "not received" answers the one question left open: did this application arrive? At a lender
    that takes it twice as once nobody asks that.
    """
    undecided = delivery.submission.status in (SubmissionStatus.QUEUED, SubmissionStatus.UNKNOWN)
    if delivery.kind != DeliveryKind.INQUIRY or adapter.abilities.idempotent or not undecided:
        return False
    ended = list(_sendings(delivery.submission).values_list("finished_at", flat=True))
    return len(ended) < MOST_SENDINGS and None not in ended


def _send_again(claim: Claim, submission: Submission) -> None:
    """The lender has no such application. Send it anew, once the first can no longer be on its way."""
    arrived_by = under_way(submission)
    if arrived_by is not None:
        Delivery.objects.filter(pk=claim.delivery_id).update(
            due_at=arrived_by, lease_until=None, error_code=ErrorCode.NOT_RECEIVED
        )
        return
    close(claim, DeliveryStatus.DONE, ErrorCode.NOT_RECEIVED)
    move(submission, SubmissionStatus.QUEUED)
    new_delivery(submission, DeliveryKind.APPLICATION).save(force_insert=True)


def under_way(submission: Submission) -> datetime | None:
    """Until when what was sent of an application may still be on its way; None when that is over."""
    attempts = Attempt.objects.filter(delivery__in=_sendings(submission))
    last = attempts.aggregate(last=Max("started_at"))["last"]
    return last + UNDER_WAY if last is not None and timezone.now() < last + UNDER_WAY else None


def _sendings(submission: Submission) -> QuerySet[Delivery]:
    return Delivery.objects.filter(submission=submission, kind=DeliveryKind.APPLICATION)


def give_up(delivery: Delivery, code: str, *, status: SubmissionStatus | None = None) -> None:
    ended_as = DeliveryStatus.QUARANTINED if code == "quarantined" else DeliveryStatus.FAILED
    Delivery.objects.filter(pk=delivery.pk, status=DeliveryStatus.DUE).update(
        status=ended_as,
        error_code=code,
        failures=delivery.failures,
        finished_at=timezone.now(),
        lease_until=None,
    )
    if delivery.kind == DeliveryKind.CHOICE:
        live.touch(delivery.submission.application_id)  # the page says that the lender was not told
    kind = DeliveryKind(delivery.kind)
    waits_as = {WAITS_AS.get(kind)}
    if kind == DeliveryKind.INQUIRY and code == "quarantined":
        # No other question follows: what the lender decides would never be learnt, if staff did not see it.
        waits_as.add(SubmissionStatus.PENDING)
    if delivery.submission.status in waits_as:  # it may have called back meanwhile
        if kind == DeliveryKind.SUPPLEMENT and code == "request_withdrawn":
            status = status or SubmissionStatus.ACTION_REQUIRED  # the application itself was sent long ago
        becomes = status or ENDS_AS.get(code, SubmissionStatus.FAILED)
        move(delivery.submission, becomes, error_code=code)
    if kind == DeliveryKind.SUPPLEMENT and delivery.submission.status not in RETRYABLE:
        supplied_files.forget(delivery.submission_id)
    if kind not in OF_A_RIGHT:
        deletions.take_back_by_hand(delivery.submission)
        words.take_back_by_hand(delivery.submission)
    log.warning("delivery.given_up", delivery=str(delivery.pk), kind=delivery.kind, code=code)


def call_off_withdrawn() -> int:
    """End what waits to be sent although the consent to pass it on was withdrawn; how many there were.

    No claim takes such a row. One that a worker holds at this moment is on its way: its lease is waited for.
    """
    stopped = Delivery.objects.filter(
        without_consent(PURPOSE, application="submission__application"),
        Q(lease_until__isnull=True) | Q(lease_until__lt=timezone.now()),
        kind__in=kinds_for(PURPOSE),
        status=DeliveryStatus.DUE,
        subject__erased_at__isnull=True,
    )
    ended = 0
    for found in stopped.order_by("due_at")[:200]:
        with transaction.atomic():
            lock_subject(found.subject_id)
            for delivery in stopped.filter(pk=found.pk).select_related("submission"):
                # A worker may have died with it, or an earlier sending have carried it: then nobody
                # may say that it was not sent.
                of_it = Delivery.objects.filter(submission=delivery.submission_id)
                if delivery.kind == DeliveryKind.SUPPLEMENT:  # whose application has left long ago
                    of_it = of_it.filter(pk=delivery.pk)
                left = Disclosure.objects.filter(delivery__in=of_it.values("pk"))
                left = left.exclude(status=DisclosureStatus.NOT_MADE)
                status = SubmissionStatus.UNKNOWN if left.exists() else None
                give_up(delivery, "request_withdrawn", status=status)
                ended += 1
    return ended
