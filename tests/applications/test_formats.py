"""How stored values are written for a person to read."""

from datetime import date, timedelta

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from applications import formats


@pytest.mark.parametrize(
    ("cents", "text"),
    [
        (0, "0,00"),
        (5, "0,05"),
        (99_999, "999,99"),
        (123_456, "1\u00a0234,56"),
        (100_000_000, "1\u00a0000\u00a0000,00"),
        (-150, "-1,50"),
    ],
)
def test_euro_are_written_with_a_comma_and_thousands_apart(cents: int, text: str) -> None:
    assert formats.euro_text(cents) == text


def test_money_does_not_break_between_amount_and_sign() -> None:
    assert formats.money_text(123_456) == "1\u00a0234,56\u00a0€"


def test_dates_are_written_day_first_with_a_final_point() -> None:
    assert formats.date_text(date(2030, 11, 5)) == "05.11.2030."


def test_dates_in_english_name_the_month() -> None:
    with translation.override("en"):
        assert formats.date_text(date(1990, 2, 1)) == "1 February 1990"


def test_a_term_is_written_with_its_unit() -> None:
    with translation.override("en"):
        assert [formats.months_text(months) for months in (1, 36)] == ["1 month", "36 months"]


def test_a_phone_number_is_written_in_groups() -> None:
    assert formats.phone_text("+37121234567") == "+371 21 234 567"


def test_text_that_is_no_phone_number_is_shown_unchanged() -> None:
    assert formats.phone_text("none") == "none"


@pytest.mark.parametrize(
    "written", ["01019012345", "010190-12345", " 010190 - 12345 ", "010190–12345", "010190\u221212345"]
)
def test_a_personal_code_has_one_stored_notation(written: str) -> None:
    assert formats.canonical_personal_code(written) == "010190-12345"


def test_text_that_is_no_personal_code_gets_no_hyphen() -> None:
    assert formats.canonical_personal_code("0101 90") == "010190"


@given(st.text())
def test_compacting_twice_changes_nothing_more(text: str) -> None:
    assert formats.compact(formats.compact(text)) == formats.compact(text)


def test_money_in_english_has_its_own_marks() -> None:
    with translation.override("en"):
        assert formats.money_text(123_456) == "€1,234.56"


def test_money_in_latvian_and_russian_reads_alike() -> None:
    with translation.override("lv"):
        latvian = formats.money_text(123_456)
    with translation.override("ru"):
        assert formats.money_text(123_456) == latvian == "1\u00a0234,56\u00a0€"


@pytest.mark.parametrize(
    ("age", "text"),
    [
        ({"seconds": -5}, "less than a second"),
        ({"seconds": 0.9}, "less than a second"),
        ({"seconds": 1}, "1 second"),
        ({"seconds": 59.9}, "59 seconds"),
        ({"minutes": 1}, "1 minute"),
        ({"minutes": 59, "seconds": 59}, "59 minutes"),
        ({"hours": 1}, "1 hour"),
        ({"hours": 47}, "47 hours"),
        ({"hours": 48}, "2 days"),
        ({"days": 400}, "400 days"),
    ],
)
def test_age_is_told_in_its_largest_unit(age: dict[str, float], text: str) -> None:
    with translation.override("en"):
        assert formats.age_text(timedelta(**age)) == text


@pytest.mark.parametrize(("language", "text"), [("lv", "12\u00a0345"), ("en", "12,345")])
def test_thousands_stand_apart(language: str, text: str) -> None:
    with translation.override(language):
        assert formats.number_text(12345) == text
