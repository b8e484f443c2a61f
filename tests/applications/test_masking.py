"""What staff see of a person by default."""

from hypothesis import given
from hypothesis import strategies as st

from applications.masking import DOT, mask_email, mask_name, mask_tail


def test_a_masked_name_does_not_tell_its_length() -> None:
    assert mask_name("Māra") == mask_name("Mārtiņš") == "M•••••"


def test_a_masked_personal_code_hides_the_date_of_birth() -> None:
    assert mask_tail("010190-12397") == "••••••-•••97"


def test_a_masked_address_keeps_the_first_letter_and_the_top_level_domain() -> None:
    assert mask_email("anna.berzina@example.lv") == "a•••••@•••••.lv"


def test_nothing_masked_is_nothing() -> None:
    assert (mask_name(None), mask_tail(None), mask_email(None)) == ("", "", "")


def test_a_value_as_short_as_the_part_shown_is_hidden_whole() -> None:
    assert mask_tail("97") == DOT * 2


@given(st.from_regex(r"[0-9]{6}-[0-9]{5}", fullmatch=True))
def test_a_masked_personal_code_shows_no_more_than_two_digits(code: str) -> None:
    assert sum(character.isdigit() for character in mask_tail(code)) == 2
