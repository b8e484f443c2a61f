"""Staff send again what failed."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from applications.actors import Actor
from applications.doorbell import ring_on_commit
from applications.models import Disclosure, DisclosureStatus
from applications.selectors.permission import require
from applications.services import audit
from applications.services.locking import lock_subject
from lenders.adapters import ADAPTERS
from lenders.errors import NothingToRetry
from lenders.models import DeletionNotice, Delivery, Submission
from lenders.purposes import PURPOSES
from lenders.services.fan_out import DISPATCH_TASK, clocks_of, new_delivery
from lenders.services.moves import move
from lenders.states import APPLICATION_LISTENS, DeliveryKind, DeliveryStatus, SubmissionStatus

RETRYABLE = frozenset({SubmissionStatus.FAILED, SubmissionStatus.NO_RESPONSE})


def retry(*, submission_id: UUID, actor: Actor) -> None:
    """Queue what failed at this lender again: the application, the consumer's choice, the request to delete.

    A lender that had the application all along takes no second copy: the idempotency key stays the
    submission's own, and where a copy would be a second application the lender is asked first what it has.
    Raises NothingToRetry, SubjectErased, a ProcessingRefused when nothing may be passed on.
    """
    with transaction.atomic():
        subject_id = Submission.objects.values_list("subject_id", flat=True).get(pk=submission_id)
        lock_subject(subject_id)
        submission = (
            Submission.objects.select_for_update(of=("self",))
            .select_related("application", "lender")
            .get(pk=submission_id)
        )
        kind = _what_failed(submission)
        require(subject_id, PURPOSES[kind], application_id=submission.application_id)
        _check_against_deletion(submission, kind)
        if kind == DeliveryKind.APPLICATION:
            _ask_anew(submission)
            if _may_have_it(submission):
                kind = DeliveryKind.INQUIRY
        _make_due(submission, kind)
        audit.record(
            actor=actor, action="submission.retried", subject_id=subject_id, row=submission, kind=kind
        )
        ring_on_commit(DISPATCH_TASK, submission.application_id)


def _check_against_deletion(submission: Submission, kind: DeliveryKind) -> None:
    """Who was asked to delete is sent nothing again; who has answered is not asked again.

    Raises NothingToRetry.
    """
    deletion = DeletionNotice.objects.filter(submission=submission).first()
    unanswered = deletion is not None and not deletion.acknowledgement
    fits = unanswered if kind == DeliveryKind.DELETION else deletion is None
    if not fits:
        raise NothingToRetry


def _make_due(submission: Submission, kind: DeliveryKind) -> None:
    """A delivery that waits for its next try is brought forward; there is never a second one beside it."""
    waiting = Delivery.objects.filter(submission=submission, kind=kind, status=DeliveryStatus.DUE)
    if not waiting.update(due_at=timezone.now()):
        new_delivery(submission, kind).save(force_insert=True)


def _ask_anew(submission: Submission) -> None:
    """Both clocks start again with the question: the old late window may have closed already."""
    submission.requested_fields = [
        label for label in submission.requested_fields if label in submission.lender.requested_fields
    ]
    for name, moment in clocks_of(submission.lender, timezone.now()).items():
        setattr(submission, name, moment)
    submission.save(update_fields=["requested_fields", "page_wait_until", "late_until"])
    move(submission, SubmissionStatus.QUEUED)


def _may_have_it(submission: Submission) -> bool:
    """Whether the lender may have the application already, would take it twice, and can say so."""
    adapter = ADAPTERS.get(submission.lender.adapter)
    if adapter is None or adapter.abilities.idempotent or not adapter.abilities.can_be_asked:
        return False
    sent = submission.deliveries.filter(kind=DeliveryKind.APPLICATION).values("pk")
    return Disclosure.objects.filter(delivery__in=sent).exclude(status=DisclosureStatus.NOT_MADE).exists()


def _what_failed(submission: Submission) -> DeliveryKind:
    told = submission.deliveries.exclude(kind=DeliveryKind.INQUIRY)  # which only asks about them
    last = told.order_by("-created_at").first()
    if last is not None and _ended_badly(last, DeliveryKind.DELETION):
        return DeliveryKind.DELETION
    if submission.application.status not in APPLICATION_LISTENS:
        raise NothingToRetry
    if submission.status in RETRYABLE:
        return DeliveryKind.APPLICATION
    if (
        submission.status == SubmissionStatus.SELECTED
        and last is not None
        and _ended_badly(last, DeliveryKind.CHOICE)
    ):
        return DeliveryKind.CHOICE
    raise NothingToRetry


def _ended_badly(delivery: Delivery, kind: DeliveryKind) -> bool:
    return delivery.kind == kind and delivery.status in {DeliveryStatus.FAILED, DeliveryStatus.QUARANTINED}
