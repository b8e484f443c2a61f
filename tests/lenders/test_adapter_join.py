"""The JO1N protocol's adapter: the contract, and what is particular to the protocol."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from standardwebhooks.webhooks import Webhook

from lenders.adapters import get_adapter
from lenders.adapters.base import (
    Choice,
    Credentials,
    DeletionReason,
    DeletionRequest,
    HttpAnswer,
    Inquiry,
    LenderEndpoint,
)
from lenders.adapters.errors import ErrorCode, LenderError
from lenders.adapters.join import JoinAdapter
from tests.lenders.adapter_contract import AdapterContract
from tests.lenders.lender_examples import (
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
