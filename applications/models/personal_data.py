"""What the consumer types: one encrypted model per data category, one row of each per application."""

from typing import Any

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from applications.choices import DocumentType, IncomeType, LoanPurpose, MaritalStatus, PepRelation, PepStatus
from applications.crypto.fields import BlindIndex, EncryptedDate, EncryptedInteger, EncryptedText
from applications.models.application import Application
from applications.models.subject import OwnedBySubject
from applications.personal import Category, Mask, NotPersonal, Personal

# Why the form asks, where several fields have the same reason.
_WHO_YOU_ARE = _("A lender has to know who it lends to, and that nobody else applies in your name.")
_VALID_DOCUMENT = _("The law against money laundering makes lenders check a valid identity document.")
_CAN_REPAY = _("The law makes lenders assess whether you can repay before they lend.")
_OFFICE = _("The law against money laundering makes lenders ask everybody.")


class FormData(OwnedBySubject):
    """A category of answers. Every field is empty until its step of the form was answered."""

    application = models.OneToOneField(Application, on_delete=models.CASCADE, related_name="%(class)s")
    saved_at = models.DateTimeField(auto_now=True)

    not_personal = NotPersonal("the application says when it was last saved", "saved_at")

    class Meta:
        abstract = True


def text(
    name: Promise, label: str, category: Category, why: Promise, mask: Mask = Mask.HIDDEN, **options: Any
) -> EncryptedText:
    mark = Personal(category, why=why, mask=mask)
    return EncryptedText(name, label=label, null=True, personal=mark, **options)


def integer(name: Promise, label: str, category: Category, why: Promise) -> EncryptedInteger:
    return EncryptedInteger(name, label=label, null=True, personal=Personal(category, why=why))


def date(name: Promise, label: str, category: Category, why: Promise) -> EncryptedDate:
    return EncryptedDate(name, label=label, null=True, personal=Personal(category, why=why))


class Identification(FormData):
    """Who the person is and how to reach them. The verified e-mail address is the data subject's own."""

    given_name = text(
        _("given name"), "identification.given_name", Category.IDENTIFICATION, _WHO_YOU_ARE, Mask.INITIAL
    )
    surname = text(
        _("surname"), "identification.surname", Category.IDENTIFICATION, _WHO_YOU_ARE, Mask.INITIAL
    )
    birth_date = date(
        _("date of birth"),
        "identification.birth_date",
        Category.IDENTIFICATION,
        _("Lenders lend to people of at least 18 years. Some have other age limits too."),
    )
    personal_code = text(
        _("personal code"), "identification.personal_code", Category.IDENTIFICATION, _WHO_YOU_ARE, Mask.TAIL
    )
    personal_code_index = BlindIndex(
        source="personal_code",
        column="identification.personal_code",
        normalise="applications.normalise.personal_code",
        db_index=True,
    )
    phone = text(
        _("phone number"),
        "identification.phone",
        Category.IDENTIFICATION,
        _("A lender may have to call you about your application or its offer."),
        Mask.TAIL,
    )
    phone_index = BlindIndex(
        source="phone",
        column="identification.phone",
        normalise="applications.normalise.phone",
        db_index=True,
    )
    street_address = text(
        _("street, house and flat"), "identification.street_address", Category.IDENTIFICATION, _WHO_YOU_ARE
    )
    city = text(_("city or municipality"), "identification.city", Category.IDENTIFICATION, _WHO_YOU_ARE)
    postcode = text(_("postcode"), "identification.postcode", Category.IDENTIFICATION, _WHO_YOU_ARE)

    class Meta(FormData.Meta):
        verbose_name = _("identification")
        verbose_name_plural = _("identifications")
        indexes = [
            # A month of applications is grouped by code without reading the rows, which are long.
            models.Index(fields=["application"], include=["personal_code_index"], name="code_by_application"),
        ]


