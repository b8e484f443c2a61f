"""What is proposed about a message follows plain rules, in three languages."""

import pytest

from privacy.mail_proposals import (
    MOST_FOUND,
    WORDS,
    addresses,
    language_of,
    long_numbers,
    our_numbers,
    proposed_rights,
)
from privacy.models import Right

SAYS = {
    Right.ACCESS: (
        "Kādi dati par mani ir?", "Ludzu izsniedziet datu kopiju", "What data do you hold?",
        "Дайте доступ к данным",
    ),
    Right.ERASURE: (
        "Lūdzu dzēst manus datus", "ludzu dzest visu", "Please DELETE my account", "Удалите мои данные",
    ),
}  # fmt: skip


def test_every_right_has_words_in_every_language() -> None:
    assert set(Right.values) <= set(WORDS)


@pytest.mark.parametrize(
    ("right", "text"), [(right, text) for right, texts in SAYS.items() for text in texts]
)
def test_right_is_proposed_by_its_words(right: Right, text: str) -> None:
    [found] = proposed_rights(text)
    assert found.right == right
    assert found.because


def test_all_that_fits_is_proposed() -> None:
    found = proposed_rights("Send me a copy of my data, then erase them.")
    assert {Right.ACCESS, Right.ERASURE} <= {one.right for one in found}


@pytest.mark.parametrize("text", ["", "Labdien! Cik ilgi jāgaida?", "indeleted undelete"])
def test_without_words_nothing_is_proposed(text: str) -> None:
    assert proposed_rights(text) == []


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Lūdzu dzēst manus datus", "lv"),
        ("Ludzu dzest manus datus", "lv"),
        ("Please delete my data", "en"),
        ("Удалите мои данные", "ru"),
        ("12345", "lv"),
        ("", "lv"),
    ],
)
def test_language_is_that_of_the_words(text: str, language: str) -> None:
    assert language_of(text, otherwise="lv") == language


def test_numbers_and_addresses_are_found() -> None:
    text = "Mans pieteikums jb-7k2m9-qrt4x, kods 321234-56789, tālrunis +371 21 234 567, anna@piemers.lv."
    assert our_numbers(text) == ["JB-7K2M9-QRT4X"]
    assert long_numbers(text) == ["321234-56789", "+371 21 234 567"]
    assert addresses(text) == ["anna@piemers.lv"]


def test_message_is_no_way_to_try_codes_one_by_one() -> None:
    text = " ".join(f"3212{number:02}-56789;" for number in range(50))
    assert len(long_numbers(text)) == MOST_FOUND
