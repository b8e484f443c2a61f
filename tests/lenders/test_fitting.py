"""The applicant of `lender_check` meets what the lender published, whenever anybody can."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lenders.conformance.applicant import Applicant
from lenders.conformance.fitting import USUAL_BIRTH_DATE, fitting
from lenders.routing import NotAsked, Wanted, wanted_by, why_not_asked
from tests.lenders.test_routing import Published

TODAY = date(2026, 11, 26)
WIDE = Published()


def wants(applicant: Applicant, today: date) -> Wanted:
    return wanted_by(
        amount_cents=applicant.amount_cents,
        term_months=applicant.term_months,
        language=applicant.language,
        birth_date=applicant.birth_date,
        today=today,
    )


@st.composite
def lenders(draw: Any) -> Published:
    """Whatever the database accepts as a lender."""
    least, most = draw(st.integers(18, 90)), draw(st.none() | st.integers(0, 40))
    at_end = draw(st.none() | st.integers(0, 40))
    amount, term = draw(st.integers(1, 50_000_00)), draw(st.integers(1, 480))
    return Published(
        languages=draw(st.lists(st.sampled_from(["lv", "en", "ru"]), unique=True, min_size=1)),
        minimum_age=least,
        maximum_age=None if most is None else least + most,
        maximum_age_at_end=None if at_end is None else least + at_end,
        minimum_amount_cents=amount,
        maximum_amount_cents=amount + draw(st.integers(0, 50_000_00)),
        minimum_term_months=term,
        maximum_term_months=term + draw(st.integers(0, 120)),
    )


@given(lenders(), st.dates(date(2024, 1, 1), date(2060, 12, 31)))
def test_applicant_meets_every_limit_or_the_term_alone_makes_everybody_too_old(
    lender: Published, today: date
) -> None:
    found = fitting(lender, today=today)
    if isinstance(found, NotAsked):
        assert found == NotAsked.AGE_AT_END
        assert lender.maximum_age_at_end is not None
        assert lender.minimum_age + lender.minimum_term_months // 12 > lender.maximum_age_at_end
    else:
        assert why_not_asked(lender, wants(found, today)) is None


def test_applicant_is_the_usual_one_where_that_one_fits() -> None:
    found = fitting(WIDE, today=TODAY)
    assert isinstance(found, Applicant)
    assert (found.birth_date, found.language) == (USUAL_BIRTH_DATE, "lv")


def test_term_that_was_given_is_kept() -> None:
    lender = replace(WIDE, minimum_age=40, maximum_age_at_end=40)
    assert fitting(lender, today=TODAY, term_months=12) == NotAsked.AGE_AT_END


@pytest.mark.parametrize("lender", [replace(WIDE, active=False), replace(WIDE, fit_to_receive=False)])
def test_lender_that_takes_no_applications_yet_can_be_checked(lender: Published) -> None:
    assert isinstance(fitting(lender, today=TODAY), Applicant)


def test_least_age_that_nobody_has_is_the_reason() -> None:
    assert fitting(replace(WIDE, minimum_age=200), today=TODAY) == NotAsked.AGE_TOO_LOW
