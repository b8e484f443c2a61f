"""What a lead says: the strict reading of replies and callbacks (docs/lenders/market.md).

The lists say who has answered, the word `state` says it again, and they must agree. Offers stand whatever is
still missing: a lead with both is read as its offers, and what is missing goes along with them (`needs`).
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from lenders.adapters import reading
from lenders.adapters.base import (
    Accepted,
    Answer,
    ChoiceAnswer,
    ContractSigned,
    Declined,
    Instalment,
    NeedsMore,
    Offered,
    OfferTerms,
    Pending,
    Unrecognised,
    Withdrawn,
)
from lenders.adapters.errors import ErrorCode, LenderError, Problem, malformed
from lenders.adapters.market_fields import LABELS
from lenders.adapters.terms import HIGHEST_RATE, LONGEST_TERM_MONTHS, MOST_CENTS, MOST_OFFERS, contradiction

MOST_PENDING = 50
MOST_MISSING = 64
MOST_PROBLEMS = 64

REASONS = {
    "AMOUNT_OR_TERM": "amount_or_term_not_available",
    "LOW_INCOME": "income_insufficient",
    "INCOME_UNVERIFIED": "income_not_verifiable",
    "OVERINDEBTED": "obligations_too_high",
    "CREDIT_HISTORY": "credit_history",
    "AGE": "age",
    "RESIDENCE": "residence",
    "IDENTITY": "identity_not_verified",
    "CUSTOMER_LIMIT": "existing_customer_limit",
    "POLICY": "internal_policy",
}
"""`rejectionReason` to our word; any other, or none, is read as `other`."""

PROBLEM_ATTRIBUTES = {
    **LABELS,
    "leadUuid": "submission_id",
    "offerId": "offer_reference",
    "keyword": "keyword",
    "consents": "consents",
}
PROBLEM_TYPES = {
    "REQUIRED": "missing",
    "INVALID": "invalid",
    "UNSUPPORTED": "unsupported",
    "UNKNOWN": "unknown",
    "CONFLICT": "conflict",
    "EXPIRED": "expired",
}


def answer_of(document: reading.Document) -> Answer:
    """The answer in a lead. Raises LenderError(malformed_answer)."""
    reference = reading.reference(document, "leadId", required=False)
    match reading.word(document, "state"):
        case "processing" | "partial" | "complete" as state:
            return _standing(document, state, reference)
        case "selecting" | "selected":  # what comes of the choice is still open
            return Pending(lender_reference=reference)
        case "rejected":
            return Declined(reason=_reason(document), lender_reference=reference)
        case "expired" | "cancelled":
            return Withdrawn(lender_reference=reference)
        case "contracted":
            return ContractSigned(lender_reference=reference)
        case _:
            return Unrecognised(lender_reference=reference)


def choice_answer_of(document: reading.Document) -> ChoiceAnswer:
    """The answer to a choice: a lead whose state is still that of before took no note of it.

    Raises LenderError(malformed_answer).
    """
    reference = reading.reference(document, "leadId", required=False)
    match reading.word(document, "state"):
        case "selected":
            return Accepted(lender_reference=reference)
        case "selecting":
            return Pending(lender_reference=reference)
        case "rejected":
            return Declined(reason=_reason(document), lender_reference=reference)
        case "expired" | "cancelled":
            return Withdrawn(lender_reference=reference)
        case "contracted":
            return ContractSigned(lender_reference=reference)
        case _:
            return Unrecognised(lender_reference=reference)


def check_lead(document: reading.Document, expected: UUID | None) -> None:
    """An answer about somebody else's lead must never be stored. Raises LenderError(wrong_submission)."""
    if reading.identifier(document, "leadUuid") != expected and expected is not None:
        raise LenderError(ErrorCode.WRONG_SUBMISSION, permanent=True)


