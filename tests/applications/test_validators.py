"""From typed text to stored values: plain text, names, contact data, documents, money."""

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from applications import validators
from applications.formats import euro_text

CLEANERS = [
    validators.visible,
    validators.clean_text,
    validators.clean_name,
    validators.clean_keyword,
    validators.clean_personal_code,
    validators.clean_phone,
    validators.clean_postcode,
    validators.clean_document_number,
    validators.clean_email,
    validators.clean_sign_in_code,
]


def code_of(check: Callable[[], object]) -> str | None:
    """The code of the error that a check raises; None when it raises none."""
    try:
        check()
    except ValidationError as error:
        return error.code
    return None


# --- text -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("clean", CLEANERS)
@settings(deadline=None)  # the first phone number of a country loads its numbering plan
@given(text=st.text(alphabet=st.characters(), max_size=60))
def test_arbitrary_text_meets_only_a_validation_error(clean: Callable[[str], str], text: str) -> None:
    try:
        cleaned = clean(text)
    except ValidationError:
        return
    assert clean(cleaned) == cleaned


@pytest.mark.parametrize("typed", ["a\x00b", "a\tb", "a\nb", "a\x7fb", "a\ud800b", "a\u2028b"])
def test_control_characters_are_refused(typed: str) -> None:
    assert code_of(lambda: validators.visible(typed)) == "control_characters"


def test_text_is_composed_and_its_spaces_are_single() -> None:
    assert validators.visible("  A\u0304na\u00a0 \u200b Be\u0304rzin\u0327a ") == "Āna Bērziņa"


@pytest.mark.parametrize(
    "name", ["Anna", "Anna Marija", "Bērziņa-Kalniņa", "O'Neill", "O’Neill", "Жанна", "Łukasz", "李", "Ng"]
)
def test_names_of_any_alphabet_pass(name: str) -> None:
    assert validators.clean_name(name) == name


def test_a_dash_in_a_name_becomes_a_hyphen() -> None:
    assert validators.clean_name("Bērziņa–Kalniņa") == "Bērziņa-Kalniņa"


@pytest.mark.parametrize("name", ["Anna2", "-", "'Anna", "Anna, Marija", "<b>", "A" * 101])
def test_what_is_no_name_is_refused(name: str) -> None:
    assert code_of(lambda: validators.clean_name(name)) in {"invalid_name", "no_letters", "too_long"}


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("saule", None),
        ("zils kalns 7", None),
        ("abc", "too_short"),
        ("a" * 41, "too_long"),
        ("123456", "not_a_word"),
        ("kods 010190-12345", "not_a_word"),
    ],
)
def test_a_keyword_is_a_word_of_4_to_40_characters(typed: str, code: str | None) -> None:
    assert code_of(lambda: validators.clean_keyword(typed)) == code


# --- contact and document -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("21234567", "+37121234567"),
        ("21 234 567", "+37121234567"),
        ("+371 2123-4567", "+37121234567"),
        ("(00371) 21234567", "+37121234567"),
        ("\u202a+37121234567\u202c", "+37121234567"),
        ("63 123 456", "+37163123456"),
        ("+372 5123 4567", "+37251234567"),
    ],
)
def test_a_phone_number_is_stored_in_e164(typed: str, stored: str) -> None:
    assert validators.clean_phone(typed) == stored


@pytest.mark.parametrize(
    "typed", ["2123", "112", "90001234", "21234567 ext 5", "+999 1234567", "phone", "21234567#5"]
)
def test_what_is_no_personal_phone_number_is_refused(typed: str) -> None:
    assert code_of(lambda: validators.clean_phone(typed)) == "invalid_phone"


@pytest.mark.parametrize("typed", ["1010", "LV1010", "lv-1010", "LV – 1010", " LV 1010 "])
def test_a_postcode_has_one_stored_notation(typed: str) -> None:
    assert validators.clean_postcode(typed) == "LV-1010"


@pytest.mark.parametrize("typed", ["101", "10100", "LT-1010", "LV-10I0", "١٠١٠"])
def test_what_is_no_latvian_postcode_is_refused(typed: str) -> None:
    assert code_of(lambda: validators.clean_postcode(typed)) == "invalid_postcode"


def test_a_document_number_is_stored_in_capitals_without_spaces() -> None:
    assert validators.clean_document_number("lv 123 4567") == "LV1234567"


@pytest.mark.parametrize("typed", ["1234", "ABCDEF", "A" * 10 + "1" * 11, "ĀB12345", "AB/12345", "ß12345"])
def test_what_is_no_document_number_is_refused(typed: str) -> None:
    assert code_of(lambda: validators.clean_document_number(typed)) == "invalid_document_number"


