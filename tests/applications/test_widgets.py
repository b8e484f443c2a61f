"""Inputs that Django does not have: dates in three parts, euro, whole numbers; how they show answers."""

from datetime import date
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from applications import forms
from applications.widgets import DatePartsField, EuroField, RadioField, StepForm, TextAnswer, WholeNumberField
from tests.applications.test_forms import codes, parts

TODAY = date(2026, 11, 22)


# --- dates ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("day", "month", "year", "expected"),
    [
        ("32", "1", "1990", ["day"]),
        ("", "1", "1990", ["day"]),
        ("1", "13", "1990", ["month"]),
        ("1", "1", "90", ["year"]),
        ("x", "y", "z", ["day", "month", "year"]),
        ("31", "2", "1990", ["no_such_date"]),
        ("29", "2", "2001", ["no_such_date"]),
        (" ", "", "", ["required"]),
        ("1\x00", "1", "1990", ["day"]),
        ("１", "1", "1990", ["day"]),
    ],
)
def test_the_wrong_part_of_a_date_is_named(day: str, month: str, year: str, expected: list[str]) -> None:
    form = forms.PersonalCodeForm(parts("birth_date", day, month, year), today=TODAY)
    assert codes(form, "birth_date") == expected


def test_the_parts_of_a_wrong_date_stay_as_they_were_typed() -> None:
    html = str(forms.PersonalCodeForm(parts("birth_date", "031", "febr", "90"))["birth_date"])
    assert all(f'value="{typed}"' in html for typed in ("031", "febr", "90"))


def test_each_part_of_a_date_has_a_visible_label() -> None:
    with translation.override("en"):
        html = str(forms.PersonalCodeForm()["birth_date"])
    for number, label in enumerate(("Day", "Month", "Year")):
        assert f'<label for="id_birth_date_{number}">{label}</label>' in html


def test_a_stored_date_fills_in_the_three_parts() -> None:
    html = str(forms.PersonalCodeForm(answers={"birth_date": date(1990, 2, 3)})["birth_date"])
    assert all(f'value="{part}"' in html for part in ("3", "2", "1990"))


@given(st.dates(date(1000, 1, 1)))
def test_every_date_typed_in_parts_is_read_as_that_date(day: date) -> None:
    field = DatePartsField(required_text="")
    assert field.clean(field.widget.decompress(day)) == day


@pytest.mark.parametrize(
    ("form_class", "name", "fits", "does_not"),
    [
        (forms.AmountForm, "term_months", ["1", "120"], ["0", "121", "1,5", "-1", "1_0", "12 m", "9" * 5000]),
        (forms.RepaymentForm, "repayment_day", ["1", "28"], ["0", "29", "x"]),
        (forms.FamilyForm, "dependants", ["0", "20"], ["21", "-1", "٢"]),
    ],
)
def test_whole_numbers_have_their_limits(
    form_class: type[StepForm], name: str, fits: list[str], does_not: list[str]
) -> None:
    assert all(codes(form_class({name: typed}), name) == [] for typed in fits)
    assert all(codes(form_class({name: typed}), name) == ["out_of_range"] for typed in does_not)


def test_stored_cents_are_shown_as_euro_to_edit() -> None:
    assert 'value="1\u00a0234,56"' in str(forms.AmountForm(answers={"amount_cents": 123_456})["amount_cents"])


@given(st.integers(100_00, 50_000_00))
def test_stored_cents_survive_being_shown_and_sent_again(cents: int) -> None:
    field = EuroField(most=50_000_00, required_text="")
    assert field.clean(field.prepare_value(cents)) == cents


# --- how answers are shown ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        (EuroField(most=1, required_text=""), 123_456, "1\u00a0234,56\u00a0€"),
        (WholeNumberField(most=1, required_text=""), 0, "0"),
        (WholeNumberField(most=9, shown_as="{} dienas".format, required_text=""), 2, "2 dienas"),
        (DatePartsField(required_text=""), date(2031, 3, 7), "07.03.2031."),
        (TextAnswer(str, required_text=""), "Rīga", "Rīga"),
        (TextAnswer(str, shown_as=str.upper, required_text=""), "a", "A"),
        (RadioField(choices=[("a", "Apple")], required_text=""), "a", "Apple"),
        (RadioField(choices=[("a", "Apple")], required_text=""), "gone", "gone"),
    ],
)
def test_stored_answers_are_written_for_a_person(field: Any, value: Any, shown: str) -> None:
    assert field.display(value) == shown
