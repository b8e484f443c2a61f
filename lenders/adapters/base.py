"""The seam between us and a lender: what is asked, what can be answered, and what an adapter is.

An adapter is a mapping. It builds an `HttpCall` from our request and reads an `Answer` out of an
`HttpAnswer` or a callback; it touches no database, no settings and no socket. The plot of one submission is

    call = adapter.build_application(request, endpoint, now=now)
    reply = await http.send(session, call, deadline=deadline, guard=guard)
    answer = adapter.parse(reply, endpoint, now=now)

Money is in euro cents, rates are percent a year, times carry a zone. What may be personal is kept out of
every `repr`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple, Protocol
from uuid import UUID

from lenders.adapters.errors import ErrorCode, LenderError, Problem

__all__ = [
    "DECLINE_REASONS",
    "Accepted",
    "Adapter",
    "Answer",
    "CallbackMessage",
    "Choice",
    "ChoiceAnswer",
    "Consent",
    "CreditRequest",
    "Declined",
    "ErrorCode",
    "FieldValue",
    "HttpAnswer",
    "HttpCall",
    "Instalment",
    "LenderEndpoint",
    "LenderError",
    "NeedsMore",
    "OfferTerms",
    "Offered",
    "Pending",
    "Problem",
    "Unrecognised",
    "Withdrawn",
]

FieldValue = str | int | bool | date | Decimal | None

DECLINE_REASONS = frozenset(
    {
        "amount_or_term_not_available",
        "income_insufficient",
        "income_not_verifiable",
        "obligations_too_high",
        "credit_history",
        "age",
        "residence",
        "identity_not_verified",
        "existing_customer_limit",
        "internal_policy",
        "other",
    }
)
"""Why a lender may say no. A reason outside the list is read as `other`."""


@dataclass(frozen=True, slots=True)
class HttpCall:
    """One request to a lender, ready to be sent.

    `submission_id` lets the answer be held against what was asked.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    submission_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back: header names in lower case, the body as received and at most as long as the cap."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    submission_id: UUID | None = None

    @property
    def message_id(self) -> str:
        """The lender's id of this message ("" when it gave none); to be trusted only once the adapter has
        parsed the answer.
        """
        return self.headers.get("webhook-id", "")


@dataclass(frozen=True, slots=True)
class LenderEndpoint:
    """Where a lender listens and the secrets shared with it.

    secrets  "whsec_" + base64, newest first: the first signs, any of them verifies, so that keys can be
             changed without a gap
    """

    slug: str
    base_url: str
    secrets: tuple[str, ...] = field(repr=False)
    callback_url: str = ""


# --- what we ask ---


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent as given: what for, the exact words shown, and when."""

    purpose: str
    wording: str
    given_at: datetime


@dataclass(frozen=True, slots=True)
class CreditRequest:
    """An application already reduced to what this lender declared it needs.

    fields  label ("identification.given_name") to value; a label the adapter has no place for is refused,
            never dropped
    """

    submission_id: UUID
    application_reference: str
    submitted_at: datetime
    fields: Mapping[str, FieldValue] = field(repr=False)
    consents: tuple[Consent, ...] = ()
    language: str = "lv"


@dataclass(frozen=True, slots=True)
class Choice:
    """The consumer chose this lender's offer.

    `keyword` is their word by which they know the lender when it calls.
    """

    submission_id: UUID
    offer_reference: str
    keyword: str = field(repr=False)


# --- what can be answered ---


class Instalment(NamedTuple):
    """What falls due `month` whole months after drawdown."""

    month: int
    amount_cents: int


@dataclass(frozen=True, slots=True)
class OfferTerms:
    """One offer, checked: total_payable = sum of the schedule + upfront fees, and never less than the amount.

    borrowing_rate, apr  percent a year (SECCI (d) and (e))
    upfront_fees_cents   paid, or held back, at drawdown and not in the schedule
    price_personalised   the price was set by automated processing (Directive 2023/2225 Art. 13)
    """

    reference: str
    amount_cents: int = field(repr=False)
    term_months: int = field(repr=False)
    instalment_cents: int = field(repr=False)
    borrowing_rate: Decimal = field(repr=False)
    apr: Decimal = field(repr=False)
    total_payable_cents: int = field(repr=False)
    upfront_fees_cents: int = field(repr=False)
    schedule: tuple[Instalment, ...] = field(repr=False)
    valid_until: datetime = field(repr=False)
    price_personalised: bool = field(repr=False)


@dataclass(frozen=True, slots=True)
class Offered:
    """The lender offers credit; the references within are distinct."""

    offers: tuple[OfferTerms, ...]
    lender_reference: str


@dataclass(frozen=True, slots=True)
class Declined:
    """The lender says no; `reason` is one of `DECLINE_REASONS`."""

    reason: str = field(repr=False)
    lender_reference: str = ""


@dataclass(frozen=True, slots=True)
class Pending:
    """The lender has the application and will answer by callback."""

    lender_reference: str = ""


@dataclass(frozen=True, slots=True)
class NeedsMore:
    """The lender cannot decide without these fields (labels, at least one)."""

    needs: tuple[str, ...]
    lender_reference: str = ""


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The lender takes back whatever it answered before."""

    lender_reference: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The lender took note of the consumer's choice."""

    lender_reference: str = ""


@dataclass(frozen=True, slots=True)
class Unrecognised:
    """A well-formed, signed message whose status we do not know: nothing changes."""

    lender_reference: str = ""


Answer = Offered | Declined | Pending | NeedsMore | Withdrawn | Unrecognised
ChoiceAnswer = Accepted | Declined | Pending | Withdrawn | Unrecognised


class CallbackMessage(NamedTuple):
    """A verified callback. `message_id` is the key by which repeats are recognised."""

    message_id: str
    submission_id: UUID
    answer: Answer


# --- what an adapter is ---


class Adapter(Protocol):
    """How one kind of lender is spoken to. Every method is pure and raises nothing but `LenderError`."""

    @property
    def slug(self) -> str:
        """Stored with the lender; never changes."""

    @property
    def name(self) -> str:
        """For staff choosing an adapter."""

    @property
    def idempotent(self) -> bool:
        """Sending the same submission twice is one application at the lender."""

    @property
    def can_be_asked(self) -> bool:
        """The lender answers an inquiry by our submission id."""

    @property
    def supported_labels(self) -> frozenset[str]:
        """The labels this adapter has a place for."""

    def build_application(
        self, request: CreditRequest, endpoint: LenderEndpoint, *, now: datetime
    ) -> HttpCall:
        """The call that hands in an application."""

    def build_inquiry(self, submission_id: UUID, endpoint: LenderEndpoint, *, now: datetime) -> HttpCall:
        """The call that asks what became of it; it changes nothing at the lender."""

    def build_choice(self, choice: Choice, endpoint: LenderEndpoint, *, now: datetime) -> HttpCall:
        """The call that tells the lender its offer was chosen."""

    def parse(self, answer: HttpAnswer, endpoint: LenderEndpoint, *, now: datetime) -> Answer:
        """The answer to an application or an inquiry."""

    def parse_choice(self, answer: HttpAnswer, endpoint: LenderEndpoint, *, now: datetime) -> ChoiceAnswer:
        """The answer to a choice."""

    def parse_callback(
        self, headers: Mapping[str, str], body: bytes, endpoint: LenderEndpoint, *, now: datetime
    ) -> CallbackMessage:
        """What a lender tells us unasked."""
