"""The twin that speaks XML over mutual TLS (docs/lenders/xml.md).

It calls nobody back: what it decided later, or took back, is there when it is asked. And it keeps no keys: an
application sent twice is two to it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from aiohttp import web

from lenders.sandbox import faults, wire
from lenders.sandbox.books import Fault
from lenders.sandbox.secrets import SandboxLender, client_name
from lenders.sandbox.twin import Document, Letter, Twin

NAMESPACE = "urn:lending-service:1"
DECISIONS = {
    "offered": "APPROVED",
    "declined": "REFUSED",
    "pending": "IN_REVIEW",
    "needs_more": "INCOMPLETE",
    "withdrawn": "CANCELLED",
    "contract_signed": "SIGNED",
    "accepted": "CONFIRMED",
    "deleted": "DELETED",
    "retained": "KEPT",
}
REASONS = {
    "amount_or_term_not_available": "AMOUNT_OR_TERM",
    "income_insufficient": "LOW_INCOME",
    "income_not_verifiable": "UNPROVEN_INCOME",
    "obligations_too_high": "DEBT_BURDEN",
    "credit_history": "BAD_HISTORY",
    "age": "AGE",
    "residence": "NOT_RESIDENT",
    "identity_not_verified": "IDENTITY",
    "existing_customer_limit": "CUSTOMER_LIMIT",
    "internal_policy": "POLICY",
}
NAMES = {
    "identification.phone": "Contacts/Phone",
    "financial.employer": "Finances/Employer",
    "loan.amount_cents": "Loan/Amount",
    "submission_id": "Id",
    "offer_reference": "OfferNumber",
    "keyword": "Keyword",
}
KEPT_YEARS = 5


@dataclass(frozen=True, slots=True)
class Visit:
    """A message that reached a lender over a connection with our certificate."""

    twin: XmlTwin
    request: web.Request
    lender: SandboxLender
    body: bytes
    message: Element
    submission: UUID
    fault: Fault

    def said(self, path: str) -> str:
        """The text of an element of the message, "" where it is not there."""
        return self.message.findtext("/".join(f"{{{NAMESPACE}}}{name}" for name in path.split("/")), "")

    async def reply(self, document: Document) -> web.StreamResponse:
        kind = KINDS[self.message.tag.rpartition("}")[2]]
        return await faults.told(self.request, self.twin, self.lender, document, self.fault, kind=kind)

    async def refuse(self, attribute: str, kind: str, text: str) -> web.StreamResponse:
        return await self.reply({"submission_id": str(self.submission)} | wire.problem(attribute, kind, text))


class XmlTwin(Twin):
    def add_routes(self, router: web.UrlDispatcher, lender: SandboxLender) -> None:
        async def serve(request: web.Request) -> web.StreamResponse:
            response = await self._answer(request, lender)
            response.force_close()  # a handshake for each message
            return response

        router.add_post(f"/{lender.slug}/service", serve)

    def write(self, lender: SandboxLender, document: Document, *, kind: str, status: int = 200) -> Letter:
        reply = _begun(document, kind)
        _add(reply, "Status", "ERROR" if "errors" in document else "OK")
        for problem in document.get("errors", ()):
            error = SubElement(reply, "Error")
            _add(error, "Code", problem["type"].upper())
            _add(error, "Field", NAMES.get(problem["attribute"], problem["attribute"]))
            _add(error, "Text", problem["message"])
        if "errors" not in document:
            _add_decision(reply, document)
        if "padding" in document:
            _add(reply, "Note", document["padding"])
        return Letter(_bytes(reply), {"Content-Type": "application/xml"}, status)

    def broken(self, lender: SandboxLender, document: Document, *, kind: str) -> Letter:
        reply = _begun(document, kind)
        _add(reply, "Status", "OK")
        _add(reply, "Decision", "APPROVED")
        _add(SubElement(reply, "Offer"), "Amount", "NaN")
        return Letter(_bytes(reply), {"Content-Type": "application/xml"})

    def forged(self, lender: SandboxLender, document: Document, *, kind: str) -> Letter:
        """A stranger is found out by its certificate, before it can write anything."""
        raise NotImplementedError

    async def _answer(self, request: web.Request, lender: SandboxLender) -> web.StreamResponse:
        if _shown_name(request) != client_name(lender.slug):
            return web.Response(status=403)
        body = await request.read()
        message = _parsed(body)
        submission = wire.uuid_of(message.get("Id")) if message is not None else None
        operation = message.tag.rpartition("}")[2] if message is not None else ""
        if message is None or submission is None or operation not in KINDS:
            return web.Response(status=400)
        self.enter(request, lender, submission, _field_names(message), key=f"{operation} {submission}")
        fault = self.meet(lender)
        visit = Visit(self, request, lender, body, message, submission, fault)
        return faults.turned_away(fault) or await self._operations[operation](visit)

    @property
    def _operations(self) -> dict[str, Callable[[Visit], Awaitable[web.StreamResponse]]]:
        return {
            "CreditApplication": self._take_application,
            "StatusRequest": self._tell,
            "AcceptOffer": self._take_choice,
            "DeleteRequest": self._delete,
        }

    async def _take_application(self, visit: Visit) -> web.StreamResponse:
        """Evaluated each time it is sent."""
        cents, months = _cents(visit.said("Loan/Amount")), visit.said("Loan/TermMonths")
        if not cents or not months.isdecimal():
            return await visit.refuse("loan.amount_cents", "missing", "amount and term")
        self.books.applications.pop((visit.lender.slug, visit.submission), None)
        wanted = {"amount_cents": cents, "term_months": int(months)}
        application = self.lending.receive(visit.lender, visit.submission, wanted, visit.body, visit.fault)
        await asyncio.shield(application.evaluation)
        return await visit.reply(application.answer)

    async def _tell(self, visit: Visit) -> web.StreamResponse:
        """The answer as it stands."""
        application = self.known(visit.lender, visit.submission)
        if application is None:
            return await visit.refuse("submission_id", "unknown", "not received")
        await asyncio.shield(application.evaluation)
        return await visit.reply(application.answer)

    async def _take_choice(self, visit: Visit) -> web.StreamResponse:
        """The consumer took our offer."""
        application = self.known(visit.lender, visit.submission)
        if application is None:
            return await visit.refuse("submission_id", "unknown", "not received")
        if application.answer.get("status") == "withdrawn":
            return await visit.reply(application.answer)
        chosen = visit.said("OfferNumber")
        if chosen != application.answer.get("offer", {}).get("reference"):
            return await visit.refuse("offer_reference", "unknown", "no such offer of ours")
        if not visit.said("Keyword"):
            return await visit.refuse("keyword", "missing", "the word by which the consumer is to know us")
        self.lending.chosen(visit.lender, visit.submission, chosen, visit.fault)
        accepted = {**application.answer, "status": "accepted"}
        accepted.pop("offer")
        return await visit.reply(accepted)

    async def _delete(self, visit: Visit) -> web.StreamResponse:
        """Forgotten, unless the person became a customer."""
        application = self.known(visit.lender, visit.submission)
        if application is None:
            return await visit.refuse("submission_id", "unknown", "not received")
        said = {"submission_id": str(visit.submission)}
        if application.chosen:
            until = datetime.now(tz=UTC).date() + timedelta(days=365 * KEPT_YEARS)
            return await visit.reply({**said, "status": "retained", "basis": "AML", "until": until})
        application.evaluation.cancel()
        del self.books.applications[visit.lender.slug, visit.submission]
        return await visit.reply({**said, "status": "deleted"})


KINDS = {
    "CreditApplication": "application",
    "StatusRequest": "reply",
    "AcceptOffer": "choice",
    "DeleteRequest": "deletion",
}
ROOTS = {
    "application": "CreditApplicationReply",
    "reply": "StatusReply",
    "choice": "AcceptOfferReply",
    "deletion": "DeleteReply",
}


def _begun(document: Document, kind: str) -> Element:
    return Element(ROOTS[kind], {"xmlns": NAMESPACE, "Id": str(document["submission_id"])})


def _shown_name(request: web.Request) -> str:
    """The name on the certificate that was shown to us, "" where none was."""
    certificate = request.get_extra_info("peercert") or {}
    names = [value for part in certificate.get("subject", ()) for key, value in part if key == "commonName"]
    return names[0] if names else ""


def _parsed(body: bytes) -> Element | None:
    try:
        message = ElementTree.fromstring(body)  # noqa: S314 - from whoever holds our certificate
    except ElementTree.ParseError:
        return None
    return message if message.tag.startswith(f"{{{NAMESPACE}}}") else None


def _field_names(message: Element) -> list[str]:
    """The names, never the values, of what an application tells: "Applicant.LastName" and so on."""
    groups = [(group.tag.rpartition("}")[2], group) for group in message]
    return sorted(
        f"{name}.{field.tag.rpartition('}')[2]}"
        for name, group in groups
        for field in group
        if name != "Consents"
    )


def _cents(amount: str) -> int:
    try:
        return int(Decimal(amount) * 100)
    except (InvalidOperation, ValueError, OverflowError):
        return 0


def _add_decision(reply: Element, document: Document) -> None:
    status = document["status"]
    if document.get("lender_reference"):
        _add(reply, "CaseNumber", document["lender_reference"])
    _add(reply, "Decision", DECISIONS.get(status, status.upper()))
    if "reason" in document:
        _add(reply, "Reason", REASONS.get(document["reason"], document["reason"].upper()))
    for label in document.get("needs", ()):
        _add(reply, "Missing", NAMES.get(label, label))
    for offer in document.get("offers", [document["offer"]] if "offer" in document else []):
        _add_offer(reply, offer)
    if "basis" in document:
        _add(reply, "KeptBecause", document["basis"])
    if isinstance(document.get("until"), date):
        _add(reply, "KeptUntil", document["until"].isoformat())


def _add_offer(reply: Element, offer: dict[str, Any]) -> None:
    element = SubElement(reply, "Offer")
    _add(element, "OfferNumber", offer["reference"])
    _add(element, "Currency", "EUR")
    _add(element, "Amount", _euros(offer["amount_cents"]))
    _add(element, "TermMonths", str(offer["term_months"]))
    _add(element, "Payment", _euros(offer["instalment_cents"]))
    _add(element, "InterestRate", offer["borrowing_rate"])
    _add(element, "AnnualPercentageRate", offer["apr"])
    _add(element, "TotalToPay", _euros(offer["total_payable_cents"]))
    _add(element, "FeesAtDrawdown", _euros(offer["upfront_fees_cents"]))
    _add(element, "ValidTo", offer["valid_until"][:10])
    _add(element, "PersonalisedPrice", "true" if offer["price_personalised"] else "false")
    schedule = SubElement(element, "Schedule")
    for instalment in offer["schedule"]:
        due = SubElement(schedule, "Due")
        _add(due, "Month", str(instalment["month"]))
        _add(due, "Amount", _euros(instalment["amount_cents"]))


def _euros(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


def _add(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = text


def _bytes(reply: Element) -> bytes:
    written: bytes = ElementTree.tostring(reply, encoding="utf-8", xml_declaration=True)
    return written