@pytest.mark.parametrize(
    ("until", "code"),
    [
        (date(2026, 11, 22), "expired"),
        (date(2026, 11, 23), None),
        (date(2076, 11, 22), None),
        (date(2076, 11, 23), "too_late"),
        (date(9999, 12, 31), "too_late"),
    ],
)
def test_a_document_outlasts_today_by_fifty_years_at_most(until: date, code: str | None) -> None:
    assert code_of(lambda: validators.check_valid_until(until, today=date(2026, 11, 22))) == code


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        (" anna@example.com ", "anna@example.com"),
        ("Anna.B+loan@EXAMPLE.Com", "Anna.B+loan@example.com"),
        ("anna@JĀNIS.lv", "anna@xn--jnis-qsa.lv"),
        ("anna@xn--jnis-qsa.lv", "anna@xn--jnis-qsa.lv"),
        ("anna@ab--cd.lv", "anna@ab--cd.lv"),
        ("anna@ā。lv", "anna@xn--yda.lv"),
    ],
)
def test_an_email_address_has_its_domain_in_lower_case_ascii(typed: str, stored: str) -> None:
    assert validators.clean_email(typed) == stored


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("anna@straße.de", "anna@xn--strae-oqa.de"),
        ("anna@STRASSE.de", "anna@strasse.de"),
        ("anna@βόλος.gr", "anna@xn--nxasmm1c.gr"),
    ],
)
def test_domains_that_differ_in_one_letter_stay_different(typed: str, stored: str) -> None:
    assert validators.clean_email(typed) == stored


@pytest.mark.parametrize(
    "typed",
    ["anna", "anna@", "@example.com", "a b@example.com", "anna@localhost", "anna@[192.0.2.1]",
     "ānna@example.com", "anna@exa mple.com", "anna@example..com", "a@" + "b" * 64 + ".lv",
     "a" * 250 + "@example.com"],
)  # fmt: skip
def test_what_is_no_email_address_is_refused(typed: str) -> None:
    assert code_of(lambda: validators.clean_email(typed)) == "invalid_email"


@pytest.mark.parametrize("typed", ["123456", "123 456", "123-456", " 12 34 56 "])
def test_a_sign_in_code_may_be_typed_in_groups(typed: str) -> None:
    assert validators.clean_sign_in_code(typed) == "123456"


@pytest.mark.parametrize("typed", ["12345", "1234567", "12345a", "１２３４５６"])
def test_what_is_no_sign_in_code_is_refused(typed: str) -> None:
    assert code_of(lambda: validators.clean_sign_in_code(typed)) == "invalid_code"


# --- money ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("typed", "cents"),
    [
        ("0", 0),
        ("7", 700),
        ("1200", 120_000),
        ("1 234,56", 123_456),
        ("1\u00a0234,56", 123_456),
        ("1\u202f234,5", 123_450),
        ("1234.56", 123_456),
        ("1.234,56", 123_456),
        ("1,234.56", 123_456),
        ("1.234.567", 123_456_700),
        ("€ 1 200", 120_000),
        ("1 200 €", 120_000),
        ("1200 eur", 120_000),
        ("€1\u00a0000\u00a0000,00", 100_000_000),
    ],
)
def test_euro_are_read_in_every_usual_notation(typed: str, cents: int) -> None:
    assert validators.parse_euro(typed) == cents


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("1.234", "ambiguous"),
        ("1,234", "ambiguous"),
        ("999.000", "ambiguous"),
        ("0,123", "too_many_decimals"),
        ("1234,567", "too_many_decimals"),
        ("1.234,567", "too_many_decimals"),
        ("-5", "negative"),
        ("\u22125", "negative"),
        ("€ -5", "negative"),
        ("1.234.56", "invalid_amount"),
        ("1 23,00", "invalid_amount"),
        ("12.", "invalid_amount"),
        (",50", "invalid_amount"),
        ("1e3", "invalid_amount"),
        ("١٢", "invalid_amount"),
        ("$5", "invalid_amount"),
        ("", "invalid_amount"),
        ("9" * 5000, "invalid_amount"),
    ],
)
def test_an_unclear_amount_is_refused_with_the_reason(typed: str, code: str) -> None:
    assert code_of(lambda: validators.parse_euro(typed)) == code


@pytest.mark.parametrize("language", ["en", "lv"])
def test_the_sentence_about_thousands_shows_amounts_that_are_accepted(language: str) -> None:
    with translation.override(language), pytest.raises(ValidationError) as refused:
        validators.parse_euro("1,234")
    shown = re.findall(r"[0-9][0-9,.]*[0-9]", refused.value.messages[0])
    assert [validators.parse_euro(text) for text in shown] == [1234_00, 1234_50]


@given(st.integers(0, 10**12))
def test_written_euro_are_read_back_as_the_same_cents(cents: int) -> None:
    assert validators.parse_euro(euro_text(cents)) == cents


@given(st.text(alphabet=st.characters() | st.sampled_from("0123456789 .,€-"), max_size=40))
def test_reading_euro_never_fails_otherwise_and_never_gives_a_debt(text: str) -> None:
    with suppress(ValidationError):
        assert validators.parse_euro(text) >= 0


@pytest.mark.parametrize(("cents", "code"), [(99, "too_little"), (100, None), (200, None), (201, "too_much")])
def test_limits_of_an_amount_are_included(cents: int, code: str | None) -> None:
    assert code_of(lambda: validators.check_cents(cents, least=100, most=200)) == code
