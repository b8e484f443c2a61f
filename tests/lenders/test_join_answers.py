"""Reading a JO1N answer: to the cent, or not at all."""

from __future__ import annotations

import copy
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lenders.adapters.base import (
    Accepted,
    ContractSigned,
    Declined,
    Deleted,
    HttpAnswer,
    Instalment,
    NeedsMore,
    Offered,
    Pending,
    Retained,
    Unrecognised,
    Withdrawn,
)
from lenders.adapters.errors import ErrorCode, LenderError
from lenders.adapters.join import JoinAdapter
from tests.lenders.adapter_contract import outcome
from tests.lenders.lender_examples import (
    ENDPOINT,
    NOW,
    SUBMISSION,
    offer,
    reply,
    said,
    signed,
)

JOIN = JoinAdapter()


def parse(document: Any, **options: Any):
    return JOIN.parse(reply(document, **options), ENDPOINT, now=NOW)


def fault_of(document: Any, **options: Any) -> LenderError:
    with pytest.raises(LenderError) as caught:
        parse(document, **options)
    return caught.value


def test_offer_is_read_to_the_cent():
    answer = parse(said("offered", offer=offer()))
    assert isinstance(answer, Offered)
    (terms,) = answer.offers
    assert answer.lender_reference == "L-1"
    assert (terms.amount_cents, terms.term_months, terms.instalment_cents) == (56000, 12, 4962)
    assert (terms.borrowing_rate, terms.apr) == (Decimal("11.50"), Decimal("12.13"))
    assert (terms.total_payable_cents, terms.upfront_fees_cents) == (59550, 0)
    assert terms.schedule[-1] == Instalment(12, 4968)
    assert terms.valid_until == datetime(2026, 12, 7, 9, 0, 6, tzinfo=UTC)
    assert terms.price_personalised is False


def test_several_offers_are_read_in_their_order():
    answer = parse(said("offered", offers=[offer(reference="B"), offer(reference="A")]))
    assert [terms.reference for terms in answer.offers] == ["B", "A"]


def test_expired_offer_is_still_read():
    answer = parse(said("offered", offer=offer(valid_until="2020-01-01T00:00:00+02:00")))
    assert answer.offers[0].valid_until == datetime(2019, 12, 31, 22, tzinfo=UTC)


def test_other_answers():
    assert parse(said("declined", reason="age")) == Declined("age", "L-1")
    assert parse(said("declined", reason="because of the moon")) == Declined("other", "L-1")
    assert parse(said("withdrawn")) == Withdrawn("L-1")
    needs = ["identification.phone", "identification.shoe_size", "identification.phone"]
    assert parse(said("needs_more", needs=needs)) == NeedsMore(("identification.phone",), "L-1")


def to_deletion(document: Any, **options: Any) -> Any:
    return JOIN.parse_deletion(reply(document, **options), ENDPOINT, now=NOW)


def test_contract_signed_is_read_in_every_kind_of_message():
    document = said("contract_signed")
    headers, body = signed(document)
    assert parse(document) == ContractSigned("L-1")
    assert JOIN.parse_choice(reply(document), ENDPOINT, now=NOW) == ContractSigned("L-1")
    assert JOIN.parse_callback(headers, body, ENDPOINT, now=NOW).answer == ContractSigned("L-1")


def test_answers_to_a_request_to_delete():
    assert to_deletion(said("deleted")) == Deleted("L-1")
    assert to_deletion(said("pending")) == Pending("L-1")
    assert to_deletion(said("offered")) == Unrecognised("L-1")
    kept = said("retained", basis="dispute", until="2031-02-28")
    assert to_deletion(kept) == Retained("dispute", date(2031, 2, 28), "L-1")
    assert to_deletion(said("retained", basis="the moon")) == Retained("other", None, "L-1")


@pytest.mark.parametrize("word", ["deleted", "retained"])
def test_acknowledgement_comes_by_callback_too_but_answers_no_application(word):
    document = said(word, basis="other", until=None)
    headers, body = signed(document)
    assert isinstance(JOIN.parse_callback(headers, body, ENDPOINT, now=NOW).answer, Deleted | Retained)
    assert parse(document) == Unrecognised("L-1")


@pytest.mark.parametrize(
    "until", ["2031-02-29", "31.01.2031", "1931-01-01", 20310101, "2031-01-01T00:00:00Z", "", True]
)
def test_last_day_that_is_none_is_malformed(until):
    with pytest.raises(LenderError) as caught:
        to_deletion(said("retained", basis="dispute", until=until))
    assert caught.value.code == ErrorCode.MALFORMED_ANSWER


def test_lender_that_keeps_data_says_on_what_ground():
    with pytest.raises(LenderError):
        to_deletion(said("retained"))


def test_signed_word_that_nothing_was_received_means_that_nothing_is_held():
    unknown = {"errors": [{"attribute": "submission_id", "type": "unknown"}]}
    assert to_deletion(unknown, status=404) == Deleted()
    with pytest.raises(LenderError):
        to_deletion(unknown, status=404, secret="whsec_" + "A" * 44)
    with pytest.raises(LenderError):
        to_deletion(said("deleted"), asked=UUID(int=7))


def test_unknown_fields_and_statuses_are_ignored():
    assert parse(said("repossessed", novelty={"a": [1]})) == Unrecognised("L-1")
    assert isinstance(parse(said("offered", offer=offer(novelty=1), more=2)), Offered)
    assert parse({"submission_id": str(SUBMISSION), "status": "pending"}).lender_reference == ""


def without(key: str) -> dict[str, Any]:
    terms = offer()
    del terms[key]
    return terms


def fee(cents: int) -> dict[str, Any]:
    return offer(upfront_fees_cents=cents, total_payable_cents=59550 + cents)


