"""What a lender has of a submission, how it can be told of a right, and which words are not told yet."""

from datetime import date
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from lenders.adapters import ADAPTERS
from lenders.models import Delivery, Lender, LenderWord, Submission
from lenders.selectors.deletions import data_left, left_of
from lenders.states import Acknowledgement, DeliveryKind, DeliveryStatus, ReviewOutcome, WordKind

CARRY = (DeliveryKind.APPLICATION, DeliveryKind.SUPPLEMENT, DeliveryKind.CHOICE)


def takes_words(lender: Lender) -> bool:
    """Whether the lender's interface takes word of a right; where not, staff tell it."""
    adapter = ADAPTERS.get(lender.adapter)
    return adapter is not None and adapter.abilities.takes_notices


def received_labels(submission: Submission) -> frozenset[str]:
    """What of a submission reached its lender, or may have, by data-map label."""
    left = left_of(submission).values_list("fields", flat=True)
    return frozenset(label for labels in left for label in labels)


def holders(subject_id: UUID) -> list[Submission]:
    """Submissions of which the lender has something, or may have, and has not said that all is deleted."""
    found = Submission.objects.filter(subject=subject_id).exclude(
        deletion__acknowledgement=Acknowledgement.DELETED
    )
    rows = found.select_related("lender", "application").order_by("created_at", "pk")
    return [submission for submission in rows if data_left(submission)]


def overtakes_others(word: LenderWord) -> bool:
    """Whether a word would come before what it is about, or before an earlier word: a worker holds something
    that carries data to the lender, or the earlier one waits for its next try.
    """
    due = Delivery.objects.filter(submission=word.submission_id, status=DeliveryStatus.DUE)
    carried = Q(kind__in=CARRY, lease_until__gte=timezone.now())
    earlier = Q(word__asked_at__lt=word.asked_at)
    return due.filter(carried | earlier).exists()


def untold() -> QuerySet[LenderWord]:
    """Words that their lender does not know yet, with whether one is on its way, as `being_told`."""
    due = Delivery.objects.filter(word=OuterRef("pk"), status=DeliveryStatus.DUE)
    return LenderWord.objects.filter(told_at__isnull=True).annotate(being_told=Exists(due))


def overdue_reviews(today: date) -> QuerySet[LenderWord]:
    """Requests for review whose last day is over without an answer."""
    return LenderWord.objects.filter(kind=WordKind.REVIEW, outcome=ReviewOutcome.NONE, due_on__lt=today)
