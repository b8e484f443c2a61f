"""The questions of each step: what they accept, how they refuse, what browsers and screen readers get."""

from datetime import date
from typing import Any

import pytest
from django import forms as django_forms
from django.utils import translation

from applications import forms
from applications.flow import STEPS
from applications.widgets import DatePartsField, RadioField, StepForm

TODAY = date(2026, 11, 22)
FAMILY_MEMBER = {"pep_status": "family_member"}
FORMS = [forms.EmailForm, forms.CodeForm, *(step.form for step in STEPS)]
QUESTIONS = [(form, name) for form in FORMS for name in form.base_fields]
TEXT_QUESTIONS = [
    (form, name)
    for form, name in QUESTIONS
    if not isinstance(form.base_fields[name], RadioField | DatePartsField)
]


def parts(name: str, day: str, month: str, year: str) -> dict[str, str]:
    return {f"{name}_day": day, f"{name}_month": month, f"{name}_year": year}


BORN = parts("birth_date", "1", "1", "1990")
EXPIRES = parts("valid_until", "27", "03", "2031")
TYPED: list[tuple[type[StepForm], dict[str, str], dict[str, Any]]] = [
    (forms.EmailForm, {"email": " anna@EXAMPLE.com"}, {"email": "anna@example.com"}),
    (forms.CodeForm, {"code": "123 456"}, {"code": "123456"}),
    (
        forms.AmountForm,
        {"amount_cents": "1 500", "term_months": "24", "loan_purpose": "vehicle"},
        {"amount_cents": 150_000, "term_months": 24, "loan_purpose": "vehicle"},
    ),
    (
        forms.RepaymentForm,
        {"repayment_day": "15", "keyword": "saulīte"},
        {"repayment_day": 15, "keyword": "saulīte"},
    ),
    (
        forms.NameForm,
        {"given_name": " Anna  Marija ", "surname": "Bērziņa"},
        {"given_name": "Anna Marija", "surname": "Bērziņa"},
    ),
    (
        forms.PersonalCodeForm,
        BORN | {"personal_code": "32123456789"},
        {"birth_date": date(1990, 1, 1), "personal_code": "321234-56789"},
    ),
    (
        forms.DocumentForm,
        EXPIRES | {"document_type": "passport", "document_number": "lv 1234567"},
        {"document_type": "passport", "document_number": "LV1234567", "valid_until": date(2031, 3, 27)},
    ),
    (forms.PhoneForm, {"phone": "21 234 567"}, {"phone": "+37121234567"}),
    (
        forms.AddressForm,
        {"street_address": "Brīvības iela 1–5", "city": "Rīga", "postcode": "1010"},
        {"street_address": "Brīvības iela 1–5", "city": "Rīga", "postcode": "LV-1010"},
    ),
    (
        forms.FamilyForm,
        {"marital_status": "married", "dependants": "0"},
        {"marital_status": "married", "dependants": 0},
    ),
    (
        forms.IncomeForm,
        {"income_type": "pension", "monthly_income_cents": "812,34"},
        {"income_type": "pension", "monthly_income_cents": 81_234},
    ),
    (forms.EmployerForm, {"employer": "SIA “Piemērs”"}, {"employer": "SIA “Piemērs”"}),
    (
        forms.ExpensesForm,
        {"monthly_expenses_cents": "400", "monthly_obligations_cents": "0"},
        {"monthly_expenses_cents": 40_000, "monthly_obligations_cents": 0},
    ),
    (forms.PepForm, {"pep_status": "none"}, {"pep_status": "none"}),
    (
        forms.PepDetailsForm,
        {"pep_relation": "sibling", "pep_office": "Minister"},
        {"pep_relation": "sibling", "pep_office": "Minister"},
    ),
]


def codes(form: StepForm, name: str) -> list[str | None]:
    return [error.code for error in form.errors.as_data().get(name, [])]


# --- every form -----------------------------------------------------------------------------------------
def test_every_form_has_its_row_in_the_table_of_typed_answers() -> None:
    assert [row[0] for row in TYPED] == FORMS


@pytest.mark.parametrize(("form_class", "typed", "cleaned"), TYPED)
def test_typed_answers_become_stored_answers(
    form_class: type[StepForm], typed: dict[str, str], cleaned: dict[str, Any]
) -> None:
    form = form_class(typed, answers=FAMILY_MEMBER, today=TODAY)
    assert form.is_valid(), form.errors
    assert form.cleaned_data == cleaned


