"""The sandbox as a web application: every lender under /{slug}/, and controls for tests under names that
begin with _.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import aiohttp
from aiohttp import web

from lenders.sandbox import faults, wire
from lenders.sandbox.books import Application, Books, Fault, FaultName, Received
from lenders.sandbox.lending import Lending
from lenders.sandbox.secrets import SANDBOX_LENDERS, Behaviour, SandboxLender, secret_of

LENDERS = {lender.slug: lender for lender in SANDBOX_LENDERS}
LARGEST_REQUEST = 1024 * 1024
CALLBACK_TIMEOUT = aiohttp.ClientTimeout(total=10)

BOOKS: web.AppKey[Books] = web.AppKey("books", Books)
LENDING: web.AppKey[Lending] = web.AppKey("lending", Lending)
SECRET: web.AppKey[str] = web.AppKey("secret", str)


def make_app(*, secret: str, speed: float = 1.0) -> web.Application:
    """The application.

    `secret` is SANDBOX_SECRET; `speed` divides the lenders' delays (10 is ten times as fast).
    """
    app = web.Application(client_max_size=LARGEST_REQUEST)
    app[BOOKS] = Books()
    app[SECRET] = secret

    async def back_office(app: web.Application) -> AsyncIterator[None]:
        async with aiohttp.ClientSession(timeout=CALLBACK_TIMEOUT) as session:
            app[LENDING] = Lending(app[BOOKS], session, speed=speed)
            yield
            await app[LENDING].forget()

    app.cleanup_ctx.append(back_office)
    app.router.add_get("/_log", show_log)
    app.router.add_post("/_reset", reset)
    app.router.add_post("/_faults", set_fault)
    app.router.add_post("/{slug}/applications", take_application)
    app.router.add_get("/{slug}/applications/{submission}", tell)
    app.router.add_post("/{slug}/applications/{submission}/choice", take_choice)
    return app


# --- what a lender answers ---


@dataclass(frozen=True, slots=True)
class Visit:
    """A request that reached a lender and proved to be from us."""

    request: web.Request
    lender: SandboxLender
    secret: str
    body: bytes
    document: dict[str, Any]
    submission: UUID
    fault: Fault

    async def reply(
        self, document: dict[str, Any], *, kind: str = "reply", status: int = 200
    ) -> web.StreamResponse:
        return await faults.told(
            self.request, document, self.fault, secret=self.secret, kind=kind, status=status
        )

    async def refuse(self, status: int, attribute: str, kind: str, text: str) -> web.StreamResponse:
        return await self.reply(wire.problem(attribute, kind, text), kind="refusal", status=status)


async def take_application(request: web.Request) -> web.StreamResponse:
    """POST /applications: evaluated once for each submission, however often it is sent."""
    visit = await _visit(request)
    if isinstance(visit, web.Response):
        return visit
    if request.headers.get("Idempotency-Key") != str(visit.submission):
        return await visit.refuse(400, "idempotency_key", "missing", "must be the submission id")
    if not _asks_for_credit(visit.document):
        return await visit.refuse(422, "loan.amount_cents", "missing", "amount and term in whole numbers")
    lending = request.app[LENDING]
    application = lending.receive(
        visit.lender, visit.submission, visit.document, visit.body, visit.fault, secret=visit.secret
    )
    if application.digest != hashlib.sha256(visit.body).digest():
        return await visit.refuse(409, "idempotency_key", "conflict", "sent before with another body")
    await asyncio.shield(application.evaluation)
    return await visit.reply(application.answer)


async def tell(request: web.Request) -> web.StreamResponse:
    """GET /applications/{submission}: the answer as it stands."""
    visit = await _visit(request)
    if isinstance(visit, web.Response):
        return visit
    if f"_{visit.submission}" not in request.headers["webhook-id"]:
        return await visit.refuse(
            401, "signature", "invalid", "the signed message id names another submission"
        )
    application = _known(visit)
    if application is None:
        return await visit.refuse(404, "submission_id", "unknown", "not received")
    await asyncio.shield(application.evaluation)
    return await visit.reply(application.answer)


async def take_choice(request: web.Request) -> web.StreamResponse:
    """POST /applications/{submission}/choice: the consumer took our offer."""
    visit = await _visit(request)
    if isinstance(visit, web.Response):
        return visit
    application = _known(visit)
    if application is None:
        return await visit.refuse(404, "submission_id", "unknown", "not received")
    if application.answer.get("status") == "withdrawn":
        return await visit.reply(application.answer, kind="choice")
    chosen = str(visit.document.get("offer_reference"))
    if chosen != application.answer.get("offer", {}).get("reference"):
        return await visit.refuse(409, "offer_reference", "unknown", "no such offer of ours")
    if not visit.document.get("keyword"):
        return await visit.refuse(422, "keyword", "missing", "the word by which the consumer is to know us")
    application.chosen = chosen
    accepted = {**application.answer, "status": "accepted"}
    accepted.pop("offer")
    return await visit.reply(accepted, kind="choice")


async def _visit(request: web.Request) -> Visit | web.Response:
    """The request once its lender, its signature and its submission are right, else the reply it deserves."""
    lender = LENDERS.get(request.match_info["slug"])
    if lender is None:
        return web.Response(status=404)
    body = await request.read()
    secret = secret_of(request.app[SECRET], lender.slug)
    if not wire.is_signed(request.headers, body, secret):
        return web.json_response(wire.problem("signature", "invalid", "not signed by us both"), status=401)
    document = wire.object_of(body)
    stated = wire.uuid_of(document.get("submission_id") if body else request.match_info.get("submission"))
    if stated is None or stated != wire.uuid_of(request.match_info.get("submission", stated)):
        return web.json_response(wire.problem("submission_id", "invalid", "must be a UUID"), status=400)
    _enter(request, lender, stated, document)
    fault = request.app[BOOKS].take_fault(lender.slug)
    if lender.behaviour is Behaviour.FAILS:
        fault = Fault(FaultName.ERROR, 0.0, -1)
    return faults.turned_away(fault) or Visit(request, lender, secret, body, document, stated, fault)


def _enter(request: web.Request, lender: SandboxLender, submission: UUID, document: dict[str, Any]) -> None:
    """Writes the request into the log, by names and numbers only."""
    books, key = request.app[BOOKS], request.headers.get("Idempotency-Key", "")
    books.sent[request.path, key] += 1
    books.requests.append(
        Received(
            slug=lender.slug,
            method=request.method,
            path=request.path,
            submission_id=str(submission),
            key=key,
            count=books.sent[request.path, key],
            at=datetime.now(tz=UTC).isoformat(),
            fields=wire.field_names(document),
        )
    )


def _known(visit: Visit) -> Application | None:
    return visit.request.app[BOOKS].applications.get((visit.lender.slug, visit.submission))


def _asks_for_credit(document: dict[str, Any]) -> bool:
    credit = document.get("credit")
    wanted = [credit.get("amount_cents"), credit.get("term_months")] if isinstance(credit, dict) else [None]
    return all(type(number) is int and number > 0 for number in wanted)


# --- controls ---


async def show_log(request: web.Request) -> web.Response:
    """GET /_log: what was received, evaluated, called back and chosen."""
    return web.json_response(request.app[BOOKS].as_json())


async def reset(request: web.Request) -> web.Response:
    """POST /_reset: forgets everything, callbacks still to be made included."""
    await request.app[LENDING].forget()
    return web.json_response({"status": "reset"})


async def set_fault(request: web.Request) -> web.Response:
    """POST /_faults: {"slug", "fault", "seconds", "times"}; `times` defaults to 1, less than zero is for
    ever.
    """
    order = wire.object_of(await request.read())
    if order.get("slug") not in LENDERS or order.get("fault") not in list(FaultName):
        return web.json_response({"lenders": list(LENDERS), "faults": list(FaultName)}, status=400)
    fault = Fault(FaultName(order["fault"]), float(order.get("seconds", 0)), int(order.get("times", 1)))
    request.app[BOOKS].faults[order["slug"]] = fault
    return web.json_response({"status": "set"})
