"""What a bank's document says: strict reading, in the bank's words and amounts (docs/lenders/bank.md)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID

from lenders.adapters import reading
from lenders.adapters.bank_fields import DOCUMENTS, LABELS
from lenders.adapters.base import (
    Accepted,
    Answer,
    ChoiceAnswer,
    ContractSigned,
    Declined,
    HttpAnswer,
    Instalment,
    NeedsMore,
    Offered,
    OfferTerms,
    Pending,
    Token,
    Unrecognised,
    Withdrawn,
)
from lenders.adapters.errors import ErrorCode, LenderError, Problem, malformed
from lenders.adapters.terms import HIGHEST_RATE, LONGEST_TERM_MONTHS, MOST_CENTS, MOST_OFFERS, contradiction

MOST_FEES = 20
MOST_NEEDS = 64
MOST_PROBLEMS = 64
LONGEST_TOKEN_SECONDS = 366 * 24 * 3600
SECONDS_UNSAID = 300
"""How long a token is taken to hold where the bank does not say; RFC 6749 leaves it open."""

_EUROS = re.compile(r"[0-9]{1,8}\.[0-9]{2}")
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]{1,4096}={0,4}")

# PRE_APPROVED is no offer: the bank has checked little of what it will check, and nothing is worse than
# "approved" that ends in a refusal. It counts as considering until the bank says APPROVED, or no.
CONSIDERING = frozenset({"RECEIVED", "IN_PROGRESS", "PRE_APPROVED"})
TAKEN = frozenset({"ACCEPTED", "AWAITING_SIGNATURE"})
SIGNED = frozenset({"SIGNED", "DISBURSED"})
"""A bank that is asked now and then may have paid out before we see that the contract was signed."""

REASONS: Mapping[str, str] = {
    "AMOUNT_OR_TERM": "amount_or_term_not_available",
    "INCOME_TOO_LOW": "income_insufficient",
    "INCOME_NOT_VERIFIED": "income_not_verifiable",
    "LIABILITIES_TOO_HIGH": "obligations_too_high",
    "CREDIT_HISTORY": "credit_history",
    "AGE": "age",
    "RESIDENCY": "residence",
    "IDENTITY_NOT_VERIFIED": "identity_not_verified",
    "EXISTING_EXPOSURE": "existing_customer_limit",
    "CREDIT_POLICY": "internal_policy",
}
PROBLEM_TYPES: Mapping[str, str] = {
    "REQUIRED": "missing",
    "INVALID": "invalid",
    "NOT_SUPPORTED": "unsupported",
}


def the_one(document: reading.Document) -> reading.Document:
    """The application of a reply: the document itself, or the only one of a list found by our number.

    Raises LenderError: not_received for an empty list, malformed_answer for a longer one, for nobody can say
    which of them the person's is.
    """
    if "items" not in document:
        return document
    found = reading.items(document, "items", least=0, most=MOST_OFFERS)
    if not found:
        raise _not_received()
    if len(found) > 1:
        raise malformed("items")
    return reading.as_document(found[0])


def check_submission(document: reading.Document, expected: UUID | None) -> None:
    """An answer about somebody else's application must never be stored. Raises LenderError."""
    if reading.identifier(document, "externalId") != expected and expected is not None:
        raise LenderError(ErrorCode.WRONG_SUBMISSION, permanent=True)


def answer_of(document: reading.Document) -> Answer:
    """How the application stands. Raises LenderError(malformed_answer)."""
    reference = reading.reference(document, "applicationId")
    match reading.word(document, "status"):
        case "APPROVED":
            return Offered(offers=_offers(document), lender_reference=reference)
        case "REJECTED":
            return Declined(reason=_reason(document), lender_reference=reference)
        case "ADDITIONAL_INFO_REQUIRED":
            return NeedsMore(needs=_needs(document), lender_reference=reference)
        case "CANCELLED":
            return Withdrawn(lender_reference=reference)
        case status if status in CONSIDERING:
            return Pending(lender_reference=reference)
        case status if status in TAKEN:
            offers = _offers(document) if "offers" in document else ()
            return Accepted(lender_reference=reference, offers=offers)
        case status if status in SIGNED:
            return ContractSigned(lender_reference=reference)
        case _:
            return Unrecognised(lender_reference=reference)


def choice_answer_of(document: reading.Document) -> ChoiceAnswer:
    """What the bank says to an acceptance. Raises LenderError(malformed_answer)."""
    reference = reading.reference(document, "applicationId")
    match reading.word(document, "status"):
        case "REJECTED":
            return Declined(reason=_reason(document), lender_reference=reference)
        case "CANCELLED":
            return Withdrawn(lender_reference=reference)
        case status if status in TAKEN:
            return Accepted(lender_reference=reference)
        case status if status in SIGNED:
            return ContractSigned(lender_reference=reference)
        case _:  # APPROVED too: the bank does not say that it took note
            return Unrecognised(lender_reference=reference)


def rejection(answer: HttpAnswer) -> LenderError:
    """A 4xx with what the bank's own document says of it; a gateway's page says nothing."""
    document = _own_words(answer)
    if answer.status == HTTPStatus.NOT_FOUND and document.get("code") == "APPLICATION_NOT_FOUND":
        return _not_received()
    return LenderError(
        ErrorCode.REJECTED, permanent=True, problems=_problems(document), signed=bool(document)
    )