BAD_OFFERS = [
    *[without(key) for key in offer()],
    offer(reference=""),
    offer(reference="a b"),
    offer(reference="x" * 65),
    offer(reference="<script>"),
    offer(amount_cents="56000"),
    offer(amount_cents=56000.0),
    offer(amount_cents=True),
    offer(amount_cents=0),
    offer(amount_cents=-56000),
    offer(amount_cents=10**12),
    offer(amount_cents=59551),
    offer(term_months=0),
    offer(term_months=481),
    offer(term_months=11),
    offer(instalment_cents=4968),
    offer(instalment_cents=1),
    *[
        offer(apr=text)
        for text in ("NaN", "Infinity", "-1", "1e2", "12,13", " 12.13", "", "1001", "9" * 5, "1.1234567")
    ],
    offer(apr=12.13),
    offer(borrowing_rate=None),
    offer(total_payable_cents=59551),
    fee(-1),
    fee(56000),
    offer(schedule=[]),
    offer(schedule={}),
    offer(schedule=[{"month": 1}]),
    offer(schedule=[4962] * 12),
    offer(schedule=list(reversed(offer()["schedule"]))),
    offer(schedule=[{"month": 1, "amount_cents": 59550}, {"month": 1, "amount_cents": 0}]),
    offer(
        schedule=[{"month": 1, "amount_cents": 59551}, {"month": 2, "amount_cents": -1}],
        instalment_cents=59551,
    ),
    offer(schedule=[{"month": m, "amount_cents": 1} for m in range(1, 482)]),
    offer(valid_until="2026-12-07T09:00:06"),
    offer(valid_until="2026-12-07"),
    offer(valid_until="2026-13-07T09:00:06Z"),
    offer(valid_until="9999-12-31T23:59:59-23:59"),
    offer(valid_until="2026-12-07T09:00:06+99:99"),
    offer(valid_until=1795424405),
    offer(price_personalised="false"),
    offer(price_personalised=0),
    None,
    [],
    "offer",
]


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"apr": "NaN"}, "apr"),
        ({"valid_until": "tomorrow"}, "valid_until"),
        ({"schedule": []}, "schedule"),
        ({"total_payable_cents": 59551}, "a total that is not the sum of schedule and fees"),
        ({"term_months": 11}, "a schedule longer than the term"),
        ({"instalment_cents": 4968}, "an instalment that is not the commonest"),
    ],
)
def test_error_says_in_our_own_words_what_could_not_be_read(changes, where):
    assert fault_of(said("offered", offer=offer(**changes))).where == where


@pytest.mark.parametrize("terms", BAD_OFFERS)
def test_offer_that_breaks_a_rule_is_refused_whole(terms):
    fault = fault_of(said("offered", offer=terms))
    assert (fault.code, fault.permanent) == (ErrorCode.MALFORMED_ANSWER, True)


MALFORMED = [
    said("offered"),
    said("offered", offer=offer(), offers=[offer()]),
    said("offered", offers=[]),
    said("offered", offers=[offer(), offer()]),
    said("offered", offers=[offer(reference=f"O{n}") for n in range(11)]),
    said("declined"),
    said("declined", reason=5),
    said("needs_more"),
    said("needs_more", needs=["identification.shoe_size"]),
    said("needs_more", needs="identification.phone"),
    said("needs_more", needs=[["identification.phone"]]),
    said(""),
    said("x" * 65),
    said("pending", lender_reference="Anna Bērziņa"),
    {"submission_id": str(SUBMISSION)},
    {"status": "pending"},
    {"submission_id": "12", "status": "pending"},
    [],
    "pending",
    b"",
    b"{",
    b"null",
    b'{"status": NaN}',
    b"[" * 100_000,
    b'{"a": ' * 50_000,
    b'{"n": ' + b"9" * 5000 + b"}",
    json.dumps(said("pending"))[:-1].encode() + b', "status": "withdrawn"}',
    b" " * (1024 * 1024 + 1),
]


@pytest.mark.parametrize("document", MALFORMED, ids=range(len(MALFORMED)))
def test_answer_that_breaks_the_protocol_is_malformed(document):
    fault = fault_of(document)
    assert (fault.code, fault.permanent) == (ErrorCode.MALFORMED_ANSWER, True)
    assert fault.__context__ is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=300)
@given(st.data())
def test_any_change_to_one_value_is_an_answer_or_a_lender_error(data):
    document = said("offered", offer=offer())
    changed = copy.deepcopy(document)
    place: Any = data.draw(st.sampled_from([changed, changed["offer"], changed["offer"]["schedule"][3]]))
    place[data.draw(st.sampled_from(sorted(place)))] = data.draw(JSON)
    found = outcome(lambda: parse(changed))
    assert getattr(found, "__context__", None) is None


def test_choice_answers():
    def parsed(document: dict[str, Any], asked: UUID = SUBMISSION):
        return JOIN.parse_choice(reply(document, asked=asked), ENDPOINT, now=NOW)

    assert parsed({"status": "accepted"}) == Accepted("")
    assert parsed(said("accepted")) == Accepted("L-1")
    assert parsed(said("withdrawn")) == Withdrawn("L-1")
    assert parsed(said("declined", reason="age")) == Declined("age", "L-1")
    assert parsed(said("offered", offer=offer())) == Unrecognised("L-1")
    with pytest.raises(LenderError) as caught:
        parsed(said("accepted"), asked=UUID(int=7))
    assert caught.value.code == ErrorCode.WRONG_SUBMISSION


def test_reply_knows_its_message_id():
    assert reply(said("pending"), message_id="msg_9").message_id == "msg_9"
    assert HttpAnswer(200, {}, b"").message_id == ""
