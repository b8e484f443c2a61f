"""The JO1N protocol's adapter: the contract, and what is particular to the protocol."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from standardwebhooks.webhooks import Webhook

from lenders.adapters import get_adapter
from lenders.adapters.base import (
    Choice,
    Credentials,
    DeletionReason,
    DeletionRequest,
    Document,
    HttpAnswer,
    HttpCall,
    Inquiry,
    LenderEndpoint,
    Supplement,
)
from lenders.adapters.errors import ErrorCode, LenderError
from lenders.adapters.join import JoinAdapter
from tests.lenders.adapter_contract import NOTICE, AdapterContract
from tests.lenders.lender_examples import (
    DOCUMENTS,
    ENDPOINT,
    NOW,
    SECRET,
    SUBMISSION,
    credit_request,
    offer,
    reply,
    said,
)

JOIN = JoinAdapter()
KEY = UUID("0193a5d0-1b2c-7d3e-8f40-5a6b7c8d9e0f")


class TestContract(AdapterContract):
    adapter = JOIN
    endpoint = ENDPOINT

    def offered(self) -> HttpAnswer:
        return reply(said("offered", offer=offer()))

    def declined(self) -> HttpAnswer:
        return reply(said("declined", reason="credit_history"))

    def pending(self) -> HttpAnswer:
        return reply(said("pending"))

    def accepted(self) -> HttpAnswer:
        return reply({"status": "accepted"})

    def deleted(self) -> HttpAnswer:
        return reply(said("deleted"))

    def noted(self) -> HttpAnswer:
        return reply(said("noted", notice_id=str(NOTICE)))

    def genuine(self, body: bytes) -> HttpAnswer:
        return reply(body)


def test_application_body_is_grouped_as_the_protocol_says():
    body = json.loads(JOIN.build_application(credit_request(), ENDPOINT, now=NOW).body)
    assert body["submission_id"] == str(SUBMISSION)
    assert body["submitted_at"] == "2026-11-23T11:00:00Z"
    assert body["callback_url"] == ENDPOINT.callback_url
    assert body["credit"] == {
        "amount_cents": 56000,
        "term_months": 12,
        "purpose": "canary-purpose",
        "repayment_day": 15,
    }
    assert body["customer"]["birth_date"] == "1990-05-17"
    assert body["customer"]["language"] == "lv"
    assert body["identity_document"]["type"] == "passport"
    assert body["pep"] == {"status": "family_member", "relation": "canary-spouse", "office": "canary-office"}
    assert body["consents"][0]["wording"] == "I agree."


def test_groups_without_fields_and_unanswered_fields_are_left_out():
    request = credit_request({"loan.amount_cents": 1, "financial.employer": None, "pep.pep_office": ""})
    body = json.loads(JOIN.build_application(request, ENDPOINT, now=NOW).body)
    assert body["credit"] == {"amount_cents": 1}
    assert body["customer"] == {"language": "lv"}
    assert not {"contact", "address", "identity_document", "finances", "pep"} & body.keys()


@pytest.mark.parametrize(
    ("label", "value"),
    [
        ("loan.amount_cents", "56000"),
        ("loan.amount_cents", True),
        ("loan.amount_cents", 560.0),
        ("loan.term_months", Decimal(12)),
        ("identification.birth_date", "17.05.1990"),
        ("identification.birth_date", datetime(1990, 5, 17, tzinfo=UTC)),
        ("identification.surname", 5),
        ("identification.surname", "x" * 1001),
        ("family.marital_status", "engaged"),
        ("financial.income_type", "lottery"),
    ],
)
def test_value_that_does_not_fit_its_place_is_refused(label, value):
    with pytest.raises(LenderError) as caught:
        JOIN.build_application(credit_request({label: value}), ENDPOINT, now=NOW)
    assert (caught.value.code, caught.value.permanent) == (ErrorCode.VALUE_NOT_SUPPORTED, True)


def test_calls_go_to_the_three_addresses_with_the_submission_as_idempotency_key():
    sent = JOIN.build_application(credit_request(), ENDPOINT, now=NOW)
    asked = JOIN.build_inquiry(Inquiry(SUBMISSION), ENDPOINT, now=NOW)
    chose = JOIN.build_choice(Choice(SUBMISSION, "OFFER-1", "saule"), ENDPOINT, now=NOW)
    base = "https://api.lender.example/jo1n/applications"
    assert [(call.method, call.url) for call in (sent, asked, chose)] == [
        ("POST", base),
        ("GET", f"{base}/{SUBMISSION}"),
        ("POST", f"{base}/{SUBMISSION}/choice"),
    ]
    assert sent.headers["Idempotency-Key"] == chose.headers["Idempotency-Key"] == str(SUBMISSION)
    assert "Idempotency-Key" not in asked.headers
    assert json.loads(chose.body) == {
        "submission_id": str(SUBMISSION),
        "offer_reference": "OFFER-1",
        "keyword": "saule",
    }


def test_request_to_delete_has_an_address_of_its_own_and_the_submission_as_idempotency_key():
    request = DeletionRequest(SUBMISSION, DeletionReason.CONSENT_WITHDRAWN)
    call = JOIN.build_deletion(request, ENDPOINT, now=NOW)
    assert call.url == f"https://api.lender.example/jo1n/applications/{SUBMISSION}/deletion"
    assert (call.method, call.headers["Idempotency-Key"]) == ("POST", str(SUBMISSION))
    assert json.loads(call.body) == {"submission_id": str(SUBMISSION), "reason": "consent_withdrawn"}


def test_our_signatures_verify_with_the_librarys_own_check():
    now = datetime.now(tz=UTC)
    calls = [
        JOIN.build_application(credit_request(), ENDPOINT, now=now),
        JOIN.build_inquiry(Inquiry(SUBMISSION), ENDPOINT, now=now),
        JOIN.build_choice(Choice(SUBMISSION, "OFFER-1", "saule"), ENDPOINT, now=now),
    ]
    for call in calls:
        Webhook(SECRET).verify(call.body, dict(call.headers), json_parse=False)
    assert len({call.headers["webhook-id"] for call in calls}) == 3


def test_message_id_stays_and_signature_is_new_on_another_attempt():
    first, later = (
        JOIN.build_application(credit_request(), ENDPOINT, now=now).headers
        for now in (NOW, NOW + timedelta(seconds=9))
    )
    assert first["webhook-id"] == later["webhook-id"]
    assert first["webhook-signature"] != later["webhook-signature"]


@pytest.mark.parametrize("secrets", [(), ("",), ("whsec_",), ("whsec_not base64!",)])
def test_lender_without_a_usable_secret_is_sent_nothing(secrets):
    endpoint = LenderEndpoint("x", "https://x.example", Credentials(signing=secrets))
    with pytest.raises(LenderError) as caught:
        JOIN.build_application(credit_request(), endpoint, now=NOW)
    assert (caught.value.code, caught.value.permanent) == (ErrorCode.NOT_CONFIGURED, True)
    assert caught.value.__context__ is None


def test_unknown_adapter_is_a_lender_error():
    with pytest.raises(LenderError):
        get_adapter("telex")


def supplement_call(fields: dict[str, object], *documents: Document, now: datetime = NOW) -> HttpCall:
    return JOIN.build_supplement(
        Supplement(KEY, SUBMISSION, fields=fields, documents=documents), ENDPOINT, now=now
    )


def test_supplement_goes_under_its_own_key_in_the_applications_groups():
    call = supplement_call({"identification.phone": "+37120000000"}, *DOCUMENTS)
    assert call.url == f"https://api.lender.example/jo1n/applications/{SUBMISSION}/supplement"
    assert call.headers["Idempotency-Key"] == str(KEY)
    assert json.loads(call.body) == {
        "submission_id": str(SUBMISSION),
        "supplement_id": str(KEY),
        "contact": {"phone": "+37120000000"},
        "documents": [
            {
                "label": document.label,
                "media_type": document.media_type,
                "content": base64.b64encode(document.content).decode(),
            }
            for document in DOCUMENTS
        ],
    }


def test_every_attempt_sends_the_same_supplement():
    first, later = (supplement_call({}, *DOCUMENTS, now=NOW + timedelta(seconds=wait)) for wait in (0, 40))
    assert (first.body, first.headers["webhook-id"]) == (later.body, later.headers["webhook-id"])


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (Document("document.horoscope", "application/pdf", b"canary"), ErrorCode.FIELD_NOT_SUPPORTED),
        (Document("document.income", "text/html", b"canary"), ErrorCode.VALUE_NOT_SUPPORTED),
        (Document("document.income", "application/pdf", b""), ErrorCode.VALUE_NOT_SUPPORTED),
        (Document("document.income", "application/pdf", b"." * 16_000_000), ErrorCode.VALUE_NOT_SUPPORTED),
    ],
    ids=["label", "kind", "empty", "huge"],
)
def test_file_that_the_protocol_cannot_carry_is_refused(document, code):
    with pytest.raises(LenderError) as caught:
        supplement_call({}, document)
    assert (caught.value.code, caught.value.permanent) == (code, True)
