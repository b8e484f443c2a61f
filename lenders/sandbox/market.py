"""The twin of a lender group that answers a lead product by product (docs/lenders/market.md)."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from aiohttp import web

from lenders.sandbox import faults, wire
from lenders.sandbox.books import Fault
from lenders.sandbox.secrets import SandboxLender, key_of, secret_of
from lenders.sandbox.twin import Document, Letter, Twin

FORGER = "whsec_" + "0" * 44
MISSING = {"identification.phone": "contact.mobilePhone"}
REASONS = {"amount_or_term_not_available": "AMOUNT_OR_TERM", "internal_policy": "POLICY"}
GROUPS = ("loan", "applicant", "contact", "document", "income", "spending", "pep")


@dataclass(frozen=True, slots=True)
class Visit:
    """A request that came with our key and names a lead."""

    twin: MarketTwin
    request: web.Request
    lender: SandboxLender
    body: bytes
    document: dict[str, Any]
    lead: UUID
    fault: Fault

    async def reply(
        self, document: Document, *, kind: str = "reply", status: int = 200
    ) -> web.StreamResponse:
        return await faults.told(
            self.request, self.twin, self.lender, document, self.fault, kind=kind, status=status
        )

    async def refuse(self, status: int, field: str, code: str) -> web.StreamResponse:
        document = {"leadUuid": str(self.lead), "errors": [{"field": field, "code": code, "text": code}]}
        return await self.reply(document, kind="refusal", status=status)


class MarketTwin(Twin):
    def add_routes(self, router: web.UrlDispatcher, lender: SandboxLender) -> None:
        base = f"/{lender.slug}/leads"
        router.add_post(base, self._serve(lender, self._take_lead))
        router.add_get(base + "/{lead}", self._serve(lender, self._tell))
        router.add_patch(base + "/{lead}", self._serve(lender, self._take_more))
        router.add_post(base + "/{lead}/offers/{offer}/select", self._serve(lender, self._take_choice))

    def write(self, lender: SandboxLender, document: Document, *, kind: str, status: int = 200) -> Letter:
        return self._letter(lender, _written(lender, document), kind=kind, status=status)

    def broken(self, lender: SandboxLender, document: Document, *, kind: str) -> Letter:
        spoilt = {**_written(lender, document), "state": "complete", "offers": [{"apr": "NaN"}]}
        return self._letter(lender, spoilt, kind=kind)

    def forged(self, lender: SandboxLender, document: Document, *, kind: str) -> Letter:
        """A callback with a stranger's signature; a reply, which has none, about somebody else's lead."""
        if kind == "callback":
            return Letter(*wire.message(_lead(lender, document), kind=kind, secret=FORGER))
        return self._letter(lender, {**_written(lender, document), "leadUuid": str(uuid4())}, kind=kind)

    def _letter(self, lender: SandboxLender, written: Document, *, kind: str, status: int = 200) -> Letter:
        """Only callbacks are signed."""
        if kind == "callback":
            secret = secret_of(self.sandbox_secret, lender.slug)
            return Letter(*wire.message(written, kind=kind, secret=secret), status)
        return Letter(json.dumps(written).encode(), {"Content-Type": "application/json"}, status)

    def _serve(
        self, lender: SandboxLender, handle: Callable[[Visit], Awaitable[web.StreamResponse]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def serve(request: web.Request) -> web.StreamResponse:
            visit = await self._visit(request, lender)
            return visit if isinstance(visit, web.Response) else await handle(visit)

        return serve

    async def _visit(self, request: web.Request, lender: SandboxLender) -> Visit | web.Response:
        """The request once its key is right and it names a lead, else the reply it deserves."""
        body = await request.read()
        if not self._has_key(request, lender):
            return web.json_response({"errors": [{"field": "apiKey", "code": "INVALID"}]}, status=401)
        document = wire.object_of(body)
        lead = wire.uuid_of(request.match_info.get("lead", document.get("leadUuid")))
        if lead is None:
            return web.json_response({"errors": [{"field": "leadUuid", "code": "INVALID"}]}, status=400)
        groups = {name: document[name] for name in GROUPS if name in document}
        self.enter(request, lender, lead, wire.field_names(groups), key=str(lead))
        fault = self.meet(lender)
        return faults.turned_away(fault) or Visit(self, request, lender, body, document, lead, fault)

    def _has_key(self, request: web.Request, lender: SandboxLender) -> bool:
        key_id, key = key_of(self.sandbox_secret, lender.slug)
        given = request.headers.get("X-Api-Key-Id", ""), request.headers.get("X-Api-Key", "")
        return all(map(hmac.compare_digest, map(str.encode, given), (key_id.encode(), key.encode())))

    async def _take_lead(self, visit: Visit) -> web.StreamResponse:
        """POST /leads: evaluated once for each leadUuid, however often it is sent."""
        wanted = _wanted(visit.document.get("loan"))
        if wanted is None:
            return await visit.refuse(422, "loan.amount", "REQUIRED")
        callback_url = str(visit.document.get("callbackUrl", ""))
        application = self.lending.receive(
            visit.lender, visit.lead, wanted, visit.body, visit.fault, callback_url=callback_url
        )
        if application.digest != hashlib.sha256(visit.body).digest():
            return await visit.refuse(409, "leadUuid", "CONFLICT")
        await asyncio.shield(application.evaluation)
        return await visit.reply(application.answer)

    async def _tell(self, visit: Visit) -> web.StreamResponse:
        """GET /leads/{leadUuid}: the lead as it stands."""
        application = self.known(visit.lender, visit.lead)
        if application is None:
            return await visit.refuse(404, "leadUuid", "UNKNOWN")
        await asyncio.shield(application.evaluation)
        return await visit.reply(_with_choice(application.answer, application.chosen))

    async def _take_more(self, visit: Visit) -> web.StreamResponse:
        """PATCH /leads/{leadUuid}: what was missing, and then the lead as it stands."""
        if self.known(visit.lender, visit.lead) is None:
            return await visit.refuse(404, "leadUuid", "UNKNOWN")
        for field in MISSING.values():
            group, key = field.split(".")
            if not isinstance(visit.document.get(group), dict) or not visit.document[group].get(key):
                return await visit.refuse(422, field, "REQUIRED")
        application = self.lending.supplemented(visit.lender, visit.lead)
        await asyncio.shield(application.evaluation)
        return await visit.reply(_with_choice(application.answer, application.chosen))

    async def _take_choice(self, visit: Visit) -> web.StreamResponse:
        """POST /leads/{leadUuid}/offers/{offerId}/select: the consumer took this offer."""
        application = self.known(visit.lender, visit.lead)
        if application is None:
            return await visit.refuse(404, "leadUuid", "UNKNOWN")
        if application.answer.get("status") == "withdrawn":
            return await visit.reply(application.answer)
        chosen = visit.request.match_info["offer"]
        if chosen not in [offer["reference"] for offer in application.answer.get("offers", ())]:
            return await visit.refuse(404, "offerId", "UNKNOWN")
        if not visit.document.get("keyword"):
            return await visit.refuse(422, "keyword", "REQUIRED")
        self.lending.chosen(visit.lender, visit.lead, chosen, visit.fault)
        return await visit.reply(_with_choice(application.answer, chosen))


def _with_choice(answer: Document, chosen: str) -> Document:
    return {**answer, "status": "accepted"} if chosen and answer["status"] == "offered" else answer


def _wanted(loan: object) -> dict[str, int] | None:
    """The amount in cents and the term, or None where they make no sense."""
    if not isinstance(loan, dict):
        return None
    amount, months = loan.get("amount"), loan.get("termMonths")
    if not isinstance(amount, int | float) or not isinstance(months, int) or min(amount, months) <= 0:
        return None
    return {"amount_cents": round(amount * 100), "term_months": months}


def _written(lender: SandboxLender, document: Document) -> Document:
    """A lead in this group's words; a refusal is written in them already."""
    return document if "errors" in document else _lead(lender, document)


