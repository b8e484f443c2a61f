"""Order, progress and resuming of the application form, all from one declaration."""

from datetime import date
from itertools import product
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from applications import flow
from applications.choices import IncomeType, PepStatus

TODAY = date(2026, 11, 22)
COMPLETE: dict[str, Any] = {
    "amount_cents": 150_000,
    "term_months": 24,
    "loan_purpose": "vehicle",
    "repayment_day": 15,
    "keyword": "saulīte",
    "given_name": "Anna",
    "surname": "Bērziņa",
    "birth_date": date(1990, 1, 1),
    "personal_code": "321234-56789",
    "document_type": "passport",
    "document_number": "LV1234567",
    "valid_until": date(2031, 3, 27),
    "phone": "+37121234567",
    "street_address": "Brīvības iela 1–5",
    "city": "Rīga",
    "postcode": "LV-1010",
    "marital_status": "married",
    "dependants": 0,
    "income_type": "employment",
    "monthly_income_cents": 150_000,
    "employer": "SIA “Piemērs”",
    "monthly_expenses_cents": 40_000,
    "monthly_obligations_cents": 0,
    "pep_status": "family_member",
    "pep_relation": "sibling",
    "pep_office": "Minister",
}
WAYS = [
    {"income_type": income, "pep_status": pep}
    for income, pep in product([None, *IncomeType.values], [None, *PepStatus.values])
]
answer_sets = st.fixed_dictionaries(
    {},
    optional={
        "income_type": st.none() | st.sampled_from(IncomeType.values),
        "pep_status": st.none() | st.sampled_from(PepStatus.values),
    },
)


def step(slug: str) -> flow.Step:
    return flow.step_by_slug(slug)


def slug_of(found: flow.Step | None) -> str | None:
    return found and found.slug


# --- the declaration ------------------------------------------------------------------------------------
def test_the_steps_stand_in_their_order() -> None:
    assert [each.slug for each in flow.STEPS] == [
        "amount", "repayment", "name", "personal-code", "document", "phone", "address", "family",
        "income", "employer", "expenses", "pep", "pep-details",
    ]  # fmt: skip


@given(answer_sets)
def test_nobody_meets_fewer_or_more_steps_than_the_first_page_says(answers: dict[str, Any]) -> None:
    fewest, most = flow.fewest_and_most_steps()
    assert fewest <= len(flow.shown_steps(answers)) <= most


def test_no_answer_is_asked_for_twice() -> None:
    names = [name for each in flow.STEPS for name in flow.fields_of(each)]
    assert len(names) == len(set(names))
    assert set(names) == set(COMPLETE)


def test_the_fields_of_a_step_include_those_asked_only_sometimes() -> None:
    assert flow.fields_of(step("pep-details")) == ("pep_relation", "pep_office")


def test_an_unknown_slug_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        flow.step_by_slug("nothing")


# --- which steps are shown ------------------------------------------------------------------------------
@pytest.mark.parametrize("income_type", [None, *IncomeType.values])
def test_the_employer_is_asked_only_of_the_employed(income_type: str | None) -> None:
    shown = step("employer") in flow.shown_steps({"income_type": income_type})
    assert shown == (income_type == "employment")


@pytest.mark.parametrize("pep_status", [None, "", *PepStatus.values])
def test_details_are_asked_only_about_a_public_office(pep_status: str | None) -> None:
    shown = step("pep-details") in flow.shown_steps({"pep_status": pep_status})
    assert shown == (pep_status in {"self", "family_member", "close_associate"})


# --- walking --------------------------------------------------------------------------------------------
@given(answer_sets, st.sampled_from(flow.STEPS))
def test_the_next_step_is_later_and_shown(answers: dict[str, Any], here: flow.Step) -> None:
    after = flow.next_step(here, answers)
    if after is not None:
        assert flow.STEPS.index(after) > flow.STEPS.index(here)
        assert after in flow.shown_steps(answers)


@given(answer_sets, st.sampled_from(flow.STEPS))
def test_going_back_returns_to_where_one_came_from(answers: dict[str, Any], here: flow.Step) -> None:
    after = flow.next_step(here, answers)
    if here in flow.shown_steps(answers) and after is not None:
        assert flow.previous_step(after, answers) == here


@pytest.mark.parametrize("answers", WAYS)
def test_walking_meets_every_shown_step_and_reaches_the_check_page(answers: dict[str, Any]) -> None:
    walked: list[flow.Step] = []
    here: flow.Step | None = flow.STEPS[0]
    while here is not None:
        walked.append(here)
        here = flow.next_step(here, answers)
    assert tuple(walked) == flow.shown_steps(answers)


@pytest.mark.parametrize("answers", WAYS)
def test_positions_count_up_to_the_total(answers: dict[str, Any]) -> None:
    steps = flow.shown_steps(answers)
    assert [flow.position(each, answers) for each in steps] == [
        (number, len(steps)) for number in range(1, len(steps) + 1)
    ]


