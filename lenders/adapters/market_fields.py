"""Where each of our fields stands in a lead, and how this protocol writes it (docs/lenders/market.md)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from lenders.adapters.base import FieldValue
from lenders.adapters.errors import ErrorCode, LenderError
from lenders.adapters.terms import MOST_CENTS

LONGEST_TEXT = 1000
Written = str | int | Decimal
Writer = Callable[[Any], Written | None]
"""A value as it is written, or None for one that cannot be."""


class Place(NamedTuple):
    """A group and a key of the lead, and how a value is written there."""

    group: str
    key: str
    write: Writer


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and len(value) <= LONGEST_TEXT else None


def _whole(value: Any) -> int | None:
    return value if type(value) is int else None


def _euros(cents: Any) -> Decimal | None:
    """Euros with both decimals: 56000 cents are 560.00."""
    fits = type(cents) is int and 0 <= cents <= MOST_CENTS
    return Decimal(cents).scaleb(-2) if fits else None


def _day(value: Any) -> str | None:
    return value.isoformat() if type(value) is date else None


def _word(**words: str) -> Writer:
    return lambda value: words.get(value) if isinstance(value, str) else None


PLACES: Mapping[str, Place] = {
    "loan.amount_cents": Place("loan", "amount", _euros),
    "loan.term_months": Place("loan", "termMonths", _whole),
    "loan.loan_purpose": Place("loan", "purpose", _text),
    "loan.repayment_day": Place("loan", "paymentDay", _whole),
    "identification.given_name": Place("applicant", "firstName", _text),
    "identification.surname": Place("applicant", "lastName", _text),
    "identification.birth_date": Place("applicant", "birthDate", _day),
    "identification.personal_code": Place("applicant", "personalCode", _text),
    "family.marital_status": Place(
        "applicant", "maritalStatus", _word(married="MARRIED", unmarried="SINGLE")
    ),
    "family.dependants": Place("applicant", "dependantCount", _whole),
    "identification.email": Place("contact", "emailAddress", _text),
    "identification.phone": Place("contact", "mobilePhone", _text),
    "identification.street_address": Place("contact", "streetLine", _text),
    "identification.city": Place("contact", "city", _text),
    "identification.postcode": Place("contact", "postalCode", _text),
    "identity_document.document_type": Place(
        "document",
        "type",
        _word(passport="PASSPORT", identity_card="ID_CARD", residence_permit="RESIDENCE_PERMIT"),
    ),
    "identity_document.document_number": Place("document", "number", _text),
    "identity_document.valid_until": Place("document", "expiryDate", _day),
    "financial.income_type": Place(
        "income",
        "source",
        _word(
            employment="EMPLOYED",
            self_employment="SELF_EMPLOYED",
            pension="PENSION",
            benefits="BENEFITS",
            other="OTHER",
        ),
    ),
    "financial.employer": Place("income", "employerName", _text),
    "financial.monthly_income_cents": Place("income", "monthlyNet", _euros),
    "financial.monthly_expenses_cents": Place("spending", "monthlyLiving", _euros),
    "financial.monthly_obligations_cents": Place("spending", "monthlyCredit", _euros),
    "pep.pep_status": Place(
        "pep",
        "status",
        _word(none="NONE", self="SELF", family_member="FAMILY_MEMBER", close_associate="CLOSE_ASSOCIATE"),
    ),
    "pep.pep_relation": Place("pep", "relation", _text),
    "pep.pep_office": Place("pep", "office", _text),
}
"""Label to place. `loan.keyword` has none: it is told only with the choice."""

LABELS: Mapping[str, str] = {f"{place.group}.{place.key}": label for label, place in PLACES.items()}
"""The other way: "contact.mobilePhone", as the group names what it misses, to our label."""


def grouped(fields: Mapping[str, FieldValue]) -> dict[str, dict[str, Written]]:
    """The groups of a lead; an unanswered field (None or "") and a group without fields are left out.

    Raises LenderError: `field_not_supported` for a label without a place, `value_not_supported` for a value
    the place cannot hold.
    """
    groups: dict[str, dict[str, Written]] = {}
    for label, value in fields.items():
        place = PLACES.get(label)
        if place is None:
            raise LenderError(ErrorCode.FIELD_NOT_SUPPORTED, permanent=True)
        if value is None or value == "":
            continue
        written = place.write(value)
        if written is None:
            raise LenderError(ErrorCode.VALUE_NOT_SUPPORTED, permanent=True)
        groups.setdefault(place.group, {})[place.key] = written
    return groups
