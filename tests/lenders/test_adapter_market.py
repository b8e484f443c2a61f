"""The lender group's adapter: the contract, and what is particular to leads."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from lenders.adapters.base import (
    Choice,
    ContractSigned,
    Declined,
    Document,
    HttpAnswer,
    Inquiry,
    Offered,
    Pending,
    Supplement,
    Unrecognised,
    Withdrawn,
)
from lenders.adapters.errors import ErrorCode, LenderError, Problem
from lenders.adapters.market import MarketAdapter
from lenders.adapters.market_fields import PLACES
from tests.lenders.adapter_contract import AdapterContract
from tests.lenders.lender_examples import EVERY_FIELD, NOW, SUBMISSION, credit_request, signed
from tests.lenders.market_examples import ENDPOINT, lead, offer, reply

MARKET = MarketAdapter()
LEADS = "https://api.group.example/v2/leads"


class TestContract(AdapterContract):
    adapter = MARKET
    endpoint = ENDPOINT
    documents = ()

    def offered(self) -> HttpAnswer:
        return reply(lead("complete", offer()))

    def declined(self) -> HttpAnswer:
        return reply(lead("rejected", rejectionReason="CREDIT_HISTORY"))

    def pending(self) -> HttpAnswer:
        return reply(lead("processing", pending=("Elastīgais",)))

    def accepted(self) -> HttpAnswer:
        return reply(lead("selected", offer()))

    def genuine(self, body: bytes) -> HttpAnswer:
        """Its replies prove themselves by TLS alone; the signature is for reading them as callbacks."""
        headers, _ = signed(body)
        return HttpAnswer(200, headers, body, SUBMISSION)

    def written(self, label: str, value: Any) -> str:
        if label.endswith("_cents"):
            return f"{value // 100}.{value % 100:02d}"
        return str(PLACES[label].write(value))


def build(fields: dict[str, Any]) -> Any:
    return json.loads(MARKET.build_application(credit_request(fields), ENDPOINT, now=NOW).body)


def error_of(call: Any, *arguments: Any) -> LenderError:
    with pytest.raises(LenderError) as caught:
        call(*arguments, ENDPOINT, now=NOW)
    assert caught.value.__context__ is None
    return caught.value


# --- what we say ---


def test_lead_is_grouped_and_named_as_the_group_wants_it():
    body = build(EVERY_FIELD)
    assert (body["leadUuid"], body["submittedAt"]) == (str(SUBMISSION), "2026-11-23T11:00:00Z")
    assert body["callbackUrl"] == ENDPOINT.callback_url
    assert body["loan"] == {"amount": 560, "termMonths": 12, "purpose": "canary-purpose", "paymentDay": 15}
    assert body["applicant"]["birthDate"] == "1990-05-17"
    assert body["applicant"]["maritalStatus"] == "SINGLE"
    assert body["document"]["type"] == "PASSPORT"
    assert body["pep"]["status"] == "FAMILY_MEMBER"
    assert body["consents"] == [
        {"purpose": "pass_to_lenders", "text": "I agree.", "givenAt": "2026-11-23T10:59:00Z"}
    ]


def test_money_is_a_number_of_euros_with_both_decimals():
    body = MARKET.build_application(credit_request(), ENDPOINT, now=NOW).body.decode()
    assert '"amount":560.00' in body
    assert '"monthlyNet":1500.00' in body
    assert '"monthlyLiving":400.00' in body


def test_groups_without_fields_and_unanswered_fields_are_left_out():
    body = build({"loan.amount_cents": 1, "financial.employer": None, "pep.pep_office": ""})
    assert body["loan"] == {"amount": 0.01}
    assert not {"applicant", "contact", "document", "income", "spending", "pep"} & body.keys()


@pytest.mark.parametrize(
    ("label", "value"),
    [
        ("loan.amount_cents", "56000"),
        ("loan.amount_cents", True),
        ("loan.amount_cents", -1),
        ("loan.amount_cents", 10**40),
        ("loan.amount_cents", Decimal(56000)),
        ("loan.term_months", True),
        ("identification.birth_date", "1990-05-17"),
        ("identification.birth_date", datetime(1990, 5, 17, tzinfo=UTC)),
        ("identification.surname", date(1990, 5, 17)),
        ("identification.surname", "x" * 1001),
        ("family.marital_status", "engaged"),
        ("financial.income_type", ["employment"]),
    ],
)
def test_value_that_does_not_fit_its_place_is_refused(label, value):
    error = error_of(MARKET.build_application, credit_request({label: value}))
    assert (error.code, error.permanent) == (ErrorCode.VALUE_NOT_SUPPORTED, True)


def test_calls_go_to_the_four_addresses_with_the_key_and_no_signature():
    supplement = Supplement(SUBMISSION, SUBMISSION, fields={"identification.phone": "+37120000000"})
    calls = [
        MARKET.build_application(credit_request(), ENDPOINT, now=NOW),
        MARKET.build_inquiry(Inquiry(SUBMISSION), ENDPOINT, now=NOW),
        MARKET.build_choice(Choice(SUBMISSION, "OFFER-1", "saule"), ENDPOINT, now=NOW),
        MARKET.build_supplement(supplement, ENDPOINT, now=NOW),
    ]
    assert [(call.method, call.url) for call in calls] == [
        ("POST", LEADS),
        ("GET", f"{LEADS}/{SUBMISSION}"),
        ("POST", f"{LEADS}/{SUBMISSION}/offers/OFFER-1/select"),
        ("PATCH", f"{LEADS}/{SUBMISSION}"),
    ]
    for call in calls:
        assert (call.headers["X-Api-Key-Id"], call.headers["X-Api-Key"]) == (
            ENDPOINT.credentials.client_id,
            ENDPOINT.credentials.client_secret,
        )
        assert not any(name.lower().startswith("webhook-") for name in call.headers)
    assert json.loads(calls[2].body) == {"keyword": "saule"}
    assert calls[1].body == b""


def test_offers_name_cannot_lead_to_another_address():
    call = MARKET.build_choice(Choice(SUBMISSION, "A/../../x?y#z", "saule"), ENDPOINT, now=NOW)
    assert call.url == f"{LEADS}/{SUBMISSION}/offers/A%2F..%2F..%2Fx%3Fy%23z/select"


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": ""},
        {"client_secret": ""},
        {"client_secret": "two\r\nlines"},
        {"client_secret": "atslēga"},
        {"client_id": "x" * 257},
    ],
)
def test_group_without_a_key_that_can_be_sent_is_sent_nothing(changes):
    kept = dataclasses.replace(ENDPOINT.credentials, **changes)
    with pytest.raises(LenderError) as caught:
        MARKET.build_inquiry(Inquiry(SUBMISSION), dataclasses.replace(ENDPOINT, credentials=kept), now=NOW)
    assert (caught.value.code, caught.value.permanent) == (ErrorCode.NOT_CONFIGURED, True)


def test_supplement_carries_just_its_fields():
    fields = {"identification.phone": "+37120000000", "financial.monthly_income_cents": 123456}
    call = MARKET.build_supplement(Supplement(SUBMISSION, SUBMISSION, fields=fields), ENDPOINT, now=NOW)
    assert call.body == b'{"contact":{"mobilePhone":"+37120000000"},"income":{"monthlyNet":1234.56}}'


@pytest.mark.parametrize(
    "more",
    [
        {"documents": (Document("document.income", "image/png", b"png"),)},
        {"fields": {"identification.phone": ""}},
        {"fields": {}},
    ],
)
def test_supplement_that_would_lose_something_is_refused(more):
    supplement = Supplement(SUBMISSION, SUBMISSION, **{"fields": {"family.dependants": 2}, **more})
    error = error_of(MARKET.build_supplement, supplement)
    code = ErrorCode.FIELD_NOT_SUPPORTED if "documents" in more else ErrorCode.VALUE_NOT_SUPPORTED
    assert (error.code, error.permanent) == (code, True)


# --- what the group says of a choice ---


@pytest.mark.parametrize(
    ("state", "means"),
    [
        ("selecting", Pending),
        ("rejected", Declined),
        ("expired", Withdrawn),
        ("cancelled", Withdrawn),
        ("contracted", ContractSigned),
        ("partial", Unrecognised),
        ("complete", Unrecognised),
        ("asleep", Unrecognised),
    ],
)
def test_word_after_a_choice(state, means):
    assert isinstance(MARKET.parse_choice(reply(lead(state)), ENDPOINT, now=NOW), means)


# --- refusals ---


def refusal(field: str, code: str, **changes: Any) -> dict[str, Any]:
    return {"leadUuid": str(SUBMISSION), "errors": [{"field": field, "code": code, "text": "…"}], **changes}


def rejection(status: int, document: Any) -> LenderError:
    return error_of(MARKET.parse, reply(document, status=status))


def test_refusal_names_our_fields_and_is_the_groups_own_word():
    error = rejection(422, refusal("contact.mobilePhone", "INVALID"))
    assert (error.code, error.permanent, error.signed) == (ErrorCode.REJECTED, True, True)
    assert error.problems == (Problem("identification.phone", "invalid"),)


def test_lead_it_never_heard_of_is_sent_again():
    error = rejection(404, refusal("leadUuid", "UNKNOWN"))
    assert (error.code, error.permanent) == (ErrorCode.NOT_RECEIVED, False)


def test_lead_that_differs_from_the_first_was_received():
    error = rejection(409, refusal("leadUuid", "CONFLICT"))
    assert (error.code, error.permanent) == (ErrorCode.ALREADY_RECEIVED, True)


@pytest.mark.parametrize(
    "document",
    [
        {"errors": [{"field": "leadUuid", "code": "UNKNOWN"}]},
        refusal("leadUuid", "UNKNOWN", leadUuid="0193a5c4-7d1e-7c3a-9b52-000000000000"),
        b"<html>not here</html>",
    ],
)
def test_word_about_no_lead_of_ours_does_not_make_us_send_again(document):
    error = rejection(404, document)
    assert (error.code, error.signed) == (ErrorCode.REJECTED, False)


# --- callbacks ---


@pytest.mark.parametrize("given", ["x" * 129, "two words", "", "ā"])
def test_header_of_an_unsigned_reply_is_no_message_id_unless_it_can_be_one(given):
    assert HttpAnswer(200, {"webhook-id": given}, b"").message_id == ""


def test_signed_callback_is_a_lead():
    headers, body = signed(lead("partial", offer(), pending=("Elastīgais",)), message_id="msg_7")
    message = MARKET.parse_callback(headers, body, ENDPOINT, now=NOW)
    assert (message.message_id, message.submission_id) == ("msg_7", SUBMISSION)
    assert isinstance(message.answer, Offered)
    assert message.answer.more_to_come


def test_callback_with_the_key_instead_of_a_signature_is_refused():
    _, body = signed(lead("rejected"))
    key = {"X-Api-Key-Id": "jo1n-key", "X-Api-Key": ENDPOINT.credentials.client_secret}
    assert error_of(MARKET.parse_callback, key, body).code == ErrorCode.BAD_SIGNATURE
