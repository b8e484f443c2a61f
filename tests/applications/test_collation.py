"""Names stand in the order of the Latvian alphabet, on any machine and in any database."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from applications.collation import ALPHABET, latvian_key

words = st.text(alphabet=ALPHABET + ALPHABET.upper() + " -.()09éÖЖ", max_size=8)


@pytest.mark.parametrize(("before", "after"), list(itertools.pairwise(ALPHABET)))
def test_each_letter_stands_right_after_the_one_before_it(before: str, after: str) -> None:
    assert latvian_key(before) < latvian_key(after)
    assert latvian_key(before + "žž") < latvian_key(after + "aa")


@pytest.mark.parametrize(
    "names",
    [
        ["Aba", "Azote", "Ābols", "Bite"],
        ["Citrons", "Čiekurs", "Dzintars"],
        ["Ātrā Līzings", "Dzintara Aizdevumi", "Lejas Kredīts", "Piesardzes Fonds", "Vētras Kredīti"],
        ["Kalns", "Ķirsis", "Lejas", "Ļaudis", "Mežs", "Nams", "Ņiprais", "Ola"],
        ["Sala", "Šalle", "Tālivaldis", "Ula", "Ūdens", "Vējš", "Zeme", "Žagata"],
        ["1. aizdevējs", "2. aizdevējs", "Aizdevējs"],
        ["Banka", "Banka A", "Bankā"],
    ],
    ids=lambda names: names[0],
)
def test_names_stand_as_in_a_latvian_register(names: list[str]) -> None:
    backwards = names[::-1]
    assert sorted(backwards, key=latvian_key) == names


def test_capitals_do_not_come_first() -> None:
    assert sorted(["zeme", "Āda", "ZĪLE", "aka"], key=latvian_key) == ["aka", "Āda", "zeme", "ZĪLE"]


def test_a_letter_written_as_two_characters_stands_in_the_same_place() -> None:
    assert latvian_key("A\u0304da")[0] == latvian_key("Āda")[0]


def test_a_foreign_accent_stands_with_its_letter() -> None:
    assert sorted(["Fonds", "Crédit", "Credo", "Ögre", "Ozols"], key=latvian_key) == [
        "Crédit", "Credo", "Fonds", "Ögre", "Ozols",
    ]  # fmt: skip


@given(st.lists(words))
def test_the_order_does_not_depend_on_how_the_names_came(names: list[str]) -> None:
    backwards = names[::-1]
    assert sorted(names, key=latvian_key) == sorted(backwards, key=latvian_key)


@given(words, words)
def test_only_equal_texts_share_a_place(one: str, other: str) -> None:
    assert (latvian_key(one) == latvian_key(other)) == (one == other)


@given(st.text())
def test_any_text_has_a_place(text: str) -> None:
    assert latvian_key(text) <= latvian_key(text + "a")
