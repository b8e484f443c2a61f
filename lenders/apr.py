"""The annual percentage rate of charge (APR; in Latvia GPL) of Annex III of Directive (EU) 2023/2225.

The rate X that makes what is drawn down and what is paid worth the same:

    sum of C_k * (1 + X) ** -t_k  =  sum of D_l * (1 + X) ** -s_l

C are drawdowns, D repayments and charges, t and s years since the first drawdown. Amounts are in euro
cents, results in percent. Pure.
"""

from __future__ import annotations

import calendar
import math
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from fractions import Fraction

Time = Fraction | float | int
"""Years since the first drawdown."""

Flow = tuple[Time, int]
DatedFlow = tuple[date, int]

_MONTHS_A_YEAR = 12
_WEEKS_A_YEAR = 52
# ln(1 + X) for about 10**15 percent: beyond it lies nothing that could be called a rate
_STEEPEST = 30.0
_KEPT_DECIMALS = Decimal("1e-8")


class AprFault(StrEnum):
    """Why flows have no APR."""

    NO_DRAWDOWN = "no_drawdown"
    BAD_FLOW = "bad_flow"
    NEVER_REPAID = "never_repaid"
    NO_SOLUTION = "no_solution"


class AprError(ValueError):
    """Flows without an APR.

    no_drawdown   nothing is lent
    bad_flow      a negative amount, a negative or infinite time, a date before the first drawdown
    never_repaid  less is paid than was drawn down: the rate would be negative
    no_solution   charges at drawdown leave nothing to repay for, or only a rate beyond 10**15 % balances
                  the flows
    """

    def __init__(self, fault: AprFault) -> None:
        self.fault = fault
        super().__init__(str(fault))


class Unit(StrEnum):
    """In what whole spans the time between two dates is counted: that of the payments' frequency."""

    MONTHS = "months"
    WEEKS = "weeks"


def apr(drawdowns: Iterable[Flow], payments: Iterable[Flow]) -> Decimal:
    """The APR in percent, to eight decimals, of flows given as (years since the first drawdown, cents).

    With drawdowns after payments more than one rate may balance; the lowest is returned. Raises AprError.
    """
    lent, paid = _checked(drawdowns), _checked(payments)
    if not any(cents for _, cents in lent):
        raise AprError(AprFault.NO_DRAWDOWN)
    owed_at_no_interest = sum(cents for _, cents in lent) - sum(cents for _, cents in paid)
    if owed_at_no_interest > 0:
        raise AprError(AprFault.NEVER_REPAID)
    if owed_at_no_interest == 0:
        return Decimal(0).quantize(_KEPT_DECIMALS)
    force = _root(_balance(lent, paid), lowest_step=1e-3)
    return Decimal(math.expm1(force) * 100).quantize(_KEPT_DECIMALS, ROUND_HALF_UP)


def apr_by_dates(
    drawdowns: Iterable[DatedFlow], payments: Iterable[DatedFlow], *, unit: Unit = Unit.MONTHS
) -> Decimal:
    """The APR in percent of flows given as (date, cents), times counted by `years_between`.

    Raises AprError.
    """
    lent, paid = list(drawdowns), list(payments)
    if not lent:
        raise AprError(AprFault.NO_DRAWDOWN)
    start = min(day for day, _ in lent)

    def timed(flows: Sequence[DatedFlow]) -> list[Flow]:
        return [(years_between(start, day, unit=unit), cents) for day, cents in flows]

    return apr(timed(lent), timed(paid))


def apr_of_offer(
    *, amount_cents: int, upfront_fees_cents: int, schedule: Iterable[tuple[int, int]]
) -> Decimal:
    """The APR in percent of a credit drawn down at once, with fees at drawdown and payments (months after
    drawdown, cents).

    Raises AprError.
    """
    repayments = [(Fraction(month, _MONTHS_A_YEAR), cents) for month, cents in schedule]
    return apr([(0, amount_cents)], [(0, upfront_fees_cents), *repayments])


def years_between(start: date, end: date, *, unit: Unit = Unit.MONTHS) -> Fraction:
    """The time from `start` to `end` in years, by the counting rule of Annex III.

    Whole months (of 1/12) or weeks (of 1/52) are counted backwards from the later date. The days left over
    are divided by 365, or by 366 where the year ending on the later end of that span of days holds 29
    February. Raises AprError where end lies before start.
    """
    if end < start:
        raise AprError(AprFault.BAD_FLOW)
    if unit is Unit.WEEKS:
        weeks = (end - start).days // 7
        whole, later_end = Fraction(weeks, _WEEKS_A_YEAR), end - timedelta(weeks=weeks)
    else:
        months = (end.year - start.year) * _MONTHS_A_YEAR + end.month - start.month
        months -= _months_before(end, months) < start
        whole, later_end = Fraction(months, _MONTHS_A_YEAR), _months_before(end, months)
    return whole + Fraction((later_end - start).days, _days_of_year_ending(later_end))


def round_half_up(value: Decimal, decimals: int = 2) -> Decimal:
    """A rate as it is shown: at least one decimal, half up (Annex III, remark (d))."""
    return value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def _months_before(day: date, months: int) -> date:
    """The same day so many months earlier, or the last of that month where it has no such day."""
    year, month0 = divmod(day.year * _MONTHS_A_YEAR + day.month - 1 - months, _MONTHS_A_YEAR)
    return date(year, month0 + 1, min(day.day, calendar.monthrange(year, month0 + 1)[1]))


def _days_of_year_ending(day: date) -> int:
    """366 where the year that ends on this day (the day included, the same day a year before not) holds 29
    February.
    """
    leap_year = day.year if day >= date(day.year, 3, 1) or (day.month, day.day) == (2, 29) else day.year - 1
    return 366 if calendar.isleap(leap_year) else 365


def _checked(flows: Iterable[Flow]) -> list[tuple[float, int]]:
    checked = []
    for time, cents in flows:
        years = float(time)
        if not math.isfinite(years) or years < 0 or cents < 0:
            raise AprError(AprFault.BAD_FLOW)
        checked.append((years, cents))
    return checked


def _balance(
    lent: Sequence[tuple[float, int]], paid: Sequence[tuple[float, int]]
) -> Callable[[float], float]:
    """Drawdowns less payments, discounted at force of interest y = ln(1 + X); exact summing makes the order
    irrelevant.
    """
    signed = [(time, float(cents)) for time, cents in lent] + [(time, -float(cents)) for time, cents in paid]
    return lambda y: math.fsum(cents * math.exp(-time * y) for time, cents in signed)


def _root(balance: Callable[[float], float], *, lowest_step: float) -> float:
    """The lowest y > 0 at which a balance that begins below zero reaches it: bracketed by growing steps,
    then halved.
    """
    low, high = 0.0, lowest_step
    while balance(high) < 0:
        if high >= _STEEPEST:
            raise AprError(AprFault.NO_SOLUTION)
        low, high = high, min(high * 1.5, _STEEPEST)
    while True:
        middle = (low + high) / 2
        if middle in (low, high):
            return high
        low, high = (middle, high) if balance(middle) < 0 else (low, middle)
