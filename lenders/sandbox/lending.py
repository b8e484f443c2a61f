"""How a sandbox lender makes up its mind: once for each submission, in its own time, and then perhaps calls
back.
"""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import aiohttp

from lenders.sandbox import credit, wire
from lenders.sandbox.books import Application, Books, CalledBack, Fault, FaultName
from lenders.sandbox.secrets import Behaviour, SandboxLender

CALLBACK_WAITS = (0.0, 1.0, 2.0, 4.0, 8.0)
"""Seconds before each attempt at a callback."""
WORTH_REPEATING = frozenset({0, 408, 425, 429, *range(500, 600)})
LATE = (FaultName.LATE_CALLBACK, FaultName.NEEDS_MORE)


class Lending:
    """The lenders' back offices.

    `speed` divides every delay of theirs, but not the seconds a fault was given.
    """

    def __init__(self, books: Books, session: aiohttp.ClientSession, *, speed: float) -> None:
        self.books = books
        self._session = session
        self._speed = speed
        self._errands: set[asyncio.Task[None]] = set()

    def receive(
        self,
        lender: SandboxLender,
        submission: UUID,
        document: dict[str, Any],
        body: bytes,
        fault: Fault,
        *,
        secret: str,
    ) -> Application:
        """The application of that submission: known already, or taken in now, which alone starts an
        evaluation.
        """
        key = (lender.slug, submission)
        known = self.books.applications.get(key)
        if known is not None:
            return known
        self.books.evaluations[key] += 1
        evaluation = asyncio.create_task(
            self._evaluate(lender, submission, document["credit"], fault, secret=secret)
        )
        application = Application(
            hashlib.sha256(body).digest(), str(document.get("callback_url", "")), evaluation
        )
        self.books.applications[key] = application
        return application

    async def forget(self) -> None:
        """Drops every application and every callback still to be made."""
        errands = tuple(self._errands)
        for errand in errands:
            errand.cancel()
        await asyncio.gather(*errands, return_exceptions=True)
        self.books.reset()

    async def _evaluate(
        self, lender: SandboxLender, submission: UUID, asked: dict[str, Any], fault: Fault, *, secret: str
    ) -> None:
        await asyncio.sleep(lender.answer_seconds / self._speed)
        application = self.books.applications[lender.slug, submission]
        verdict = _verdict(lender, submission, asked)
        waits = lender.behaviour is Behaviour.CALLS_BACK or fault.name in LATE
        application.answer = _stated(lender, submission, status="pending") if waits else verdict
        if fault.name is FaultName.NEEDS_MORE:
            application.answer = _stated(
                lender, submission, status="needs_more", needs=["identification.phone"]
            )
            return
        later = self._follow_up(lender, submission, verdict, fault, waits=waits, secret=secret)
        errand = asyncio.create_task(later)
        self._errands.add(errand)
        errand.add_done_callback(self._errands.discard)

    async def _follow_up(
        self,
        lender: SandboxLender,
        submission: UUID,
        verdict: dict[str, Any],
        fault: Fault,
        *,
        waits: bool,
        secret: str,
    ) -> None:
        """What the lender says unasked after its reply: its decision, the same once more, or a withdrawal."""
        application = self.books.applications[lender.slug, submission]
        own_time = lender.callback_seconds / self._speed
        if waits:
            await asyncio.sleep(fault.seconds if fault.name is FaultName.LATE_CALLBACK else own_time)
            application.answer = verdict
            await self._call_back(lender, application, secret=secret)
        if fault.name is FaultName.DUPLICATE_CALLBACK:
            await asyncio.sleep(fault.seconds)
            for _ in range(1 if waits else 2):
                await self._call_back(lender, application, secret=secret)
        if fault.name is FaultName.WITHDRAW:
            await asyncio.sleep(fault.seconds)
            application.answer = _stated(lender, submission, status="withdrawn")
            await self._call_back(lender, application, secret=secret)

    async def _call_back(self, lender: SandboxLender, application: Application, *, secret: str) -> None:
        """Delivers the present answer; tries again a few times, signing anew, where that can help."""
        answer = application.answer
        for attempt, wait in enumerate(CALLBACK_WAITS, start=1):
            await asyncio.sleep(wait / self._speed)
            body, headers = wire.message(answer, kind="callback", secret=secret)
            status = await self._posted(application.callback_url, body, headers)
            self.books.callbacks.append(
                CalledBack(lender.slug, answer["submission_id"], headers["webhook-id"], attempt, status)
            )
            if status not in WORTH_REPEATING:
                return

    async def _posted(self, url: str, body: bytes, headers: wire.Headers) -> int:
        """The status met, 0 where nobody answered."""
        try:
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as response:
                return response.status
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return 0


def _verdict(lender: SandboxLender, submission: UUID, asked: dict[str, Any]) -> dict[str, Any]:
    if lender.behaviour is Behaviour.DECLINES:
        return _stated(lender, submission, status="declined", reason=lender.decline_reason)
    if asked["amount_cents"] < lender.minimum_amount_cents:
        return _stated(lender, submission, status="declined", reason="amount_or_term_not_available")
    terms = credit.offer(
        lender,
        submission,
        amount_cents=asked["amount_cents"],
        term_months=asked["term_months"],
        now=datetime.now(tz=UTC),
    )
    return _stated(lender, submission, status="offered", offer=terms)


def _stated(lender: SandboxLender, submission: UUID, *, status: str, **more: Any) -> dict[str, Any]:
    """An answer in the words of the protocol."""
    reference = f"{lender.slug}-{submission.hex[:12]}"
    return {"submission_id": str(submission), "status": status, "lender_reference": reference, **more}
