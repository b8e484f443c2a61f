"""What a lender can answer: money in euro cents, rates in percent a year, times with a zone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

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

RETENTION_BASES = frozenset({"statutory_retention", "money_laundering_prevention", "dispute", "other"})
"""On what ground a lender may keep data although asked to delete them. A ground outside the list is read as
`other`.
"""

REVIEW_OUTCOMES = frozenset({"upheld", "changed", "refused"})
"""What can come of a review: the decision stands, it was changed, it is not subject to a review."""


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
    """The lender offers credit; the references within are distinct.

    more_to_come  the lender says that other offers may still follow
    needs         what it lacks for some of those (labels); the offers it made do not depend on them
    """

    offers: tuple[OfferTerms, ...]
    lender_reference: str
    more_to_come: bool = False
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Declined:
    """The lender says no; `reason` is one of `DECLINE_REASONS`."""

    reason: str = field(repr=False)
    lender_reference: str = ""


@dataclass(frozen=True, slots=True)
class Pending:
    """The lender has the application and will answer later: by callback, or when it is asked again."""

    lender_reference: str = ""


@dataclass(frozen=True, slots=True)
class NeedsMore:
    """The lender cannot decide without these fields or documents (labels, at least one)."""

    needs: tuple[str, ...]
    lender_reference: str = ""


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The lender takes back whatever it answered before."""

    lender_reference: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The lender took note of the consumer's choice.

    offers  where it repeats what it had offered
    """

    lender_reference: str = ""
    offers: tuple[OfferTerms, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Unrecognised:
    """A well-formed, signed message whose status we do not know: nothing changes."""

    lender_reference: str = ""


@dataclass(frozen=True, slots=True)
class ContractSigned:
    """The consumer and the lender signed the contract."""

    lender_reference: str = ""


@dataclass(frozen=True, slots=True)
class Deleted:
    """The lender deleted what it had received."""

    lender_reference: str = ""


@dataclass(frozen=True, slots=True)
class Retained:
    """The lender keeps what it received, or some of it.

    basis  one of `RETENTION_BASES`
    until  the last day; None where the lender cannot name it
    """

    basis: str
    until: date | None
    lender_reference: str = ""


@dataclass(frozen=True, slots=True)
class Noted:
    """The lender took note of a notice.

    until  the last day by which it answers a request for review; None where it names none
    """

    notice_id: UUID
    until: date | None = None
    lender_reference: str = ""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A human being at the lender looked at its decision.

    outcome      one of `REVIEW_OUTCOMES`
    explanation  for the person
    """

    notice_id: UUID
    outcome: str
    explanation: str = field(repr=False)
    lender_reference: str = ""


Answer = Offered | Declined | Pending | Accepted | NeedsMore | Withdrawn | ContractSigned | Unrecognised
ChoiceAnswer = Accepted | Declined | Pending | Withdrawn | ContractSigned | Unrecognised
DeletionAnswer = Deleted | Retained | Pending | Unrecognised
NoticeAnswer = Noted | Reviewed | Unrecognised
AnyAnswer = Answer | ChoiceAnswer | DeletionAnswer | NoticeAnswer


class CallbackMessage(NamedTuple):
    """A verified callback. `message_id` is the key by which repeats are recognised."""

    message_id: str
    submission_id: UUID
    answer: AnyAnswer