@pytest.mark.parametrize(("form_class", "typed", "cleaned"), TYPED)
def test_stored_answers_are_still_valid_when_typed_again(
    form_class: type[StepForm], typed: dict[str, str], cleaned: dict[str, Any]
) -> None:
    form = form_class.from_answers(FAMILY_MEMBER | cleaned, today=TODAY)
    assert form.is_valid(), form.errors
    assert form.cleaned_data == cleaned


@pytest.mark.parametrize("form_class", FORMS)
def test_each_missing_answer_gets_its_own_sentence(form_class: type[StepForm]) -> None:
    form = form_class({}, answers=FAMILY_MEMBER)
    assert not form.is_valid()
    for name in form.fields:
        assert codes(form, name) == ["required"]
        assert form.errors[name] != [django_forms.Field.default_error_messages["required"]]


@pytest.mark.parametrize(("form_class", "name"), TEXT_QUESTIONS)
@pytest.mark.parametrize("typed", ["ab\x00cd", "12\x0b34", "ab\x7fcd"])
def test_control_characters_are_refused_in_every_question(
    form_class: type[StepForm], name: str, typed: str
) -> None:
    assert codes(form_class({name: typed}, answers=FAMILY_MEMBER), name)


@pytest.mark.parametrize(("form_class", "name"), QUESTIONS)
def test_no_error_repeats_what_was_typed(form_class: type[StepForm], name: str) -> None:
    wrong = "<Qzx#918273>"
    typed = {name: wrong} | parts(name, wrong, wrong, wrong)
    form = form_class(typed, answers=FAMILY_MEMBER)
    assert "918273" not in " ".join(form.errors.get(name, []))


@pytest.mark.parametrize(("form_class", "name"), TEXT_QUESTIONS)
def test_what_was_typed_wrongly_is_shown_again_as_it_was(form_class: type[StepForm], name: str) -> None:
    form = form_class({name: "1,2,3 ?"}, answers=FAMILY_MEMBER)
    assert 'value="1,2,3 ?"' in str(form[name])


@pytest.mark.parametrize(("form_class", "name"), TEXT_QUESTIONS)
def test_no_input_cuts_a_long_value_off_or_corrects_spelling(form_class: type[StepForm], name: str) -> None:
    html = str(form_class(answers=FAMILY_MEMBER)[name])
    assert "maxlength" not in html
    assert 'spellcheck="false"' in html


@pytest.mark.parametrize(
    ("form_class", "name"),
    [(form, name) for form, name in QUESTIONS if isinstance(form.base_fields[name], RadioField)],
)
def test_no_choice_is_made_beforehand(form_class: type[StepForm], name: str) -> None:
    html = str(form_class(answers={} if name in FAMILY_MEMBER else FAMILY_MEMBER)[name])
    assert 'type="radio"' in html
    assert "checked" not in html


@pytest.mark.parametrize("form_class", FORMS)
def test_every_question_has_a_label_of_its_own(form_class: type[StepForm]) -> None:
    assert all(field.label for field in form_class.base_fields.values())


@pytest.mark.parametrize(
    ("form_class", "name", "token"),
    [
        (forms.EmailForm, "email", "email"),
        (forms.CodeForm, "code", "one-time-code"),
        (forms.NameForm, "given_name", "given-name"),
        (forms.NameForm, "surname", "family-name"),
        (forms.PersonalCodeForm, "birth_date", "bday-day"),
        (forms.PersonalCodeForm, "birth_date", "bday-month"),
        (forms.PersonalCodeForm, "birth_date", "bday-year"),
        (forms.PersonalCodeForm, "personal_code", "off"),
        (forms.DocumentForm, "document_number", "off"),
        (forms.DocumentForm, "valid_until", "off"),
        (forms.PhoneForm, "phone", "tel"),
        (forms.AddressForm, "street_address", "address-line1"),
        (forms.AddressForm, "city", "address-level2"),
        (forms.AddressForm, "postcode", "postal-code"),
        (forms.EmployerForm, "employer", "organization"),
    ],
)
def test_inputs_tell_the_browser_what_they_ask_for(form_class: type[StepForm], name: str, token: str) -> None:
    assert f'autocomplete="{token}"' in str(form_class()[name])


