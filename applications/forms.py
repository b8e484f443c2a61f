"""One form a step of the application, and the two forms that sign a consumer in.

A form cleans to exactly the answers that are stored: its field names are the names of the answers.
"""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from applications import validators
from applications.choices import DocumentType, IncomeType, LoanPurpose, MaritalStatus, PepRelation, PepStatus
from applications.formats import money_text_lazy, months_text, phone_text
from applications.widgets import (
    DatePartsField,
    EuroField,
    RadioField,
    StepForm,
    TextAnswer,
    WholeNumberField,
    plain_input,
)


# --- signing in -----------------------------------------------------------------------------------------
class EmailForm(StepForm):
    email = TextAnswer(
        validators.clean_email,
        label=_("Your e-mail address"),
        help_text=_("We will send a code to it. You need no password."),
        required_text=_("Write your e-mail address."),
        widget=plain_input("email", forms.EmailInput, autocapitalize="none"),
    )


class CodeForm(StepForm):
    code = TextAnswer(
        validators.clean_sign_in_code,
        label=_("The code from the e-mail"),
        help_text=_("Six digits."),
        required_text=_("Write the six digits from the e-mail."),
        widget=plain_input("one-time-code", inputmode="numeric"),
    )


# --- what is asked for ----------------------------------------------------------------------------------
class AmountForm(StepForm):
    amount_cents = EuroField(
        least=validators.MIN_AMOUNT_CENTS,
        most=validators.MAX_AMOUNT_CENTS,
        label=_("How much would you like to borrow, in euro?"),
        help_text=format_lazy(
            _("From {least} to {most}."),
            least=money_text_lazy(validators.MIN_AMOUNT_CENTS),
            most=money_text_lazy(validators.MAX_AMOUNT_CENTS),
        ),
        required_text=_("Write how much you would like to borrow."),
    )
    term_months = WholeNumberField(
        least=validators.MIN_TERM_MONTHS,
        most=validators.MAX_TERM_MONTHS,
        shown_as=months_text,
        label=_("For how many months?"),
        help_text=format_lazy(
            _("From {least} to {most} months. Two years are 24 months."),
            least=validators.MIN_TERM_MONTHS,
            most=validators.MAX_TERM_MONTHS,
        ),
        required_text=_("Write for how many months."),
    )
    loan_purpose = RadioField(
        choices=LoanPurpose.choices,
        label=_("What is the money for?"),
        required_text=_("Choose what the money is for."),
    )


class RepaymentForm(StepForm):
    repayment_day = WholeNumberField(
        least=validators.MIN_REPAYMENT_DAY,
        most=validators.MAX_REPAYMENT_DAY,
        label=_("On which day of the month would you like to repay?"),
        help_text=_("A number from 1 to 28. A day soon after your income arrives is often easiest."),
        required_text=_("Write a day of the month."),
    )
    keyword = TextAnswer(
        validators.clean_keyword,
        label=_("Keyword"),
        help_text=_(
            "A word by which you and the lender recognise each other on the phone, 4 to 40 characters. "
            "Choose one that you use nowhere else as a password."
        ),
        required_text=_("Write a keyword."),
    )


# --- who is asking --------------------------------------------------------------------------------------
class NameForm(StepForm):
    given_name = TextAnswer(
        validators.clean_name,
        label=_("Given name"),
        help_text=_("All your given names, as in your passport or identity card."),
        required_text=_("Write your given name."),
        widget=plain_input("given-name"),
    )
    surname = TextAnswer(
        validators.clean_name,
        label=_("Surname"),
        required_text=_("Write your surname."),
        widget=plain_input("family-name"),
    )


class PersonalCodeForm(StepForm):
    birth_date = DatePartsField(
        autocomplete="bday",
        label=_("Date of birth"),
        help_text=_("For example 27 3 1985."),
        required_text=_("Write your date of birth."),
    )
    personal_code = TextAnswer(
        validators.clean_personal_code,
        label=_("Personal code"),
        help_text=_(
            "Eleven digits, for example 010190-12345. You find them in your passport or identity card."
        ),
        required_text=_("Write your personal code."),
        widget=plain_input(inputmode="numeric"),
    )

    def clean_birth_date(self) -> date:
        birth_date: date = self.cleaned_data["birth_date"]
        validators.check_birth_date(birth_date, today=self.today)
        return birth_date

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if {"birth_date", "personal_code"} <= cleaned.keys():
            try:
                validators.check_same_birth_date(cleaned["birth_date"], cleaned["personal_code"])
            except ValidationError as error:
                self.add_error("personal_code", error)
        return cleaned