def test_a_hidden_step_has_no_position() -> None:
    with pytest.raises(ValueError):
        flow.position(step("employer"), {})


def test_a_step_that_became_hidden_still_leads_onward() -> None:
    assert slug_of(flow.next_step(step("employer"), {"income_type": "pension"})) == "expenses"


def test_nothing_comes_before_the_first_step() -> None:
    assert flow.previous_step(flow.STEPS[0], COMPLETE) is None


# --- completeness ---------------------------------------------------------------------------------------
def test_the_first_step_comes_first_when_nothing_is_answered() -> None:
    assert slug_of(flow.first_incomplete({}, today=TODAY)) == "amount"


def test_nothing_is_left_when_every_question_is_answered() -> None:
    assert flow.first_incomplete(COMPLETE, today=TODAY) is None


@pytest.mark.parametrize("name", sorted(COMPLETE))
def test_a_missing_answer_leads_back_to_its_step(name: str) -> None:
    found = flow.first_incomplete(COMPLETE | {name: None}, today=TODAY)
    assert found is not None
    assert name in flow.fields_of(found)


@pytest.mark.parametrize("answers", WAYS)
def test_every_way_can_be_completed(answers: dict[str, Any]) -> None:
    chosen = {name: value for name, value in answers.items() if value is not None}
    assert flow.first_incomplete(COMPLETE | chosen, today=TODAY) is None


def test_a_hidden_step_needs_no_answer() -> None:
    answers = COMPLETE | {"income_type": "pension", "employer": None}
    assert flow.first_incomplete(answers, today=TODAY) is None


@pytest.mark.parametrize(
    ("name", "value", "slug"),
    [
        ("valid_until", TODAY, "document"),
        ("birth_date", date(2008, 11, 23), "personal-code"),
        ("personal_code", "161175-19997", "personal-code"),
        ("term_months", 121, "amount"),
        ("amount_cents", 99_99, "amount"),
        ("loan_purpose", "withdrawn-choice", "amount"),
        ("postcode", "", "address"),
    ],
)
def test_an_answer_that_became_wrong_leads_back_to_its_step(name: str, value: Any, slug: str) -> None:
    assert slug_of(flow.first_incomplete(COMPLETE | {name: value}, today=TODAY)) == slug


# --- answers no longer asked for ------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("changes", "hidden"),
    [
        ({}, set()),
        ({"income_type": "pension"}, {"employer"}),
        ({"pep_status": "none"}, {"pep_relation", "pep_office"}),
        ({"pep_status": "close_associate"}, {"pep_relation"}),
        ({"income_type": "other", "employer": None}, set()),
        ({"income_type": "other", "pep_status": "self"}, {"employer", "pep_relation"}),
    ],
)
def test_answers_to_hidden_questions_are_named(changes: dict[str, Any], hidden: set[str]) -> None:
    assert flow.hidden_answers(COMPLETE | changes) == hidden


def test_names_the_form_does_not_know_are_left_alone() -> None:
    assert flow.hidden_answers(COMPLETE | {"email": "anna@example.com"}) == frozenset()


@pytest.mark.parametrize("answers", WAYS)
def test_clearing_hidden_answers_changes_neither_the_way_nor_its_completeness(
    answers: dict[str, Any],
) -> None:
    given_answers = COMPLETE | answers
    cleared = given_answers | dict.fromkeys(flow.hidden_answers(given_answers))
    assert flow.shown_steps(cleared) == flow.shown_steps(given_answers)
    assert flow.first_incomplete(cleared, today=TODAY) == flow.first_incomplete(given_answers, today=TODAY)


# --- the check page -------------------------------------------------------------------------------------
def test_the_check_page_shows_every_answer_as_a_person_reads_it() -> None:
    with translation.override("en"):
        rows = [value for section in flow.check_sections(COMPLETE) for _, value in section.rows]
    assert rows == [
        "€1,500.00", "24 months", "A vehicle", "15", "saulīte", "Anna", "Bērziņa", "1 January 1990",
        "321234-56789", "Passport", "LV1234567", "27 March 2031", "+371 21 234 567", "Brīvības iela 1–5",
        "Rīga", "LV-1010", "Married", "0", "Employment", "€1,500.00", "SIA “Piemērs”",
        "€400.00", "€0.00", "Yes, a member of my family holds or has held such an office",
        "My brother or sister", "Minister",
    ]  # fmt: skip


@pytest.mark.parametrize("answers", WAYS)
def test_the_check_page_has_a_section_for_each_shown_step(answers: dict[str, Any]) -> None:
    sections = flow.check_sections(answers)
    assert tuple(section.step for section in sections) == flow.shown_steps(answers)
    assert all(section.rows for section in sections)


def test_a_question_not_answered_yet_has_an_empty_value() -> None:
    assert {value for section in flow.check_sections({}) for _, value in section.rows} == {""}
