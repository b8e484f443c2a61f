"""A lender's side of the table, for tests: an endpoint, a request and answers signed as the lender would."""

from __future__ import annotations

import base64
import json
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from standardwebhooks.webhooks import Webhook

from lenders.adapters.base import Consent, Credentials, CreditRequest, Document, HttpAnswer, LenderEndpoint

NOW = datetime(2026, 11, 23, 9, 0, 5, tzinfo=UTC)
SUBMISSION = UUID("0193a5c4-7d1e-7c3a-9b52-3f0e6f5a1d27")
SECRET = "whsec_" + base64.b64encode(b"a secret of the lender, 32 bytes").decode()
OLD_SECRET = "whsec_" + base64.b64encode(b"the secret it had before that one").decode()
ENDPOINT = LenderEndpoint(
    slug="example",
    base_url="https://api.lender.example/jo1n/",
    credentials=Credentials(signing=(SECRET, OLD_SECRET)),
    callback_url="https://jo1n.example/api/lenders/v1/example/callbacks/",
)

EVERY_FIELD: dict[str, Any] = {
    "loan.amount_cents": 560_00,
    "loan.term_months": 12,
    "loan.loan_purpose": "canary-purpose",
    "loan.repayment_day": 15,
    "identification.given_name": "canary-Anna",
    "identification.surname": "canary-Bērziņa",
    "identification.birth_date": date(1990, 5, 17),
    "identification.personal_code": "329999-99999",
    "family.marital_status": "unmarried",
    "family.dependants": 2,
    "identification.email": "canary@example.org",
    "identification.phone": "+37120000000",
    "identification.street_address": "canary iela 1",
    "identification.city": "canary-Rīga",
    "identification.postcode": "LV-1010",
    "identity_document.document_type": "passport",
    "identity_document.document_number": "canary-LV0000000",
    "identity_document.valid_until": date(2030, 1, 31),
    "financial.income_type": "employment",
    "financial.employer": "canary SIA",
    "financial.monthly_income_cents": 1_500_00,
    "financial.monthly_expenses_cents": 400_00,
    "financial.monthly_obligations_cents": 100_00,
    "pep.pep_status": "family_member",
    "pep.pep_relation": "canary-spouse",
    "pep.pep_office": "canary-office",
}


PDF = b"%PDF-1.7\ncanary-salary\n%%EOF\n"
DOCUMENTS = (
    Document("document.income", "application/pdf", PDF),
    Document("document.identity", "image/jpeg", b"\xff\xd8\xffcanary-face"),
    Document("document.identity", "image/jpeg", b"\xff\xd8\xffcanary-back"),
)


def credit_request(fields: dict[str, Any] | None = None) -> CreditRequest:
    return CreditRequest(
        submission_id=SUBMISSION,
        application_reference="JB-7K2M9-QRT4X",
        submitted_at=datetime(2026, 11, 23, 11, 0, tzinfo=UTC),
        fields=EVERY_FIELD if fields is None else fields,
        consents=(Consent("pass_to_lenders", "I agree.", datetime(2026, 11, 23, 10, 59, tzinfo=UTC)),),
        language="lv",
    )


def offer(**changes: Any) -> dict[str, Any]:
    """560 € over a year at 11.5 %, as the protocol writes it."""
    months = [4962] * 11 + [4968]
    return {
        "reference": "OFFER-1",
        "amount_cents": 56000,
        "term_months": 12,
        "instalment_cents": 4962,
        "borrowing_rate": "11.50",
        "apr": "12.13",
        "total_payable_cents": 59550,
        "upfront_fees_cents": 0,
        "schedule": [{"month": month, "amount_cents": cents} for month, cents in enumerate(months, start=1)],
        "valid_until": "2026-12-07T09:00:06Z",
        "price_personalised": False,
        **changes,
    }


def said(status: str, **more: Any) -> dict[str, Any]:
    return {"submission_id": str(SUBMISSION), "status": status, "lender_reference": "L-1", **more}


def signed(
    document: Any, *, secret: str = SECRET, at: datetime = NOW, message_id: str = "msg_1"
) -> tuple[dict[str, str], bytes]:
    """Headers and body of a message from the lender; bytes are signed as they are."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    signature = Webhook(secret).sign(message_id, at, body.decode(errors="replace"))
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature,
    }
    return headers, body


def reply(document: Any, *, status: int = 200, asked: UUID | None = SUBMISSION, **signing: Any) -> HttpAnswer:
    headers, body = signed(document, **signing)
    return HttpAnswer(status, headers, body, asked)
