"""The vocabulary of the data map: what personal data are, what for, on which ground, from where, to whom.

Every personal-data field carries a `Personal` declaration beside the field itself; what holds no personal
data is declared so on its model. Selectors, minimisation, masking, the log filter, export, erasure, notices
and the record of processing read those declarations; nothing keeps a second list.
"""

from dataclasses import KW_ONLY, dataclass
from typing import Any, TypeVar

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from applications.retention_rules import Retention


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


class PurposeGroup(models.TextChoices):
    """The policy's three purposes, of which each `Purpose` is a part."""

    SERVICE = "service", _("Providing the service")
    SECURITY = "security", _("Security")
    AUTHORITIES = "authorities", _("Informing authorities")


class Purpose(models.TextChoices):
    """What data are processed for (GDPR Art. 5(1)(b))."""

    HANDLE_APPLICATIONS = "handle_applications", _("Handling your application")
    PASS_TO_LENDERS = "pass_to_lenders", _("Passing your application and your choice to lenders")
    OBLIGATIONS_TO_LENDERS = "obligations_to_lenders", _("Performing our obligations towards lenders")
    RUN_SERVICE = "run_service", _("Running and maintaining the service")
    IMPROVE_SERVICE = "improve_service", _("Improving and developing the service")
    SERVE_CUSTOMERS = "serve_customers", _("Serving customers")
    HANDLE_COMPLAINTS = "handle_complaints", _("Handling complaints")
    DATA_SUBJECT_RIGHTS = "data_subject_rights", _("Showing you your data and carrying out your rights")
    LEGAL_CLAIMS = "legal_claims", _("Establishing, exercising and defending legal claims")
    INFORM_PUBLIC = "inform_public", _("Telling people about our services, advertising included")
    INFORMATION_SECURITY = "information_security", _("Security of information, preventing fraud and crime")
    SYSTEM_SECURITY = "system_security", _("Security of information systems")
    INFORM_AUTHORITIES = "inform_authorities", _("Informing authorities as the law requires")

    @property
    def group(self) -> PurposeGroup:
        """The policy's purpose that this one is a part of."""
        if self in (Purpose.INFORMATION_SECURITY, Purpose.SYSTEM_SECURITY):
            return PurposeGroup.SECURITY
        return PurposeGroup.AUTHORITIES if self is Purpose.INFORM_AUTHORITIES else PurposeGroup.SERVICE


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
    LENDER = "lender", _("A lender or another credit intermediary")
    MAILBOX = "mailbox", _("Our mailbox")
    SYSTEM = "system", _("The system itself")
    BROWSER = "browser", _("The browser")


class RecipientKind(models.TextChoices):
    """To whom data may be disclosed (GDPR Art. 4(9), 13(1)(e))."""

    LENDER = "lender", _("Lender")
    AUTHORITY = "authority", _("Authority")
    PARTNER = "partner", _("Partner")
    PROCESSOR = "processor", _("Processor")
    CONTROLLER = "controller", _("Another controller")


class Mask(models.TextChoices):
    """What staff see of a value by default."""

    HIDDEN = "hidden", _("Nothing")
    INITIAL = "initial", _("The first letter")
    TAIL = "tail", _("The last characters")
    EMAIL = "email", _("The first letter and the top-level domain")
    SHOWN = "shown", _("All of it")


@dataclass(frozen=True)
class Personal:
    """The declaration of one personal-data field.

    Purposes with their legal bases, recipients and the retention rule are those of the category
    (`data_policy.POLICIES`), unless the field narrows or replaces them here. `why` tells the consumer why the
    form asks for it. `label` is what disclosures call an unencrypted field; an encrypted one has its own.
    `third_persons`: values may be about somebody else as well, and are looked through before the person gets
    a copy (GDPR Art. 15(4)).
    """

    category: Category
    source: Source = Source.FORM
    _: KW_ONLY
    label: str = ""
    retention: Retention | None = None
    purposes: frozenset[Purpose] | None = None
    recipients: frozenset[RecipientKind] | None = None
    mask: Mask = Mask.HIDDEN
    why: str | Promise = ""
    other_sources: tuple[Source, ...] = ()
    third_persons: bool = False

    @property
    def sources(self) -> tuple[Source, ...]:
        """Every source that values of the field can come from."""
        return (self.source, *self.other_sources)


AnyField = TypeVar("AnyField", bound="models.Field")


def personal(
    field: AnyField, category: Category, source: Source = Source.SYSTEM, **declared: Any
) -> AnyField:
    """Declare an ordinary, unencrypted model field as personal data (an identifier, a date, a state)."""
    declared.setdefault("mask", Mask.SHOWN)
    field.personal = Personal(category, source, **declared)  # type: ignore[attr-defined]
    return field


@dataclass(frozen=True)
class NotPersonal:
    """A model's own declaration that these of its fields hold no personal data, and why.

    Stands on the model as `not_personal`, or as a tuple of them. Primary keys and relations to rows that are
    themselves in the map need no declaration: they say nothing that the row does not.
    """

    why: str
    fields: tuple[str, ...]

    def __init__(self, why: str, *fields: str) -> None:
        object.__setattr__(self, "why", why)
        object.__setattr__(self, "fields", fields)
