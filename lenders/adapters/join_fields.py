"""Where each of our fields stands in a JO1N v1 application, and in which form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from lenders.adapters.base import FieldValue
from lenders.adapters.errors import ErrorCode, LenderError

LONGEST_TEXT = 1000


class Place(NamedTuple):
    """A group and a key of the application's body, the kind of value that fits, and the words allowed where
    it is a choice.
    """

    group: str
    key: str
    kind: type
    words: frozenset[str] = frozenset()


def _words(*allowed: str) -> frozenset[str]:
    return frozenset(allowed)


PLACES: Mapping[str, Place] = {
    "loan.amount_cents": Place("credit", "amount_cents", int),
    "loan.term_months": Place("credit", "term_months", int),
    "loan.loan_purpose": Place("credit", "purpose", str),
    "loan.repayment_day": Place("credit", "repayment_day", int),
    "identification.given_name": Place("customer", "given_name", str),
    "identification.surname": Place("customer", "surname", str),
    "identification.birth_date": Place("customer", "birth_date", date),
    "identification.personal_code": Place("customer", "personal_code", str),
    "family.marital_status": Place("customer", "marital_status", str, _words("married", "unmarried")),
    "family.dependants": Place("customer", "dependants", int),
    "identification.email": Place("contact", "email", str),
    "identification.phone": Place("contact", "phone", str),
    "identification.street_address": Place("address", "street_address", str),
    "identification.city": Place("address", "city", str),
    "identification.postcode": Place("address", "postcode", str),
    "identity_document.document_type": Place(
        "identity_document", "type", str, _words("passport", "identity_card", "residence_permit")
    ),
    "identity_document.document_number": Place("identity_document", "number", str),
    "identity_document.valid_until": Place("identity_document", "valid_until", date),
    "financial.income_type": Place(
        "finances",
        "income_type",
        str,
        _words("employment", "self_employment", "pension", "benefits", "other"),
    ),
    "financial.employer": Place("finances", "employer", str),
    "financial.monthly_income_cents": Place("finances", "monthly_income_cents", int),
    "financial.monthly_expenses_cents": Place("finances", "monthly_expenses_cents", int),
    "financial.monthly_obligations_cents": Place("finances", "monthly_obligations_cents", int),
    "pep.pep_status": Place("pep", "status", str, _words("none", "self", "family_member", "close_associate")),
    "pep.pep_relation": Place("pep", "relation", str),
    "pep.pep_office": Place("pep", "office", str),
}
"""Label to place. `loan.keyword` has none: it is told only to the lender that was chosen, with the choice."""


def grouped(fields: Mapping[str, FieldValue]) -> dict[str, dict[str, str | int]]:
    """The groups of an application's body; an unanswered field (None or "") and a group without fields are
    left out.

    Raises LenderError: `field_not_supported` for a label without a place, `value_not_supported` for a value
    the place cannot hold.
    """
    groups: dict[str, dict[str, str | int]] = {}
    for label, value in fields.items():
        place = PLACES.get(label)
        if place is None:
            raise LenderError(ErrorCode.FIELD_NOT_SUPPORTED, permanent=True)
        if value is not None and value != "":
            groups.setdefault(place.group, {})[place.key] = _fitting(value, place)
    return groups


def corrected(fields: Mapping[str, FieldValue]) -> dict[str, dict[str, str | int | None]]:
    """The same for values that changed: one that there is none of any more (None or "") is null.

    Raises LenderError as `grouped` does.
    """
    groups: dict[str, dict[str, str | int | None]] = {
        name: {**kept} for name, kept in grouped(fields).items()
    }
    for label, value in fields.items():
        if value is None or value == "":
            groups.setdefault(PLACES[label].group, {})[PLACES[label].key] = None
    return groups


def _fitting(value: Any, place: Place) -> str | int:
    written = value.isoformat() if place.kind is date and type(value) is date else value
    fits = (
        (type(written) is int)
        if place.kind is int
        else (isinstance(written, str) and len(written) <= LONGEST_TEXT)
    )
    if (
        not fits
        or (place.words and written not in place.words)
        or (place.kind is date and not _is_date(written))
    ):
        raise LenderError(ErrorCode.VALUE_NOT_SUPPORTED, permanent=True)
    return int(written) if place.kind is int else str(written)


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
