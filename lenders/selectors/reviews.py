"""Which decisions of lenders a person can ask a human being to review, and what came of the asking.

A refusal, and a price that was set by automated processing (GDPR Art. 22(3), Directive (EU) 2023/2225 Art.
18(8)). Each is reviewed once; a new decision can be reviewed anew.
"""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, TextChoices
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from applications.personal import Purpose
from applications.selectors.permission import require
from lenders.models import LenderWord, Offer, Submission
from lenders.states import Acknowledgement, DeliveryStatus, ReviewOutcome, SubmissionStatus, WordKind

REFUSED = (SubmissionStatus.DECLINED, SubmissionStatus.DECLINED_LATE)


class ReviewState(TextChoices):
    """How far a review is."""

    TO_BE_TOLD = "to_be_told", _("The lender is being told")
    ASKED = "asked", _("The lender is reviewing its decision")
    OVERDUE = "overdue", _("The lender has not answered in time")
    ANSWERED = "answered", _("The lender has answered")


@dataclass(frozen=True)
class Review:
    """One review that was asked for. `by_hand`: no interface takes the word, and staff are to tell it.

    explanation  the lender's, in words; "" while there is none
    """

    word_id: UUID
    matter: UUID
    submission_id: UUID
    application_id: UUID
    application_reference: str
    lender_name: str
    state: ReviewState
    asked_at: datetime
    told_at: datetime | None
    due_on: date
    by_hand: bool
    outcome: ReviewOutcome
    answered_at: datetime | None
    explanation: str


def reviewable(subject_id: UUID) -> list[Submission]:
    """Submissions whose decision can be reviewed, the newest first, with lender and application.

    Raises SubjectErased.
    """
    require(subject_id, Purpose.DATA_SUBJECT_RIGHTS)
    found = _reviewable().filter(subject=subject_id).select_related("lender", "application")
    return list(found.order_by("-created_at", "pk"))


def reviewable_at(application_id: UUID) -> frozenset[UUID]:
    """Which submissions of one application they are; no decryption."""
    return frozenset(_reviewable().filter(application=application_id).values_list("pk", flat=True))


def can_be_reviewed(submission: Submission) -> bool:
    """Whether this submission is one of them."""
    return _reviewable().filter(pk=submission.pk).exists()


def reviews_of(subject_id: UUID) -> list[Review]:
    """Every review that a person asked for, the newest first. Raises SubjectErased."""
    require(subject_id, Purpose.DATA_SUBJECT_RIGHTS)
    words = LenderWord.objects.filter(subject=subject_id, kind=WordKind.REVIEW)
    words = words.select_related("lender", "submission__application").prefetch_related("deliveries")
    return [_review(word) for word in words.order_by("-asked_at", "pk")]


def _reviewable() -> QuerySet[Submission]:
    """Where a decision stands that was not reviewed since, at a lender that has not deleted everything."""
    personalised = Offer.objects.filter(submission=OuterRef("pk"), price_personalised=True)
    decided_at = Coalesce(OuterRef("answered_at"), OuterRef("created_at"))
    asked = LenderWord.objects.filter(submission=OuterRef("pk"), kind=WordKind.REVIEW)
    open_or_newer = asked.filter(Q(outcome=ReviewOutcome.NONE) | Q(asked_at__gte=decided_at))
    return (
        Submission.objects.filter(
            Q(status__in=REFUSED) | Exists(personalised), application__emptied_at__isnull=True
        )
        .exclude(deletion__acknowledgement=Acknowledgement.DELETED)
        .exclude(Exists(open_or_newer))
    )


def _review(word: LenderWord) -> Review:
    due = any(one.status == DeliveryStatus.DUE for one in word.deliveries.all())
    application = word.submission.application
    due_on = word.due_on or timezone.localdate(word.asked_at)
    return Review(
        word_id=word.pk,
        matter=word.matter,
        submission_id=word.submission_id,
        application_id=application.pk,
        application_reference=application.reference,
        lender_name=word.lender.name,
        state=_state(word, due_on),
        asked_at=word.asked_at,
        told_at=word.told_at,
        due_on=due_on,
        by_hand=word.told_at is None and not due,
        outcome=ReviewOutcome(word.outcome),
        answered_at=word.answered_at,
        explanation=word.explanation or "",
    )


def _state(word: LenderWord, due_on: date) -> ReviewState:
    if word.outcome:
        return ReviewState.ANSWERED
    if due_on < timezone.localdate():
        return ReviewState.OVERDUE
    return ReviewState.TO_BE_TOLD if word.told_at is None else ReviewState.ASKED
