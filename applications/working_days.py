"""Days on which Latvia works: what a period of the law ends on (Regulation 1182/71 Art. 3). Pure."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache

import holidays
from dateutil.relativedelta import relativedelta

A_DAY = timedelta(days=1)
SATURDAY = 5


def months_after(day: date, months: int) -> date:
    """The last day of a period of so many calendar months from a day, which itself is not counted."""
    return next_working_day(day + relativedelta(months=months))


def next_working_day(day: date) -> date:
    """The day itself, or the first after it on which Latvia works."""
    return next(one for one in _days_from(day) if is_working_day(one))


def is_working_day(day: date) -> bool:
    return day.weekday() < SATURDAY and day not in _latvian_holidays(day.year)


@cache
def _latvian_holidays(year: int) -> frozenset[date]:
    """Public holidays by the law of 3 October 1990, with those that the Saeima adds for single years."""
    return frozenset(holidays.country_holidays("LV", years=year))


def _days_from(day: date) -> Iterator[date]:
    while True:
        yield day
        day += A_DAY
