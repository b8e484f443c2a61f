"""The consumer's choice: one offer, told to its lender; the other offers are held."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from applications.actors import Actor
from applications.doorbell import ring_on_commit
from applications.errors import IllegalTransition
from applications.models import MailKind, Milestone
from applications.selectors.permission import require
from applications.services import audit, mail, statistics
from applications.services.locking import lock_subject
from applications.services.submitting import change_status
from applications.states import ApplicationStatus
from lenders.errors import LenderLapsed, OfferNotOpen
from lenders.models import Offer, Submission
from lenders.offer_digest import digest_of
from lenders.services.fan_out import DISPATCH_TASK, new_delivery
from lenders.services.moves import move
from lenders.services.payload import PURPOSE
from lenders.states import DeliveryKind, OfferStatus, SubmissionStatus


def choose(*, offer_id: UUID, subject_id: UUID, actor: Actor) -> None:
    """Choose an open, valid offer of this person. Choosing the same offer again changes nothing.

    Raises OfferNotOpen when it cannot be chosen (any more), IllegalTransition when another was chosen,
    SubjectErased after an erasure, LenderLapsed or a ProcessingRefused when nothing may be passed on.
    """
    with transaction.atomic():
        subject = lock_subject(subject_id)
        offer = (
            Offer.objects.select_related("submission__application", "submission__lender__recipient")
            .filter(pk=offer_id, subject_id=subject_id)
            .first()
        )
        if offer is None:
            raise OfferNotOpen
        if offer.status == OfferStatus.SELECTED:
            return
        application = offer.submission.application
        require(subject_id, PURPOSE, application_id=application.pk)
        if application.status != ApplicationStatus.SUBMITTED:
            raise IllegalTransition
        if not offer.submission.lender.fit_to_receive:
            raise LenderLapsed
        opened = Offer.objects.filter(
            pk=offer.pk, status=OfferStatus.OPEN, valid_until__gt=timezone.now()
        ).update(status=OfferStatus.SELECTED)
        if not opened or not move(offer.submission, SubmissionStatus.SELECTED):
            raise OfferNotOpen
        change_status(application=application, to=ApplicationStatus.CHOSEN, actor=actor)
        Submission.objects.filter(pk=offer.submission_id).update(offer_digest=digest_of(offer))
        audit.record(actor=actor, action="offer.chosen", subject_id=subject_id, row=offer)
        statistics.count_on_commit(subject_id=subject_id, milestone=Milestone.CHOSE)
        new_delivery(offer.submission, DeliveryKind.CHOICE).save(force_insert=True)
        ring_on_commit(DISPATCH_TASK, application.pk)
        mail.compose(
            kind=MailKind.OFFER_CHOSEN,
            owner_id=subject.pk,
            recipient=subject.verified_email,
            language=application.language,
            context={"application": application, "lender_name": offer.submission.lender.name},
        )