def _lead(lender: SandboxLender, document: Document) -> dict[str, Any]:
    """The lead as this group writes it."""
    status = document["status"]
    offers = document.get("offers", ()) if status in ("offered", "accepted") else ()
    pending = list(document.get("pending", ()))
    if status in ("pending", "needs_more"):
        pending = [lender.name, *(name for name, _ in lender.other_products)]
    words = {
        "pending": "processing",
        "needs_more": "processing",
        "offered": "partial" if pending else "complete",
        "declined": "rejected",
        "withdrawn": "expired",
        "accepted": "selected",
        "contract_signed": "contracted",
    }
    written: dict[str, Any] = {
        "leadUuid": document["submission_id"],
        "leadId": document.get("lender_reference"),
        "state": words.get(status, status),
        "offers": [_offer(offer) for offer in offers],
        "pendingResponses": pending,
    }
    if status == "declined":
        written["rejectionReason"] = REASONS.get(document.get("reason", ""), "OTHER")
    if status == "needs_more":
        missing = [MISSING[label] for label in document["needs"] if label in MISSING]
        written["missingFields"] = [{"field": field, "reason": "REQUIRED"} for field in missing]
    return written


def _offer(offer: dict[str, Any]) -> dict[str, Any]:
    return {
        "offerId": offer["reference"],
        "amount": _euros(offer["amount_cents"]),
        "termMonths": offer["term_months"],
        "monthlyPayment": _euros(offer["instalment_cents"]),
        "borrowingRate": float(offer["borrowing_rate"]),
        "apr": float(offer["apr"]),
        "totalPayable": _euros(offer["total_payable_cents"]),
        "upfrontFees": _euros(offer["upfront_fees_cents"]),
        "payments": [
            {"month": due["month"], "amount": _euros(due["amount_cents"])} for due in offer["schedule"]
        ],
        "expiresAt": offer["valid_until"],
        "automatedPricing": offer["price_personalised"],
    }


def _euros(cents: int) -> float:
    """As most systems have it; the shortest way to write such a double has at most the two decimals."""
    return cents / 100
