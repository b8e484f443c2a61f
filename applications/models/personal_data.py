"""What the consumer types: one encrypted model per data category, one row of each per application."""

from typing import Any

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from applications.choices import DocumentType, IncomeType, LoanPurpose, MaritalStatus, PepRelation, PepStatus
from applications.crypto.fields import BlindIndex, EncryptedDate, EncryptedInteger, EncryptedText
from applications.models.application import Application
from applications.models.subject import OwnedBySubject
from applications.personal import Category, Personal


class FormData(OwnedBySubject):
    """A category of answers. Every field is empty until its step of the form was answered."""

    application = models.OneToOneField(Application, on_delete=models.CASCADE, related_name="%(class)s")
    saved_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.id)


def text(name: Promise, label: str, category: Category, **options: Any) -> EncryptedText:
    return EncryptedText(name, label=label, null=True, personal=Personal(category), **options)


def integer(name: Promise, label: str, category: Category) -> EncryptedInteger:
    return EncryptedInteger(name, label=label, null=True, personal=Personal(category))


def date(name: Promise, label: str, category: Category) -> EncryptedDate:
    return EncryptedDate(name, label=label, null=True, personal=Personal(category))


class Identification(FormData):
    """Who the person is and how to reach them. The verified e-mail address is the data subject's own."""

    given_name = text(_("given name"), "identification.given_name", Category.IDENTIFICATION)
    surname = text(_("surname"), "identification.surname", Category.IDENTIFICATION)
    birth_date = date(_("date of birth"), "identification.birth_date", Category.IDENTIFICATION)
    personal_code = text(_("personal code"), "identification.personal_code", Category.IDENTIFICATION)
    personal_code_index = BlindIndex(
        source="personal_code",
        column="identification.personal_code",
        normalise="applications.normalise.personal_code",
        db_index=True,
    )
    phone = text(_("phone number"), "identification.phone", Category.IDENTIFICATION)
    phone_index = BlindIndex(
        source="phone",
        column="identification.phone",
        normalise="applications.normalise.phone",
        db_index=True,
    )
    street_address = text(
        _("street, house and flat"), "identification.street_address", Category.IDENTIFICATION
    )
    city = text(_("city or municipality"), "identification.city", Category.IDENTIFICATION)
    postcode = text(_("postcode"), "identification.postcode", Category.IDENTIFICATION)


class IdentityDocument(FormData):
    document_type = text(
        _("kind of identity document"),
        "identity_document.document_type",
        Category.IDENTITY_DOCUMENT,
        choices=DocumentType.choices,
    )
    document_number = text(
        _("document number"), "identity_document.document_number", Category.IDENTITY_DOCUMENT
    )
    valid_until = date(_("valid until"), "identity_document.valid_until", Category.IDENTITY_DOCUMENT)


class LoanRequest(FormData):
    """The credit wanted: euro cents, months, and a day of the month for repaying."""

    amount_cents = integer(_("amount of the loan"), "loan.amount_cents", Category.LOAN)
    term_months = integer(_("term"), "loan.term_months", Category.LOAN)
    loan_purpose = text(
        _("purpose of the loan"), "loan.loan_purpose", Category.LOAN, choices=LoanPurpose.choices
    )
    repayment_day = integer(_("repayment day"), "loan.repayment_day", Category.LOAN)
    keyword = text(_("keyword"), "loan.keyword", Category.LOAN)


class Financial(FormData):
    """Income and outgoings, euro cents a month."""

    income_type = text(
        _("kind of income"), "financial.income_type", Category.FINANCIAL, choices=IncomeType.choices
    )
    employer = text(_("employer"), "financial.employer", Category.FINANCIAL)
    monthly_income_cents = integer(_("monthly income"), "financial.monthly_income_cents", Category.FINANCIAL)
    monthly_expenses_cents = integer(
        _("monthly expenses"), "financial.monthly_expenses_cents", Category.FINANCIAL
    )
    monthly_obligations_cents = integer(
        _("monthly loan payments"), "financial.monthly_obligations_cents", Category.FINANCIAL
    )


class Family(FormData):
    marital_status = text(
        _("marital status"), "family.marital_status", Category.FAMILY, choices=MaritalStatus.choices
    )
    dependants = integer(_("number of dependants"), "family.dependants", Category.FAMILY)


class PoliticalExposure(FormData):
    """Politically exposed person status (AML law, section 1 (18))."""

    pep_status = text(
        _("politically exposed person status"), "pep.pep_status", Category.PEP, choices=PepStatus.choices
    )
    pep_relation = text(
        _("relation to the person in office"), "pep.pep_relation", Category.PEP, choices=PepRelation.choices
    )
    pep_office = text(_("public office"), "pep.pep_office", Category.PEP)


FORM_MODELS: tuple[type[FormData], ...] = (
    Identification,
    IdentityDocument,
    LoanRequest,
    Financial,
    Family,
    PoliticalExposure,
)
