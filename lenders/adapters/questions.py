"""What a lender is told or asked. What may be personal is kept out of every `repr`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

FieldValue = str | int | bool | date | Decimal | None


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
class Inquiry:
    """What became of a submission? `lender_reference` is the lender's own id for it, or ""."""

    submission_id: UUID
    lender_reference: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """The consumer chose this lender's offer.

    `keyword` is their word by which they know the lender when it calls.
    """

    submission_id: UUID
    offer_reference: str
    keyword: str = field(repr=False)
    lender_reference: str = ""


DOCUMENT_LABELS = frozenset(
    {"document.identity", "document.income", "document.bank_statement", "document.residence"}
)
"""The documents that a lender can ask for."""

MEDIA_TYPES = frozenset({"application/pdf", "image/jpeg"})
"""The kinds of files that documents are."""


@dataclass(frozen=True, slots=True)
class Document:
    """A file the lender asked for, under the label by which it asked; a document may be several files."""

    label: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Supplement:
    """What the lender said it still needs, and nothing else.

    `supplement_id` stays the same over every attempt.
    """

    supplement_id: UUID
    submission_id: UUID
    lender_reference: str = ""
    fields: Mapping[str, FieldValue] = field(default_factory=dict, repr=False)
    documents: tuple[Document, ...] = ()


class DeletionReason(StrEnum):
    """Why a lender is asked to delete what it received."""

    NOT_SELECTED = "not_selected"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    ERASURE = "erasure"
    RETENTION_OVER = "retention_over"


@dataclass(frozen=True, slots=True)
class DeletionRequest:
    """This submission will not become a contract at this lender: delete what it brought, or say why not."""

    submission_id: UUID
    reason: DeletionReason
    lender_reference: str = ""


class NoticeKind(StrEnum):
    """What a lender is told of a right of the person."""

    RECTIFIED = "rectified"
    RESTRICTED = "restricted"
    RESTRICTION_LIFTED = "restriction_lifted"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Notice:
    """Word about a right of the person, after something of the submission left (GDPR Art. 19, 22(3)).

    `notice_id` stays the same over every attempt.
    said_at    the notices of one submission are in this order
    fields     RECTIFIED: label to the value that holds; None or "" where there is none any more
    text       RECTIFIED: a statement that completes; REVIEW: the person's point of view; or ""
    answer_by  REVIEW: the last day for the answer
    """

    notice_id: UUID
    submission_id: UUID
    kind: NoticeKind
    said_at: datetime
    lender_reference: str = ""
    fields: Mapping[str, FieldValue] = field(default_factory=dict, repr=False)
    text: str = field(default="", repr=False)
    answer_by: date | None = None
