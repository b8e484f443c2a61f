"""A twin: one way of speaking, for the sandbox lenders that speak it.

Inside the sandbox every answer is a document in the words of docs/lender-api.md; a twin reads what it is sent
and writes such documents in its own words and format.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from aiohttp import web

from lenders.sandbox.books import Application, Books, Fault, FaultName, Received
from lenders.sandbox.secrets import Behaviour, SandboxLender

if TYPE_CHECKING:
    from lenders.sandbox.lending import Lending

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Letter:
    """What goes over the wire: an answer's, or a callback's, body and headers."""

    body: bytes
    headers: Mapping[str, str]
    status: int = 200


class Twin(ABC):
    """Stateless but for what it shares: the books, and the back office that decides and calls back."""

    def __init__(self, *, books: Books, lending: Lending, secret: str) -> None:
        self.books = books
        self.lending = lending
        self.sandbox_secret = secret

    @abstractmethod
    def add_routes(self, router: web.UrlDispatcher, lender: SandboxLender) -> None:
        """Serve this lender under /{slug}/."""

    @abstractmethod
    def write(self, lender: SandboxLender, document: Document, *, kind: str, status: int = 200) -> Letter:
        """A document as this lender writes it. `kind`: reply, choice, deletion, notice, refusal or
        callback; a twin may have more of its own.
        """

    @abstractmethod
    def broken(self, lender: SandboxLender, document: Document, *, kind: str) -> Letter:
        """The same, genuine but breaking the protocol: an offer without sense."""

    @abstractmethod
    def forged(self, lender: SandboxLender, document: Document, *, kind: str) -> Letter:
        """The same, as somebody who does not know the lender's secrets would write it."""

    def meet(self, lender: SandboxLender) -> Fault:
        """The fault that a request to this lender is to meet, used up once."""
        if lender.behaviour is Behaviour.FAILS:
            return Fault(FaultName.ERROR, 0.0, -1)
        return self.books.take_fault(lender.slug)

    def known(self, lender: SandboxLender, submission: UUID) -> Application | None:
        return self.books.applications.get((lender.slug, submission))

    def enter(
        self, request: web.Request, lender: SandboxLender, submission: UUID, names: list[str], *, key: str
    ) -> None:
        """Write a request into the log, by names of fields and numbers only."""
        self.books.sent[request.path, key] += 1
        self.books.requests.append(
            Received(
                slug=lender.slug,
                method=request.method,
                path=request.path,
                submission_id=str(submission),
                key=key,
                count=self.books.sent[request.path, key],
                at=datetime.now(tz=UTC).isoformat(),
                fields=names,
            )
        )
