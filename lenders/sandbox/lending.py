"""How a sandbox lender makes up its mind: once for each submission, in its own time, and then perhaps calls
back.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Coroutine, Sequence
from typing import Any
from uuid import UUID

import aiohttp

from lenders.sandbox import credit
from lenders.sandbox.books import Application, Books, CalledBack, Fault, FaultName, Notice
from lenders.sandbox.secrets import Behaviour, SandboxLender
from lenders.sandbox.twin import Letter, Twin
from lenders.sandbox.verdicts import after_review, needed, reviewed, stated, to_deletion, verdicts

CALLBACK_WAITS = (0.0, 1.0, 2.0, 4.0, 8.0)
"""Seconds before each attempt at a callback."""
WORTH_REPEATING = frozenset({0, 408, 425, 429, *range(500, 600)})
_REPLY_IS_OUT = 0.2
"""Seconds after which the reply that follows a callback has been written."""
NOTHING = Fault(FaultName.NONE, 0.0, 0)


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

    def supplemented(
        self, lender: SandboxLender, submission: UUID, *, missing: Sequence[str] = ()
    ) -> Application:
        """What it lacked was sent: it makes up its mind now, or asks for what is missing still. Where it
        lacked nothing, nothing changes.
        """
        application = self.books.applications[lender.slug, submission]
        if application.answer.get("status") == "needs_more":
            application.answer = {**application.answer, "needs": list(missing)}
            if not missing:
                evaluation = self._evaluate(lender, submission, application.wanted, NOTHING, whole=True)
                application.answer = stated(lender, submission, status="pending")
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
            application.deletion = to_deletion(lender, submission)
            if application.deletion["status"] == "pending":
                self._later(self._delete_later(lender, submission))
        return application.deletion

    async def _delete_later(self, lender: SandboxLender, submission: UUID) -> None:
        await asyncio.sleep(lender.callback_seconds / self._speed)
        application = self.books.applications[lender.slug, submission]
        application.deletion = stated(lender, submission, status="deleted")
        await self._deliver(lender, application, application.deletion)

    def notified(
        self,
        lender: SandboxLender,
        submission: UUID,
        key: str,
        told: dict[str, Any],
        body: bytes,
        fields: list[str],
        fault: Fault,
    ) -> Notice:
        """The notice of that key: known already, or taken in now, which alone starts a review."""
        application = self.books.applications[lender.slug, submission]
        if key not in application.notices:
            kind = str(told.get("kind", ""))
            answer = stated(lender, submission, status="noted", notice_id=key)
            notice = Notice(hashlib.sha256(body).digest(), kind, fields, answer)
            application.notices[key] = notice
            if kind == "review":
                self._later(self._review(lender, submission, notice, fault))
        return application.notices[key]

    async def _review(self, lender: SandboxLender, submission: UUID, notice: Notice, fault: Fault) -> None:
        """A human being looks at it again, in the lender's own time; what was changed is offered anew."""
        on_order = fault.name is FaultName.REVIEW_CHANGES
        await asyncio.sleep(fault.seconds if on_order else lender.callback_seconds / self._speed)
        application = self.books.applications[lender.slug, submission]
        found = reviewed(application.wanted, mends=on_order)
        notice.answer = {**notice.answer, "status": "reviewed", **found}
        await self._deliver(lender, application, notice.answer)
        if found["outcome"] == "changed":
            application.answer = after_review(lender, submission, application.wanted)
            await self._call_back(lender, application)

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
        said = stated(lender, submission, **words)
        if said["status"] in ("deleted", "retained"):
            application.deletion = said
        elif said["status"] in ("noted", "reviewed"):
            application.notices[str(said["notice_id"])].answer = said
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
        self,
        lender: SandboxLender,
        submission: UUID,
        asked: dict[str, Any],
        fault: Fault,
        *,
        whole: bool = False,
    ) -> None:
        """Decide in the lender's own time. `whole`: it has all that it needs."""
        await asyncio.sleep(lender.answer_seconds / self._speed)
        application = self.books.applications[lender.slug, submission]
        decided = verdicts(lender, submission, asked)
        application.decision = decided[-1]
        waits = lender.behaviour is Behaviour.CALLS_BACK or fault.name is FaultName.LATE_CALLBACK
        application.answer = stated(lender, submission, status="pending") if waits else decided[0]
        if needs := [] if whole else needed(lender, asked, fault):
            application.answer = stated(lender, submission, status="needs_more", needs=needs)
            return
        if fault.name is FaultName.CALLBACK_FIRST:
            application.answer = decided[0]
            await self._call_back(lender, application)
            application.answer = stated(lender, submission, status="pending")
        self._later(self._follow_up(lender, submission, decided, fault, waits=waits))

    async def _follow_up(
        self,
        lender: SandboxLender,
        submission: UUID,
        decided: list[dict[str, Any]],
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
            application.answer = decided[0]
        if waits:
            await asyncio.sleep(fault.seconds if fault.name is FaultName.LATE_CALLBACK else own_time)
            application.answer = decided[0]
            await self._call_back(lender, application)
        for verdict in decided[1:]:
            await asyncio.sleep(own_time)
            if not application.chosen:
                application.answer = verdict
                await self._call_back(lender, application)
        if fault.name is FaultName.DUPLICATE_CALLBACK:
            await asyncio.sleep(fault.seconds)
            for _ in range(1 if waits or decided[1:] else 2):
                await self._call_back(lender, application)
        if fault.name is FaultName.WITHDRAW:
            await asyncio.sleep(fault.seconds)
            application.answer = stated(lender, submission, status="withdrawn")
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
