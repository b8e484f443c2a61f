"""How a sandbox lender makes up its mind: once for each submission, in its own time, and then perhaps calls
back.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import aiohttp

from lenders.sandbox import credit
from lenders.sandbox.books import Application, Books, CalledBack, Fault, FaultName
from lenders.sandbox.secrets import Behaviour, Deletes, SandboxLender
from lenders.sandbox.twin import Letter, Twin

CALLBACK_WAITS = (0.0, 1.0, 2.0, 4.0, 8.0)
"""Seconds before each attempt at a callback."""
WORTH_REPEATING = frozenset({0, 408, 425, 429, *range(500, 600)})
KEPT_FOR = timedelta(days=5 * 365 + 1)
"""The Latvian law against money laundering keeps customer data for five years."""
_REPLY_IS_OUT = 0.2
"""Seconds after which the reply that follows a callback has been written."""
NOTHING = Fault(FaultName.NONE, 0.0, 0)
LATE = (FaultName.LATE_CALLBACK, FaultName.NEEDS_MORE)


class Lending:
    """The lenders' back offices.

    `speed` divides every delay of theirs, but not the seconds a fault was given.
    """

    def __init__(self, books: Books, *, speed: float) -> None:
        self.books = books
        self.twins: dict[str, Twin] = {}
        self.session: aiohttp.ClientSession | None = None  # for callbacks; there while the sandbox runs
        self._speed = speed
        self._errands: set[asyncio.Task[None]] = set()

    def receive(
        self,
        lender: SandboxLender,
        submission: UUID,
        wanted: dict[str, Any],
        body: bytes,
        fault: Fault,
        *,
        callback_url: str = "",
    ) -> Application:
        """The application of that submission: known already, or taken in now, which alone starts an
        evaluation. `wanted` holds amount_cents and term_months.
        """
        key = (lender.slug, submission)
        known = self.books.applications.get(key)
        if known is not None:
            return known
        self.books.evaluations[key] += 1
        evaluation = asyncio.create_task(self._evaluate(lender, submission, wanted, fault))
        application = Application(hashlib.sha256(body).digest(), callback_url, wanted, evaluation)
        self.books.applications[key] = application
        return application

    def supplemented(self, lender: SandboxLender, submission: UUID) -> Application:
        """What it lacked was sent: it makes up its mind now. Where it lacked nothing, nothing changes."""
        application = self.books.applications[lender.slug, submission]
        if application.answer.get("status") == "needs_more":
            evaluation = self._evaluate(lender, submission, application.wanted, NOTHING)
            application.answer = _stated(lender, submission, status="pending")
            application.evaluation = asyncio.create_task(evaluation)
        return application

    def chosen(self, lender: SandboxLender, submission: UUID, reference: str, fault: Fault) -> None:
        """The consumer took an offer of this lender's, and some lenders sign a while later. On order the
        lender says something else.
        """
        application = self.books.applications[lender.slug, submission]
        first, application.chosen = not application.chosen, reference
        if fault.name is FaultName.CHANGE_OFFER:
            self._later(self._change(lender, application, fault))
        elif first and lender.signs_seconds is not None:
            self._later(self._sign(lender, submission, lender.signs_seconds / self._speed))

    async def _sign(self, lender: SandboxLender, submission: UUID, seconds: float) -> None:
        """The contract is signed, unless the lender said something else meanwhile."""
        application = self.books.applications[lender.slug, submission]
        offered = application.answer
        await asyncio.sleep(seconds)
        if application.answer is offered:
            await self.say(lender, submission, {"status": "contract_signed"})

    def asked_to_delete(self, lender: SandboxLender, submission: UUID, reason: str) -> dict[str, Any]:
        """What the lender says to a request to delete; asked again, it says what holds."""
        application = self.books.applications[lender.slug, submission]
        if not application.deletion:
            application.asked_because = reason
            application.deletion = _to_deletion(lender, submission)
            if application.deletion["status"] == "pending":
                self._later(self._delete_later(lender, submission))
        return application.deletion

    async def _delete_later(self, lender: SandboxLender, submission: UUID) -> None:
        await asyncio.sleep(lender.callback_seconds / self._speed)
        application = self.books.applications[lender.slug, submission]
        application.deletion = _stated(lender, submission, status="deleted")
        await self._deliver(lender, application, application.deletion)

    async def _change(self, lender: SandboxLender, application: Application, fault: Fault) -> None:
        await asyncio.sleep(fault.seconds)
        answer = application.answer
        if "offer" in answer:
            application.answer = {**answer, "offer": credit.dearer(answer["offer"])}
        else:
            offers = [
                credit.dearer(offer) if offer["reference"] == application.chosen else offer
                for offer in answer["offers"]
            ]
            application.answer = {**answer, "offers": offers}
        await self._call_back(lender, application)

    async def say(self, lender: SandboxLender, submission: UUID, words: dict[str, Any]) -> int:
        """Say these words from now on and call back with them; the status met, 0 where nobody answered or
        the lender calls nobody back.
        """
        application = self.books.applications[lender.slug, submission]
        said = _stated(lender, submission, **words)
        if said["status"] in ("deleted", "retained"):
            application.deletion = said
        else:
            application.answer = said
        return await self._deliver(lender, application, said)

    def _later(self, errand: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(errand)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def forget(self) -> None:
        """Drops every application and every callback still to be made."""
        errands = tuple(self._errands)
        for errand in errands:
            errand.cancel()
        await asyncio.gather(*errands, return_exceptions=True)
        self.books.reset()

    async def _evaluate(
        self, lender: SandboxLender, submission: UUID, asked: dict[str, Any], fault: Fault
    ) -> None:
        await asyncio.sleep(lender.answer_seconds / self._speed)
        application = self.books.applications[lender.slug, submission]
        verdicts = _verdicts(lender, submission, asked)
        application.decision = verdicts[-1]
        waits = lender.behaviour is Behaviour.CALLS_BACK or fault.name in LATE
        application.answer = _stated(lender, submission, status="pending") if waits else verdicts[0]
        if fault.name is FaultName.NEEDS_MORE:
            application.answer = _stated(
                lender, submission, status="needs_more", needs=["identification.phone"]
            )
            return
        if fault.name is FaultName.CALLBACK_FIRST:
            application.answer = verdicts[0]
            await self._call_back(lender, application)
            application.answer = _stated(lender, submission, status="pending")
        self._later(self._follow_up(lender, submission, verdicts, fault, waits=waits))

    async def _follow_up(
        self,
        lender: SandboxLender,
        submission: UUID,
        verdicts: list[dict[str, Any]],
        fault: Fault,
        *,
        waits: bool,
    ) -> None:
        """What the lender says unasked after its reply: its decision, what its other products decided, the
        same once more, or a withdrawal.
        """
        application = self.books.applications[lender.slug, submission]
        own_time = lender.callback_seconds / self._speed
        if fault.name is FaultName.CALLBACK_FIRST:
            await asyncio.sleep(_REPLY_IS_OUT)
            application.answer = verdicts[0]
        if waits:
            await asyncio.sleep(fault.seconds if fault.name is FaultName.LATE_CALLBACK else own_time)
            application.answer = verdicts[0]
            await self._call_back(lender, application)
        for verdict in verdicts[1:]:
            await asyncio.sleep(own_time)
            if not application.chosen:
                application.answer = verdict
                await self._call_back(lender, application)
        if fault.name is FaultName.DUPLICATE_CALLBACK:
            await asyncio.sleep(fault.seconds)
            for _ in range(1 if waits or verdicts[1:] else 2):
                await self._call_back(lender, application)
        if fault.name is FaultName.WITHDRAW:
            await asyncio.sleep(fault.seconds)
            application.answer = _stated(lender, submission, status="withdrawn")
            await self._call_back(lender, application)

    async def _call_back(self, lender: SandboxLender, application: Application) -> None:
        """Delivers the present answer; tries again a few times, signing anew, where that can help."""
        await self._deliver(lender, application, application.answer)

    async def _deliver(self, lender: SandboxLender, application: Application, answer: dict[str, Any]) -> int:
        status = 0
        if not application.callback_url:
            return status
        for attempt, wait in enumerate(CALLBACK_WAITS, start=1):
            await asyncio.sleep(wait / self._speed)
            letter = self._written(lender, answer)
            status = await self._posted(application.callback_url, letter)
            message_id = letter.headers.get("webhook-id", "")
            self.books.callbacks.append(
                CalledBack(lender.slug, answer["submission_id"], message_id, attempt, status)
            )
            if status not in WORTH_REPEATING:
                break
        return status

    def _written(self, lender: SandboxLender, answer: dict[str, Any]) -> Letter:
        twin = self.twins[lender.protocol]
        write = twin.forged if self.books.take(lender.slug, FaultName.FORGED_CALLBACK) else twin.write
        return write(lender, answer, kind="callback")

    async def _posted(self, url: str, letter: Letter) -> int:
        """The status met, 0 where nobody answered."""
        try:
            assert self.session is not None  # noqa: S101 - the sandbox runs
            async with self.session.post(
                url, data=letter.body, headers=letter.headers, allow_redirects=False
            ) as response:
                return response.status
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return 0


def _to_deletion(lender: SandboxLender, submission: UUID) -> dict[str, Any]:
    if lender.deletes is Deletes.AT_ONCE:
        return _stated(lender, submission, status="deleted")
    if lender.deletes is Deletes.LATER:
        return _stated(lender, submission, status="pending")
    return _stated(
        lender,
        submission,
        status="retained",
        basis="money_laundering_prevention",
        until=(datetime.now(tz=UTC) + KEPT_FOR).date().isoformat(),
    )


def _verdicts(lender: SandboxLender, submission: UUID, asked: dict[str, Any]) -> list[dict[str, Any]]:
    """What the lender decides. Where several products answer one by one, what it can say after each: the
    offers so far, and under `pending` who has yet to answer.
    """
    if lender.behaviour is Behaviour.DECLINES:
        return [_stated(lender, submission, status="declined", reason=lender.decline_reason)]
    if asked["amount_cents"] < lender.minimum_amount_cents:
        return [_stated(lender, submission, status="declined", reason="amount_or_term_not_available")]
    terms = credit.offers(
        lender,
        submission,
        amount_cents=asked["amount_cents"],
        term_months=asked["term_months"],
        now=datetime.now(tz=UTC),
    )
    if not lender.other_products:
        return [_stated(lender, submission, status="offered", offer=terms[0])]
    others = [name for name, _ in lender.other_products]
    return [
        _stated(lender, submission, status="offered", offers=terms[:answered], pending=others[answered - 1 :])
        for answered in range(1, len(terms) + 1)
    ]


def _stated(lender: SandboxLender, submission: UUID, *, status: str, **more: Any) -> dict[str, Any]:
    """An answer in the words of the protocol."""
    reference = f"{lender.slug}-{submission.hex[:12]}"
    return {"submission_id": str(submission), "status": status, "lender_reference": reference, **more}
