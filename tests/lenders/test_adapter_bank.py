"""The banks' adapter: the contract, and what is particular to them."""

from __future__ import annotations

import base64
import json
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import pytest

from lenders.adapters import ADAPTERS, bank_answers
from lenders.adapters.bank import BankAdapter
from lenders.adapters.bank_fields import DOCUMENTS, LABELS, PLACES
from lenders.adapters.base import (
    Choice,
    Credentials,
    Document,
    HttpAnswer,
    Inquiry,
    LenderEndpoint,
    Supplement,
    Token,
)
from lenders.adapters.errors import ErrorCode, LenderError
from tests.lenders.adapter_contract import AdapterContract
from tests.lenders.bank_examples import (
    BANK_ENDPOINT,
    BASE,
    approved,
    bank_offer,
    bank_reply,
    bank_said,
    with_fee,
)
from tests.lenders.lender_examples import EVERY_FIELD, NOW, SUBMISSION, credit_request

BANK = BankAdapter()
WORDS = {
    "passport": "PASSPORT",
    "unmarried": "NOT_MARRIED",
    "employment": "EMPLOYMENT",
    "family_member": "FAMILY_MEMBER",
}


class TestContract(AdapterContract):
    adapter = BANK
    endpoint = BANK_ENDPOINT
    not_let_in = (ErrorCode.TOKEN_REFUSED, False)

    def offered(self) -> HttpAnswer:
        return bank_reply(approved())

    def declined(self) -> HttpAnswer:
        return bank_reply(bank_said("REJECTED", rejectionReason="CREDIT_HISTORY"))

    def pending(self) -> HttpAnswer:
        return bank_reply(bank_said("IN_PROGRESS"), status=202)

    def accepted(self) -> HttpAnswer:
        return bank_reply(bank_said("AWAITING_SIGNATURE"))

    def genuine(self, body: bytes) -> HttpAnswer:
        return bank_reply(body)

    def written(self, label: str, value: Any) -> str:
        if label.endswith("_cents"):
            return f'"{value // 100}.{value % 100:02}"'
        return WORDS.get(value, str(value)) if isinstance(value, str) else str(value)


def body_of(fields: dict[str, Any] | None = None) -> Any:
    return json.loads(BANK.build_application(credit_request(fields), BANK_ENDPOINT, now=NOW).body)


def code_of(build: Any, *arguments: Any) -> ErrorCode:
    with pytest.raises(LenderError) as caught:
        build(*arguments, BANK_ENDPOINT, now=NOW)
    assert caught.value.permanent
    return caught.value.code


# --- building ---


def test_application_has_the_banks_sub_objects():
    body = body_of()
    assert body["externalId"] == str(SUBMISSION)
    assert body["externalReference"] == "JB-7K2M9-QRT4X"
    assert body["submittedAt"] == "2026-11-23T11:00:00Z"
    assert body["language"] == "lv"
    assert body["credit"] == {
        "amount": "560.00",
        "termMonths": 12,
        "purpose": "canary-purpose",
        "paymentDay": 15,
    }
    assert body["customer"]["birthDate"] == "1990-05-17"
    assert body["contact"] == {"email": "canary@example.org", "phone": "+37120000000"}
    assert body["addresses"] == [
        {
            "type": "CONTACT",
            "street": "canary iela 1",
            "city": "canary-Rīga",
            "postcode": "LV-1010",
            "country": "LV",
        }
    ]
    assert body["identification"] == {
        "type": "PASSPORT",
        "number": "canary-LV0000000",
        "expiryDate": "2030-01-31",
    }
    assert body["income"]["monthlyIncome"] == "1500.00"
    assert body["obligations"] == {"monthlyExpenses": "400.00", "monthlyLoanPayments": "100.00"}
    assert body["consents"] == [
        {"purpose": "pass_to_lenders", "text": "I agree.", "givenAt": "2026-11-23T10:59:00Z"}
    ]


def test_sub_objects_without_fields_are_left_out():
    body = body_of({"loan.amount_cents": 5, "financial.employer": None, "pep.pep_office": ""})
    assert body["credit"] == {"amount": "0.05"}
    assert not {"customer", "contact", "addresses", "identification", "income", "obligations", "pep"} & set(
        body
    )


