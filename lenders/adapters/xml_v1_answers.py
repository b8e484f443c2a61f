"""What a reply of docs/lenders/xml.md says: its status, its decision and its figures, read strictly."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from lenders.adapters import reading, statuses, xml_reading
from lenders.adapters.base import (
    Accepted,
    Answer,
    ChoiceAnswer,
    ContractSigned,
    Declined,
    Deleted,
    DeletionAnswer,
    HttpAnswer,
    Instalment,
    NeedsMore,
    Offered,
    OfferTerms,
    Pending,
    Retained,
    Unrecognised,
    Withdrawn,
)
from lenders.adapters.errors import ErrorCode, LenderError, Problem, malformed
from lenders.adapters.reading import Document
from lenders.adapters.terms import HIGHEST_RATE, LONGEST_TERM_MONTHS, MOST_CENTS, MOST_OFFERS, contradiction
from lenders.adapters.xml_v1_fields import LABELS

NAMESPACE = "urn:lending-service:1"
DECISIONS = frozenset({"CreditApplicationReply", "StatusReply"})
CHOICES = frozenset({"AcceptOfferReply"})
DELETIONS = frozenset({"DeleteReply"})

MOST_FIELDS = 64
MOST_ERRORS = 64
RIGA = ZoneInfo("Europe/Riga")

REASONS: Mapping[str, str] = {
    "AMOUNT_OR_TERM": "amount_or_term_not_available",
    "LOW_INCOME": "income_insufficient",
    "UNPROVEN_INCOME": "income_not_verifiable",
    "DEBT_BURDEN": "obligations_too_high",
    "BAD_HISTORY": "credit_history",
    "AGE": "age",
    "NOT_RESIDENT": "residence",
    "IDENTITY": "identity_not_verified",
    "CUSTOMER_LIMIT": "existing_customer_limit",
    "POLICY": "internal_policy",
}
"""Theirs to ours; any other is `other`."""
KEPT_BECAUSE: Mapping[str, str] = {
    "LAW": "statutory_retention",
    "AML": "money_laundering_prevention",
    "DISPUTE": "dispute",
}
PROBLEM_ATTRIBUTES: Mapping[str, str] = {
    **LABELS,
    "Id": "submission_id",
    "OfferNumber": "offer_reference",
    "Keyword": "keyword",
    "Consents": "consents",
}
PROBLEM_TYPES: Mapping[str, str] = {
    "MISSING": "missing",
    "INVALID": "invalid",
    "UNSUPPORTED": "unsupported",
    "UNKNOWN": "unknown",
    "EXPIRED": "expired",
}
NEVER_HEARD_OF_IT = Problem("submission_id", "unknown")


def opened(answer: HttpAnswer, roots: frozenset[str], *, now: datetime) -> Document:
    """The reply, if it is one of those and about what was asked, and its status is not an error.

    Raises LenderError.
    """
    error = statuses.failure(answer, now=now)
    if error is not None:
        raise error
    name, document = xml_reading.document(answer.body, NAMESPACE)
    if name not in roots:
        raise malformed("root element")
    stated = reading.identifier(document, "@Id")
    if answer.submission_id is not None and stated != answer.submission_id:
        raise LenderError(ErrorCode.WRONG_SUBMISSION, permanent=True)
    match reading.word(document, "Status"):
        case "BUSY":  # by which it says that it did nothing
            raise LenderError(ErrorCode.UNAVAILABLE, permanent=False)
        case "ERROR":
            raise _refusal(document, asked_by_id=name != "CreditApplicationReply")
    return document


def answer_of(document: Document) -> Answer:
    """The answer to an application or an inquiry. Raises LenderError(malformed_answer)."""
    number = _case_number(document)
    match _decision(document):
        case "APPROVED":
            return Offered(offers=_offers(document), lender_reference=number)
        case "REFUSED":
            return Declined(reason=_reason(document), lender_reference=number)
        case "IN_REVIEW":
            return Pending(lender_reference=number)
        case "INCOMPLETE":
            return NeedsMore(needs=_needs(document), lender_reference=number)
        case "CANCELLED":
            return Withdrawn(lender_reference=number)
        case "SIGNED":
            return ContractSigned(lender_reference=number)
        case _:
            return Unrecognised(lender_reference=number)


def choice_answer_of(document: Document) -> ChoiceAnswer:
    """The answer to a choice. Raises LenderError(malformed_answer)."""
    number = _case_number(document)
    match _decision(document):
        case "CONFIRMED":
            return Accepted(lender_reference=number)
        case "REFUSED":
            return Declined(reason=_reason(document), lender_reference=number)
        case "IN_REVIEW":
            return Pending(lender_reference=number)
        case "CANCELLED":
            return Withdrawn(lender_reference=number)
        case "SIGNED":
            return ContractSigned(lender_reference=number)
        case _:
            return Unrecognised(lender_reference=number)


def deletion_answer_of(document: Document) -> DeletionAnswer:
    """The answer to a request to delete. Raises LenderError(malformed_answer)."""
    number = _case_number(document)
    match _decision(document):
        case "DELETED":
            return Deleted(lender_reference=number)
        case "KEPT":
            basis = KEPT_BECAUSE.get(reading.word(document, "KeptBecause"), "other")
            until = xml_reading.day(document, "KeptUntil") if "KeptUntil" in document else None
            return Retained(basis=basis, until=until, lender_reference=number)
        case "IN_REVIEW":
            return Pending(lender_reference=number)
        case _:
            return Unrecognised(lender_reference=number)


def _refusal(document: Document, *, asked_by_id: bool) -> LenderError:
    problems = _problems(document)
    if asked_by_id and NEVER_HEARD_OF_IT in problems:
        return LenderError(ErrorCode.NOT_RECEIVED, permanent=False)
    return LenderError(ErrorCode.REJECTED, permanent=True, problems=problems, signed=True)


def _problems(document: Document) -> tuple[Problem, ...]:
    """What the lender disliked, of the fields we know; its free texts stay where they are."""
    value = document.get("Error")
    listed = value if isinstance(value, list) else [value]
    found = []
    for entry in listed[:MOST_ERRORS]:
        attribute, kind = (entry.get("Field"), entry.get("Code")) if isinstance(entry, dict) else (None, None)
        if isinstance(attribute, str) and attribute in PROBLEM_ATTRIBUTES:
            found.append(Problem(PROBLEM_ATTRIBUTES[attribute], _translated(kind, PROBLEM_TYPES)))
    return tuple(dict.fromkeys(found))


def _translated(word: Any, vocabulary: Mapping[str, str]) -> str:
    return vocabulary.get(word, "other") if isinstance(word, str) else "other"


def _decision(document: Document) -> str:
    return reading.word(document, "Decision")


def _case_number(document: Document) -> str:
    return reading.reference(document, "CaseNumber", required=False)


def _reason(document: Document) -> str:
    return REASONS.get(reading.word(document, "Reason"), "other")


def _needs(document: Document) -> tuple[str, ...]:
    """The fields asked for; one we have no name for cannot be given, and a list of none such asks for
    nothing.
    """
    named = xml_reading.words(document, "Missing", most=MOST_FIELDS)
    needs = tuple(LABELS[name] for name in reading.known_words(named, frozenset(LABELS)))
    if not needs:
        raise malformed("needs")
    return needs


def _offers(document: Document) -> tuple[OfferTerms, ...]:
    offers = tuple(map(_terms, xml_reading.children(document, "Offer", most=MOST_OFFERS)))
    if len({offer.reference for offer in offers}) != len(offers):
        raise malformed("two offers of one reference")
    return offers


def _terms(offer: Document) -> OfferTerms:
    if offer.get("Currency") != "EUR":
        raise malformed("Currency")
    terms = OfferTerms(
        reference=reading.reference(offer, "OfferNumber"),
        amount_cents=xml_reading.cents(offer, "Amount", least=1, most=MOST_CENTS),
        term_months=xml_reading.integer(offer, "TermMonths", least=1, most=LONGEST_TERM_MONTHS),
        instalment_cents=xml_reading.cents(offer, "Payment", least=1, most=MOST_CENTS),
        borrowing_rate=reading.rate(offer, "InterestRate", most=HIGHEST_RATE),
        apr=reading.rate(offer, "AnnualPercentageRate", most=HIGHEST_RATE),
        total_payable_cents=xml_reading.cents(offer, "TotalToPay", least=1, most=MOST_CENTS),
        upfront_fees_cents=xml_reading.cents(offer, "FeesAtDrawdown", least=0, most=MOST_CENTS),
        schedule=_schedule(offer),
        valid_until=_end_of(offer, "ValidTo"),
        price_personalised=xml_reading.boolean(offer, "PersonalisedPrice"),
    )
    if against := contradiction(terms):
        raise malformed(against)
    return terms


def _schedule(offer: Document) -> tuple[Instalment, ...]:
    schedule = reading.as_document(offer.get("Schedule"))
    return tuple(
        Instalment(
            month=xml_reading.integer(due, "Month", least=1, most=LONGEST_TERM_MONTHS),
            amount_cents=xml_reading.cents(due, "Amount", least=0, most=MOST_CENTS),
        )
        for due in xml_reading.children(schedule, "Due", most=LONGEST_TERM_MONTHS)
    )


def _end_of(source: Document, key: str) -> datetime:
    """The midnight that ends a day in Latvia: the lender's offer stands through the whole of it."""
    ends_on = xml_reading.day(source, key) + timedelta(days=1)
    return datetime.combine(ends_on, time(), RIGA).astimezone(UTC)
