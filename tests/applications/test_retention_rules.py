"""When a period is over, by the calendar."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from applications.retention_rules import (
    RULES,
    Clock,
    Ground,
    Period,
    PeriodRefused,
    Retention,
    Rule,
    Standing,
    Stop,
    kept_until,
    with_periods,
)

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
        (1, datetime(2026, 3, 31, 9, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)),
        (12, datetime(2028, 2, 29, tzinfo=UTC), datetime(2027, 3, 1, tzinfo=UTC)),
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


DAYS = st.dates(min_value=date(1990, 1, 1), max_value=date(2090, 1, 1))
PERIODS = st.one_of(
    st.builds(lambda months: rule(months=months), st.integers(min_value=1, max_value=240)),
    st.builds(lambda days: rule(days=days), st.integers(min_value=1, max_value=4000)),
)


@given(struck=DAYS, gap=st.integers(min_value=-40, max_value=40), period=PERIODS)
def test_day_that_people_are_told_is_the_last_one_before_it_goes(
    struck: date, gap: int, period: Rule
) -> None:
    """What is shown and what the run takes are two ways of writing one thing, at every end of a month."""
    today = period.last_day(struck) + timedelta(days=gap)
    assert (struck < period.over_before(today)) == (period.last_day(struck) < today)


@given(struck=DAYS, later=st.integers(min_value=0, max_value=800), period=PERIODS)
def test_what_struck_later_is_kept_as_long_at_least(struck: date, later: int, period: Rule) -> None:
    assert period.last_day(struck) <= period.last_day(struck + timedelta(days=later))


# --- which ground decides ---------------------------------------------------------------------------------
STANDING = st.builds(
    Standing,
    rule=st.sampled_from([one for one in Retention if RULES[one].months or RULES[one].days]),
    since=st.one_of(st.none(), DAYS),
)
GROUNDS = st.lists(STANDING, min_size=1, max_size=5)


def ends(one: Standing) -> date:
    return date.max if one.since is None else RULES[one.rule].last_day(one.since)


def ground_of(one: Standing) -> Ground:
    """While the contract is in force it is the ground itself; what follows is the rule's."""
    rule = RULES[one.rule]
    in_force = one.since is None and rule.clock is Clock.CONTRACT_ENDED
    return Ground.CONTRACT if in_force else rule.ground


@given(standing=GROUNDS)
def test_last_ground_to_end_decides(standing: list[Standing]) -> None:
    kept = kept_until(standing)
    assert (kept.until or date.max) == max(map(ends, standing))
    assert kept.why in {ground_of(one) for one in standing if ends(one) == max(map(ends, standing))}


@given(standing=GROUNDS, another=STANDING, day=st.one_of(st.none(), DAYS))
def test_another_ground_never_ends_anything_sooner(
    standing: list[Standing], another: Standing, day: date | None
) -> None:
    before = kept_until(standing, held_until=day).until
    after = kept_until([*standing, another], held_until=day).until
    assert (after or date.max) >= (before or date.max)


@given(standing=GROUNDS, day=DAYS)
def test_hold_until_a_day_keeps_until_that_day_at_least(standing: list[Standing], day: date) -> None:
    kept = kept_until(standing, held_until=day)
    assert (kept.until or date.max) == max(day, *map(ends, standing))


@given(standing=GROUNDS, today=DAYS, restricted=st.booleans())
def test_hold_without_an_end_beats_everything(
    standing: list[Standing], today: date, restricted: bool
) -> None:
    kept = kept_until(standing, held=True, restricted=restricted)
    assert (kept.until, kept.why) == (None, Stop.HOLD)
    assert not kept.over(today)


@given(standing=GROUNDS, today=DAYS, day=st.one_of(st.none(), DAYS))
def test_restricted_data_are_stored_and_not_deleted(
    standing: list[Standing], today: date, day: date | None
) -> None:
    kept = kept_until(standing, restricted=True, held_until=day)
    assert (kept.until, kept.why) == (None, Stop.RESTRICTION)
    assert not kept.over(today)


@given(standing=GROUNDS, today=DAYS)
def test_what_has_an_open_ground_is_never_over(standing: list[Standing], today: date) -> None:
    assert not kept_until([*standing, Standing(Retention.CLAIMS, None)]).over(today)


@given(recorded=DAYS, withdrawn=st.one_of(st.none(), DAYS))
def test_image_is_kept_until_its_consent_is_withdrawn_and_for_three_years_at_most(
    recorded: date, withdrawn: date | None
) -> None:
    kept = kept_until([Standing(Retention.IMAGES, withdrawn, recorded)])
    assert kept.until == min(withdrawn or date.max, rule(months=36).last_day(recorded))


def test_people_read_until_when_and_why() -> None:
    signed = Standing(Retention.APPLICATION, date(2026, 8, 31))
    with translation.override("en"):
        assert str(kept_until([signed]).text) == (
            "Kept until 28 February 2027, because the law gives a period in which a legitimate interest "
            "can be exercised (6 months after the application is closed or the loan contract is signed)."
        )
        assert str(kept_until([Standing(Retention.ACCOUNT, None), signed]).text) == (
            "Kept for now, because the contract to use the solution is in force."
        )


# --- other periods ----------------------------------------------------------------------------------------
def test_other_period_changes_nothing_but_the_period() -> None:
    rules = with_periods({Retention.DRAFT: Period(days=14), Retention.IMAGES: Period(most_months=24)})
    assert rules[Retention.DRAFT] == Rule(Clock.LAST_SAVE, Ground.PURPOSE, days=14)
    assert rules[Retention.IMAGES].most_months == 24
    assert {name for name in Retention if rules[name] != RULES[name]} == {Retention.DRAFT, Retention.IMAGES}


@pytest.mark.parametrize(
    ("name", "period"),
    [
        (Retention.DRAFT, Period()),
        (Retention.DRAFT, Period(days=-1)),
        (Retention.DRAFT, Period(months=1)),
        (Retention.DRAFT, Period(days=30, most_months=12)),
        (Retention.APPLICATION, Period(months=601)),
        (Retention.APPLICATION, Period(months=6, days=3)),
        (Retention.IMAGES, Period()),
        (Retention.AUDIT, Period(months=11)),
        (Retention.IMAGES, Period(months=1, most_months=12)),
    ],
)
def test_period_that_no_rule_can_have_is_refused(name: Retention, period: Period) -> None:
    with pytest.raises(PeriodRefused):
        with_periods({name: period})


def test_periods_of_the_rules_are_such_as_can_be_written() -> None:
    assert with_periods({name: Period.of(RULES[name]) for name in Retention}) == RULES


@given(now=MOMENTS, later=st.timedeltas(min_value=timedelta(), max_value=timedelta(days=800)))
@pytest.mark.parametrize("name", Retention)
def test_what_is_over_stays_over(name: Retention, now: datetime, later: timedelta) -> None:
    # Within a month without that day, several days share the first one of the next.
    assert RULES[name].over_before(now).date() <= RULES[name].over_before(now + later).date()
