"""The legal clock: a calendar month, rolled to a working day, extended once, standing still while asked."""

from datetime import date, timedelta

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from applications.working_days import is_working_day, next_working_day
from privacy.request_clock import (
    Reminder,
    RequestClock,
)

DAYS = st.dates(date(2024, 1, 1), date(2040, 12, 31))
WAITS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=4)


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-11-24", "2026-12-28"),  # 24 to 26 December are holidays, the 27th is a Sunday
        ("2026-01-31", "2026-03-02"),  # February ends on the 28th, a Saturday
        ("2027-01-31", "2027-03-01"),  # a Sunday
        ("2028-01-31", "2028-02-29"),
        ("2026-02-28", "2026-03-30"),  # the day of the same number, not the last: the 28th is a Saturday
        ("2026-06-15", "2026-07-15"),
        ("2026-05-23", "2026-06-25"),  # Līgo and Jāņi
        ("2026-10-18", "2026-11-19"),  # 18 November
        ("2026-04-04", "2026-05-05"),  # 4 May
        ("2026-03-03", "2026-04-07"),  # Good Friday to Easter Monday
        ("2026-12-31", "2027-02-01"),  # a Sunday
        ("2026-12-01", "2027-01-04"),  # New Year's Day is a Friday
    ],
)
def test_last_day(received, due):
    clock = RequestClock(date.fromisoformat(received))
    assert clock.due_on(clock.received_on) == date.fromisoformat(due)


def test_extension_is_two_more_months_from_the_receipt():
    clock = RequestClock(date(2026, 11, 30), extended=True)
    assert clock.due_on(date(2026, 12, 1)) == date(2027, 3, 1)  # 28 February is a Sunday


@given(DAYS, st.booleans())
def test_last_day_is_worked_on_and_never_earlier_than_the_law_says(received, extended):
    due = RequestClock(received, extended=extended).due_on(received)
    least = received + relativedelta(months=3 if extended else 1)
    assert is_working_day(due)
    assert least <= due <= least + timedelta(days=6)
    assert not any(is_working_day(least + timedelta(days=n)) for n in range((due - least).days))


@given(DAYS)
def test_working_day_stays_what_it_is(day):
    assert next_working_day(next_working_day(day)) == next_working_day(day) >= day


@given(DAYS, DAYS)
def test_who_asks_later_is_never_answered_earlier(one, other):
    early, late = sorted([one, other])
    assert RequestClock(early).due_on(early) <= RequestClock(late).due_on(late)


@given(DAYS, WAITS, st.booleans())
def test_every_day_of_waiting_is_given_back_and_no_more(received, waits, extended):
    clock, today, waited = RequestClock(received, extended=extended), received, 0
    for before, wait in waits:
        today += timedelta(days=before)
        clock = clock.paused(today)
        today += timedelta(days=wait)
        clock = clock.resumed(today)
        waited += wait
    least = received + relativedelta(months=3 if extended else 1) + timedelta(days=waited)
    assert clock.due_on(today) == next_working_day(least)


@given(DAYS, st.integers(0, 40), st.integers(0, 40))
def test_clock_that_stands_still_is_due_as_if_it_went_on_today(received, before, wait):
    stopped = RequestClock(received).paused(received + timedelta(days=before))
    today = received + timedelta(days=before + wait)
    assert stopped.due_on(today) == stopped.resumed(today).due_on(today)


@given(DAYS, st.integers(0, 30), st.integers(0, 5))
def test_stopping_again_or_going_on_twice_changes_nothing(received, before, again):
    on = received + timedelta(days=before)
    once = RequestClock(received).paused(on)
    assert once.paused(on + timedelta(days=again)) == once
    going = once.resumed(on + timedelta(days=3))
    assert going.resumed(on + timedelta(days=3 + again)) == going


@given(DAYS, st.integers(0, 200))
def test_overdue_begins_the_day_after_the_last(received, days):
    clock, today = RequestClock(received), received + timedelta(days=days)
    assert clock.is_overdue(today) == (today > clock.due_on(today))


def test_extension_is_announced_within_the_first_month_and_once():
    clock = RequestClock(date(2026, 11, 24))
    assert clock.may_be_extended(date(2026, 12, 28))
    assert not clock.may_be_extended(date(2026, 12, 29))
    assert not RequestClock(date(2026, 11, 24), extended=True).may_be_extended(date(2026, 11, 25))


def test_wait_for_an_answer_puts_the_first_month_off_as_well():
    clock = RequestClock(date(2026, 11, 24), paused_days=10)
    assert clock.may_be_extended(date(2027, 1, 4))


# --- reminders ---


def test_reminders_come_at_half_time_three_days_and_one_day_before():
    clock = RequestClock(date(2026, 6, 15))
    assert clock.reminders(clock.received_on) == {
        Reminder.HALF_TIME: date(2026, 6, 30),
        Reminder.THREE_DAYS: date(2026, 7, 12),
        Reminder.ONE_DAY: date(2026, 7, 14),
    }


@given(DAYS, WAITS, st.booleans())
def test_reminders_are_in_order_and_before_the_end(received, waits, extended):
    clock = RequestClock(received, extended=extended, paused_days=sum(wait for _before, wait in waits))
    days = [clock.reminders(received)[reminder] for reminder in Reminder]
    assert received <= days[0] <= days[1] < days[2] < clock.due_on(received)


def test_nobody_is_reminded_while_the_clock_stands_still():
    clock = RequestClock(date(2026, 6, 15)).paused(date(2026, 6, 20))
    assert clock.due_reminders(date(2026, 9, 1)) == set()
    assert clock.resumed(date(2026, 7, 1)).due_reminders(date(2026, 7, 1)) == set()


@given(DAYS, st.integers(0, 60))
def test_what_was_due_yesterday_is_due_today(received, days):
    clock, today = RequestClock(received), received + timedelta(days=days)
    assert clock.due_reminders(today) <= clock.due_reminders(today + timedelta(days=1))
