"""How a delivery ends: done, tried again later, given up, or left unknown."""

import secrets
from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from applications import live
from applications.actors import Actor
from applications.models import Disclosure, DisclosureStatus
from applications.selectors.permission import without_consent
from applications.services.locking import lock_subject
from lenders.adapters.base import Adapter, ErrorCode, LenderError
from lenders.models import Delivery, Submission
from lenders.services import ingest, supplied_files
from lenders.services.claims import Claim
from lenders.services.fan_out import new_delivery
from lenders.services.payload import PURPOSE
from lenders.states import RETRYABLE, DeliveryKind, DeliveryStatus, SubmissionStatus

log = structlog.get_logger(__name__)

FAILURE_CAP = {
    DeliveryKind.APPLICATION: 3,
    DeliveryKind.INQUIRY: 5,
    DeliveryKind.CHOICE: 12,
    DeliveryKind.SUPPLEMENT: 5,
    DeliveryKind.DELETION: 12,
}
# Told twice, these could be done twice; the others ask, or ask for what is the same done once or twice.
NOT_TWICE = frozenset({DeliveryKind.APPLICATION, DeliveryKind.CHOICE, DeliveryKind.SUPPLEMENT})
# What the consumer is told when a lender is given up on; any other reason is a failure.
ENDS_AS = {
    "timed_out": SubmissionStatus.NO_RESPONSE,
    "deadline_passed": SubmissionStatus.NO_RESPONSE,
    "no_longer_wanted": SubmissionStatus.NOT_SELECTED,
    "request_withdrawn": SubmissionStatus.CALLED_OFF,
}
# How a submission stands while a delivery of the kind decides what becomes of it.
WAITS_AS = {
    DeliveryKind.APPLICATION: SubmissionStatus.QUEUED,
    DeliveryKind.INQUIRY: SubmissionStatus.QUEUED,
    DeliveryKind.SUPPLEMENT: SubmissionStatus.PENDING,
}
# What the person gave and did not reach the lender for a reason of theirs: it needs it as before.
NOT_GIVEN = frozenset({"no_longer_wanted", "request_withdrawn"})
BACKOFF_SECONDS, BACKOFF_CAP_SECONDS = 2.0, 300.0


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
        .select_related("submission__lender")
        .filter(pk=claim.delivery_id, fence=claim.fence, status=DeliveryStatus.DUE)
        .first()
    )
    if delivery is None:
        return False
    delivery.failures += 1
    wait = wait_before_next(delivery.failures, error)
    uncertain = error.ambiguous and not adapter.abilities.idempotent and delivery.kind in NOT_TWICE
    already_there = error.code == ErrorCode.ALREADY_RECEIVED and delivery.kind == DeliveryKind.APPLICATION
    if uncertain:
        _leave_unknown(delivery, error, can_be_asked=adapter.abilities.can_be_asked)
    elif already_there and adapter.abilities.can_be_asked:
        # Sent before with the fields that the lender needed then: what it made of those still holds.
        close(claim, DeliveryStatus.FAILED, error.code)
        _inquire(delivery.submission)
    elif (
        error.permanent
        or delivery.failures >= FAILURE_CAP[DeliveryKind(delivery.kind)]
        or timezone.now() + wait >= delivery.deadline
    ):
        give_up(delivery, error.code)
        if delivery.kind == DeliveryKind.CHOICE and error.code == ErrorCode.REJECTED and error.signed:
            # The lender itself will not have it: the held offers are the consumer's again.
            ingest.decline_late(delivery.submission, Actor.lender(delivery.submission.lender.slug))
    else:
        Delivery.objects.filter(pk=delivery.pk).update(
            failures=delivery.failures, due_at=timezone.now() + wait, lease_until=None, error_code=error.code
        )
    return True


def wait_before_next(failures: int, error: LenderError) -> timedelta:
    """Full jitter under a doubling cap; a lender's Retry-After is honoured."""
    cap = min(BACKOFF_CAP_SECONDS, BACKOFF_SECONDS * 2.0 ** (failures - 1))
    jitter = cap * secrets.randbelow(1000) / 1000
    return timedelta(seconds=max(jitter, error.retry_after or 0.0))


def _leave_unknown(delivery: Delivery, error: LenderError, *, can_be_asked: bool) -> None:
    """It may have arrived, and a second copy would be a second application: ask the lender, or say so."""
    give_up(delivery, error.code, status=SubmissionStatus.UNKNOWN)
    if can_be_asked:
        _inquire(delivery.submission)


def _inquire(submission: Submission) -> None:
    """Ask the lender what it knows of a submission, unless that is about to be asked already."""
    waiting = Delivery.objects.filter(
        submission=submission, kind=DeliveryKind.INQUIRY, status=DeliveryStatus.DUE
    )
    if not waiting.exists():
        new_delivery(submission, DeliveryKind.INQUIRY).save(force_insert=True)


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
    if delivery.submission.status == WAITS_AS.get(kind):  # it may have called back meanwhile
        if kind == DeliveryKind.SUPPLEMENT and code in NOT_GIVEN:
            status = status or SubmissionStatus.ACTION_REQUIRED
        becomes = status or ENDS_AS.get(code, SubmissionStatus.FAILED)
        ingest.move(delivery.submission, becomes, error_code=code)
    if kind == DeliveryKind.SUPPLEMENT and delivery.submission.status not in RETRYABLE:
        supplied_files.forget(delivery.submission_id)
    log.warning("delivery.given_up", delivery=str(delivery.pk), kind=delivery.kind, code=code)


def call_off_withdrawn() -> int:
    """End what waits to be sent although the consent to pass it on was withdrawn; how many there were.

    No claim takes such a row. One that a worker holds at this moment is on its way: its lease is waited for.
    """
    stopped = Delivery.objects.filter(
        without_consent(PURPOSE, application="submission__application"),
        Q(lease_until__isnull=True) | Q(lease_until__lt=timezone.now()),
        status=DeliveryStatus.DUE,
        subject__erased_at__isnull=True,
    )
    ended = 0
    for found in stopped.order_by("due_at")[:200]:
        with transaction.atomic():
            lock_subject(found.subject_id)
            for delivery in stopped.filter(pk=found.pk).select_related("submission"):
                # An attempt whose worker died may have carried it: then nobody may say that it was not sent.
                left = Disclosure.objects.filter(delivery=delivery.pk).exclude(
                    status=DisclosureStatus.NOT_MADE
                )
                status = SubmissionStatus.UNKNOWN if left.exists() else None
                give_up(delivery, "request_withdrawn", status=status)
                ended += 1
    return ended
