"""Speaking with a lender by its adapter, one call at a time, as the product does."""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from lenders.adapters.base import (
    Adapter,
    Answer,
    AnyAnswer,
    Choice,
    ChoiceAnswer,
    CreditRequest,
    DeletionAnswer,
    DeletionRequest,
    HttpAnswer,
    HttpCall,
    Inquiry,
    LenderEndpoint,
    Notice,
    NoticeAnswer,
    Supplement,
)
from lenders.conformance.applicant import Applicant, application
from lenders.sandbox.certificates import Authority

Exchange = Callable[[HttpCall, LenderEndpoint, HttpCall | None], Awaitable[HttpAnswer]]
"""Send a call to an endpoint, with the token that the third argument obtains; raises LenderError."""
Called = Callable[[UUID, float], Awaitable[AnyAnswer | None]]
"""The first answer called back about a submission within so many seconds, or None."""


@dataclass
class Subject:
    """Who is examined, and with what.

    patience  how many seconds a decision may take
    called    hears callbacks; None where none can reach us
    misheard  the codes of those that came and could not be used
    """

    adapter: Adapter
    endpoint: LenderEndpoint
    exchange: Exchange
    labels: Sequence[str]
    applicant: Applicant
    patience: float
    called: Called | None = None
    misheard: Sequence[str] = ()


class Conversation:
    """Every method raises LenderError when there is no usable answer."""

    def __init__(self, subject: Subject) -> None:
        self.it = subject
        self.status: int | None = None  # of the last answer, by HTTP; None where none came

    def an_application(self) -> CreditRequest:
        return application(self.it.labels, self.it.applicant)

    async def hand_in(self, request: CreditRequest, endpoint: LenderEndpoint | None = None) -> Answer:
        endpoint, now = endpoint or self.it.endpoint, datetime.now(tz=UTC)
        call = self.it.adapter.build_application(request, endpoint, now=now)
        return self.it.adapter.parse(await self.sent(call, endpoint), endpoint, now=now)

    async def inquire(self, inquiry: Inquiry) -> Answer:
        now = datetime.now(tz=UTC)
        call = self.it.adapter.build_inquiry(inquiry, self.it.endpoint, now=now)
        return self.it.adapter.parse(await self.sent(call), self.it.endpoint, now=now)

    async def give(self, supplement: Supplement) -> Answer:
        now = datetime.now(tz=UTC)
        call = self.it.adapter.build_supplement(supplement, self.it.endpoint, now=now)
        return self.it.adapter.parse(await self.sent(call), self.it.endpoint, now=now)

    async def ask_to_delete(self, request: DeletionRequest) -> DeletionAnswer:
        now = datetime.now(tz=UTC)
        call = self.it.adapter.build_deletion(request, self.it.endpoint, now=now)
        return self.it.adapter.parse_deletion(await self.sent(call), self.it.endpoint, now=now)

    async def tell(self, notice: Notice) -> NoticeAnswer:
        now = datetime.now(tz=UTC)
        call = self.it.adapter.build_notice(notice, self.it.endpoint, now=now)
        answer = await self.sent(call)
        return self.it.adapter.parse_notice(answer, self.it.endpoint, notice=notice, now=now)

    async def choose(self, choice: Choice) -> ChoiceAnswer:
        now = datetime.now(tz=UTC)
        call = self.it.adapter.build_choice(choice, self.it.endpoint, now=now)
        return self.it.adapter.parse_choice(await self.sent(call), self.it.endpoint, now=now)

    async def sent(self, call: HttpCall, endpoint: LenderEndpoint | None = None) -> HttpAnswer:
        endpoint = endpoint or self.it.endpoint
        self.status = None
        token = self.it.adapter.build_token_request(endpoint, now=datetime.now(tz=UTC))
        answer = await self.it.exchange(call, endpoint, token)
        self.status = answer.status
        return answer


def a_stranger(endpoint: LenderEndpoint) -> LenderEndpoint:
    """The same place, with secrets of the same kinds that the lender never saw."""
    known = endpoint.credentials
    unknown = Authority(secrets.token_hex()).client("stranger") if known.certificate else None
    made_up = "whsec_" + b64encode(secrets.token_bytes(32)).decode()
    credentials = replace(
        known,
        signing=(made_up,) if known.signing else (),
        client_secret=secrets.token_urlsafe(32) if known.client_secret else "",
        certificate=unknown.certificate if unknown else "",
        private_key=unknown.private_key if unknown else "",
    )
    return replace(endpoint, credentials=credentials)
