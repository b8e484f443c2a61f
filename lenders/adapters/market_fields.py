"""Where each of our fields stands in a lead, and how this protocol writes it (docs/lenders/market.md)."""

from __future__ import annotations

from collections.abc import Mapping

from lenders.adapters.places import Place, day, euro_number, text, whole, word

PLACES: Mapping[str, Place] = {
    "loan.amount_cents": Place("loan", "amount", euro_number),
    "loan.term_months": Place("loan", "termMonths", whole),
    "loan.loan_purpose": Place("loan", "purpose", text),
    "loan.repayment_day": Place("loan", "paymentDay", whole),
    "identification.given_name": Place("applicant", "firstName", text),
    "identification.surname": Place("applicant", "lastName", text),
    "identification.birth_date": Place("applicant", "birthDate", day),
    "identification.personal_code": Place("applicant", "personalCode", text),
    "family.marital_status": Place("applicant", "maritalStatus", word(married="MARRIED", unmarried="SINGLE")),
    "family.dependants": Place("applicant", "dependantCount", whole),
    "identification.email": Place("contact", "emailAddress", text),
    "identification.phone": Place("contact", "mobilePhone", text),
    "identification.street_address": Place("contact", "streetLine", text),
    "identification.city": Place("contact", "city", text),
    "identification.postcode": Place("contact", "postalCode", text),
    "identity_document.document_type": Place(
        "document",
        "type",
        word(passport="PASSPORT", identity_card="ID_CARD", residence_permit="RESIDENCE_PERMIT"),
    ),
    "identity_document.document_number": Place("document", "number", text),
    "identity_document.valid_until": Place("document", "expiryDate", day),
    "financial.income_type": Place(
        "income",
        "source",
        word(
            employment="EMPLOYED",
            self_employment="SELF_EMPLOYED",
            pension="PENSION",
            benefits="BENEFITS",
            other="OTHER",
        ),
    ),
    "financial.employer": Place("income", "employerName", text),
    "financial.monthly_income_cents": Place("income", "monthlyNet", euro_number),
    "financial.monthly_expenses_cents": Place("spending", "monthlyLiving", euro_number),
    "financial.monthly_obligations_cents": Place("spending", "monthlyCredit", euro_number),
    "pep.pep_status": Place(
        "pep",
        "status",
        word(none="NONE", self="SELF", family_member="FAMILY_MEMBER", close_associate="CLOSE_ASSOCIATE"),
    ),
    "pep.pep_relation": Place("pep", "relation", text),
    "pep.pep_office": Place("pep", "office", text),
}
"""Label to place. `loan.keyword` has none: it is told only with the choice."""

LABELS: Mapping[str, str] = {f"{place.group}.{place.key}": label for label, place in PLACES.items()}
"""The other way: "contact.mobilePhone", as the group names what it misses, to our label."""
