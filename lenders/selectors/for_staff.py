"""Submissions that wait for somebody of staff, with the reason.

What failed waits while an answer would still count; what was set aside, and a choice that could not be told,
wait until somebody sees to them. Nothing waits for an application that has ended or whose person was erased.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import (
    BooleanField,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    Min,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
    TextChoices,
)
from django.utils.translation import gettext_lazy as _

from applications.collation import latvian_key
from applications.personal import Purpose
from applications.selectors.permission import permitted
from applications.states import ApplicationStatus
from lenders.models import Delivery, Submission
from lenders.outcomes import in_words
from lenders.states import DeliveryKind, DeliveryStatus, SubmissionStatus

NOT_DONE = (DeliveryStatus.FAILED, DeliveryStatus.QUARANTINED)
MOST = 100  # shown on the page


class Waits(TextChoices):
    """What is the matter, the most urgent first."""

    CHOICE = "choice", _("The lender does not know that it was chosen")
    SET_ASIDE = "set_aside", _("Set aside: workers ended over it")
    UNKNOWN = "unknown", _("Nobody knows whether the lender received it")
    FAILED = "failed", _("No usable answer came from the lender")

    @property
    def can_be_sent(self) -> bool:
        """Whether sending it again is of use: what may have arrived would arrive twice."""
        return self is not Waits.UNKNOWN


@dataclass(frozen=True)
class WaitingSubmission:
    """One line of the page. `stopped` says that a right of the person stands in the way of sending."""

    submission: Submission
    waits: Waits
    since: datetime
    code: str
    tries: int
    stopped: bool

    @property
    def why(self) -> str:
        return in_words(self.code)

    @property
    def can_be_sent(self) -> bool:
        return self.waits.can_be_sent and not self.stopped


@dataclass(frozen=True)
class WaitingCount:
    """How many submissions at one lender wait for one reason, and since when the oldest does."""

    lender_name: str
    waits: Waits
    number: int
    since: datetime


def waiting_submissions(now: datetime) -> list[WaitingSubmission]:
    """The newest of each kind, the most urgent kind first, MOST of each at most."""
    return [line for waits in Waits for line in _lines(waits, now)]


def waiting_counts(now: datetime) -> list[WaitingCount]:
    """All of them, counted by reason and lender."""
    found = []
    for waits in Waits:
        by_lender = _rows(waits, now).order_by().values(name=F("lender__name"))
        rows = by_lender.annotate(number=Count("pk"), since=Min("since"))
        lines = [WaitingCount(one["name"], waits, one["number"], one["since"]) for one in rows]
        found += sorted(lines, key=lambda line: latvian_key(line.lender_name))
    return found


def _lines(waits: Waits, now: datetime) -> Iterator[WaitingSubmission]:
    kind = DeliveryKind.CHOICE if waits is Waits.CHOICE else DeliveryKind.APPLICATION
    may: Any = permitted(Purpose.PASS_TO_LENDERS, application="application")
    rows = _rows(waits, now).annotate(
        may=ExpressionWrapper(may, output_field=BooleanField()),
        tries=Subquery(_deliveries(kind).values("submission").annotate(n=Sum("fence")).values("n")),
        code=Subquery(_deliveries(kind).order_by("-created_at").values("error_code")[:1]),
    )
    for row in rows.select_related("application", "lender").order_by("-since")[:MOST]:
        code = row.code if waits is Waits.CHOICE else row.error_code
        yield WaitingSubmission(row, waits, row.since, code, row.tries or 0, stopped=not row.may)


def _deliveries(kind: DeliveryKind) -> QuerySet[Delivery]:
    return Delivery.objects.filter(submission=OuterRef("pk"), kind=kind).order_by()


def _rows(waits: Waits, now: datetime) -> QuerySet[Any]:
    """Submissions that wait for one reason, with the moment `since` which they do."""
    living = Submission.objects.filter(subject__erased_at__isnull=True)
    if waits is Waits.CHOICE:
        not_told = Delivery.objects.filter(kind=DeliveryKind.CHOICE, status__in=NOT_DONE)
        told = _deliveries(DeliveryKind.CHOICE).exclude(status__in=NOT_DONE)
        ended = _deliveries(DeliveryKind.CHOICE).order_by("-created_at").values("finished_at")[:1]
        rows = living.filter(
            ~Exists(told), status=SubmissionStatus.SELECTED, pk__in=not_told.values("submission")
        )
        return rows.annotate(since=Subquery(ended))
    open_ones = living.filter(application__status=ApplicationStatus.SUBMITTED).annotate(
        since=F("answered_at")
    )
    failed = open_ones.filter(status=SubmissionStatus.FAILED)
    if waits is Waits.SET_ASIDE:
        return failed.filter(error_code="quarantined")
    if waits is Waits.UNKNOWN:
        return open_ones.filter(status=SubmissionStatus.UNKNOWN, late_until__gt=now)
    return failed.exclude(error_code="quarantined").filter(late_until__gt=now)