def test_help_and_error_are_linked_to_their_input() -> None:
    html = str(forms.PhoneForm({"phone": "1"})["phone"])
    assert 'aria-describedby="id_phone_helptext id_phone_error"' in html
    assert 'aria-invalid="true"' in html


def test_help_and_error_of_a_group_are_linked_to_its_fieldset() -> None:
    field = forms.PersonalCodeForm({})["birth_date"]
    assert field.use_fieldset
    assert field.aria_describedby == "id_birth_date_helptext id_birth_date_error"


def test_error_links_lead_to_the_first_input_of_each_wrong_question() -> None:
    form = forms.DocumentForm({})
    assert [target for target, _ in form.error_links()] == [
        "id_document_type_0",
        "id_document_number",
        "id_valid_until_0",
    ]
    assert all(f'id="{target}"' in str(form) for target, _ in form.error_links())


def test_an_error_of_the_whole_form_links_nowhere() -> None:
    form = forms.PhoneForm({"phone": "21 234 567"})
    form.add_error(None, "Try again later.")
    assert form.error_links() == [("", "Try again later.")]


# --- personal code and age ------------------------------------------------------------------------------
def personal_code_form(born: dict[str, str], code: str) -> forms.PersonalCodeForm:
    return forms.PersonalCodeForm(born | {"personal_code": code}, today=TODAY)


def test_a_younger_person_is_refused_beside_the_date_of_birth() -> None:
    form = personal_code_form(parts("birth_date", "23", "11", "2008"), "32123456789")
    assert codes(form, "birth_date") == ["under_age"]
    assert codes(form, "personal_code") == []


def test_a_person_may_apply_on_the_18th_birthday() -> None:
    assert personal_code_form(parts("birth_date", "22", "11", "2008"), "32123456789").is_valid()


def test_a_code_of_another_date_is_refused_beside_the_code() -> None:
    form = personal_code_form(BORN, "161175-19997")
    assert codes(form, "personal_code") == ["birth_date_differs"]
    assert codes(form, "birth_date") == []


def test_a_code_that_agrees_with_the_date_passes() -> None:
    assert personal_code_form(parts("birth_date", "16", "11", "1975"), "161175-19997").is_valid()


def test_an_expired_document_is_refused() -> None:
    form = forms.DocumentForm(parts("valid_until", "22", "11", "2026"), today=TODAY)
    assert codes(form, "valid_until") == ["expired"]


# --- numbers, money, choices ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("99,99", "too_little"),
        ("100", None),
        ("50000", None),
        ("50 000,01", "too_much"),
        ("1.234", "ambiguous"),
    ],
)
def test_the_amount_is_between_100_and_50_000_euro(typed: str, code: str | None) -> None:
    assert codes(forms.AmountForm({"amount_cents": typed}), "amount_cents") == ([code] if code else [])


@pytest.mark.parametrize(
    ("language", "least", "most"),
    [("lv", "100,00\u00a0€", "50\u00a0000,00\u00a0€"), ("en", "€100.00", "€50,000.00")],
)
def test_limits_of_the_amount_are_written_as_the_language_writes_money(
    language: str, least: str, most: str
) -> None:
    with translation.override(language):
        text = str(forms.AmountForm().fields["amount_cents"].help_text)
    assert least in text
    assert most in text


def test_income_of_nought_is_an_answer() -> None:
    assert codes(forms.IncomeForm({"monthly_income_cents": "0"}), "monthly_income_cents") == []


def test_monthly_money_ends_at_a_million_euro() -> None:
    assert codes(forms.IncomeForm({"monthly_income_cents": "1000000,01"}), "monthly_income_cents") == [
        "too_much"
    ]


def test_a_choice_that_is_not_offered_is_refused() -> None:
    assert codes(forms.PepForm({"pep_status": "maybe"}), "pep_status") == ["invalid_choice"]


def test_the_relation_is_asked_only_about_a_family_member() -> None:
    assert list(forms.PepDetailsForm(answers=FAMILY_MEMBER).fields) == ["pep_relation", "pep_office"]
    assert list(forms.PepDetailsForm(answers={"pep_status": "self"}).fields) == ["pep_office"]