def problems_of(document: reading.Document) -> tuple[Problem, ...]:
    """What the group disliked, of the fields and codes we know; its texts stay where they are."""
    listed = document.get("errors")
    found = []
    for entry in listed[:MOST_PROBLEMS] if isinstance(listed, list) else []:
        field, code = (entry.get("field"), entry.get("code")) if isinstance(entry, dict) else (None, None)
        if isinstance(field, str) and field in PROBLEM_ATTRIBUTES:
            kind = PROBLEM_TYPES.get(code, "other") if isinstance(code, str) else "other"
            found.append(Problem(PROBLEM_ATTRIBUTES[field], kind))
    return tuple(dict.fromkeys(found))


def _standing(document: reading.Document, state: str, reference: str) -> Answer:
    """A lead that is being answered, or has been. Once nothing is pending no offer will ever be added."""
    offers = _offers(document)
    pending = bool(_texts(document, "pendingResponses", most=MOST_PENDING))
    if state != ("complete" if not pending else "partial" if offers else "processing"):
        raise malformed("state against its lists")
    # when nothing is pending nobody would read what is missing: the person is not asked for it
    needs = _needs(document) if pending else ()
    if offers:
        return Offered(offers=offers, lender_reference=reference, more_to_come=pending, needs=needs)
    if needs:
        return NeedsMore(needs=needs, lender_reference=reference)
    if pending:
        return Pending(lender_reference=reference)
    return Declined(reason=_reason(document), lender_reference=reference)


def _reason(document: reading.Document) -> str:
    reason = document.get("rejectionReason")
    return REASONS.get(reason, "other") if isinstance(reason, str) else "other"


def _needs(document: reading.Document) -> tuple[str, ...]:
    """The labels of what is missing; a field that we have no name for cannot be given."""
    if "missingFields" not in document:
        return ()
    listed = reading.items(document, "missingFields", least=0, most=MOST_MISSING)
    named = [reading.word(reading.as_document(entry), "field") for entry in listed]
    return tuple(dict.fromkeys(LABELS[name] for name in named if name in LABELS))


def _texts(document: reading.Document, key: str, *, most: int) -> list[str]:
    found = reading.items(document, key, least=0, most=most)
    if not all(isinstance(value, str) for value in found):
        raise malformed(key)
    return found


def _offers(document: reading.Document) -> tuple[OfferTerms, ...]:
    listed = reading.items(document, "offers", least=0, most=MOST_OFFERS)
    offers = tuple(_terms(reading.as_document(entry)) for entry in listed)
    if len({offer.reference for offer in offers}) != len(offers):
        raise malformed("two offers of one reference")
    return offers


def _terms(offer: reading.Document) -> OfferTerms:
    terms = OfferTerms(
        reference=reading.reference(offer, "offerId"),
        amount_cents=reading.euros(offer, "amount", least=1, most=MOST_CENTS),
        term_months=reading.integer(offer, "termMonths", least=1, most=LONGEST_TERM_MONTHS),
        instalment_cents=reading.euros(offer, "monthlyPayment", least=1, most=MOST_CENTS),
        borrowing_rate=reading.percent(offer, "borrowingRate", most=HIGHEST_RATE),
        apr=reading.percent(offer, "apr", most=HIGHEST_RATE),
        total_payable_cents=reading.euros(offer, "totalPayable", least=1, most=MOST_CENTS),
        upfront_fees_cents=reading.euros(offer, "upfrontFees", least=0, most=MOST_CENTS),
        schedule=tuple(map(_instalment, reading.items(offer, "payments", most=LONGEST_TERM_MONTHS))),
        valid_until=reading.moment(offer, "expiresAt"),
        price_personalised=reading.boolean(offer, "automatedPricing"),
    )
    if against := contradiction(terms):
        raise malformed(against)
    return terms


def _instalment(entry: Any) -> Instalment:
    payment = reading.as_document(entry)
    return Instalment(
        month=reading.integer(payment, "month", least=1, most=LONGEST_TERM_MONTHS),
        amount_cents=reading.euros(payment, "amount", least=0, most=MOST_CENTS),
    )