@pytest.mark.parametrize(
    ("status", "is_pep"),
    [("none", False), ("self", True), ("family_member", True), ("close_associate", True)],
)
def test_those_close_to_an_office_holder_count_as_exposed_and_it_says_how(status, is_pep):
    pep = body_of({"pep.pep_status": status})["pep"]
    assert pep == {"relationship": status.upper(), "isPep": is_pep}


@pytest.mark.parametrize(
    ("label", "value"),
    [
        ("loan.amount_cents", "56000"),
        ("loan.amount_cents", True),
        ("loan.amount_cents", -1),
        ("loan.amount_cents", 560.0),
        ("loan.term_months", "12"),
        ("identification.birth_date", "1990-05-17"),
        ("identification.surname", 5),
        ("identification.surname", "x" * 1001),
        ("family.marital_status", "engaged"),
        ("financial.income_type", "lottery"),
        ("pep.pep_status", True),
    ],
)
def test_value_that_does_not_fit_its_place_is_refused(label, value):
    assert code_of(BANK.build_application, credit_request({label: value})) == ErrorCode.VALUE_NOT_SUPPORTED


def test_calls_go_to_the_banks_addresses():
    calls = [
        BANK.build_application(credit_request(), BANK_ENDPOINT, now=NOW),
        BANK.build_inquiry(Inquiry(SUBMISSION), BANK_ENDPOINT, now=NOW),
        BANK.build_inquiry(Inquiry(SUBMISSION, "BNK-1"), BANK_ENDPOINT, now=NOW),
        BANK.build_choice(Choice(SUBMISSION, "OFFER-1", "saule", "BNK-1"), BANK_ENDPOINT, now=NOW),
        BANK.build_supplement(Supplement(SUBMISSION, SUBMISSION, "BNK-1"), BANK_ENDPOINT, now=NOW),
    ]
    assert [(call.method, call.url.removeprefix(BASE)) for call in calls] == [
        ("POST", "/credit-applications"),
        ("GET", f"/credit-applications?externalId={SUBMISSION}"),
        ("GET", "/credit-applications/BNK-1"),
        ("POST", "/credit-applications/BNK-1/acceptance"),
        ("POST", "/credit-applications/BNK-1/additional-info"),
    ]
    assert all("Authorization" not in call.headers for call in calls)
    assert json.loads(calls[3].body) == {
        "externalId": str(SUBMISSION),
        "offerId": "OFFER-1",
        "referenceText": "saule",
    }


def test_reference_of_the_bank_cannot_lead_elsewhere():
    """References may hold slashes and dots; in a path they stay one step of it."""
    call = BANK.build_inquiry(Inquiry(SUBMISSION, "a/../../oauth2:x"), BANK_ENDPOINT, now=NOW)
    assert call.url == f"{BASE}/credit-applications/a%2F..%2F..%2Foauth2%3Ax"


def test_what_hangs_on_the_banks_id_is_not_said_without_it():
    assert code_of(BANK.build_choice, Choice(SUBMISSION, "OFFER-1", "saule")) == ErrorCode.NOT_SUPPORTED
    assert code_of(BANK.build_supplement, Supplement(SUBMISSION, SUBMISSION)) == ErrorCode.NOT_SUPPORTED


def test_supplement_holds_fields_and_documents():
    document = Document("document.bank_statement", "application/pdf", b"%PDF-canary")
    supplement = Supplement(
        SUBMISSION, SUBMISSION, "BNK-1", {"identity_document.valid_until": date(2031, 1, 31)}, (document,)
    )
    body = json.loads(BANK.build_supplement(supplement, BANK_ENDPOINT, now=NOW).body)
    assert body["identification"] == {"expiryDate": "2031-01-31"}
    (sent,) = body["documents"]
    assert (sent["type"], sent["mediaType"]) == ("BANK_STATEMENT", "application/pdf")
    assert base64.b64decode(sent["content"]) == b"%PDF-canary"


