"""The XML lender's side of the table: an endpoint with a certificate, and replies as it writes them."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import xmlschema

from lenders.adapters.base import Credentials, HttpAnswer, LenderEndpoint
from lenders.sandbox.certificates import Authority
from tests.lenders.lender_examples import SUBMISSION

SCHEMA = xmlschema.XMLSchema(Path(__file__).resolve().parents[2] / "docs/lenders/xml.xsd")
NAMESPACE = "urn:lending-service:1"
AUTHORITY = Authority("a lender's, in examples")
US = AUTHORITY.client("JO1N")
ENDPOINT = LenderEndpoint(
    slug="example",
    base_url="https://xml.lender.example/lending/",
    credentials=Credentials(
        certificate=US.certificate, private_key=US.private_key, trust=AUTHORITY.certificate
    ),
)
APPLICATION, STATUS, CHOICE, DELETION = (
    "CreditApplicationReply",
    "StatusReply",
    "AcceptOfferReply",
    "DeleteReply",
)


def schedule(*amounts: str) -> str:
    dues = [
        f"<Due><Month>{month}</Month><Amount>{amount}</Amount></Due>"
        for month, amount in enumerate(amounts, start=1)
    ]
    return f"<Schedule>{''.join(dues)}</Schedule>"


def offer(**changes: str | None) -> str:
    """560 € over a year at 11.5 %; a change to None leaves an element out."""
    elements: dict[str, str | None] = {
        "OfferNumber": "OFFER-1",
        "Currency": "EUR",
        "Amount": "560.00",
        "TermMonths": "12",
        "Payment": "49.62",
        "InterestRate": "11.50",
        "AnnualPercentageRate": "12.13",
        "TotalToPay": "595.50",
        "FeesAtDrawdown": "0.00",
        "ValidTo": "2026-12-07",
        "PersonalisedPrice": "false",
        "Schedule": schedule(*["49.62"] * 11, "49.68"),
    } | changes
    return "<Offer>" + "".join(_written(name, text) for name, text in elements.items()) + "</Offer>"


def _written(name: str, text: str | None) -> str:
    if text is None:
        return ""
    return text if text.startswith("<") else f"<{name}>{text}</{name}>"


def said(inside: str, *, root: str = APPLICATION, submission: object = SUBMISSION) -> bytes:
    return f'<{root} xmlns="{NAMESPACE}" Id="{submission}">{inside}</{root}>'.encode()


def decided(
    decision: str, more: str = "", *, root: str = APPLICATION, submission: object = SUBMISSION
) -> bytes:
    inside = f"<Status>OK</Status><CaseNumber>L-1</CaseNumber><Decision>{decision}</Decision>{more}"
    return said(inside, root=root, submission=submission)


def erred(*problems: tuple[str, str], root: str = STATUS) -> bytes:
    """Codes with the fields they are about."""
    errors = [f"<Error><Code>{code}</Code><Field>{field}</Field></Error>" for code, field in problems]
    return said(f"<Status>ERROR</Status>{''.join(errors)}", root=root)


def reply(body: bytes, *, status: int = 200, asked: UUID | None = SUBMISSION) -> HttpAnswer:
    return HttpAnswer(status, {"content-type": "application/xml"}, body, asked)
