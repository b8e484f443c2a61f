"""Bearer tokens of lenders that want one (OAuth 2 client credentials), in this process's memory alone.

However many calls wait for a lender's token, one request asks for it; a failed one fails them all, and as
nothing of theirs has left by then, none of them is uncertain.
"""

import asyncio
import hashlib
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field, replace
from datetime import datetime
from http import HTTPStatus
from typing import Protocol

from django.utils import timezone

from lenders.adapters.base import ErrorCode, HttpAnswer, HttpCall, LenderError
from lenders.services.disclosures import NEVER_LEFT
from lenders.services.payload import Call

# Beside the ten seconds of the call itself: both together are well within the lease of a claim.
LONGEST_REQUEST_SECONDS = 5.0
MARGIN_SECONDS = 30.0
"""Before its end a token is not used any more: it could run out on the way. Of a short one, half its life."""


class Send(Protocol):
    """Send a call and give its answer before the deadline (`time.monotonic()`), or raise LenderError."""

    def __call__(self, call: HttpCall, *, deadline: float) -> Awaitable[HttpAnswer]: ...


@dataclass(frozen=True)
class _Held:
    value: str = field(repr=False)
    until: float
    made_at: datetime


class Tokens:
    """Those of one process; to be used from its loop alone."""

    def __init__(self) -> None:
        self._held: dict[str, _Held] = {}
        self._asking: dict[str, asyncio.Task[str | LenderError]] = {}

    async def admitted(self, call: Call, send: Send) -> HttpCall:
        """The call as it is to be sent: with a token, where the lender wants one.

        Raises LenderError, never ambiguous: nothing of the call was sent.
        """
        if call.token is None:
            return call.http
        value = await self._value(call, call.token, send)
        return replace(call.http, headers={**call.http.headers, "Authorization": f"Bearer {value}"})

    def learn(self, call: Call, sent: HttpCall, answer: HttpAnswer) -> None:
        """Forget the token of a call that was not let in, unless a newer one has taken its place."""
        if call.token is None or answer.status != HTTPStatus.UNAUTHORIZED:
            return
        key = _key(call.token)
        held = self._held.get(key)
        if held is not None and sent.headers.get("Authorization") == f"Bearer {held.value}":
            del self._held[key]

    async def _value(self, call: Call, request: HttpCall, send: Send) -> str:
        key = _key(request)
        held = self._held.get(key)
        if held is not None and time.monotonic() < held.until and _newer(held, call.token_refused_at):
            return held.value
        asking = self._asking.get(key)
        if asking is None:
            asking = self._asking[key] = asyncio.create_task(self._ask(key, call, request, send))
            asking.add_done_callback(lambda _done: self._asking.pop(key, None))
        found = await asyncio.shield(asking)  # whoever gives up waiting does not end it for the others
        if isinstance(found, LenderError):
            raise _outside(found)
        return found

    async def _ask(self, key: str, call: Call, request: HttpCall, send: Send) -> str | LenderError:
        began, made_at = time.monotonic(), timezone.now()
        try:
            answer = await send(request, deadline=began + LONGEST_REQUEST_SECONDS)
            token = call.adapter.parse_token(answer, call.endpoint, now=timezone.now())
        except LenderError as error:
            return error
        until = began + token.seconds - min(MARGIN_SECONDS, token.seconds / 2)
        self._held = {other: held for other, held in self._held.items() if began < held.until}
        self._held[key] = _Held(token.value, until, made_at)
        return token.value


def _newer(held: _Held, refused_at: datetime | None) -> bool:
    """Whether a token was made after one of the same lender was refused. Another process may have learnt of
    that: here the old one is still held.
    """
    return refused_at is None or held.made_at > refused_at


def _key(request: HttpCall) -> str:
    """One for each lender and secret: with new credentials or a new address the old token is not used."""
    what = [request.url, request.headers.get("Authorization", ""), request.body.decode()]
    return hashlib.sha256("\0".join(what).encode()).hexdigest()


def _outside(error: LenderError) -> LenderError:
    """The error of a token's request, for a call that waited for it: where the server answered, its answer
    says nothing of the call.
    """
    code = error.code if error.code in NEVER_LEFT else ErrorCode.TOKEN_NOT_GIVEN
    return LenderError(code, permanent=error.permanent, retry_after=error.retry_after)
