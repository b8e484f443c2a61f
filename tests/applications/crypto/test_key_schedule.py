"""When master keys are replaced and destroyed, so that every erasure is final when it was said to be."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from applications.crypto.key_schedule import Due, schedule

DAYS = st.integers(0, 400)
FROM = date(2026, 1, 1)


def test_ninety_days_leave_two_weeks_for_the_work() -> None:
    found = schedule(date(2026, 1, 1), 90)
    assert (found.replace_by, found.destroy_by) == (date(2026, 3, 18), date(2026, 4, 1))


@given(DAYS)
def test_a_key_is_replaced_before_it_has_to_be_gone(days: int) -> None:
    found = schedule(FROM, days)
    assert FROM <= found.replace_by <= found.destroy_by


@given(days=st.integers(1, 400), gaps=st.lists(st.integers(0, 400), max_size=8), data=st.data())
def test_whoever_keeps_to_the_days_keeps_every_promise(
    days: int, gaps: list[int], data: st.DataObject
) -> None:
    """Epochs follow each other, each replaced and destroyed on any day up to its last; an erasure on any day
    falls into one of them, and its copies may be wrapped in that one and in all before.
    """
    since, epochs = FROM, []
    for gap in gaps:
        last_days = schedule(since, days)
        replaced = min(since + timedelta(days=gap), last_days.replace_by)
        gone = data.draw(st.dates(replaced, last_days.destroy_by))
        epochs.append((since, replaced, gone))
        since = replaced
    for place, (begun, replaced, _gone) in enumerate(epochs):
        erased = data.draw(st.dates(begun, replaced))
        final = max(gone for _since, _replaced, gone in epochs[: place + 1])
        assert final <= erased + timedelta(days=days)


@pytest.mark.parametrize(
    ("day", "is_current", "due"),
    [
        (date(2026, 3, 17), True, Due.NOTHING),
        (date(2026, 3, 17), False, Due.NOTHING),
        (date(2026, 3, 18), True, Due.REPLACE),
        (date(2026, 3, 18), False, Due.DESTROY),
        (date(2026, 4, 1), False, Due.DESTROY),
        (date(2026, 4, 2), False, Due.LATE),
        (date(2026, 4, 2), True, Due.LATE),
    ],
)
def test_what_is_due_on_a_day(day: date, is_current: bool, due: Due) -> None:
    assert schedule(date(2026, 1, 1), 90).due(day, is_current=is_current) is due
