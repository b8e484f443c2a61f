"""Where each of our fields stands in a bank's application, and in which form (docs/lenders/bank.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lenders.adapters.places import Place, day, euros, grouped, text, whole, word
from lenders.adapters.questions import FieldValue

PLACES: Mapping[str, Place] = {
    "loan.amount_cents": Place("credit", "amount", euros),
    "loan.term_months": Place("credit", "termMonths", whole),
    "loan.loan_purpose": Place("credit", "purpose", text),
    "loan.repayment_day": Place("credit", "paymentDay", whole),
    "identification.given_name": Place("customer", "firstName", text),
    "identification.surname": Place("customer", "lastName", text),
    "identification.birth_date": Place("customer", "birthDate", day),
    "identification.personal_code": Place("customer", "personalCode", text),
    "family.marital_status": Place(
        "customer", "maritalStatus", word(married="MARRIED", unmarried="NOT_MARRIED")
    ),
    "family.dependants": Place("customer", "dependants", whole),
    "identification.email": Place("contact", "email", text),
    "identification.phone": Place("contact", "phone", text),
    "identification.street_address": Place("address", "street", text),
    "identification.city": Place("address", "city", text),
    "identification.postcode": Place("address", "postcode", text),
    "identity_document.document_type": Place(
        "identification",
        "type",
        word(passport="PASSPORT", identity_card="ID_CARD", residence_permit="RESIDENCE_PERMIT"),
    ),
    "identity_document.document_number": Place("identification", "number", text),
    "identity_document.valid_until": Place("identification", "expiryDate", day),
    "financial.income_type": Place(
        "income",
        "source",
        word(
            employment="EMPLOYMENT",
            self_employment="SELF_EMPLOYMENT",
            pension="PENSION",
            benefits="BENEFITS",
            other="OTHER",
        ),
    ),
    "financial.employer": Place("income", "employer", text),
    "financial.monthly_income_cents": Place("income", "monthlyIncome", euros),
    "financial.monthly_expenses_cents": Place("obligations", "monthlyExpenses", euros),
    "financial.monthly_obligations_cents": Place("obligations", "monthlyLoanPayments", euros),
    "pep.pep_status": Place(
        "pep",
        "relationship",
        word(none="NONE", self="SELF", family_member="FAMILY_MEMBER", close_associate="CLOSE_ASSOCIATE"),
    ),
    "pep.pep_relation": Place("pep", "familyRelation", text),
    "pep.pep_office": Place("pep", "office", text),
}
"""Label to place. `loan.keyword` has none: it is told only to the bank that was chosen, with the choice."""

LABELS: Mapping[str, str] = {f"{place.group}.{place.key}": label for label, place in PLACES.items()}
"""The bank's name of a field, as it asks for one ("contact.phone"), to our label."""

DOCUMENTS: Mapping[str, str] = {
    "IDENTITY_DOCUMENT": "document.identity",
    "INCOME_STATEMENT": "document.income",
    "BANK_STATEMENT": "document.bank_statement",
    "PROOF_OF_ADDRESS": "document.residence",
}
"""The bank's name of a document to our label."""

DOCUMENT_TYPES: Mapping[str, str] = {label: name for name, label in DOCUMENTS.items()}


def sub_objects(fields: Mapping[str, FieldValue]) -> dict[str, Any]:
    """The sub-objects that hold these fields. Raises LenderError as `grouped` does."""
    objects: dict[str, Any] = grouped(PLACES, fields)
    if address := objects.pop("address", None):
        # the form asks where in Latvia the person can be reached
        objects["addresses"] = [{"type": "CONTACT", **address, "country": "LV"}]
    if relationship := objects.get("pep", {}).get("relationship"):
        # banks count those close to an office holder in; who holds the office stands beside it
        objects["pep"]["isPep"] = relationship != "NONE"
    return objects
