"""The twin that speaks as docs/lenders/bank.md says: OAuth 2 client credentials, create, then poll.

Of the menu of faults those of callbacks mean nothing to it, for it calls nobody: bad_signature (nothing is
signed), callback_first, duplicate_callback and forged_callback leave it as it is. What others tell by a later
callback (late_callback, withdraw, change_offer) it says when it is asked the next time. Its own are

token_error    the token endpoint answers 503
token_revoked  every token of this lender is void, and the request gets 401

A second sending of an application is a second application here: counted as one, though never told of.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus
from uuid import UUID

from aiohttp import web

from lenders.sandbox import faults, wire
from lenders.sandbox.books import Application, Fault, FaultName
from lenders.sandbox.secrets import SandboxLender, client_of
from lenders.sandbox.twin import Document, Letter, Twin

TOKEN_SECONDS = 600
STATUSES = {
    "pending": "IN_PROGRESS",
    "offered": "APPROVED",
    "declined": "REJECTED",
    "needs_more": "ADDITIONAL_INFO_REQUIRED",
    "withdrawn": "CANCELLED",
    "contract_signed": "SIGNED",
}
"""The sandbox's words to the bank's; another is said in capitals."""
REASONS = {"internal_policy": "CREDIT_POLICY", "amount_or_term_not_available": "AMOUNT_OR_TERM"}
NEEDS: dict[str, dict[str, str]] = {
    "identification.phone": {"field": "contact.phone"},
    "document.income": {"document": "INCOME_STATEMENT"},
}


@dataclass(frozen=True, slots=True)
class Visit:
    """A request with a good token."""

    twin: BankTwin
    request: web.Request
    lender: SandboxLender
    body: bytes
    document: dict[str, Any]
    submission: UUID
    fault: Fault

    @property
    def application(self) -> Application | None:
        return self.twin.known(self.lender, self.submission)

    async def reply(self, document: Document, *, status: int = 200) -> web.StreamResponse:
        return await faults.told(
            self.request, self.twin, self.lender, document, self.fault, kind="reply", status=status
        )

    async def refuse(self, status: int, code: str) -> web.StreamResponse:
        words = {"code": code, "externalId": str(self.submission), "errors": []}
        return web.json_response(words, status=status)


class BankTwin(Twin):
    def add_routes(self, router: web.UrlDispatcher, lender: SandboxLender) -> None:
        base = f"/{lender.slug}/credit-applications"
        router.add_post(f"/{lender.slug}/oauth2/token", self._token_endpoint(lender))
        router.add_post(base, self._serve(lender, self._take_application))
        router.add_get(base, self._serve(lender, self._find))
        router.add_get(base + "/{application}", self._serve(lender, self._tell))
        router.add_post(base + "/{application}/additional-info", self._serve(lender, self._take_more))
        router.add_post(base + "/{application}/acceptance", self._serve(lender, self._take_acceptance))

    # --- its words ---

    def write(self, lender: SandboxLender, document: Document, *, kind: str, status: int = 200) -> Letter:
        return _letter(_in_its_words(document), status)

    def broken(self, lender: SandboxLender, document: Document, *, kind: str) -> Letter:
        spoilt = _in_its_words({**document, "status": "offered"})
        return _letter({**spoilt, "offers": [{"annualPercentageRate": "NaN"}]}, 200)

    def forged(self, lender: SandboxLender, document: Document, *, kind: str) -> Letter:
        return self.write(lender, document, kind=kind)  # nothing is signed, so nothing can be forged

    # --- the door ---

    def _token_endpoint(self, lender: SandboxLender) -> Callable[[web.Request], Awaitable[web.Response]]:
        client = ":".join(quote_plus(word) for word in client_of(self.sandbox_secret, lender.slug))
        expected = f"Basic {base64.b64encode(client.encode()).decode()}"

        async def grant(request: web.Request) -> web.Response:
            """POST /oauth2/token (RFC 6749, 4.4)."""
            self.books.token_requests[lender.slug] += 1
            if self.books.take(lender.slug, FaultName.TOKEN_ERROR):
                return web.Response(status=503, headers={"Retry-After": "1"})
            if request.headers.get("Authorization") != expected:
                return web.json_response({"error": "invalid_client"}, status=401)
            if (await request.post()).get("grant_type") != "client_credentials":
                return web.json_response({"error": "unsupported_grant_type"}, status=400)
            token = secrets.token_urlsafe(24)
            self.books.tokens[token] = lender.slug
            granted = {"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS}
            return web.json_response(granted, headers={"Cache-Control": "no-store"})

        return grant

    def _serve(
        self, lender: SandboxLender, handle: Callable[[Visit], Awaitable[web.StreamResponse]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def serve(request: web.Request) -> web.StreamResponse:
            visit = await self._visit(request, lender)
            return visit if isinstance(visit, web.Response) else await handle(visit)

        return serve

    async def _visit(self, request: web.Request, lender: SandboxLender) -> Visit | web.Response:
        """The request once its token is good and it names an application, else the reply it deserves."""
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind != "Bearer" or self.books.tokens.get(token) != lender.slug:
            return _no_entry()
        body = await request.read()
        document = wire.object_of(body)
        submission = self._named(request, lender, document)
        if submission is None:
            return web.json_response({"code": "APPLICATION_NOT_FOUND"}, status=404)
        self.enter(request, lender, submission, _field_names(document), key=str(submission))
        fault = self.meet(lender)
        if fault.name is FaultName.TOKEN_REVOKED:
            for void in [token for token, slug in self.books.tokens.items() if slug == lender.slug]:
                del self.books.tokens[void]
            return _no_entry()
        return faults.turned_away(fault) or Visit(self, request, lender, body, document, submission, fault)

    def _named(self, request: web.Request, lender: SandboxLender, document: Document) -> UUID | None:
        """Our number of the application that a request is about."""
        theirs = request.match_info.get("application")
        if theirs is None:
            return wire.uuid_of(document.get("externalId") or request.query.get("externalId"))
        known = (number for slug, number in self.books.applications if slug == lender.slug)
        return next((number for number in known if reference_of(lender, number) == theirs), None)

    # --- what it does ---

    async def _take_application(self, visit: Visit) -> web.StreamResponse:
        """POST /credit-applications: taken in, and considered after the reply."""
        wanted = _wanted(visit.document.get("credit"))
        if wanted is None:
            return await visit.refuse(422, "VALIDATION_FAILED")
        if visit.application is not None:
            self.books.evaluations[visit.lender.slug, visit.submission] += 1
        self.lending.receive(visit.lender, visit.submission, wanted, visit.body, visit.fault)
        return await visit.reply(self._status_of(visit, status="pending"), status=202)

    async def _find(self, visit: Visit) -> web.StreamResponse:
        """GET /credit-applications?externalId=…"""
        found = [] if visit.application is None else [self._stands(visit)]
        return await visit.reply({"items": found})

    async def _tell(self, visit: Visit) -> web.StreamResponse:
        """GET /credit-applications/{application}: how it stands."""
        return await visit.reply(self._stands(visit))

    async def _take_more(self, visit: Visit) -> web.StreamResponse:
        """POST …/additional-info: what was asked for, on which the bank decides."""
        application = visit.application
        if application is None or application.answer.get("status") != "needs_more":
            return await visit.refuse(409, "NOTHING_REQUIRED")
        application.answer = application.decision
        return await visit.reply(self._status_of(visit, status="pending"), status=202)

    async def _take_acceptance(self, visit: Visit) -> web.StreamResponse:
        """POST …/acceptance: the customer took our offer."""
        application = visit.application
        answer = application.answer if application else {}
        if application is None or answer.get("status") == "withdrawn":
            return await visit.reply(self._stands(visit))
        chosen = str(visit.document.get("offerId"))
        if application.chosen:
            return await visit.refuse(409, "ALREADY_ACCEPTED")
        if chosen != answer.get("offer", {}).get("reference"):
            return await visit.refuse(409, "OFFER_NOT_AVAILABLE")
        if not visit.document.get("referenceText"):
            return await visit.refuse(422, "VALIDATION_FAILED")
        self.lending.chosen(visit.lender, visit.submission, chosen, visit.fault)
        return await visit.reply(self._stands(visit))

    def _stands(self, visit: Visit) -> Document:
        """The answer of this moment. While the bank considers, it says PRE_APPROVED to whoever asks."""
        application = visit.application
        if application is None or not application.answer:
            return self._status_of(visit, status="pre_approved")
        if application.chosen and application.answer.get("status") == "offered":
            return {**application.answer, "status": "accepted"}
        return application.answer

    def _status_of(self, visit: Visit, *, status: str) -> Document:
        reference = reference_of(visit.lender, visit.submission)
        return {"submission_id": str(visit.submission), "status": status, "lender_reference": reference}


def reference_of(lender: SandboxLender, submission: UUID) -> str:
    """The bank's own number, as the back office gives it."""
    return f"{lender.slug}-{submission.hex[:12]}"


