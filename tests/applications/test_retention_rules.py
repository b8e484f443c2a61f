"""When a period is over, by the calendar."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from applications.retention_rules import RULES, Clock, Ground, Retention, Rule

MOMENTS = st.datetimes(
    min_value=datetime(1990, 1, 1),  # noqa: DTZ001 - the strategy wants it so
    max_value=datetime(2090, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


def rule(**period: int) -> Rule:
    return Rule(Clock.RECORDED, Ground.PURPOSE, **period)


@pytest.mark.parametrize(
    ("months", "now", "before"),
    [
        (12, datetime(2026, 11, 24, 8, tzinfo=UTC), datetime(2025, 11, 24, 8, tzinfo=UTC)),
        (6, datetime(2026, 3, 1, tzinfo=UTC), datetime(2025, 9, 1, tzinfo=UTC)),
        (1, datetime(2026, 3, 31, tzinfo=UTC), datetime(2026, 2, 28, tzinfo=UTC)),
        (12, datetime(2028, 2, 29, tzinfo=UTC), datetime(2027, 2, 28, tzinfo=UTC)),
        (13, datetime(2026, 1, 15, tzinfo=UTC), datetime(2024, 12, 15, tzinfo=UTC)),
    ],
)
def test_months_are_those_of_the_calendar(months: int, now: datetime, before: datetime) -> None:
    assert rule(months=months).over_before(now) == before


@given(now=MOMENTS, days=st.integers(min_value=0, max_value=4000))
def test_days_are_whole_days(now: datetime, days: int) -> None:
    assert rule(days=days).over_before(now) == now - timedelta(days=days)


@given(now=MOMENTS, months=st.integers(min_value=1, max_value=240))
def test_nothing_is_over_sooner_than_its_months_can_be(now: datetime, months: int) -> None:
    """A month has 28 days at least and 31 at most."""
    kept = now - rule(months=months).over_before(now)
    assert timedelta(days=28 * months) <= kept <= timedelta(days=31 * months + 1)


@given(now=MOMENTS, later=st.timedeltas(min_value=timedelta(), max_value=timedelta(days=800)))
@pytest.mark.parametrize("name", Retention)
def test_what_is_over_stays_over(name: Retention, now: datetime, later: timedelta) -> None:
    # Within a month without that day, several days share the last one of it.
    assert RULES[name].over_before(now).date() <= RULES[name].over_before(now + later).date()