def said(answer: HttpAnswer) -> str:
    """The bank's word for why it refused; "" where it gave none."""
    code = _own_words(answer).get("code")
    return code if isinstance(code, str) else ""


def token_of(document: reading.Document) -> Token:
    """The token, and how long it holds. Raises LenderError(malformed_answer)."""
    value, kind = document.get("access_token"), document.get("token_type")
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        raise malformed("access_token")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise malformed("token_type")
    seconds = (
        reading.integer(document, "expires_in", least=1, most=LONGEST_TOKEN_SECONDS)
        if "expires_in" in document
        else SECONDS_UNSAID
    )
    return Token(value, seconds)


def _not_received() -> LenderError:
    return LenderError(ErrorCode.NOT_RECEIVED, permanent=False)


def _own_words(answer: HttpAnswer) -> reading.Document:
    """A refusal in the bank's own words, known by our number in it; empty where it is not the bank's."""
    try:
        document = reading.document(answer.body)
        stated = reading.identifier(document, "externalId")
    except LenderError:
        return {}
    return document if stated == answer.submission_id else {}


def _problems(document: reading.Document) -> tuple[Problem, ...]:
    """What the bank disliked, of the fields and words we know; its messages stay where they are."""
    listed = document.get("errors")
    found = []
    for entry in listed[:MOST_PROBLEMS] if isinstance(listed, list) else []:
        field, kind = (entry.get("field"), entry.get("code")) if isinstance(entry, dict) else (None, None)
        if label := _known(field, LABELS):
            found.append(Problem(label, _known(kind, PROBLEM_TYPES) or "other"))
    return tuple(dict.fromkeys(found))


def _known(value: Any, words: Mapping[str, str]) -> str:
    return words.get(value, "") if isinstance(value, str) else ""


def _reason(document: reading.Document) -> str:
    """Why not: many banks do not say."""
    if document.get("rejectionReason") is None:
        return "other"
    return REASONS.get(reading.word(document, "rejectionReason"), "other")


def _needs(document: reading.Document) -> tuple[str, ...]:
    """The fields and documents asked for. One we have no name for cannot be given, and a list of none such
    asks for nothing.
    """
    entries = [
        reading.as_document(entry)
        for entry in reading.items(document, "requiredInformation", most=MOST_NEEDS)
    ]
    found = [
        _known(entry.get("field"), LABELS) or _known(entry.get("document"), DOCUMENTS) for entry in entries
    ]
    needs = tuple(dict.fromkeys(label for label in found if label))
    if not needs:
        raise malformed("needs")
    return needs


def _offers(document: reading.Document) -> tuple[OfferTerms, ...]:
    listed = reading.items(document, "offers", most=MOST_OFFERS)
    offers = tuple(_terms(reading.as_document(entry)) for entry in listed)
    if len({offer.reference for offer in offers}) != len(offers):
        raise malformed("two offers of one reference")
    return offers


def _terms(offer: reading.Document) -> OfferTerms:
    if reading.word(offer, "currency") != "EUR":
        raise malformed("currency")
    terms = OfferTerms(
        reference=reading.reference(offer, "offerId"),
        amount_cents=_cents(offer, "amount", least=1),
        term_months=reading.integer(offer, "termMonths", least=1, most=LONGEST_TERM_MONTHS),
        instalment_cents=_cents(offer, "monthlyPayment", least=1),
        borrowing_rate=reading.rate(offer, "interestRate", most=HIGHEST_RATE),
        apr=reading.rate(offer, "annualPercentageRate", most=HIGHEST_RATE),
        total_payable_cents=_cents(offer, "totalRepayable", least=1),
        upfront_fees_cents=_upfront_fees(offer),
        schedule=_schedule(offer),
        valid_until=reading.moment(offer, "validUntil"),
        price_personalised=reading.boolean(offer, "personalisedPrice"),
    )
    if against := contradiction(terms):
        raise malformed(against)
    return terms


def _upfront_fees(offer: reading.Document) -> int:
    """The sum of what is taken at the pay-out. A fee paid with the instalments stands in the schedule; one
    paid at a time that we do not know would make every figure a guess.
    """
    upfront = 0
    for entry in reading.items(offer, "fees", least=0, most=MOST_FEES):
        fee = reading.as_document(entry)
        cents = _cents(fee, "amount", least=0)
        match reading.word(fee, "charged"):
            case "AT_PAYOUT":
                upfront += cents
            case "WITH_INSTALMENTS":
                pass
            case _:
                raise malformed("charged")
    return upfront


def _schedule(offer: reading.Document) -> tuple[Instalment, ...]:
    listed = reading.items(offer, "paymentSchedule", most=LONGEST_TERM_MONTHS)
    entries = [reading.as_document(entry) for entry in listed]
    return tuple(
        Instalment(
            month=reading.integer(entry, "month", least=1, most=LONGEST_TERM_MONTHS),
            amount_cents=_cents(entry, "payment", least=0),
        )
        for entry in entries
    )


def _cents(source: reading.Document, key: str, *, least: int) -> int:
    """Euros as a text with both decimals ("3000.00"): no number, no sign, no third decimal."""
    value = source.get(key)
    if not isinstance(value, str) or not _EUROS.fullmatch(value):
        raise malformed(key)
    cents = int(value.replace(".", ""))
    if not least <= cents <= MOST_CENTS:
        raise malformed(key)
    return cents
