"""What a JO1N v1 document says: the strict reading of replies and callbacks once their signature holds."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from lenders.adapters import reading
from lenders.adapters.base import (
    DECLINE_REASONS,
    DOCUMENT_LABELS,
    RETENTION_BASES,
    REVIEW_OUTCOMES,
    Accepted,
    Answer,
    AnyAnswer,
    ChoiceAnswer,
    ContractSigned,
    Declined,
    Deleted,
    DeletionAnswer,
    Instalment,
    NeedsMore,
    Noted,
    NoticeAnswer,
    Offered,
    OfferTerms,
    Pending,
    Retained,
    Reviewed,
    Unrecognised,
    Withdrawn,
)
from lenders.adapters.errors import ErrorCode, LenderError, Problem, malformed
from lenders.adapters.join_fields import PLACES
from lenders.adapters.terms import HIGHEST_RATE, LONGEST_TERM_MONTHS, MOST_CENTS, MOST_OFFERS, contradiction

MOST_NEEDS = 64
MOST_PROBLEMS = 64
LONGEST_EXPLANATION = 4000

NEEDABLE = frozenset(PLACES) | DOCUMENT_LABELS
PROBLEM_ATTRIBUTES = NEEDABLE | {
    "submission_id",
    "offer_reference",
    "keyword",
    "consents",
    "idempotency_key",
    "notice_id",
    "signature",
}
PROBLEM_TYPES = frozenset({"missing", "invalid", "unsupported", "unknown", "conflict", "expired"})


def answer_of(document: reading.Document) -> Answer:
    """The answer in a reply to an application or an inquiry. Raises LenderError(malformed_answer)."""
    reference = reading.reference(document, "lender_reference", required=False)
    match reading.word(document, "status"):
        case "offered":
            return Offered(offers=_offers(document), lender_reference=reference)
        case "declined":
            return Declined(reason=_reason(document), lender_reference=reference)
        case "pending":
            return Pending(lender_reference=reference)
        case "needs_more":
            return NeedsMore(needs=_needs(document), lender_reference=reference)
        case "withdrawn":
            return Withdrawn(lender_reference=reference)
        case "contract_signed":
            return ContractSigned(lender_reference=reference)
        case _:
            return Unrecognised(lender_reference=reference)


def choice_answer_of(document: reading.Document) -> ChoiceAnswer:
    """The answer to a choice.

    An `accepted` may be followed by callbacks: signed, declined, withdrawn. Raises LenderError.
    """
    reference = reading.reference(document, "lender_reference", required=False)
    match reading.word(document, "status"):
        case "accepted":
            return Accepted(lender_reference=reference)
        case "declined":
            return Declined(reason=_reason(document), lender_reference=reference)
        case "pending":
            return Pending(lender_reference=reference)
        case "withdrawn":
            return Withdrawn(lender_reference=reference)
        case "contract_signed":
            return ContractSigned(lender_reference=reference)
        case _:
            return Unrecognised(lender_reference=reference)


def deletion_answer_of(document: reading.Document) -> DeletionAnswer:
    """The answer to a request to delete. Raises LenderError."""
    reference = reading.reference(document, "lender_reference", required=False)
    match reading.word(document, "status"):
        case "deleted":
            return Deleted(lender_reference=reference)
        case "retained":
            return Retained(basis=_basis(document), until=_until(document), lender_reference=reference)
        case "pending":
            return Pending(lender_reference=reference)
        case _:
            return Unrecognised(lender_reference=reference)


def notice_answer_of(document: reading.Document) -> NoticeAnswer:
    """The answer to a notice. Raises LenderError."""
    reference = reading.reference(document, "lender_reference", required=False)
    match reading.word(document, "status"):
        case "noted":
            notice_id = reading.identifier(document, "notice_id")
            return Noted(notice_id, until=_until(document), lender_reference=reference)
        case "reviewed":
            return Reviewed(
                notice_id=reading.identifier(document, "notice_id"),
                outcome=_outcome(document),
                explanation=reading.text(document, "explanation", most=LONGEST_EXPLANATION),
                lender_reference=reference,
            )
        case _:
            return Unrecognised(lender_reference=reference)


def callback_answer_of(document: reading.Document) -> AnyAnswer:
    """What a callback says: of the application, a request to delete it, a notice. Raises LenderError."""
    match reading.word(document, "status"):
        case "deleted" | "retained":
            return deletion_answer_of(document)
        case "noted" | "reviewed":
            return notice_answer_of(document)
        case _:
            return answer_of(document)


def check_submission(document: reading.Document, expected: UUID | None, *, required: bool = True) -> None:
    """A rightly signed answer about somebody else's application must never be stored.

    Raises LenderError(wrong_submission).
    """
    if not required and "submission_id" not in document:
        return
    stated = reading.identifier(document, "submission_id")
    if expected is not None and stated != expected:
        raise LenderError(ErrorCode.WRONG_SUBMISSION, permanent=True)


def problems_of(document: reading.Document) -> tuple[Problem, ...]:
    """What a lender disliked, of the fields and types we know.

    Its messages are free text and stay where they are.
    """
    listed = document.get("errors")
    found = []
    for entry in listed[:MOST_PROBLEMS] if isinstance(listed, list) else []:
        attribute, kind = (
            (entry.get("attribute"), entry.get("type")) if isinstance(entry, dict) else (None, None)
        )
        if isinstance(attribute, str) and attribute in PROBLEM_ATTRIBUTES:
            found.append(
                Problem(attribute, kind if isinstance(kind, str) and kind in PROBLEM_TYPES else "other")
            )
    return tuple(dict.fromkeys(found))


def _reason(document: reading.Document) -> str:
    reason = reading.word(document, "reason")
    return reason if reason in DECLINE_REASONS else "other"


def _basis(document: reading.Document) -> str:
    basis = reading.word(document, "basis")
    return basis if basis in RETENTION_BASES else "other"


def _outcome(document: reading.Document) -> str:
    """One that is not known cannot be told to a person."""
    outcome = reading.word(document, "outcome")
    if outcome not in REVIEW_OUTCOMES:
        raise malformed("outcome")
    return outcome


def _until(document: reading.Document) -> date | None:
    """The last day, or None where the lender cannot name it."""
    return reading.day(document, "until") if document.get("until") is not None else None


def _needs(document: reading.Document) -> tuple[str, ...]:
    """The fields asked for; one we have no name for cannot be given, and a list of none such asks for
    nothing.
    """
    needs = reading.known_words(reading.items(document, "needs", most=MOST_NEEDS), NEEDABLE)
    if not needs:
        raise malformed("needs")
    return needs


def _offers(document: reading.Document) -> tuple[OfferTerms, ...]:
    """One `offer`, or several `offers` with distinct references; never both."""
    if ("offer" in document) == ("offers" in document):
        raise malformed("offer, offers")
    listed = (
        [document["offer"]] if "offer" in document else reading.items(document, "offers", most=MOST_OFFERS)
    )
    offers = tuple(_terms(reading.as_document(entry)) for entry in listed)
    if len({offer.reference for offer in offers}) != len(offers):
        raise malformed("two offers of one reference")
    return offers


def _terms(offer: reading.Document) -> OfferTerms:
    terms = OfferTerms(
        reference=reading.reference(offer, "reference"),
        amount_cents=reading.integer(offer, "amount_cents", least=1, most=MOST_CENTS),
        term_months=reading.integer(offer, "term_months", least=1, most=LONGEST_TERM_MONTHS),
        instalment_cents=reading.integer(offer, "instalment_cents", least=1, most=MOST_CENTS),
        borrowing_rate=reading.rate(offer, "borrowing_rate", most=HIGHEST_RATE),
        apr=reading.rate(offer, "apr", most=HIGHEST_RATE),
        total_payable_cents=reading.integer(offer, "total_payable_cents", least=1, most=MOST_CENTS),
        upfront_fees_cents=reading.integer(offer, "upfront_fees_cents", least=0, most=MOST_CENTS),
        schedule=_schedule(offer),
        valid_until=reading.moment(offer, "valid_until"),
        price_personalised=reading.boolean(offer, "price_personalised"),
    )
    if against := contradiction(terms):
        raise malformed(against)
    return terms


def _schedule(offer: reading.Document) -> tuple[Instalment, ...]:
    entries = [
        reading.as_document(entry) for entry in reading.items(offer, "schedule", most=LONGEST_TERM_MONTHS)
    ]
    return tuple(
        Instalment(
            month=reading.integer(entry, "month", least=1, most=LONGEST_TERM_MONTHS),
            amount_cents=reading.integer(entry, "amount_cents", least=0, most=MOST_CENTS),
        )
        for entry in entries
    )
