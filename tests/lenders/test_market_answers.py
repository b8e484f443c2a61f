"""Reading a lead: to the cent, or not at all."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lenders.adapters import reading, writing
from lenders.adapters.base import (
    ContractSigned,
    Declined,
    Instalment,
    NeedsMore,
    Offered,
    Pending,
    Unrecognised,
    Withdrawn,
)
from lenders.adapters.errors import ErrorCode, LenderError
from lenders.adapters.market import MarketAdapter
from lenders.adapters.market_answers import REASONS
from lenders.adapters.terms import MOST_CENTS
from tests.lenders.lender_examples import NOW
from tests.lenders.market_examples import ENDPOINT, lead, missing, offer, reply

MARKET = MarketAdapter()
REST = ("Elastīgais", "Lielais")


def parse(document: Any):
    return MARKET.parse(reply(document), ENDPOINT, now=NOW)


def assert_malformed(document: Any) -> None:
    with pytest.raises(LenderError) as caught:
        parse(document)
    assert (caught.value.code, caught.value.permanent) == (ErrorCode.MALFORMED_ANSWER, True)
    assert caught.value.__context__ is None


# --- offers ---


def test_offer_is_read_to_the_cent():
    answer = parse(lead("complete", offer(upfrontFees=0.00)))
    (terms,) = answer.offers
    assert (answer.lender_reference, answer.more_to_come, answer.needs) == ("G-1", False, ())
    assert (terms.amount_cents, terms.term_months, terms.instalment_cents) == (56000, 12, 4962)
    assert (terms.borrowing_rate, terms.apr) == (Decimal("11.5"), Decimal("12.13"))
    assert (terms.total_payable_cents, terms.upfront_fees_cents) == (59550, 0)
    assert terms.schedule[-1] == Instalment(12, 4968)
    assert terms.valid_until == datetime(2026, 12, 7, 9, 0, 6, tzinfo=UTC)


def test_several_offers_are_read_in_their_order():
    answer = parse(lead("complete", offer(), offer(offerId="B")))
    assert [terms.reference for terms in answer.offers] == ["OFFER-1", "B"]


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": "560.00"},
        {"amount": True},
        {"amount": None},
        {"amount": 560.001},
        {"amount": -560.0},
        {"amount": 0},
        {"amount": 10_000_000.01},
        {"monthlyPayment": 50.00},
        {"totalPayable": 595.51},
        {"upfrontFees": 0.01},
        {"borrowingRate": "11.5"},
        {"borrowingRate": -1},
        {"apr": 1000.5},
        {"apr": 12.1234567},
        {"payments": []},
        {"payments": [{"month": 1, "amount": 595.5}, {"month": 1, "amount": 0}]},
        {"expiresAt": "soon"},
        {"automatedPricing": "no"},
        {"offerId": "../x"},
    ],
)
def test_offer_that_breaks_the_protocol_is_no_offer(changes):
    assert_malformed(lead("complete", offer(**changes)))


@pytest.mark.parametrize(
    "digits",
    ["1e3", "5.6e2", "NaN", "Infinity", "1e9999999999999999999", "9" * 5000, "0.5" + "0" * 9],
)
def test_number_that_two_readers_could_understand_differently_is_none(digits):
    body = json.dumps(lead("complete", offer(amount="HERE"))).replace('"HERE"', digits)
    assert_malformed(body.encode())


def test_two_offers_of_one_name_are_malformed():
    assert_malformed(lead("complete", offer(), offer()))


# --- money ---


@given(st.integers(1, MOST_CENTS))
def test_every_amount_in_cents_survives_the_way_there_and_back(cents):
    body = writing.json_body({"amount": Decimal(cents).scaleb(-2)})
    assert reading.euros(reading.document(body), "amount", least=1, most=MOST_CENTS) == cents


@given(st.integers(1, MOST_CENTS))
def test_every_amount_is_read_as_other_libraries_write_it(cents):
    """560.5 and 560 as well as 560.50: a library that writes doubles leaves zeros out."""
    for written in (f"{cents / 100!r}", f"{cents // 100}.{cents % 100:02d}"):
        body = f'{{"amount": {written}}}'.encode()
        assert reading.euros(reading.document(body), "amount", least=1, most=MOST_CENTS) == cents


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_any_number_is_read_exactly_or_refused(number):
    body = f'{{"amount": {number}}}'.encode()
    try:
        cents = reading.euros(reading.document(body), "amount", least=0, most=MOST_CENTS)
    except LenderError:
        return
    assert Decimal(cents) == number * 100


# --- states ---


@pytest.mark.parametrize(
    ("state", "means"),
    [
        ("rejected", Declined),
        ("expired", Withdrawn),
        ("cancelled", Withdrawn),
        ("contracted", ContractSigned),
        ("selecting", Pending),
        ("selected", Pending),
        ("COMPLETE", Unrecognised),
        ("asleep", Unrecognised),
    ],
)
def test_word(state, means):
    assert isinstance(parse(lead(state)), means)


def test_lead_without_offers_so_far_is_pending():
    assert parse(lead("processing", pending=REST)) == Pending("G-1")


def test_lead_with_offers_and_pending_products_has_more_to_come():
    answer = parse(lead("partial", offer(), pending=REST))
    assert isinstance(answer, Offered)
    assert answer.more_to_come


def test_complete_lead_without_an_offer_is_declined():
    assert parse(lead("complete")) == Declined("other", "G-1")
    assert parse(lead("complete", rejectionReason="AGE")) == Declined("age", "G-1")


@pytest.mark.parametrize("word", [*REASONS, "BAD_MOOD", 7, None])
def test_reason_of_a_rejection(word):
    assert parse(lead("rejected", rejectionReason=word)).reason == REASONS.get(word, "other")


@pytest.mark.parametrize(
    "document",
    [
        lead("processing"),
        lead("processing", offer(), pending=REST),
        lead("partial", pending=REST),
        lead("partial", offer()),
        lead("complete", offer(), pending=REST),
        lead("complete", offer(), pendingResponses=None),
        lead("complete", offer(), pendingResponses="none"),
        lead("partial", offer(), pendingResponses=[{"name": "Elastīgais"}]),
        lead("complete", offers=None),
        {"leadUuid": lead("complete")["leadUuid"], "state": "complete"},
    ],
)
def test_word_and_lists_that_disagree_are_malformed(document):
    assert_malformed(document)


# --- what is missing ---


def test_missing_fields_are_read_under_our_names():
    document = lead(
        "processing",
        pending=REST,
        missingFields=missing("contact.mobilePhone", "income.monthlyNet", "pet.name"),
    )
    assert parse(document) == NeedsMore(("identification.phone", "financial.monthly_income_cents"), "G-1")


def test_offers_stand_beside_what_is_missing():
    document = lead("partial", offer(), pending=REST, missingFields=missing("contact.mobilePhone"))
    answer = parse(document)
    assert isinstance(answer, Offered)
    assert (answer.more_to_come, answer.needs) == (True, ("identification.phone",))


def test_nothing_is_asked_for_that_nobody_waits_for():
    answer = parse(lead("complete", offer(), missingFields=missing("contact.mobilePhone")))
    assert answer.needs == ()
    nobody = parse(lead("complete", missingFields=missing("contact.mobilePhone")))
    assert isinstance(nobody, Declined)


def test_group_that_misses_only_what_we_have_no_name_for_is_waited_for():
    assert parse(lead("processing", pending=REST, missingFields=missing("pet.name"))) == Pending("G-1")


@pytest.mark.parametrize(
    "listed", ["contact.mobilePhone", ["contact.mobilePhone"], [{"reason": "x"}], [{"field": 7}]]
)
def test_missing_fields_in_another_shape_are_malformed(listed):
    assert_malformed(lead("processing", pending=REST, missingFields=listed))
