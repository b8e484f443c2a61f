"""The seam between us and a lender: what an adapter is.

An adapter is a mapping. It builds an `HttpCall` from a question of ours and reads an answer out of an
`HttpAnswer` or a callback; it touches no database, no settings and no socket, and decides nothing: what its
lender can do it declares as `Abilities`. The plot of one delivery is

    call = adapter.build_application(request, endpoint, now=now)               build
    reply = await http.send(session, call, deadline=deadline, guard=guard)     send
    answer = adapter.parse(reply, endpoint, now=now)                           parse
    ingest(submission_id=…, answer=answer, message_id=…, actor=…)              record

Questions stand in `questions`, answers in `answers`, the bytes in `exchange`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from lenders.adapters.answers import (
    DECLINE_REASONS,
    RETENTION_BASES,
    REVIEW_OUTCOMES,
    Accepted,
    Answer,
    AnyAnswer,
    CallbackMessage,
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
from lenders.adapters.errors import ErrorCode, LenderError, Problem
from lenders.adapters.exchange import Credential, Credentials, HttpAnswer, HttpCall, LenderEndpoint, Token
from lenders.adapters.questions import (
    DOCUMENT_LABELS,
    MEDIA_TYPES,
    Choice,
    Consent,
    CreditRequest,
    DeletionReason,
    DeletionRequest,
    Document,
    FieldValue,
    Inquiry,
    Notice,
    NoticeKind,
    Supplement,
)

__all__ = [
    "DECLINE_REASONS",
    "DOCUMENT_LABELS",
    "MEDIA_TYPES",
    "RETENTION_BASES",
    "REVIEW_OUTCOMES",
    "Abilities",
    "Accepted",
    "Adapter",
    "Answer",
    "AnyAnswer",
    "CallbackMessage",
    "Choice",
    "ChoiceAnswer",
    "Consent",
    "ContractSigned",
    "Credential",
    "Credentials",
    "CreditRequest",
    "Declined",
    "Deleted",
    "DeletionAnswer",
    "DeletionReason",
    "DeletionRequest",
    "Document",
    "ErrorCode",
    "FieldValue",
    "HttpAnswer",
    "HttpCall",
    "Inquiry",
    "Instalment",
    "LenderEndpoint",
    "LenderError",
    "NeedsMore",
    "Noted",
    "Notice",
    "NoticeAnswer",
    "NoticeKind",
    "OfferTerms",
    "Offered",
    "Pending",
    "Problem",
    "Retained",
    "Reviewed",
    "Supplement",
    "Token",
    "Unrecognised",
    "Withdrawn",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What lenders behind an adapter can do; services decide by it what to do next.

    idempotent         sending the same submission twice is one application at the lender
    can_be_asked       it answers an inquiry by our submission id, though we know no id of its own
    is_polled          while it considers, or more offers may come, it is asked again
    calls_back         it tells us unasked
    takes_supplement   what it said it still needs can be sent after the application
    deletion_notices   it takes a request to delete, and acknowledges it
    takes_notices      it takes word of a correction, a restriction and a request for review; twice as once
    """

    idempotent: bool
    can_be_asked: bool
    is_polled: bool = False
    calls_back: bool = False
    takes_supplement: bool = False
    deletion_notices: bool = False
    takes_notices: bool = False


class Adapter(ABC):
    """How one kind of lender is spoken to. Every method is pure and raises nothing but `LenderError`.

    slug              stored with the lender; never changes
    name              for staff choosing an adapter
    abilities         what its lenders can do
    credentials       what its lenders want to see
    supported_labels  the labels this adapter has a place for
    """

    slug: ClassVar[str]
    name: ClassVar[str]
    abilities: ClassVar[Abilities]
    credentials: ClassVar[frozenset[Credential]]
    supported_labels: ClassVar[frozenset[str]]

    @abstractmethod
    def build_application(
        self, request: CreditRequest, endpoint: LenderEndpoint, *, now: datetime
    ) -> HttpCall:
        """The call that hands in an application."""

    @abstractmethod
    def build_inquiry(self, inquiry: Inquiry, endpoint: LenderEndpoint, *, now: datetime) -> HttpCall:
        """The call that asks what became of it; it changes nothing at the lender."""

    @abstractmethod
    def build_choice(self, choice: Choice, endpoint: LenderEndpoint, *, now: datetime) -> HttpCall:
        """The call that tells the lender its offer was chosen."""

    def build_supplement(
        self, supplement: Supplement, endpoint: LenderEndpoint, *, now: datetime
    ) -> HttpCall:
        """The call that gives the lender what it asked for; answered like an application."""
        raise LenderError(ErrorCode.NOT_SUPPORTED, permanent=True)

    def build_deletion(
        self, request: DeletionRequest, endpoint: LenderEndpoint, *, now: datetime
    ) -> HttpCall:
        """The call that asks the lender to delete what it received."""
        raise LenderError(ErrorCode.NOT_SUPPORTED, permanent=True)

    def build_notice(self, notice: Notice, endpoint: LenderEndpoint, *, now: datetime) -> HttpCall:
        """The call that tells the lender of a right of the person."""
        raise LenderError(ErrorCode.NOT_SUPPORTED, permanent=True)

    def build_token_request(self, endpoint: LenderEndpoint, *, now: datetime) -> HttpCall | None:
        """The call that obtains a bearer token for the others, or None where they need none."""
        return None

    @abstractmethod
    def parse(self, answer: HttpAnswer, endpoint: LenderEndpoint, *, now: datetime) -> Answer:
        """The answer to an application, an inquiry or a supplement."""

    @abstractmethod
    def parse_choice(self, answer: HttpAnswer, endpoint: LenderEndpoint, *, now: datetime) -> ChoiceAnswer:
        """The answer to a choice."""

    def parse_deletion(
        self, answer: HttpAnswer, endpoint: LenderEndpoint, *, now: datetime
    ) -> DeletionAnswer:
        """The answer to a request to delete."""
        raise LenderError(ErrorCode.NOT_SUPPORTED, permanent=True)

    def parse_notice(
        self, answer: HttpAnswer, endpoint: LenderEndpoint, *, notice: Notice, now: datetime
    ) -> NoticeAnswer:
        """The answer to this notice."""
        raise LenderError(ErrorCode.NOT_SUPPORTED, permanent=True)

    def parse_token(self, answer: HttpAnswer, endpoint: LenderEndpoint, *, now: datetime) -> Token:
        """The token in the answer to `build_token_request`."""
        raise LenderError(ErrorCode.NOT_SUPPORTED, permanent=True)

    def parse_callback(
        self, headers: Mapping[str, str], body: bytes, endpoint: LenderEndpoint, *, now: datetime
    ) -> CallbackMessage:
        """What a lender tells us unasked."""
        raise LenderError(ErrorCode.NOT_SUPPORTED, permanent=True)
