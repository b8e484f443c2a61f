"""Staff send again what failed."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from applications.actors import Actor
from applications.doorbell import ring_on_commit
from applications.models import Disclosure, DisclosureStatus
from applications.row_security import storing
from applications.selectors.permission import require
from applications.services import audit
from applications.services.locking import lock_subject
from lenders.adapters import ADAPTERS
from lenders.errors import NothingToRetry
from lenders.models import DeletionNotice, Delivery, Submission
from lenders.purposes import PURPOSES
from lenders.selectors.queues import HANDED_OVER
from lenders.services import supplied_files
from lenders.services.fan_out import DISPATCH_TASK, new_delivery, restart_clocks
from lenders.services.moves import move
from lenders.services.settling import WAITS_AS, under_way
from lenders.states import (
    APPLICATION_LISTENS,
    RETRYABLE,
    Asking,
    DeliveryKind,
    DeliveryStatus,
    SubmissionStatus,
)

ABOUT_IT = (DeliveryKind.INQUIRY, DeliveryKind.WORD)
"""What is told about an application and is no part of it; words are told again apart (services.words)."""


@storing()  # whoever asks for it is told what stands in the way
def retry(*, submission_id: UUID, actor: Actor, lacks_it: bool = False) -> None:
    """Queue what failed at this lender again: the application, what it still needed, the consumer's choice,
    the request to delete.

    A lender that had the application all along takes no second copy: the idempotency key stays the
    submission's own, and where a copy would be a second application the lender is asked first what it has.
    `lacks_it` says that staff asked it themselves, and that it has not received the application: then what
    nobody knew of is sent again.
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
        kind = DeliveryKind.APPLICATION if lacks_it else _what_failed(submission)
        if lacks_it:
            _check_lack(submission)
        require(subject_id, PURPOSES[kind], application_id=submission.application_id)
        _check_against_deletion(submission, kind)
        if kind in HANDED_OVER:
            _ask_anew(submission, kind)
        if kind == DeliveryKind.APPLICATION and not lacks_it and _may_have_it(submission):
            kind = DeliveryKind.INQUIRY
        _make_due(submission, kind)
        audit.record(
            actor=actor, action="submission.retried", subject_id=subject_id, row=submission, kind=kind,
            lacks_it=lacks_it,
        )  # fmt: skip
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


def _ask_anew(submission: Submission, kind: DeliveryKind) -> None:
    """Both clocks start again with the question: the old late window may have closed already."""
    submission.requested_fields = [
        label for label in submission.requested_fields if label in submission.lender.requested_fields
    ]
    submission.asking = Asking.NOTHING
    submission.save(update_fields=["requested_fields", "asking"])
    restart_clocks(submission)
    move(submission, WAITS_AS[kind])


def _may_have_it(submission: Submission) -> bool:
    """Whether the lender may have the application already, would take it twice, and can say so."""
    adapter = ADAPTERS.get(submission.lender.adapter)
    if adapter is None or adapter.abilities.idempotent or not adapter.abilities.can_be_asked:
        return False
    sent = submission.deliveries.filter(kind=DeliveryKind.APPLICATION).values("pk")
    return Disclosure.objects.filter(delivery__in=sent).exclude(status=DisclosureStatus.NOT_MADE).exists()


def _what_failed(submission: Submission) -> DeliveryKind:
    told = submission.deliveries.exclude(kind__in=ABOUT_IT)
    last = told.order_by("-created_at").first()
    if last is not None and _ended_badly(last, DeliveryKind.DELETION):
        return DeliveryKind.DELETION
    if submission.application.status not in APPLICATION_LISTENS:
        raise NothingToRetry
    if submission.status in RETRYABLE:
        # Once its files are gone the lender is to ask anew: it answers the application as it stands there.
        supplement = last is not None and _ended_badly(last, DeliveryKind.SUPPLEMENT)
        still_whole = supplement and supplied_files.is_whole(submission)
        return DeliveryKind.SUPPLEMENT if still_whole else DeliveryKind.APPLICATION
    if (
        submission.status == SubmissionStatus.SELECTED
        and last is not None
        and _ended_badly(last, DeliveryKind.CHOICE)
    ):
        return DeliveryKind.CHOICE
    raise NothingToRetry


def _check_lack(submission: Submission) -> None:
    """Whether a lender can lack the application: nobody knows, and it is not on its way any more.

    Raises NothingToRetry. Who received the application and may lack only what it asked for afterwards would
    take it for a second one.
    """
    told = submission.deliveries.exclude(kind__in=ABOUT_IT)
    unknown = (
        submission.status == SubmissionStatus.UNKNOWN
        and submission.application.status in APPLICATION_LISTENS
        and not told.exclude(kind=DeliveryKind.APPLICATION).exists()
    )
    if not unknown or under_way(submission):
        raise NothingToRetry


def _ended_badly(delivery: Delivery, kind: DeliveryKind) -> bool:
    return delivery.kind == kind and delivery.status in {DeliveryStatus.FAILED, DeliveryStatus.QUARANTINED}