class DocumentForm(StepForm):
    document_type = RadioField(
        choices=DocumentType.choices,
        label=_("Which identity document do you have?"),
        required_text=_("Choose an identity document."),
    )
    document_number = TextAnswer(
        validators.clean_document_number,
        label=_("Document number"),
        help_text=_("Letters and digits as they are printed on the document. Spaces do not matter."),
        required_text=_("Write the document number."),
        widget=plain_input(autocapitalize="characters"),
    )
    valid_until = DatePartsField(
        label=_("Valid until"),
        help_text=_("For example 27 3 2031."),
        required_text=_("Write until when the document is valid."),
    )

    def clean_valid_until(self) -> date:
        valid_until: date = self.cleaned_data["valid_until"]
        validators.check_valid_until(valid_until, today=self.today)
        return valid_until


class PhoneForm(StepForm):
    phone = TextAnswer(
        validators.clean_phone,
        shown_as=phone_text,
        label=_("Phone number"),
        help_text=_("A mobile or landline number. Outside Latvia begin with + and the country code."),
        required_text=_("Write your phone number."),
        widget=plain_input("tel", type="tel"),
    )


class AddressForm(StepForm):
    street_address = TextAnswer(
        validators.clean_text,
        label=_("Street, house and flat"),
        help_text=_("If you live in the country, write the name of the house and the parish."),
        required_text=_("Write the street and the house."),
        widget=plain_input("address-line1"),
    )
    city = TextAnswer(
        validators.clean_text,
        label=_("Town or municipality"),
        required_text=_("Write the town or municipality."),
        widget=plain_input("address-level2"),
    )
    postcode = TextAnswer(
        validators.clean_postcode,
        label=_("Postcode"),
        help_text=_("For example LV-1010."),
        required_text=_("Write the postcode."),
        widget=plain_input("postal-code"),
    )


class FamilyForm(StepForm):
    marital_status = RadioField(
        choices=MaritalStatus.choices,
        label=_("Are you married?"),
        required_text=_("Choose whether you are married."),
    )
    dependants = WholeNumberField(
        most=validators.MAX_DEPENDANTS,
        label=_("How many people depend on your income?"),
        help_text=_(
            "Children and others whom you support. Do not count yourself. Write 0 if there is nobody."
        ),
        required_text=_("Write how many people depend on your income, or 0."),
    )


# --- money ----------------------------------------------------------------------------------------------
class IncomeForm(StepForm):
    income_type = RadioField(
        choices=IncomeType.choices,
        label=_("Where does most of your income come from?"),
        required_text=_("Choose where most of your income comes from."),
    )
    monthly_income_cents = EuroField(
        most=validators.MAX_MONTHLY_CENTS,
        label=_("Your income in a month after tax, in euro"),
        help_text=_("What usually arrives in a month, from all sources together."),
        required_text=_("Write your monthly income, or 0."),
    )


class EmployerForm(StepForm):
    employer = TextAnswer(
        validators.clean_text,
        label=_("Your employer"),
        help_text=_("The name of the company or institution."),
        required_text=_("Write the name of your employer."),
        widget=plain_input("organization"),
    )


class ExpensesForm(StepForm):
    monthly_expenses_cents = EuroField(
        most=validators.MAX_MONTHLY_CENTS,
        label=_("Your household expenses in a month, in euro"),
        help_text=_("Your part of rent, food, transport, bills and the like, without loan payments."),
        required_text=_("Write your monthly expenses, or 0."),
    )
    monthly_obligations_cents = EuroField(
        most=validators.MAX_MONTHLY_CENTS,
        label=_("Your loan payments in a month, in euro"),
        help_text=_(
            "Loans, leases, credit cards and maintenance that you already pay. Write 0 if there are none."
        ),
        required_text=_("Write your monthly loan payments, or 0."),
    )


# --- politically exposed persons ------------------------------------------------------------------------
class PepForm(StepForm):
    pep_status = RadioField(
        choices=PepStatus.choices,
        label=_(
            "Do you, a family member or a close associate hold a prominent public office, now or earlier?"
        ),
        help_text=_(
            "For example a head of state, minister, member of parliament, judge of a supreme court, "
            "ambassador or general, in Latvia or elsewhere. "
            "The law on preventing money laundering makes lenders ask this."
        ),
        required_text=_("Choose an answer about public office."),
    )


class PepDetailsForm(StepForm):
    pep_relation = RadioField(
        choices=PepRelation.choices,
        label=_("Who in your family is it?"),
        required_text=_("Choose who in your family it is."),
    )
    pep_office = TextAnswer(
        validators.clean_text,
        label=_("Which office is or was it?"),
        help_text=_("The office and the institution, for example member of parliament, Saeima."),
        required_text=_("Write which office it is or was."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.answers.get("pep_status") != PepStatus.FAMILY_MEMBER:
            del self.fields["pep_relation"]
