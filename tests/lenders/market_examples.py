"""A lender group's side of the table, for tests: an endpoint, leads, replies and signed callbacks."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from lenders.adapters.base import Credentials, HttpAnswer, LenderEndpoint
from tests.lenders.lender_examples import OLD_SECRET, SECRET, SUBMISSION

ENDPOINT = LenderEndpoint(
    slug="group",
    base_url="https://api.group.example/v2/",
    credentials=Credentials(
        signing=(SECRET, OLD_SECRET), client_id="jo1n-key", client_secret="the-key-itself-of-the-group"
    ),
    callback_url="https://jo1n.example/api/lenders/v1/group/callbacks/",
)


def offer(**changes: Any) -> dict[str, Any]:
    """560 € over a year at 11.5 %, as a lead has it."""
    months = [49.62] * 11 + [49.68]
    return {
        "offerId": "OFFER-1",
        "productName": "Elastīgais",
        "amount": 560.00,
        "termMonths": 12,
        "monthlyPayment": 49.62,
        "borrowingRate": 11.5,
        "apr": 12.13,
        "totalPayable": 595.5,
        "upfrontFees": 0,
        "payments": [{"month": month, "amount": euros} for month, euros in enumerate(months, start=1)],
        "expiresAt": "2026-12-07T09:00:06Z",
        "automatedPricing": False,
        **changes,
    }


def lead(state: str, *offers: dict[str, Any], pending: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    return {
        "leadUuid": str(SUBMISSION),
        "leadId": "G-1",
        "state": state,
        "offers": list(offers),
        "pendingResponses": list(pending),
        **more,
    }


def missing(*fields: str) -> list[dict[str, str]]:
    return [{"field": field, "reason": "REQUIRED"} for field in fields]


def reply(document: Any, *, status: int = 200, asked: UUID | None = SUBMISSION) -> HttpAnswer:
    """A reply as it comes over the wire; bytes are sent as they are."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return HttpAnswer(status, {"content-type": "application/json"}, body, asked)
