"""The 72 hours of a breach (GDPR Art. 33(1))."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from privacy.clock import ClockState, breach_clock, breach_deadline

NOTICED = datetime(2026, 11, 20, 16, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
RIGA = ZoneInfo("Europe/Riga")
ZONES = st.sampled_from([UTC, RIGA])
moments = st.integers(946_684_800, 3_786_912_000).flatmap(
    lambda seconds: ZONES.map(lambda zone: datetime.fromtimestamp(seconds, tz=zone))
)
spans = st.timedeltas(timedelta(0), timedelta(days=30))


@pytest.mark.parametrize(
    ("now", "told", "need_not", "state", "hours"),
    [
        (0, None, False, ClockState.RUNNING, 72),
        (70.5, None, False, ClockState.RUNNING, 1),
        (72, None, False, ClockState.RUNNING, 0),
        (72.01, None, False, ClockState.OVERDUE, 0),
        (100, None, False, ClockState.OVERDUE, 28),
        (100, 72, False, ClockState.TOLD_IN_TIME, 28),
        (100, 72.01, False, ClockState.TOLD_LATE, 28),
        (10, None, True, ClockState.NOT_NEEDED, 62),
        (100, None, True, ClockState.NOT_NEEDED, 28),
        (100, 80, True, ClockState.TOLD_LATE, 28),
        (10, 11, False, ClockState.RUNNING, 62),
        (100, 101, False, ClockState.OVERDUE, 28),
    ],
)
def test_state_of_the_clock(
    now: float, told: float | None, need_not: bool, state: ClockState, hours: int
) -> None:
    clock = breach_clock(
        noticed_at=NOTICED,
        told_at=None if told is None else NOTICED + told * HOUR,
        need_not_tell=need_not,
        now=NOTICED + now * HOUR,
    )
    assert (clock.state, clock.hours) == (state, hours)


def test_hours_are_counted_through_the_change_to_summer_time() -> None:
    noticed = datetime(2027, 3, 27, 12, 0, tzinfo=RIGA)  # the night after has an hour less
    assert breach_deadline(noticed).astimezone(RIGA) == datetime(2027, 3, 30, 13, 0, tzinfo=RIGA)


@given(moments)
def test_deadline_is_72_hours_away_wherever_the_clock_hangs(noticed: datetime) -> None:
    assert breach_deadline(noticed) - noticed.astimezone(UTC) == 72 * HOUR


@given(moments, spans, st.booleans())
def test_untold_breach_is_open_unless_there_is_no_need(
    noticed: datetime, passed: timedelta, need_not: bool
) -> None:
    now = noticed.astimezone(UTC) + passed
    clock = breach_clock(noticed_at=noticed, told_at=None, need_not_tell=need_not, now=now)
    assert clock.is_open is not need_not


@given(moments, spans, spans)
def test_what_was_told_stays_told_and_as_late_as_it_was(
    noticed: datetime, told_after: timedelta, later: timedelta
) -> None:
    told = noticed.astimezone(UTC) + told_after
    states = {
        breach_clock(noticed_at=noticed, told_at=told, need_not_tell=False, now=now).state
        for now in (told, told + later)
    }
    late = told_after > 72 * HOUR
    assert states == {ClockState.TOLD_LATE if late else ClockState.TOLD_IN_TIME}


@pytest.mark.parametrize(
    ("passed", "text"),
    [
        (71, "The clock is running: 1 hour left"),
        (74, "Overdue: the authority has not been told (for 2 hours)"),
    ],
)
def test_clock_in_words(passed: int, text: str) -> None:
    now = NOTICED + passed * HOUR
    with translation.override("en"):
        clock = breach_clock(noticed_at=NOTICED, told_at=None, need_not_tell=False, now=now)
        assert clock.text == text
