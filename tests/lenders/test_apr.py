"""The APR: the golden cases and day counts of Annex III, and properties that hold whatever the figures."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lenders.apr import (
    AprError,
    AprFault,
    Unit,
    apr,
    apr_by_dates,
    apr_of_offer,
    round_half_up,
    years_between,
)

LENT_WITH_CHARGE = 200_000_00
CHARGE = (0, 4_000_00)


def monthly(cents: int, count: int, *, first: Fraction = Fraction(0)) -> list[tuple[Fraction, int]]:
    return [(first + Fraction(month, 12), cents) for month in range(1, count + 1)]


GOLDEN = [
    pytest.param([(0, 1_000_00)], [(Fraction(546, 365), 1_200_00)], 2, "12.96", id="1 as a time"),
    pytest.param([(0, LENT_WITH_CHARGE)], [CHARGE, *monthly(1432_86, 240)], 6, "6.434412", id="2 monthly"),
    pytest.param(
        [(0, LENT_WITH_CHARGE)],
        [CHARGE, *monthly(1433_57, 240, first=Fraction(3, 365))],
        6,
        "6.434185",
        id="3 three days late, ordinary year",
    ),
    pytest.param(
        [(0, LENT_WITH_CHARGE)],
        [CHARGE, *monthly(1433_56, 240, first=Fraction(3, 366))],
        6,
        "6.434111",
        id="4 three days late, leap year",
    ),
    pytest.param(
        [(0, LENT_WITH_CHARGE)], [CHARGE, *monthly(1599_53, 240)], 6, "7.946625", id="5 with insurance"
    ),
    pytest.param(
        [(0, 560_00)],
        [(Fraction(1, 12), 46_67 + 16_80), *monthly(46_67, 10, first=Fraction(1, 12)), (1, 46_63)],
        2,
        "5.78",
        id="6 a fee with the first payment",
    ),
]


@pytest.mark.parametrize(("drawdowns", "payments", "decimals", "expected"), GOLDEN)
def test_golden_case(drawdowns, payments, decimals, expected):
    assert round_half_up(apr(drawdowns, payments), decimals) == Decimal(expected)


def test_golden_case_1_as_dates_is_counted_by_the_calendar():
    rate = apr_by_dates([(date(1994, 1, 1), 1_000_00)], [(date(1995, 7, 1), 1_200_00)])
    assert round_half_up(rate) == Decimal("12.92")


def test_golden_case_6_as_an_offer():
    schedule = [(1, 46_67 + 16_80), *[(month, 46_67) for month in range(2, 12)], (12, 46_63)]
    assert round_half_up(
        apr_of_offer(amount_cents=560_00, upfront_fees_cents=0, schedule=schedule)
    ) == Decimal("5.78")


DAY_COUNTS = [
    (date(2012, 1, 12), date(2012, 2, 15), Fraction(1, 12) + Fraction(3, 365)),
    (date(2013, 2, 26), date(2013, 3, 29), Fraction(1, 12) + Fraction(2, 366)),
    (date(1994, 1, 1), date(1995, 7, 1), Fraction(3, 2)),
    (date(2026, 1, 31), date(2026, 2, 28), Fraction(28, 365)),
    (date(2026, 2, 28), date(2026, 3, 31), Fraction(1, 12)),
    (date(2024, 2, 29), date(2025, 2, 28), Fraction(11, 12) + Fraction(28, 366)),
    (date(2024, 2, 28), date(2024, 2, 29), Fraction(1, 366)),
    (date(2024, 2, 27), date(2024, 2, 28), Fraction(1, 365)),
    (date(2025, 2, 27), date(2025, 2, 28), Fraction(1, 366)),
    (date(2025, 2, 28), date(2025, 3, 1), Fraction(1, 365)),
    (date(2024, 12, 30), date(2024, 12, 31), Fraction(1, 366)),
    (date(2026, 5, 5), date(2026, 5, 5), Fraction(0)),
]


@pytest.mark.parametrize(("start", "end", "years"), DAY_COUNTS)
def test_time_between_dates(start, end, years):
    assert years_between(start, end) == years


def test_time_in_weeks():
    assert years_between(date(2026, 1, 1), date(2026, 1, 17), unit=Unit.WEEKS) == Fraction(2, 52) + Fraction(
        2, 365
    )


DAYS = st.dates(date(1990, 1, 1), date(2060, 12, 31))


@given(DAYS, DAYS, st.sampled_from(Unit))
def test_time_between_dates_grows_with_the_calendar_and_leaves_less_than_a_unit(one, other, unit):
    start, end = sorted((one, other))
    years = years_between(start, end, unit=unit)
    # weeks of 1/52 run a day a year ahead of the calendar
    assert abs(float(years) - (end - start).days / 365.2425) < 0.01 + 0.004 * float(years)


def test_end_before_start_is_refused():
    with pytest.raises(AprError) as refused:
        years_between(date(2026, 2, 1), date(2026, 1, 1))
    assert refused.value.fault is AprFault.BAD_FLOW


FAULTS = [
    ([], [(1, 100)], AprFault.NO_DRAWDOWN),
    ([(0, 0)], [(1, 100)], AprFault.NO_DRAWDOWN),
    ([(0, 1000)], [(1, 999)], AprFault.NEVER_REPAID),
    ([(0, 1000)], [], AprFault.NEVER_REPAID),
    ([(0, 1000)], [(0, 1000), (1, 1)], AprFault.NO_SOLUTION),
    ([(0, 1000)], [(0, 1500)], AprFault.NO_SOLUTION),
    ([(0, 1)], [(Fraction(1, 365), 100_00)], AprFault.NO_SOLUTION),
    ([(0, 1000)], [(1, -1)], AprFault.BAD_FLOW),
    ([(0, 1000)], [(-1, 1500)], AprFault.BAD_FLOW),
    ([(0, 1000)], [(float("inf"), 1500)], AprFault.BAD_FLOW),
    ([(0, 1000)], [(float("nan"), 1500)], AprFault.BAD_FLOW),
]


@pytest.mark.parametrize(("drawdowns", "payments", "fault"), FAULTS)
def test_flows_without_an_apr_are_refused_with_the_reason(drawdowns, payments, fault):
    with pytest.raises(AprError) as refused:
        apr(drawdowns, payments)
    assert refused.value.fault is fault


def test_nothing_paid_beyond_the_credit_is_zero_percent():
    assert apr([(0, 1200_00)], monthly(100_00, 12)) == 0


def test_rounding_is_half_up():
    assert [round_half_up(Decimal(text), 1) for text in ("12.25", "12.35", "12.349")] == [
        Decimal("12.3"),
        Decimal("12.4"),
        Decimal("12.3"),
    ]


RATES = st.floats(0.0001, 5)
CENTS = st.integers(1, 1_000_000_00)
TERMS = st.integers(1, 120)


@given(RATES, st.lists(st.tuples(TERMS, st.integers(1_000_000, 10**9)), min_size=1, max_size=40))
def test_payments_discounted_at_a_rate_give_the_rate_back(rate, payments):
    flows = [(Fraction(month, 12), cents) for month, cents in payments]
    present = sum(cents * (1 + rate) ** -float(time) for time, cents in flows)
    assume(present > 1_000_000)
    # the drawdown is rounded to a cent of a million at least, and a month at least passes
    assert float(apr([(0, round(present))], flows)) == pytest.approx(rate * 100, rel=1e-4, abs=1e-2)


@given(
    st.lists(st.tuples(TERMS, st.integers(100_00, 1_000_000_00)), min_size=1, max_size=40),
    st.integers(1, 700),
    st.data(),
)
def test_paying_more_never_costs_less(payments, percent_more, data):
    flows = [(Fraction(month, 12), cents) for month, cents in payments]
    amount = sum(cents for _, cents in flows) * 100 // (100 + percent_more)
    at = data.draw(st.integers(0, len(flows) - 1))
    more = [*flows[:at], (flows[at][0], flows[at][1] + 1_00), *flows[at + 1 :]]
    assert apr([(0, amount)], more) >= apr([(0, amount)], flows)


@given(st.integers(1_00, 100_000_00), TERMS, st.integers(1, 40), st.integers(2, 1000))
def test_scaling_every_amount_changes_nothing(instalment, term, percent_less, factor):
    amount = max(1, instalment * term * (100 - percent_less) // 100)
    assume(amount > 10_00)
    once = apr([(0, amount)], monthly(instalment, term))
    assert apr([(0, amount * factor)], monthly(instalment * factor, term)) == pytest.approx(
        once, abs=Decimal("1e-6")
    )


@given(st.lists(st.tuples(TERMS, CENTS), min_size=2, max_size=30), st.randoms(use_true_random=False))
def test_order_changes_nothing(payments, shuffler: random.Random):
    flows = [(Fraction(month, 12), cents) for month, cents in payments]
    drawdowns = [(0, sum(cents for _, cents in flows) // 2 + 1)]
    shuffled = flows.copy()
    shuffler.shuffle(shuffled)
    assert apr(drawdowns, shuffled) == apr(drawdowns, flows)


@given(
    st.lists(st.tuples(st.integers(0, 24), CENTS), min_size=1, max_size=6),
    st.integers(25, 60),
    st.integers(0, 100),
)
def test_several_drawdowns_balance_at_the_rate_found(drawn, months, percent_more):
    drawdowns = [(Fraction(month, 12), cents) for month, cents in drawn]
    total = sum(cents for _, cents in drawdowns)
    payments = [(Fraction(months, 12), total + total * percent_more // 100)]
    growth = 1 + float(apr(drawdowns, payments)) / 100
    worth = sum(cents * growth ** -float(time) for time, cents in drawdowns)
    assert sum(cents * growth ** -float(time) for time, cents in payments) == pytest.approx(worth, rel=1e-6)
