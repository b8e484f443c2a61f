"""The twin that speaks the JO1N lender protocol v1 (docs/lender-api.md)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from aiohttp import web

from lenders.sandbox import faults, wire
from lenders.sandbox.books import Fault, FaultName
from lenders.sandbox.secrets import SandboxLender, secret_of
from lenders.sandbox.twin import Document, Letter, Twin

BEGINNINGS = {"application/pdf": b"%PDF-", "image/jpeg": b"\xff\xd8\xff"}
NOTICES = frozenset({"rectified", "restricted", "restriction_lifted", "review"})
FORGER = "whsec_" + "0" * 44


@dataclass(frozen=True, slots=True)
class Visit:
    """A request that reached a lender and proved to be from us."""

    twin: JoinTwin
    request: web.Request
    lender: SandboxLender
    body: bytes
    document: dict[str, Any]
    submission: UUID
    fault: Fault

    async def reply(
        self, document: Document, *, kind: str = "reply", status: int = 200
    ) -> web.StreamResponse:
        return await faults.told(
            self.request, self.twin, self.lender, document, self.fault, kind=kind, status=status
        )

    async def refuse(self, status: int, attribute: str, kind: str, text: str) -> web.StreamResponse:
        return await self.reply(wire.problem(attribute, kind, text), kind="refusal", status=status)


class JoinTwin(Twin):
    def add_routes(self, router: web.UrlDispatcher, lender: SandboxLender) -> None:
        base = f"/{lender.slug}/applications"
        router.add_post(base, self._serve(lender, self._take_application))
        router.add_get(base + "/{submission}", self._serve(lender, self._tell))
        router.add_post(base + "/{submission}/choice", self._serve(lender, self._take_choice))
        router.add_post(base + "/{submission}/supplement", self._serve(lender, self._take_supplement))
        router.add_post(base + "/{submission}/deletion", self._serve(lender, self._delete))
        router.add_post(base + "/{submission}/notices", self._serve(lender, self._take_notice))

    def write(self, lender: SandboxLender, document: Document, *, kind: str, status: int = 200) -> Letter:
        body, headers = wire.message(document, kind=kind, secret=self._secret(lender))
        return Letter(body, headers, status)

    def broken(self, lender: SandboxLender, document: Document, *, kind: str) -> Letter:
        spoilt = {
            "submission_id": document.get("submission_id"),
            "status": "offered",
            "offer": {"apr": "NaN"},
        }
        return self.write(lender, spoilt, kind=kind)

    def forged(self, lender: SandboxLender, document: Document, *, kind: str) -> Letter:
        return Letter(*wire.message(document, kind=kind, secret=FORGER))

    def _secret(self, lender: SandboxLender) -> str:
        return secret_of(self.sandbox_secret, lender.slug)

    def _serve(
        self, lender: SandboxLender, handle: Callable[[Visit], Awaitable[web.StreamResponse]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def serve(request: web.Request) -> web.StreamResponse:
            visit = await self._visit(request, lender)
            return visit if isinstance(visit, web.Response) else await handle(visit)

        return serve

    async def _visit(self, request: web.Request, lender: SandboxLender) -> Visit | web.Response:
        """The request once its signature and its submission are right, else the reply it deserves."""
        body = await request.read()
        if not wire.is_signed(request.headers, body, self._secret(lender)):
            problem = wire.problem("signature", "invalid", "not signed by us both")
            return web.json_response(problem, status=401)
        document = wire.object_of(body)
        stated = wire.uuid_of(document.get("submission_id") if body else request.match_info.get("submission"))
        if stated is None or stated != wire.uuid_of(request.match_info.get("submission", stated)):
            return web.json_response(wire.problem("submission_id", "invalid", "must be a UUID"), status=400)
        key = request.headers.get("Idempotency-Key", "")
        self.enter(request, lender, stated, wire.field_names(document), key=key)
        fault = self.meet(lender)
        return faults.turned_away(fault) or Visit(self, request, lender, body, document, stated, fault)

    async def _take_application(self, visit: Visit) -> web.StreamResponse:
        """POST /applications: evaluated once for each submission, however often it is sent."""
        if visit.request.headers.get("Idempotency-Key") != str(visit.submission):
            return await visit.refuse(400, "idempotency_key", "missing", "must be the submission id")
        credit = visit.document.get("credit")
        if not isinstance(credit, dict) or not _is_wanted(credit):
            return await visit.refuse(422, "loan.amount_cents", "missing", "amount and term in whole numbers")
        application = self.lending.receive(
            visit.lender,
            visit.submission,
            credit,
            visit.body,
            visit.fault,
            callback_url=str(visit.document.get("callback_url", "")),
        )
        if application.digest != hashlib.sha256(visit.body).digest():
            return await visit.refuse(409, "idempotency_key", "conflict", "sent before with another body")
        await asyncio.shield(application.evaluation)
        return await visit.reply(application.answer)

    async def _tell(self, visit: Visit) -> web.StreamResponse:
        """GET /applications/{submission}: the answer as it stands."""
        if f"_{visit.submission}" not in visit.request.headers["webhook-id"]:
            return await visit.refuse(
                401, "signature", "invalid", "the signed message id names another submission"
            )
        application = self.known(visit.lender, visit.submission)
        if application is None:
            return await visit.refuse(404, "submission_id", "unknown", "not received")
        await asyncio.shield(application.evaluation)
        return await visit.reply(application.answer)

    async def _take_choice(self, visit: Visit) -> web.StreamResponse:
        """POST /applications/{submission}/choice: the consumer took our offer."""
        application = self.known(visit.lender, visit.submission)
        if application is None:
            return await visit.refuse(404, "submission_id", "unknown", "not received")
        if application.answer.get("status") == "withdrawn":
            return await visit.reply(application.answer, kind="choice")
        chosen = str(visit.document.get("offer_reference"))
        if chosen != application.answer.get("offer", {}).get("reference"):
            return await visit.refuse(409, "offer_reference", "unknown", "no such offer of ours")
        if not visit.document.get("keyword"):
            return await visit.refuse(
                422, "keyword", "missing", "the word by which the consumer is to know us"
            )
        self.lending.chosen(visit.lender, visit.submission, chosen, visit.fault)
        accepted = {**application.answer, "status": "accepted"}
        accepted.pop("offer")
        return await visit.reply(accepted, kind="choice")

    async def _take_supplement(self, visit: Visit) -> web.StreamResponse:
        """POST /applications/{submission}/supplement: what we said we need; taken in once for each key."""
        application = self.known(visit.lender, visit.submission)
        if application is None:
            return await visit.refuse(404, "submission_id", "unknown", "not received")
        key, digest = str(visit.document.get("supplement_id")), hashlib.sha256(visit.body).digest()
        if visit.request.headers.get("Idempotency-Key") != key:
            return await visit.refuse(400, "idempotency_key", "missing", "must be the supplement id")
        if application.supplements.get(key, digest) != digest:
            return await visit.refuse(409, "idempotency_key", "conflict", "sent before with another body")
        if unreadable := [one for one in wire.files_of(visit.document) if not _is_readable(one)]:
            return await visit.refuse(422, str(unreadable[0].get("label")), "invalid", "no PDF, no JPEG")
        await asyncio.shield(application.evaluation)
        if key not in application.supplements:
            application.supplements[key] = digest
            asked = application.answer.get("needs", ())
            given = {label for label in asked if _has(visit.document, label)}
            on_order = visit.fault.needs if visit.fault.name is FaultName.NEEDS_MORE else ()
            missing = on_order or [label for label in asked if label not in given]
            self.lending.supplemented(visit.lender, visit.submission, missing=missing)
            await asyncio.shield(application.evaluation)
        return await visit.reply(application.answer)

    async def _delete(self, visit: Visit) -> web.StreamResponse:
        """POST /applications/{submission}/deletion: it came to nothing at us, or the person takes it back."""
        application = self.known(visit.lender, visit.submission)
        if application is None:
            return await visit.refuse(404, "submission_id", "unknown", "not received")
        reason = str(visit.document.get("reason", ""))
        answer = self.lending.asked_to_delete(visit.lender, visit.submission, reason)
        return await visit.reply(answer, kind="deletion")

    async def _take_notice(self, visit: Visit) -> web.StreamResponse:
        """POST /applications/{submission}/notices: a right of the person; taken in once for each key."""
        application = self.known(visit.lender, visit.submission)
        if application is None:
            return await visit.refuse(404, "submission_id", "unknown", "not received")
        key = str(visit.document.get("notice_id"))
        if wire.uuid_of(key) is None or visit.document.get("kind") not in NOTICES:
            return await visit.refuse(422, "notice_id", "invalid", "a UUID, and a kind that we know")
        if visit.request.headers.get("Idempotency-Key") != key:
            return await visit.refuse(400, "idempotency_key", "missing", "must be the notice id")
        await asyncio.shield(application.evaluation)
        notice = self.lending.notified(
            visit.lender,
            visit.submission,
            key,
            visit.document,
            visit.body,
            wire.field_names(visit.document),
            visit.fault,
        )
        if notice.digest != hashlib.sha256(visit.body).digest():
            return await visit.refuse(409, "idempotency_key", "conflict", "sent before with another body")
        return await visit.reply(notice.answer, kind="notice")


def _has(document: Document, label: str) -> bool:
    """Whether a supplement brings what is declared under this label (the guide has the table)."""
    name = label.partition(".")[2]
    for group in ("loan_", "document_", "pep_"):
        name = name.removeprefix(group)
    told = {key for value in document.values() if isinstance(value, dict) for key in value}
    return name in told or any(file.get("label") == label for file in wire.files_of(document))


def _is_readable(file: Document) -> bool:
    """Whether it is base64 of what it says it is."""
    try:
        content = base64.b64decode(str(file.get("content")), validate=True)
    except ValueError:
        return False
    begins = BEGINNINGS.get(str(file.get("media_type")))
    return begins is not None and content.startswith(begins)


def _is_wanted(credit: dict[str, Any]) -> bool:
    wanted = [credit.get("amount_cents"), credit.get("term_months")]
    return all(type(number) is int and number > 0 for number in wanted)
