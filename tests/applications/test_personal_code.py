"""Latvian personal codes of both kinds, dates of birth and age."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.lv import pvn

from applications import validators
from tests.applications.test_validators import code_of

TODAY = date(2026, 11, 22)
DIGITS = "0123456789"


def legacy_code(born: date, serial: str) -> str:
    first_ten = f"{born:%d%m%y}{(born.year - 1800) // 100}{serial}"
    return first_ten + validators.legacy_check_digit(first_ten)


birth_dates = st.dates(date(1800, 1, 1), date(2099, 12, 31))
legacy_codes = st.builds(legacy_code, birth_dates, st.text(DIGITS, min_size=3, max_size=3))
dateless_codes = st.from_regex(r"3[2-9][0-9]{9}", fullmatch=True)
personal_codes = legacy_codes | dateless_codes


# --- personal code --------------------------------------------------------------------------------------
@given(
    personal_codes, st.sampled_from(["", "-", " ", " - ", "\u2013", "\u2011", "\u2212", "\u00a0", "\u00ad"])
)
def test_a_valid_code_passes_in_every_notation(code: str, separator: str) -> None:
    typed = f" {code[:6]}{separator}{code[6:]} "
    assert validators.clean_personal_code(typed) == f"{code[:6]}-{code[6:]}"


@given(legacy_codes, st.integers(1, 9))
def test_a_wrong_check_digit_is_refused(code: str, step: int) -> None:
    wrong = code[:10] + str((int(code[10]) + step) % 10)
    assert code_of(lambda: validators.clean_personal_code(wrong)) == "wrong_check_digit"


@given(dateless_codes)
def test_a_code_without_a_date_needs_no_check_digit(code: str) -> None:
    assert validators.birth_date_in(code) is None
    assert validators.clean_personal_code(code) == f"{code[:6]}-{code[6:]}"


@given(birth_dates, st.text(DIGITS, min_size=3, max_size=3))
def test_a_legacy_code_gives_its_date_of_birth(born: date, serial: str) -> None:
    assert validators.birth_date_in(legacy_code(born, serial)) == born


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "invalid_personal_code"),
        ("010190-1234", "invalid_personal_code"),
        ("010190-123456", "invalid_personal_code"),
        ("O10190-12345", "invalid_personal_code"),
        ("٠١٠١٩٠-١٢٣٤٥", "invalid_personal_code"),
        ("010190-12\x00345", "invalid_personal_code"),
        ("000190-12345", "no_such_birth_date"),
        ("310690-12345", "no_such_birth_date"),
        ("290200-12345", "no_such_birth_date"),
        ("011390-12345", "no_such_birth_date"),
        ("010190-32345", "no_such_century"),
        ("405003-12345", "no_such_birth_date"),
    ],
)
def test_a_wrong_code_is_refused_with_the_reason(typed: str, code: str) -> None:
    assert code_of(lambda: validators.clean_personal_code(typed)) == code


def test_29_february_2000_is_a_real_date_of_birth() -> None:
    assert validators.birth_date_in(legacy_code(date(2000, 2, 29), "123")) == date(2000, 2, 29)


@pytest.mark.parametrize(
    ("first_ten", "digit"),
    [("1611751999", "7"), ("0000000000", "1"), ("0000000001", "0"), ("0000000008", "7")],
)
def test_the_check_digit_follows_the_formula(first_ten: str, digit: str) -> None:
    assert validators.legacy_check_digit(first_ten) == digit


def test_a_remainder_of_ten_is_written_as_nought() -> None:
    assert (1 + 9 * 1) % 11 == 10
    assert validators.legacy_check_digit("0000000001") == "0"


@given(legacy_codes)
def test_the_public_library_agrees_on_legacy_codes(code: str) -> None:
    assert pvn.is_valid(code)


@pytest.mark.parametrize("code", ["32867300677", "33000000000", "39999999999"])
def test_the_public_library_turns_away_codes_without_a_date_that_pass_here(code: str) -> None:
    assert not pvn.is_valid(code)
    assert validators.clean_personal_code(code)


def test_wrong_text_carries_no_date_of_birth() -> None:
    assert validators.birth_date_in("not a code") is None


# --- age and dates --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("born", "code"),
    [
        (date(1990, 1, 1), None),
        (date(2008, 11, 22), None),
        (date(2008, 11, 23), "under_age"),
        (date(2026, 11, 22), "under_age"),
        (date(2026, 11, 23), "in_future"),
        (date(1900, 1, 1), None),
        (date(1899, 12, 31), "too_early"),
    ],
)
def test_only_adults_with_a_believable_date_of_birth_pass(born: date, code: str | None) -> None:
    assert code_of(lambda: validators.check_birth_date(born, today=TODAY)) == code


@pytest.mark.parametrize(("today", "age"), [(date(2026, 2, 28), 17), (date(2026, 3, 1), 18)])
def test_who_was_born_on_29_february_is_of_age_on_1_march(today: date, age: int) -> None:
    assert validators.full_years(date(2008, 2, 29), today) == age


def test_a_legacy_code_of_another_date_is_refused() -> None:
    code = legacy_code(date(1990, 1, 2), "123")
    assert code_of(lambda: validators.check_same_birth_date(date(1990, 1, 1), code)) == "birth_date_differs"


def test_a_legacy_code_of_the_same_day_in_another_century_is_refused() -> None:
    code = legacy_code(date(1890, 1, 1), "123")
    assert code_of(lambda: validators.check_same_birth_date(date(1990, 1, 1), code)) == "birth_date_differs"


@pytest.mark.parametrize("code", [legacy_code(date(1990, 1, 1), "123"), "321234-56789"])
def test_a_code_of_the_same_date_or_of_none_agrees(code: str) -> None:
    assert code_of(lambda: validators.check_same_birth_date(date(1990, 1, 1), code)) is None
