"""How requests stand, in numbers, and the register as codes and days: nothing of anybody (GDPR Art. 5(2))."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from dateutil.relativedelta import relativedelta
from django.db.models import Count, QuerySet
from django.db.models.functions import TruncMonth
from django.utils import timezone

from privacy.models import Outcome, RecipientNotice, Right, RightsRequest
from privacy.request_texts import SOON
from privacy.states import RequestStatus

S = RequestStatus
ANSWERED = (S.COMPLETED, S.REFUSED)
GOES_ON_BY_ITSELF = frozenset({"", "recipients", "handing_out", "access_first"})
"""Why a step waits, where time alone helps."""


# --- what waits -------------------------------------------------------------------------------------------
def open_requests() -> QuerySet[RightsRequest]:
    return RightsRequest.objects.filter(ended_at__isnull=True)


def overdue(today: date) -> QuerySet[RightsRequest]:
    """Open beyond their last day. While it is not known who asks, no day is the last."""
    return open_requests().filter(due_on__lt=today, paused_on__isnull=True).order_by("due_on", "pk")


def due_soon(today: date) -> QuerySet[RightsRequest]:
    """Open, with the last day within the next week."""
    week = (today, today + timedelta(days=SOON))
    return open_requests().filter(due_on__range=week, paused_on__isnull=True).order_by("due_on", "pk")


def in_trouble() -> QuerySet[RightsRequest]:
    """Begun, and in need of somebody: a step fails, something was left, values are to be decided."""
    started = open_requests().filter(status__in=[S.APPROVED, S.RUNNING])
    return started.exclude(trouble__in=GOES_ON_BY_ITSELF).order_by("due_on", "pk")


def to_be_told() -> QuerySet[RecipientNotice]:
    """Recipients that staff have to tell of an erasure (GDPR Art. 19)."""
    by_hand = RecipientNotice.objects.filter(outcome=Outcome.BY_HAND)
    return by_hand.select_related("request").order_by("request__due_on", "name", "pk")


# --- in numbers -------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Standing:
    """How the requests of one article stand, or all of them; `days` is the median from receipt to the end of
    those answered within a year, None without any."""

    open: int
    due_soon: int
    overdue: int
    answered: int
    days: float | None


def standing(today: date, right: Right | None = None) -> Standing:
    def of(rows: QuerySet[RightsRequest]) -> QuerySet[RightsRequest]:
        return rows.filter(right=right) if right else rows

    answered = of(ended_within_a_year(today)).filter(status__in=ANSWERED)
    days = [days_taken(*one) for one in answered.values_list("received_on", "ended_at").iterator()]
    return Standing(
        open=of(open_requests()).count(),
        due_soon=of(due_soon(today)).count(),
        overdue=of(overdue(today)).count(),
        answered=len(days),
        days=median(days) if days else None,
    )


def ended_within_a_year(today: date) -> QuerySet[RightsRequest]:
    return RightsRequest.objects.filter(ended_at__date__gt=today - relativedelta(years=1))


def days_taken(received_on: date, ended_at: object) -> int:
    """From the day of receipt to that of the end."""
    return int((timezone.localdate(ended_at) - received_on).days)  # type: ignore[arg-type]


def outcomes(today: date) -> dict[tuple[str, str], int]:
    """How the requests of the last year ended: state and, where refused, why → how many."""
    rows = ended_within_a_year(today).order_by("status", "refusal").values_list("status", "refusal")
    return {(status, why): number for status, why, number in rows.annotate(number=Count("pk"))}


def by_month(today: date) -> list[tuple[date, int, int]]:
    """The first of each of the last twelve months: how many came in, how many ended."""
    first = today.replace(day=1) - relativedelta(months=11)
    months = [first + relativedelta(months=number) for number in range(12)]
    came = _per_month(RightsRequest.objects.filter(received_on__gte=first), "received_on")
    ended = _per_month(RightsRequest.objects.filter(ended_at__date__gte=first), "ended_at")
    return [(month, came.get(month, 0), ended.get(month, 0)) for month in months]


def _per_month(rows: QuerySet[RightsRequest], name: str) -> dict[date, int]:
    counted = rows.annotate(month=TruncMonth(name)).order_by("month").values_list("month")
    found = counted.annotate(number=Count("pk"))
    return {month if type(month) is date else timezone.localdate(month): number for month, number in found}


# --- the register -----------------------------------------------------------------------------------------
Cell = Callable[[RightsRequest], object]

COLUMNS: Sequence[tuple[str, Cell]] = (
    ("number", lambda one: one.reference),
    ("right", lambda one: one.right),
    ("about", lambda one: one.about),
    ("came_in", lambda one: one.way),
    ("language", lambda one: one.language),
    ("state", lambda one: one.status),
    ("who_asks", lambda one: one.identity or "not_established"),
    ("why_not", lambda one: one.refusal),
    ("came_of_it", lambda one: one.result),
    ("received_on", lambda one: one.received_on),
    ("due_on", lambda one: one.due_on),
    ("extended_on", lambda one: _day(one.extended_at)),
    ("days_of_waiting", lambda one: one.paused_days),
    ("ended_on", lambda one: _day(one.ended_at)),
    ("days", lambda one: days_taken(one.received_on, one.ended_at) if one.ended_at else ""),
)
"""Name of a column → what stands in it: a code, a day or a number."""


def _day(moment: object) -> object:
    return timezone.localdate(moment) if moment else ""  # type: ignore[arg-type]


def register() -> Iterator[Iterable[str]]:
    """The register's lines with their headings, the oldest request first."""
    yield [name for name, _cell in COLUMNS]
    for one in RightsRequest.objects.order_by("received_at", "pk").iterator():
        yield [str(cell(one)) for _name, cell in COLUMNS]