class IdentityDocument(FormData):
    document_type = text(
        _("kind of identity document"),
        "identity_document.document_type",
        Category.IDENTITY_DOCUMENT,
        _VALID_DOCUMENT,
        choices=DocumentType.choices,
    )
    document_number = text(
        _("document number"),
        "identity_document.document_number",
        Category.IDENTITY_DOCUMENT,
        _VALID_DOCUMENT,
        Mask.TAIL,
    )
    valid_until = date(
        _("valid until"), "identity_document.valid_until", Category.IDENTITY_DOCUMENT, _VALID_DOCUMENT
    )

    class Meta(FormData.Meta):
        verbose_name = _("identity document")
        verbose_name_plural = _("identity documents")


class LoanRequest(FormData):
    """The credit wanted: euro cents, months, and a day of the month for repaying."""

    amount_cents = integer(
        _("amount of the loan"), "loan.amount_cents", Category.LOAN, _("Lenders make offers for this amount.")
    )
    term_months = integer(
        _("term"), "loan.term_months", Category.LOAN, _("Lenders make offers for this term.")
    )
    loan_purpose = text(
        _("purpose of the loan"),
        "loan.loan_purpose",
        Category.LOAN,
        _("Terms can depend on what the money is for."),
        choices=LoanPurpose.choices,
    )
    repayment_day = integer(
        _("repayment day"),
        "loan.repayment_day",
        Category.LOAN,
        _("Lenders plan the payments for this day of the month."),
    )
    keyword = text(
        _("keyword"),
        "loan.keyword",
        Category.LOAN,
        _("By it you and the lender you chose recognise each other. No other lender gets it."),
    )

    class Meta(FormData.Meta):
        verbose_name = _("loan request")
        verbose_name_plural = _("loan requests")


class Financial(FormData):
    """Income and outgoings, euro cents a month."""

    income_type = text(
        _("kind of income"),
        "financial.income_type",
        Category.FINANCIAL,
        _CAN_REPAY,
        choices=IncomeType.choices,
    )
    employer = text(_("employer"), "financial.employer", Category.FINANCIAL, _CAN_REPAY)
    monthly_income_cents = integer(
        _("monthly income"), "financial.monthly_income_cents", Category.FINANCIAL, _CAN_REPAY
    )
    monthly_expenses_cents = integer(
        _("monthly expenses"), "financial.monthly_expenses_cents", Category.FINANCIAL, _CAN_REPAY
    )
    monthly_obligations_cents = integer(
        _("monthly loan payments"), "financial.monthly_obligations_cents", Category.FINANCIAL, _CAN_REPAY
    )

    class Meta(FormData.Meta):
        verbose_name = _("income and outgoings")
        verbose_name_plural = _("incomes and outgoings")


class Family(FormData):
    marital_status = text(
        _("marital status"),
        "family.marital_status",
        Category.FAMILY,
        _CAN_REPAY,
        choices=MaritalStatus.choices,
    )
    dependants = integer(_("number of dependants"), "family.dependants", Category.FAMILY, _CAN_REPAY)

    class Meta(FormData.Meta):
        verbose_name = _("family")
        verbose_name_plural = _("families")


class PoliticalExposure(FormData):
    """Politically exposed person status (AML law, section 1 (18))."""

    pep_status = text(
        _("politically exposed person status"),
        "pep.pep_status",
        Category.PEP,
        _OFFICE,
        choices=PepStatus.choices,
    )
    pep_relation = text(
        _("relation to the person in office"),
        "pep.pep_relation",
        Category.PEP,
        _OFFICE,
        choices=PepRelation.choices,
    )
    pep_office = text(_("public office"), "pep.pep_office", Category.PEP, _OFFICE)

    class Meta(FormData.Meta):
        verbose_name = _("politically exposed person status")
        verbose_name_plural = _("politically exposed person statuses")


FORM_MODELS: tuple[type[FormData], ...] = (
    Identification,
    IdentityDocument,
    LoanRequest,
    Financial,
    Family,
    PoliticalExposure,
)
