"""Where each of our fields stands in a CreditApplication of docs/lenders/xml.md, and how it is written."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement

from lenders.adapters.base import FieldValue
from lenders.adapters.errors import ErrorCode, LenderError

LONGEST_TEXT = 1000
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write, not even escaped."""


class Place(NamedTuple):
    """A group and an element of the message, and what writes the value there: None where it does not fit."""

    group: str
    element: str
    written: Callable[[FieldValue], str | None]


def _money(value: FieldValue) -> str | None:
    """Cents as euros with two decimals."""
    if type(value) is not int or value < 0:
        return None
    return f"{value // 100}.{value % 100:02}"


def _number(value: FieldValue) -> str | None:
    return str(value) if type(value) is int and value >= 0 else None


def _day(value: FieldValue) -> str | None:
    return value.isoformat() if type(value) is date else None


def _text(value: FieldValue) -> str | None:
    return value if isinstance(value, str) and len(value) <= LONGEST_TEXT else None


def _word(**words: str) -> Callable[[FieldValue], str | None]:
    """Ours to theirs."""
    return lambda value: words.get(value) if isinstance(value, str) else None


PLACES: Mapping[str, Place] = {
    "loan.amount_cents": Place("Loan", "Amount", _money),
    "loan.term_months": Place("Loan", "TermMonths", _number),
    "loan.loan_purpose": Place("Loan", "Purpose", _text),
    "loan.repayment_day": Place("Loan", "PaymentDay", _number),
    "identification.given_name": Place("Applicant", "FirstName", _text),
    "identification.surname": Place("Applicant", "LastName", _text),
    "identification.birth_date": Place("Applicant", "BirthDate", _day),
    "identification.personal_code": Place("Applicant", "PersonalCode", _text),
    "family.marital_status": Place(
        "Applicant", "MaritalStatus", _word(married="MARRIED", unmarried="SINGLE")
    ),
    "family.dependants": Place("Applicant", "Dependants", _number),
    "identification.email": Place("Contacts", "Email", _text),
    "identification.phone": Place("Contacts", "Phone", _text),
    "identification.street_address": Place("Contacts", "Street", _text),
    "identification.city": Place("Contacts", "City", _text),
    "identification.postcode": Place("Contacts", "PostalCode", _text),
    "identity_document.document_type": Place(
        "IdentityDocument",
        "Type",
        _word(passport="PASSPORT", identity_card="ID_CARD", residence_permit="RESIDENCE_PERMIT"),
    ),
    "identity_document.document_number": Place("IdentityDocument", "Number", _text),
    "identity_document.valid_until": Place("IdentityDocument", "ValidTo", _day),
    "financial.income_type": Place(
        "Finances",
        "IncomeSource",
        _word(
            employment="SALARY",
            self_employment="BUSINESS",
            pension="PENSION",
            benefits="BENEFITS",
            other="OTHER",
        ),
    ),
    "financial.employer": Place("Finances", "Employer", _text),
    "financial.monthly_income_cents": Place("Finances", "MonthlyIncome", _money),
    "financial.monthly_expenses_cents": Place("Finances", "MonthlyExpenses", _money),
    "financial.monthly_obligations_cents": Place("Finances", "MonthlyObligations", _money),
    "pep.pep_status": Place(
        "PoliticalExposure",
        "Status",
        _word(none="NO", self="SELF", family_member="FAMILY", close_associate="ASSOCIATE"),
    ),
    "pep.pep_relation": Place("PoliticalExposure", "Relation", _text),
    "pep.pep_office": Place("PoliticalExposure", "Office", _text),
}
"""Label to place, in the order in which the message has them. `loan.keyword` has none: it is told only to the
lender that was chosen, with the choice.
"""

LABELS: Mapping[str, str] = {f"{place.group}/{place.element}": label for label, place in PLACES.items()}
"""The lender's name of a field ("Contacts/Phone") to our label."""


def add_groups(message: Element, fields: Mapping[str, FieldValue]) -> None:
    """Write the fields into their groups; an unanswered field (None or "") and an empty group are left out.

    Raises LenderError: `field_not_supported` for a label without a place, `value_not_supported` for a value
    the place cannot hold.
    """
    if not fields.keys() <= PLACES.keys():
        raise LenderError(ErrorCode.FIELD_NOT_SUPPORTED, permanent=True)
    groups: dict[str, Element] = {}
    for label, place in PLACES.items():
        value = fields.get(label)
        if value is None or value == "":
            continue
        text = place.written(value)
        if text is None:
            raise _does_not_fit()
        if place.group not in groups:
            groups[place.group] = SubElement(message, place.group)
        add_text(groups[place.group], place.element, text)


def add_text(parent: Element, name: str, text: str) -> None:
    """An element with a text. Raises LenderError(value_not_supported) for what XML 1.0 cannot hold."""
    if _NOT_IN_XML.search(text):
        raise _does_not_fit()
    SubElement(parent, name).text = text


def _does_not_fit() -> LenderError:
    return LenderError(ErrorCode.VALUE_NOT_SUPPORTED, permanent=True)
