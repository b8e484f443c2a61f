"""The XML adapter: the contract, and what it sends."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lenders.adapters.base import Choice, Credentials, HttpAnswer, Inquiry
from lenders.adapters.errors import ErrorCode, LenderError
from lenders.adapters.xml_v1 import XmlAdapter
from tests.lenders.adapter_contract import AdapterContract, outcome
from tests.lenders.lender_examples import EVERY_FIELD, NOW, SUBMISSION, credit_request
from tests.lenders.xml_examples import (
    CHOICE,
    DELETION,
    ENDPOINT,
    NAMESPACE,
    SCHEMA,
    decided,
    offer,
    reply,
    said,
)

XML = XmlAdapter()
WORDS = {
    "unmarried": "SINGLE",
    "passport": "PASSPORT",
    "employment": "SALARY",
    "family_member": "FAMILY",
}
TAGS = st.sampled_from(["Status", "Decision", "Offer", "Amount", "Error", "Missing", "Schedule", "x:y", "Ā"])
TEXTS = st.sampled_from(
    ["OK", "ERROR", "APPROVED", "INCOMPLETE", "NaN", "1e9", "&lt;", "&x;", "&#0;", "-1", ""]
)
PIECES = st.recursive(
    TEXTS,
    lambda inner: st.builds(
        lambda tag, pieces: f"<{tag}>{''.join(pieces)}</{tag}>", TAGS, st.lists(inner, max_size=4)
    ),
    max_leaves=12,
)
FULL_OFFER = decided("APPROVED", offer())


def spoilt(body: bytes, at: int, length: int, instead: bytes) -> bytes:
    at %= len(body)
    return body[:at] + instead + body[at + length :]


class TestContract(AdapterContract):
    adapter = XML
    endpoint = ENDPOINT

    def offered(self) -> HttpAnswer:
        return reply(FULL_OFFER)

    def declined(self) -> HttpAnswer:
        return reply(decided("REFUSED", "<Reason>BAD_HISTORY</Reason>"))

    def pending(self) -> HttpAnswer:
        return reply(decided("IN_REVIEW"))

    def accepted(self) -> HttpAnswer:
        return reply(decided("CONFIRMED", root=CHOICE))

    def deleted(self) -> HttpAnswer:
        return reply(decided("DELETED", root=DELETION))

    def genuine(self, body: bytes) -> HttpAnswer:
        return reply(body)

    def written(self, label: str, value: Any) -> str:
        cents = label.endswith("_cents")
        return f"{value // 100}.{value % 100:02}" if cents else WORDS.get(value, str(value))

    def bodies(self) -> st.SearchStrategy[bytes]:
        elements = st.lists(PIECES, max_size=6).map(lambda pieces: said("".join(pieces)))
        nearly = st.builds(
            spoilt,
            st.just(FULL_OFFER),
            st.integers(0, len(FULL_OFFER)),
            st.integers(0, 9),
            st.one_of(st.binary(max_size=4), PIECES.map(str.encode)),
        )
        return st.one_of(super().bodies(), elements, nearly)


def sent(fields: dict[str, Any] | None = None) -> bytes:
    return XML.build_application(credit_request(fields), ENDPOINT, now=NOW).body


def parsed(body: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(body)  # noqa: S314 - our own


def grouped(body: bytes) -> dict[str, dict[str, str | None]]:
    root = parsed(body)
    return {
        group.tag.rpartition("}")[2]: {field.tag.rpartition("}")[2]: field.text for field in group}
        for group in root
        if len(group)
    }


def test_application_is_written_in_the_lenders_words_and_forms():
    groups = grouped(sent())
    assert groups["Loan"] == {
        "Amount": "560.00",
        "TermMonths": "12",
        "Purpose": "canary-purpose",
        "PaymentDay": "15",
    }
    assert groups["Applicant"]["BirthDate"] == "1990-05-17"
    assert groups["Applicant"]["MaritalStatus"] == "SINGLE"
    assert groups["IdentityDocument"] == {
        "Type": "PASSPORT",
        "Number": "canary-LV0000000",
        "ValidTo": "2030-01-31",
    }
    assert groups["Finances"]["IncomeSource"] == "SALARY"
    assert groups["PoliticalExposure"]["Status"] == "FAMILY"
    root = parsed(sent())
    assert (root.tag, root.get("Id")) == (f"{{{NAMESPACE}}}CreditApplication", str(SUBMISSION))
    assert root.findtext(f"{{{NAMESPACE}}}SubmittedAt") == "2026-11-23T11:00:00Z"
    assert root.findtext(f"{{{NAMESPACE}}}Language") == "LV"


def test_groups_without_fields_and_unanswered_fields_are_left_out():
    groups = grouped(sent({"loan.amount_cents": 1, "financial.employer": None, "pep.pep_office": ""}))
    assert groups.keys() == {"Loan", "Consents"}
    assert groups["Loan"] == {"Amount": "0.01"}


def test_every_message_keeps_to_the_schema():
    for call in TestContract().calls():
        SCHEMA.validate(call.body.decode().partition("?>")[2])
        assert call.url == "https://xml.lender.example/lending/service"
        assert call.method == "POST"


@given(st.dictionaries(st.sampled_from(sorted(EVERY_FIELD)), st.none(), max_size=20))
def test_any_selection_of_fields_keeps_to_the_schema(left_out):
    fields = {label: value for label, value in EVERY_FIELD.items() if label not in left_out}
    SCHEMA.validate(sent(fields).decode().partition("?>")[2])


@given(st.text(min_size=1, max_size=40))
def test_text_arrives_as_it_was_or_is_refused(text):
    found = outcome(lambda: sent({"identification.surname": text}))
    if any(unwritable(letter) for letter in text):
        assert isinstance(found, LenderError)
        assert (found.code, found.__context__) == (ErrorCode.VALUE_NOT_SUPPORTED, None)
    else:
        arrived = text.replace("\r\n", "\n").replace("\r", "\n")  # XML has one kind of line end
        assert grouped(found)["Applicant"]["LastName"] == arrived


def unwritable(letter: str) -> bool:
    """What the Char production of XML 1.0 leaves out."""
    return (
        letter in "\ufffe\uffff" or "\ud800" <= letter < "\ue000" or (letter < " " and letter not in "\t\n\r")
    )


@pytest.mark.parametrize("letter", ["\0", "\x08", "\x0b", "\x1f", "\ud800", "\ufffe", "\uffff"])
def test_letter_that_xml_cannot_hold_is_refused_wherever_it_stands(letter):
    with pytest.raises(LenderError) as caught:
        sent({"financial.employer": f"SIA {letter}"})
    assert (caught.value.code, caught.value.permanent) == (ErrorCode.VALUE_NOT_SUPPORTED, True)
    with pytest.raises(LenderError):
        XML.build_choice(Choice(SUBMISSION, "OFFER-1", f"saule{letter}"), ENDPOINT, now=NOW)


@pytest.mark.parametrize(
    ("label", "value"),
    [
        ("loan.amount_cents", "56000"),
        ("loan.amount_cents", True),
        ("loan.amount_cents", -1),
        ("loan.amount_cents", 560.0),
        ("loan.term_months", Decimal(12)),
        ("identification.birth_date", "1990-05-17"),
        ("identification.birth_date", datetime(1990, 5, 17, tzinfo=UTC)),
        ("identification.surname", 5),
        ("identification.surname", "x" * 1001),
        ("identification.surname", date(1990, 5, 17)),
        ("family.marital_status", "engaged"),
        ("family.marital_status", 1),
        ("financial.income_type", "lottery"),
    ],
)
def test_value_that_does_not_fit_its_place_is_refused(label, value):
    with pytest.raises(LenderError) as caught:
        sent({label: value})
    assert (caught.value.code, caught.value.permanent) == (ErrorCode.VALUE_NOT_SUPPORTED, True)


def test_choice_names_the_offer_and_the_keyword():
    call = XML.build_choice(Choice(SUBMISSION, "OFFER-1", "saule & vējš", "L-1"), ENDPOINT, now=NOW)
    root = parsed(call.body)
    assert [(child.tag.rpartition("}")[2], child.text) for child in root] == [
        ("CaseNumber", "L-1"),
        ("OfferNumber", "OFFER-1"),
        ("Keyword", "saule & vējš"),
    ]


def test_lender_without_a_certificate_is_sent_nothing():
    bare = dataclasses.replace(ENDPOINT, credentials=Credentials(trust="x", certificate="x"))
    for build in (
        lambda: XML.build_application(credit_request(), bare, now=NOW),
        lambda: XML.build_inquiry(Inquiry(SUBMISSION), bare, now=NOW),
    ):
        with pytest.raises(LenderError) as caught:
            build()
        assert (caught.value.code, caught.value.permanent) == (ErrorCode.NOT_CONFIGURED, True)