def test_each_name_of_the_bank_means_one_of_ours():
    assert len(LABELS) == len(PLACES) == len(EVERY_FIELD)
    assert len(set(DOCUMENTS.values())) == len(DOCUMENTS)


# --- the token ---


def test_client_is_named_as_the_rfc_says():
    """RFC 6749, 2.3.1: both words are form-encoded before they are joined."""
    call = BANK.build_token_request(BANK_ENDPOINT, now=NOW)
    assert (call.method, call.url, call.body) == (
        "POST",
        f"{BASE}/oauth2/token",
        b"grant_type=client_credentials",
    )
    assert call.headers["Content-Type"] == "application/x-www-form-urlencoded"
    scheme, _, encoded = call.headers["Authorization"].partition(" ")
    client_id, secret = (unquote_plus(word) for word in base64.b64decode(encoded).decode().split(":"))
    assert (scheme, client_id, secret) == ("Basic", "jo1n:baltic", "a secret+of/the bank")


@pytest.mark.parametrize("held", [{}, {"client_id": "x"}, {"client_secret": "x"}])
def test_bank_without_whole_credentials_is_sent_nothing(held):
    endpoint = LenderEndpoint("x", "https://x.example", Credentials(**held))
    with pytest.raises(LenderError) as caught:
        BANK.build_token_request(endpoint, now=NOW)
    assert (caught.value.code, caught.value.permanent) == (ErrorCode.NOT_CONFIGURED, True)


def granted(**changes: Any) -> Any:
    document = {"access_token": "abc.DEF-1~2/3+4==", "token_type": "Bearer", "expires_in": 3600}
    document = {key: value for key, value in (document | changes).items() if value is not ...}
    return BANK.parse_token(bank_reply(document), BANK_ENDPOINT, now=NOW)


def test_token_and_its_time_are_read():
    assert granted(scope="x") == Token("abc.DEF-1~2/3+4==", 3600)
    assert granted(token_type="bearer").seconds == 3600
    assert granted(expires_in=...).seconds == 300
    assert "abc" not in repr(granted())


@pytest.mark.parametrize(
    "changes",
    [
        {"access_token": ...},
        {"access_token": ""},
        {"access_token": "a b"},
        {"access_token": "a\r\nX-Evil: 1"},
        {"access_token": "ā"},
        {"access_token": "x" * 5000},
        {"access_token": 5},
        {"token_type": "mac"},
        {"token_type": ...},
        {"expires_in": "3600"},
        {"expires_in": 0},
        {"expires_in": -1},
        {"expires_in": 10**9},
        {"expires_in": None},
    ],
)
def test_token_that_is_none_is_malformed(changes):
    with pytest.raises(LenderError) as caught:
        granted(**changes)
    assert (caught.value.code, caught.value.permanent) == (ErrorCode.MALFORMED_ANSWER, True)


def test_bank_declares_that_it_is_asked_and_never_calls():
    abilities = ADAPTERS["bank"].abilities
    assert (abilities.idempotent, abilities.calls_back, abilities.deletion_notices) == (False, False, False)
    assert (abilities.can_be_asked, abilities.is_polled, abilities.takes_supplement) == (True, True, True)


# --- the page ---

PAGE = (Path(__file__).parents[2] / "docs/lenders/bank.md").read_text(encoding="utf-8")


def test_page_has_every_place_and_every_word():
    for label, place in PLACES.items():
        assert f"| `{label}` | `{place.group}.{place.key}` |" in PAGE
    words = {*bank_answers.CONSIDERING, *bank_answers.TAKEN, *bank_answers.SIGNED}
    words |= {*bank_answers.REASONS, *bank_answers.PROBLEM_TYPES, *DOCUMENTS}
    words |= {"APPROVED", "REJECTED", "ADDITIONAL_INFO_REQUIRED", "CANCELLED", "ALREADY_ACCEPTED"}
    assert [word for word in sorted(words) if f"`{word}`" not in PAGE] == []


def test_page_names_every_field_of_an_offer():
    fields = {*bank_offer(), *with_fee(1)} - {"type"}
    assert [name for name in sorted(fields) if f"`{name}`" not in PAGE] == []