def _no_entry() -> web.Response:
    return web.Response(status=401, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})


def _wanted(credit: Any) -> dict[str, int] | None:
    """Amount in cents and term, or None where the application does not say them as a bank reads them."""
    if not isinstance(credit, dict):
        return None
    amount, months = credit.get("amount"), credit.get("termMonths")
    if not isinstance(amount, str) or not amount.replace(".", "", 1).isdigit() or amount[-3:-2] != ".":
        return None
    if type(months) is not int or months < 1:
        return None
    return {"amount_cents": int(amount.replace(".", "")), "term_months": months}


def _letter(words: Document, status: int) -> Letter:
    return Letter(json.dumps(words).encode(), {"Content-Type": "application/json"}, status)


def _in_its_words(document: Document) -> dict[str, Any]:
    """A document of the sandbox as the bank writes it; `items` holds several."""
    if "items" in document:
        return {**document, "items": [_in_its_words(item) for item in document["items"]]}
    status = str(document.get("status", ""))
    words: dict[str, Any] = {
        "applicationId": document.get("lender_reference"),
        "externalId": document.get("submission_id"),
        "status": STATUSES.get(status, status.upper()),
    }
    if "offer" in document:
        words["offers"] = [_offer(document["offer"])]
    if "reason" in document:
        words["rejectionReason"] = REASONS.get(document["reason"], "OTHER")
    if "needs" in document:
        words["requiredInformation"] = [NEEDS[label] for label in document["needs"]]
    if "padding" in document:
        words["padding"] = document["padding"]
    return words


def _offer(terms: dict[str, Any]) -> dict[str, Any]:
    fee = {"type": "CONTRACT", "amount": _euros(terms["upfront_fees_cents"]), "charged": "AT_PAYOUT"}
    return {
        "offerId": terms["reference"],
        "amount": _euros(terms["amount_cents"]),
        "currency": "EUR",
        "termMonths": terms["term_months"],
        "monthlyPayment": _euros(terms["instalment_cents"]),
        "interestRate": terms["borrowing_rate"],
        "annualPercentageRate": terms["apr"],
        "totalRepayable": _euros(terms["total_payable_cents"]),
        "fees": [fee] if terms["upfront_fees_cents"] else [],
        "paymentSchedule": [
            {"month": due["month"], "payment": _euros(due["amount_cents"])} for due in terms["schedule"]
        ],
        "validUntil": terms["valid_until"],
        "personalisedPrice": terms["price_personalised"],
    }


def _euros(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


def _field_names(document: Document) -> list[str]:
    """The names, never the values: an address is one of a list."""
    addresses = document.get("addresses")
    if isinstance(addresses, list) and len(addresses) == 1:
        document = {**document, "address": addresses[0]}
    return wire.field_names(document)
