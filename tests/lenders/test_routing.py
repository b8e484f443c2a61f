"""Who is asked: only what a lender published counts, and the reason that is given is always the same one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from applications.validators import full_years
from lenders.routing import NotAsked, Wanted, wanted_by, why_not_asked

TODAY = date(2026, 11, 26)


@dataclass(frozen=True)
class Published:
    """A lender that takes anything."""

    active: bool = True
    paused_at: datetime | None = None
    fit_to_receive: bool = True
    languages: Sequence[str] = ("lv", "en", "ru")
    minimum_age: int = 18
    maximum_age: int | None = None
    maximum_age_at_end: int | None = None
    minimum_amount_cents: int = 0
    maximum_amount_cents: int = 10**9
    minimum_term_months: int = 1
    maximum_term_months: int = 999


WANTED = Wanted(amount_cents=1_000_00, term_months=24, language="lv", age=40, age_at_end=42)
# Each condition that is not met, with the reason for it; in the order in which they are looked for.
UNMET: list[tuple[dict[str, Any], NotAsked]] = [
    ({"active": False}, NotAsked.NOT_TAKING_PART),
    ({"paused_at": datetime(2026, 11, 26, tzinfo=UTC)}, NotAsked.NOT_TAKING_PART),
    ({"fit_to_receive": False}, NotAsked.NOT_FIT),
    ({"languages": ("ru", "en")}, NotAsked.LANGUAGE),
    ({"minimum_age": 41}, NotAsked.AGE_TOO_LOW),
    ({"maximum_age": 39}, NotAsked.AGE_TOO_HIGH),
    ({"minimum_amount_cents": 1_000_01}, NotAsked.AMOUNT_TOO_SMALL),
    ({"maximum_amount_cents": 999_99}, NotAsked.AMOUNT_TOO_LARGE),
    ({"minimum_term_months": 25}, NotAsked.TERM_TOO_SHORT),
    ({"maximum_term_months": 23}, NotAsked.TERM_TOO_LONG),
    ({"maximum_age_at_end": 41}, NotAsked.AGE_AT_END),
]
ORDER = list(NotAsked)

ages = st.integers(18, 100)
limits = st.none() | ages
amounts, terms = st.integers(0, 5000), st.integers(1, 130)
lenders = st.builds(
    Published,
    active=st.booleans(),
    paused_at=st.none() | st.datetimes(),
    fit_to_receive=st.booleans(),
    languages=st.lists(st.sampled_from(["lv", "en", "ru"]), unique=True, min_size=1).map(tuple),
    minimum_age=ages,
    maximum_age=limits,
    maximum_age_at_end=limits,
    minimum_amount_cents=amounts,
    maximum_amount_cents=amounts,
    minimum_term_months=terms,
    maximum_term_months=terms,
)
requests = st.builds(Wanted, amounts, terms, st.sampled_from(["lv", "en", "ru"]), st.none() | ages, limits)


def lower(one: int | None, other: int | None) -> int | None:
    return min((limit for limit in (one, other) if limit is not None), default=None)


def both(one: Published, other: Published) -> Published:
    """A lender with the limits of both: at least as narrow as either."""
    return Published(
        active=one.active and other.active,
        paused_at=one.paused_at or other.paused_at,
        fit_to_receive=one.fit_to_receive and other.fit_to_receive,
        languages=[code for code in one.languages if code in other.languages],
        minimum_age=max(one.minimum_age, other.minimum_age),
        maximum_age=lower(one.maximum_age, other.maximum_age),
        maximum_age_at_end=lower(one.maximum_age_at_end, other.maximum_age_at_end),
        minimum_amount_cents=max(one.minimum_amount_cents, other.minimum_amount_cents),
        maximum_amount_cents=min(one.maximum_amount_cents, other.maximum_amount_cents),
        minimum_term_months=max(one.minimum_term_months, other.minimum_term_months),
        maximum_term_months=min(one.maximum_term_months, other.maximum_term_months),
    )


def test_lender_whose_conditions_are_met_is_asked() -> None:
    assert why_not_asked(Published(), WANTED) is None


@pytest.mark.parametrize(("changes", "reason"), UNMET)
def test_condition_that_is_not_met_is_the_reason(changes: dict[str, Any], reason: NotAsked) -> None:
    assert why_not_asked(replace(Published(), **changes), WANTED) is reason


def test_limits_include_themselves() -> None:
    exact = Published(
        minimum_age=40, maximum_age=40, maximum_age_at_end=42, minimum_amount_cents=1_000_00,
        maximum_amount_cents=1_000_00, minimum_term_months=24, maximum_term_months=24,
    )  # fmt: skip
    assert why_not_asked(exact, WANTED) is None


def test_every_reason_but_the_consumers_own_is_a_condition() -> None:
    assert {reason for _changes, reason in UNMET} == set(NotAsked) - {NotAsked.NOT_TICKED}


@given(st.sets(st.sampled_from(range(len(UNMET))), min_size=1))
def test_of_several_reasons_the_first_in_order_is_given(unmet: set[int]) -> None:
    changes = {name: value for number in unmet for name, value in UNMET[number][0].items()}
    assert why_not_asked(replace(Published(), **changes), WANTED) is UNMET[min(unmet)][1]


@given(lenders, lenders, requests)
def test_adding_a_limit_never_makes_a_lender_askable(
    lender: Published, limits: Published, wanted: Wanted
) -> None:
    if why_not_asked(lender, wanted) is not None:
        assert why_not_asked(both(lender, limits), wanted) is not None


@given(lenders, lenders, requests)
def test_adding_a_limit_gives_the_same_reason_or_an_earlier_one(
    lender: Published, limits: Published, wanted: Wanted
) -> None:
    before, after = why_not_asked(lender, wanted), why_not_asked(both(lender, limits), wanted)
    if before is not None and after is not None:
        assert ORDER.index(after) <= ORDER.index(before)


@given(lenders, requests)
def test_an_age_that_is_not_known_meets_every_limit(lender: Published, wanted: Wanted) -> None:
    unknown = replace(wanted, age=None, age_at_end=None)
    without = replace(lender, minimum_age=0, maximum_age=None, maximum_age_at_end=None)
    assert why_not_asked(lender, unknown) is why_not_asked(without, unknown)


def test_amount_and_term_are_what_the_consumer_may_change() -> None:
    assert [reason for reason in NotAsked if reason.may_change] == [
        NotAsked.AMOUNT_TOO_SMALL, NotAsked.AMOUNT_TOO_LARGE, NotAsked.TERM_TOO_SHORT,
        NotAsked.TERM_TOO_LONG, NotAsked.AGE_AT_END,
    ]  # fmt: skip


# --- ages -------------------------------------------------------------------------------------------------
def aged(birth_date: date | None, term_months: int = 12, today: date = TODAY) -> tuple[Any, Any]:
    found = wanted_by(
        amount_cents=1, term_months=term_months, language="lv", birth_date=birth_date, today=today
    )
    return found.age, found.age_at_end


@pytest.mark.parametrize(
    ("birth_date", "today", "term_months", "found"),
    [
        (date(2005, 11, 26), TODAY, 12, (21, 22)),
        (date(2005, 11, 27), TODAY, 12, (20, 21)),
        (date(1951, 12, 1), TODAY, 1, (74, 75)),
        (date(1951, 12, 27), TODAY, 1, (74, 74)),
        (date(2000, 2, 29), date(2026, 2, 28), 12, (25, 26)),  # the year is full when the 28th is over
        (date(2000, 2, 28), date(2025, 8, 31), 6, (25, 26)),  # a month without a 31st ends on its last day
        (date(2000, 2, 29), date(2025, 8, 31), 18, (25, 26)),
    ],
)
def test_age_in_whole_years(birth_date: date, today: date, term_months: int, found: tuple[int, int]) -> None:
    assert aged(birth_date, term_months, today) == found


def test_missing_birth_date_is_an_age_that_is_not_known() -> None:
    assert aged(None) == (None, None)


@given(
    st.dates(date(1920, 1, 1), date(2008, 1, 1)),
    st.integers(0, 360),
    st.dates(date(2026, 1, 1), date(2099, 1, 1)),
)
def test_age_at_the_end_grows_by_the_whole_years_of_the_term(born: date, months: int, today: date) -> None:
    age, at_end = aged(born, months, today)
    assert age == full_years(born, today)
    assert months // 12 <= at_end - age <= months // 12 + 1 or (born.month, born.day) == (2, 29)
