"""What becomes of a choice: the contract is signed, or the chosen lender declines after all."""

from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from applications import live
from applications.actors import Actor
from applications.models import Application, ContactRole, MailKind
from applications.selectors.contacts import contact
from applications.services import audit
from applications.services.closing import end_application
from applications.services.locking import lock_subject
from applications.services.submitting import change_status
from applications.states import ApplicationStatus
from lenders.models import DeletionNotice, Delivery, Offer, Submission
from lenders.selectors.offers_page import number_to_choose_from
from lenders.services import supplied_files
from lenders.services.deletions import ask_all_to_delete, ask_to_delete
from lenders.services.moves import move
from lenders.services.telling import tell_by_mail
from lenders.states import (
    OF_A_RIGHT,
    DeletionReason,
    DeliveryKind,
    DeliveryStatus,
    OfferStatus,
    SigningClaim,
    SubmissionStatus,
)


def contract_signed(submission: Submission, actor: Actor) -> str:
    """The lender and the person signed: the others are let go, and asked to delete what they received.

    Where this lender's offer is not the chosen one that is only noted, for staff to find out what holds. Must
    run inside a transaction that holds the person's row.
    """
    if submission.status == SubmissionStatus.CONTRACT_SIGNED:
        return "duplicate"
    application = Application.objects.get(pk=submission.application_id)
    if application.status != ApplicationStatus.CHOSEN or not move(
        submission, SubmissionStatus.CONTRACT_SIGNED
    ):
        return _claim(submission, actor)
    end_application(application=application, to=ApplicationStatus.CONTRACTED, actor=actor)
    _let_go(submission)
    ask_all_to_delete(application_id=application.pk, reason=DeletionReason.NOT_SELECTED, actor=actor)
    tell_by_mail(submission, MailKind.CONTRACT_SIGNED, our_mailbox=contact(ContactRole.CONTROLLER).email)
    return "taken"


def knows_of_the_choice(submission: Submission) -> None:
    """The lender says that it knows: also when it is asked after nobody knew what came of telling it."""
    now = timezone.now()
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    telling = Delivery.objects.filter(free, submission=submission, kind=DeliveryKind.CHOICE)
    telling.exclude(status=DeliveryStatus.DONE).update(
        status=DeliveryStatus.DONE, error_code="", finished_at=now, lease_until=None
    )
    live.touch(submission.application_id)


def _let_go(signed: Submission) -> None:
    """Nothing more is asked of anybody or sent to anybody, and no other offer can be chosen. What a worker
    holds ends by itself.
    """
    now = timezone.now()
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    waiting = Delivery.objects.filter(
        free, submission__application=signed.application_id, status=DeliveryStatus.DUE
    )
    waiting.exclude(kind__in=OF_A_RIGHT).update(
        status=DeliveryStatus.FAILED, error_code="no_longer_wanted", finished_at=now, lease_until=None
    )
    for other in Submission.objects.filter(application=signed.application_id).exclude(pk=signed.pk):
        move(other, SubmissionStatus.NOT_SELECTED)
        supplied_files.forget(other.pk)
    Offer.objects.filter(submission__application=signed.application_id, status=OfferStatus.OPEN).update(
        status=OfferStatus.NOT_SELECTED
    )


def _claim(submission: Submission, actor: Actor) -> str:
    claimed = Submission.objects.filter(pk=submission.pk, signing_claim=SigningClaim.NONE).update(
        signing_claim=SigningClaim.OPEN
    )
    if claimed:
        audit.record(
            actor=actor, action="submission.signing_claimed", subject_id=submission.subject_id, row=submission
        )
    return "signed_not_chosen"


def see_to_claim(*, submission_id: UUID, actor: Actor) -> bool:
    """Staff found out what holds of a contract that a lender spoke of; False when there is nothing to see to.

    Raises SubjectErased.
    """
    with transaction.atomic():
        submission = Submission.objects.get(pk=submission_id)
        lock_subject(submission.subject_id)
        seen = Submission.objects.filter(pk=submission_id, signing_claim=SigningClaim.OPEN).update(
            signing_claim=SigningClaim.SEEN
        )
        if seen:
            audit.record(
                actor=actor, action="submission.signing_seen", subject_id=submission.subject_id,
                row=submission,
            )  # fmt: skip
            _ask_after_all(submission, actor)
    return bool(seen)


def _ask_after_all(submission: Submission, actor: Actor) -> None:
    """A lender that was not asked to delete while it spoke of a contract is, where the others were."""
    others = DeletionNotice.objects.filter(submission__application=submission.application_id)
    reason = others.order_by("requested_at").values_list("reason", flat=True).first()
    if reason is not None:
        ask_to_delete(submission=submission, reason=DeletionReason(reason), actor=actor)


def decline_late(submission: Submission, actor: Actor) -> str:
    """The chosen lender says no after all: the other lenders' offers, held till now, can be chosen again.

    One that is not the chosen one any more says it too late: another choice stands.
    """
    if not move(submission, SubmissionStatus.DECLINED_LATE):
        return "out_of_place"
    Offer.objects.filter(submission=submission, status__in=[OfferStatus.SELECTED, OfferStatus.OPEN]).update(
        status=OfferStatus.WITHDRAWN
    )
    application = Application.objects.get(pk=submission.application_id)
    if application.status == ApplicationStatus.CHOSEN:
        change_status(application=application, to=ApplicationStatus.SUBMITTED, actor=actor)
        tell_by_mail(submission, MailKind.DECLINED_LATE, open_offers=number_to_choose_from(application.pk))
    return "taken"
