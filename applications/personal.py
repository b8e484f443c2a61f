"""The vocabulary of the data map: what personal data are, what for, on which ground, from where.

Every personal-data field carries a `Personal` mark, declared beside the field itself. Masking, the log
filter, access packages, erasure, notices and the record of processing read that mark; nothing keeps a
second list.
"""

from dataclasses import dataclass
from typing import TypeVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class Category(models.TextChoices):
    """The fourteen categories of personal data that the controller processes."""

    IDENTIFICATION = "identification", _("Identification and contact")
    ACCOUNT = "account", _("User account")
    IDENTITY_DOCUMENT = "identity_document", _("Identity document")
    IMAGES = "images", _("Visual images")
    LOAN = "loan", _("Loan")
    FINANCIAL = "financial", _("Financial")
    TRANSACTIONS = "transactions", _("Transactions and account history")
    INTERESTS = "interests", _("Interests, use and lifestyle")
    FAMILY = "family", _("Family")
    COMMUNICATIONS = "communications", _("Communications")
    USAGE = "usage", _("Site usage")
    LOCATION = "location", _("General location")
    MARKETING = "marketing", _("Advertising and direct marketing")
    PEP = "pep", _("Politically exposed person status")


class Purpose(models.TextChoices):
    """What data are processed for (GDPR Art. 5(1)(b))."""

    PASS_TO_LENDERS = "pass_to_lenders", _("Passing the application to lenders")
    OBLIGATIONS_TO_LENDERS = "obligations_to_lenders", _("Performing obligations towards lenders")
    RUN_SERVICE = "run_service", _("Running and maintaining the service")
    IMPROVE_SERVICE = "improve_service", _("Improving and developing the service")
    SERVE_CUSTOMERS = "serve_customers", _("Servicing customers")
    HANDLE_APPLICATIONS = "handle_applications", _("Handling applications")
    HANDLE_COMPLAINTS = "handle_complaints", _("Handling complaints")
    INFORMATION_SECURITY = "information_security", _("Security of information")
    SYSTEM_SECURITY = "system_security", _("Security of information systems")
    INFORM_AUTHORITIES = "inform_authorities", _("Informing authorities as the law requires")


class Basis(models.TextChoices):
    """Legal bases in use (GDPR Art. 6(1))."""

    CONTRACT = "contract", _("Contract (Art. 6(1)(b))")
    LEGAL_OBLIGATION = "legal_obligation", _("Legal obligation (Art. 6(1)(c))")
    LEGITIMATE_INTERESTS = "legitimate_interests", _("Legitimate interests (Art. 6(1)(f))")
    CONSENT = "consent", _("Consent (Art. 6(1)(a))")


class Source(models.TextChoices):
    """Where the controller has the data from (GDPR Art. 14(2)(f), 15(1)(g))."""

    FORM = "form", _("The application form")
    CONSUMER = "consumer", _("The consumer, outside the form")
    STAFF = "staff", _("Our staff")
    LENDER = "lender", _("A lender")
    SYSTEM = "system", _("The system itself")
    BROWSER = "browser", _("The browser")


@dataclass(frozen=True)
class Personal:
    """The mark of one personal-data field: its category and where its values come from."""

    category: Category
    source: Source = Source.FORM


AnyField = TypeVar("AnyField", bound="models.Field")


def personal(field: AnyField, category: Category, source: Source = Source.SYSTEM) -> AnyField:
    """Mark an ordinary, unencrypted model field as personal data (an identifier, a date, a link)."""
    field.personal = Personal(category, source)  # type: ignore[attr-defined]
    return field
