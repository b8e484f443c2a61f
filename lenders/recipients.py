"""The lenders floor's door to whoever received a person's data: the lenders, told through their adapters."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from applications.actors import Actor
from applications.models import Consent
from applications.personal import Purpose, RecipientKind
from applications.recipients import CameOf, News, NewsKind, Received, RecipientDoor
from applications.row_security import opened
from applications.services.processing import withdraw_consent
from lenders.models import DeletionNotice, Delivery, LenderWord, Submission
from lenders.selectors.deletions import left_of
from lenders.services.deletions import ask_to_delete
from lenders.services.words import tell_rectified, tell_restriction
from lenders.states import Acknowledgement, DeletionReason, DeliveryKind, DeliveryStatus, WordKind


class Lenders:
    """One recipient for each submission of which something left, or may have. What is known of them serves
    the person's rights, also of somebody restricted.
    """

    @opened(Purpose.DATA_SUBJECT_RIGHTS)
    def of(self, subject_id: UUID) -> Sequence[Received]:
        return [
            Received(
                RecipientKind.LENDER, submission.lender.slug, submission.lender.name, last_at, submission.pk
            )
            for submission in self._submissions(subject_id)
            if (last_at := _left_at(submission)) is not None
        ]

    @opened(Purpose.DATA_SUBJECT_RIGHTS)
    def ask_to_erase(self, subject_id: UUID, *, actor: Actor) -> None:
        """Ask each lender to delete; what has not left yet is called off with the consents."""
        with transaction.atomic():
            # first, so that the reason is the erasure: of each lender there is one request
            for submission in self._submissions(subject_id):
                ask_to_delete(submission=submission, reason=DeletionReason.ERASURE, actor=actor)
            given = Consent.objects.filter(subject_id=subject_id, withdrawn_at__isnull=True)
            for consent_id in given.values_list("pk", flat=True):
                withdraw_consent(consent_id=consent_id, subject_id=subject_id, actor=actor)

    def is_handing_out(self, subject_id: UUID) -> bool:
        held = Delivery.objects.filter(
            subject_id=subject_id, status=DeliveryStatus.DUE, lease_until__gte=timezone.now()
        )
        return held.exists()

    def tell(self, subject_id: UUID, news: News, *, actor: Actor) -> None:
        if news.what is NewsKind.RECTIFIED:
            tell_rectified(subject_id=subject_id, matter=news.matter, changes=news.changes, actor=actor)
        else:
            lifted = news.what is NewsKind.RESTRICTION_LIFTED
            tell_restriction(subject_id=subject_id, matter=news.matter, lifted=lifted, actor=actor)

    @opened(Purpose.DATA_SUBJECT_RIGHTS)
    def came_of(self, reference: UUID | None, *, matter: UUID | None = None) -> CameOf:
        return _came_of_erasure(reference) if matter is None else _came_of_news(reference, matter)

    def _submissions(self, subject_id: UUID) -> Sequence[Submission]:
        found = Submission.objects.filter(subject_id=subject_id).select_related("lender")
        return list(found.order_by("created_at", "pk"))


def _came_of_erasure(reference: UUID | None) -> CameOf:
    notice = (
        DeletionNotice.objects.select_related("submission", "lender").filter(submission=reference).first()
    )
    if notice is None:  # what may have left came back as never sent
        return CameOf(by_hand=True)
    asked = Delivery.objects.filter(submission=notice.submission_id, kind=DeliveryKind.DELETION)
    told_at = asked.filter(status=DeliveryStatus.DONE).aggregate(at=Max("finished_at"))["at"]
    failed = not asked.filter(status__in=[DeliveryStatus.DUE, DeliveryStatus.DONE]).exists()
    return CameOf(
        told_at=told_at or notice.acknowledged_at,
        by_hand=told_at is None and failed,
        deleted=notice.acknowledgement == Acknowledgement.DELETED,
        basis=notice.basis,
        until=notice.until,
        answered_at=notice.acknowledged_at,
    )


def _came_of_news(reference: UUID | None, matter: UUID) -> CameOf:
    """Of the last word of a matter: its end tells more of a restriction than its beginning."""
    told = LenderWord.objects.filter(submission=reference, matter=matter).exclude(kind=WordKind.REVIEW)
    word = told.order_by("-asked_at").first()
    if word is None:
        deleted = DeletionNotice.objects.filter(
            submission=reference, acknowledgement=Acknowledgement.DELETED
        ).exists()
        return _came_of_erasure(reference) if deleted else CameOf(untouched=True)
    being_told = Delivery.objects.filter(word=word, status=DeliveryStatus.DUE).exists()
    return CameOf(
        told_at=word.told_at,
        by_hand=word.told_at is None and not being_told,
        answered_at=word.acknowledged_at,
    )


def _left_at(submission: Submission) -> datetime | None:
    at: datetime | None = left_of(submission).aggregate(at=Max("at"))["at"]
    return at


RECIPIENTS: RecipientDoor = Lenders()
