"""A bank's side of the table, for tests: an endpoint and answers as docs/lenders/bank.md has them."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from lenders.adapters.base import Credentials, HttpAnswer, LenderEndpoint
from lenders.adapters.places import euros
from tests.lenders.lender_examples import SUBMISSION

BANK_ENDPOINT = LenderEndpoint(
    slug="bank-example",
    base_url="https://api.bank.example/credit/v1/",
    credentials=Credentials(client_id="jo1n:baltic", client_secret="a secret+of/the bank"),
)
BASE = "https://api.bank.example/credit/v1"


def bank_offer(**changes: Any) -> dict[str, Any]:
    """560 € over a year at 11.5 %, as a bank writes it."""
    months = ["49.62"] * 11 + ["49.68"]
    return {
        "offerId": "OFFER-1",
        "amount": "560.00",
        "currency": "EUR",
        "termMonths": 12,
        "monthlyPayment": "49.62",
        "interestRate": "11.50",
        "annualPercentageRate": "12.13",
        "totalRepayable": "595.50",
        "fees": [],
        "paymentSchedule": [{"month": month, "payment": due} for month, due in enumerate(months, start=1)],
        "validUntil": "2026-12-07T11:00:06+02:00",
        "personalisedPrice": False,
        **changes,
    }


def bank_said(status: str, **more: Any) -> dict[str, Any]:
    return {"applicationId": "BNK-1", "externalId": str(SUBMISSION), "status": status, **more}


def approved(**changes: Any) -> dict[str, Any]:
    return bank_said("APPROVED", offers=[bank_offer(**changes)])


def with_fee(cents: int, charged: str = "AT_PAYOUT") -> dict[str, Any]:
    return {"type": "CONTRACT", "amount": euros(cents), "charged": charged}


def bank_reply(document: Any, *, status: int = 200, asked: UUID | None = SUBMISSION) -> HttpAnswer:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return HttpAnswer(status, {"content-type": "application/json"}, body, asked)


def refusal(code: str, *, status: int, **more: Any) -> HttpAnswer:
    return bank_reply({"code": code, "externalId": str(SUBMISSION), "errors": [], **more}, status=status)
