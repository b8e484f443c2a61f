"""How lenders answer, in numbers: what came of the submissions of some days, and how long an answer took.

Whoever objected to statistics, or whose data are only stored, is not counted.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import (
    Case,
    Count,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    QuerySet,
    Subquery,
    TextChoices,
    When,
)
from django.utils.translation import gettext_lazy as _

from applications.collation import latvian_key
from applications.personal import Category, Purpose
from applications.selectors.permission import permitted
from lenders.models import Lender, Offer, Submission
from lenders.selectors.percentiles import Percentile
from lenders.states import SubmissionStatus

S = SubmissionStatus


class Answer(TextChoices):
    """What came of a submission."""

    OFFERED = "offered", _("An offer")
    DECLINED = "declined", _("Declined")
    NO_ANSWER = "no_answer", _("No answer")
    FAILED = "failed", _("No usable answer")
    OPEN = "open", _("Open, or not wanted any more")


CAME_OF_IT: Mapping[str, Answer] = {
    S.DECLINED: Answer.DECLINED, S.WITHDRAWN: Answer.DECLINED, S.DECLINED_LATE: Answer.DECLINED,
    S.NO_RESPONSE: Answer.NO_ANSWER, S.UNKNOWN: Answer.NO_ANSWER,
    S.FAILED: Answer.FAILED,
}  # fmt: skip


@dataclass(frozen=True)
class LenderAnswers:
    """One lender: submissions by what came of them, and the median time until an offer or a no."""

    name: str
    numbers: Mapping[Answer, int]
    median: timedelta | None


def answers_by_lender(*, since: datetime) -> list[LenderAnswers]:
    """Of the applications sent since then; every lender, by name."""
    numbers: dict[UUID, Counter[Answer]] = defaultdict(Counter)
    rows = _submissions(since).annotate(offered=Exists(Offer.objects.filter(submission=OuterRef("pk"))))
    for one in rows.values("lender_id", "status", "offered").annotate(n=Count("pk")):
        answer = Answer.OFFERED if one["offered"] else CAME_OF_IT.get(one["status"], Answer.OPEN)
        numbers[one["lender_id"]][answer] += one["n"]
    by_lender = _submissions(since).values("lender_id").annotate(m=Percentile(_waited(), 0.5))
    medians = dict(by_lender.values_list("lender_id", "m"))
    return [
        LenderAnswers(
            lender.name,
            {answer: numbers[lender.pk][answer] for answer in Answer},
            medians.get(lender.pk),
        )
        for lender in sorted(Lender.objects.all(), key=lambda one: latvian_key(one.name))
    ]


def _submissions(since: datetime) -> QuerySet[Submission]:
    """Found by the index of when applications were sent."""
    may = permitted(Purpose.IMPROVE_SERVICE, categories=(Category.TRANSACTIONS,))
    return Submission.objects.filter(may, application__submitted_at__gte=since).order_by()


def _waited() -> Case:
    """From the question to the first offer or to the no; NULL where there is neither."""
    first = Subquery(
        Offer.objects.filter(submission=OuterRef("pk")).order_by("received_at").values("received_at")[:1]
    )
    offered = ExpressionWrapper(first - F("created_at"), output_field=DurationField())
    declined = ExpressionWrapper(F("answered_at") - F("created_at"), output_field=DurationField())
    has_offer = Exists(Offer.objects.filter(submission=OuterRef("pk")))
    return Case(
        When(has_offer, then=offered), When(status=S.DECLINED, then=declined), output_field=DurationField()
    )
