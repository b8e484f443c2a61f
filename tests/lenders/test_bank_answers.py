"""Reading a bank's answer: to the cent, in its own words, or not at all."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lenders.adapters.bank import BankAdapter
from lenders.adapters.bank_answers import REASONS
from lenders.adapters.base import (
    DECLINE_REASONS,
    Accepted,
    ContractSigned,
    Declined,
    Instalment,
    NeedsMore,
    Offered,
    Pending,
    Unrecognised,
    Withdrawn,
)
from lenders.adapters.errors import ErrorCode, LenderError, Problem
from tests.lenders.adapter_contract import outcome
from tests.lenders.bank_examples import (
    BANK_ENDPOINT,
    approved,
    bank_offer,
    bank_reply,
    bank_said,
    refusal,
    with_fee,
)
from tests.lenders.lender_examples import NOW, SUBMISSION
from tests.lenders.test_join_answers import JSON

BANK = BankAdapter()


def parse(document: Any, **options: Any) -> Any:
    return BANK.parse(bank_reply(document, **options), BANK_ENDPOINT, now=NOW)


def fault_of(document: Any, **options: Any) -> LenderError:
    with pytest.raises(LenderError) as caught:
        parse(document, **options)
    assert caught.value.__context__ is None
    return caught.value


def test_offer_is_read_to_the_cent():
    answer = parse(approved())
    assert isinstance(answer, Offered)
    (terms,) = answer.offers
    assert (answer.lender_reference, terms.reference) == ("BNK-1", "OFFER-1")
    assert (terms.amount_cents, terms.term_months, terms.instalment_cents) == (56000, 12, 4962)
    assert (terms.borrowing_rate, terms.apr) == (Decimal("11.50"), Decimal("12.13"))
    assert (terms.total_payable_cents, terms.upfront_fees_cents) == (59550, 0)
    assert terms.schedule[-1] == Instalment(12, 4968)
    assert terms.valid_until == datetime(2026, 12, 7, 9, 0, 6, tzinfo=UTC)
    assert terms.price_personalised is False


def test_fees_at_the_payout_are_summed_and_those_with_the_instalments_stand_in_the_schedule():
    fees = [with_fee(10_00), with_fee(5_50), with_fee(99_00, "WITH_INSTALMENTS")]
    (terms,) = parse(approved(fees=fees, totalRepayable="611.00")).offers
    assert terms.upfront_fees_cents == 15_50


def test_several_offers_are_read_in_their_order():
    offers = [bank_offer(offerId="B"), bank_offer(offerId="A")]
    assert [terms.reference for terms in parse(bank_said("APPROVED", offers=offers)).offers] == ["B", "A"]


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        ("RECEIVED", Pending("BNK-1")),
        ("IN_PROGRESS", Pending("BNK-1")),
        ("ACCEPTED", Accepted("BNK-1")),
        ("AWAITING_SIGNATURE", Accepted("BNK-1")),
        ("CANCELLED", Withdrawn("BNK-1")),
        ("SIGNED", ContractSigned("BNK-1")),
        ("DISBURSED", ContractSigned("BNK-1")),
        ("REJECTED", Declined("other", "BNK-1")),
        ("approved", Unrecognised("BNK-1")),
        ("UNDER_RECONSIDERATION", Unrecognised("BNK-1")),
    ],
)
def test_each_word_of_the_bank(status, answer):
    assert parse(bank_said(status)) == answer


@pytest.mark.parametrize("status", ["ACCEPTED", "AWAITING_SIGNATURE"])
def test_offer_that_is_repeated_after_the_choice_is_read_and_is_no_new_one(status):
    answer = parse(bank_said(status, offers=[bank_offer(offerId="B")]))
    assert isinstance(answer, Accepted)
    assert [terms.reference for terms in answer.offers] == ["B"]


def test_pre_approved_is_no_offer_even_with_figures():
    assert parse(bank_said("PRE_APPROVED", offers=[bank_offer()])) == Pending("BNK-1")


@pytest.mark.parametrize("word", [*REASONS, "BECAUSE_OF_THE_MOON"])
def test_reason_of_a_refusal_is_one_of_ours(word):
    answer = parse(bank_said("REJECTED", rejectionReason=word))
    assert answer.reason == REASONS.get(word, "other")
    assert answer.reason in DECLINE_REASONS


def test_what_is_still_needed_is_said_in_our_labels():
    wanted = [
        {"field": "contact.phone"},
        {"document": "INCOME_STATEMENT"},
        {"field": "customer.shoeSize"},
        {"field": "address.city", "comment": "free text"},
        {"field": "contact.phone"},
    ]
    answer = parse(bank_said("ADDITIONAL_INFO_REQUIRED", requiredInformation=wanted))
    labels = ("identification.phone", "document.income", "identification.city")
    assert answer == NeedsMore(labels, "BNK-1")


def test_unknown_fields_are_ignored():
    assert isinstance(parse({**approved(novelty=1), "more": {"a": [1]}}), Offered)


# --- asked by our number ---


def test_application_found_by_our_number_is_read_as_any():
    assert isinstance(parse({"items": [approved()], "totalCount": 1}), Offered)


def test_nothing_found_by_our_number_was_not_received():
    fault = fault_of({"items": []})
    assert (fault.code, fault.permanent, fault.ambiguous) == (ErrorCode.NOT_RECEIVED, False, False)


def test_two_found_by_our_number_are_nobodys():
    assert fault_of({"items": [approved(), approved()]}).code == ErrorCode.MALFORMED_ANSWER


def test_somebody_elses_found_by_our_number_is_refused():
    stranger = {**approved(), "externalId": str(UUID(int=7))}
    assert fault_of({"items": [stranger]}).code == ErrorCode.WRONG_SUBMISSION


def test_bank_may_say_so_by_a_404_of_its_own():
    own = refusal("APPLICATION_NOT_FOUND", status=404)
    assert fault_of(own.body, status=404).code == ErrorCode.NOT_RECEIVED


@pytest.mark.parametrize(
    "document",
    [
        b"<html>Not Found</html>",
        b"",
        {"code": "APPLICATION_NOT_FOUND"},
        {"code": "APPLICATION_NOT_FOUND", "externalId": str(UUID(int=7))},
        {"code": "ROUTE_NOT_FOUND", "externalId": str(SUBMISSION)},
        {"items": []},
    ],
)
def test_a_gateways_404_says_nothing_of_the_application(document):
    fault = fault_of(document, status=404)
    assert (fault.code, fault.permanent) == (ErrorCode.REJECTED, True)


# --- refusals ---


def test_what_the_bank_disliked_is_said_in_our_labels():
    errors = [
        {"field": "contact.phone", "code": "REQUIRED", "message": "canary"},
        {"field": "credit.amount", "code": "TOO_ROUND"},
        {"field": "customer.shoeSize", "code": "REQUIRED"},
        "canary",
    ]
    fault = fault_of(refusal("VALIDATION_FAILED", status=422, errors=errors).body, status=422)
    assert fault.problems == (
        Problem("identification.phone", "missing"),
        Problem("loan.amount_cents", "other"),
    )
    assert fault.signed


def test_refusal_that_is_not_the_banks_own_word_is_known_as_such():
    assert not fault_of(b"<html>", status=422).signed


# --- the acceptance ---


def parse_choice(document: Any, **options: Any) -> Any:
    return BANK.parse_choice(bank_reply(document, **options), BANK_ENDPOINT, now=NOW)


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        ("ACCEPTED", Accepted("BNK-1")),
        ("AWAITING_SIGNATURE", Accepted("BNK-1")),
        ("SIGNED", ContractSigned("BNK-1")),
        ("REJECTED", Declined("other", "BNK-1")),
        ("CANCELLED", Withdrawn("BNK-1")),
        ("APPROVED", Unrecognised("BNK-1")),
        ("IN_PROGRESS", Unrecognised("BNK-1")),
    ],
)
def test_answers_to_an_acceptance(status, answer):
    assert parse_choice(bank_said(status)) == answer


def test_offer_that_was_accepted_before_is_accepted():
    answer = refusal("ALREADY_ACCEPTED", status=409)
    assert BANK.parse_choice(answer, BANK_ENDPOINT, now=NOW) == Accepted()


@pytest.mark.parametrize(
    "answer",
    [
        bank_reply(b"ALREADY_ACCEPTED", status=409),
        bank_reply({"code": "ALREADY_ACCEPTED"}, status=409),
        refusal("OFFER_NOT_AVAILABLE", status=409),
        refusal("ALREADY_ACCEPTED", status=400),
    ],
)
def test_any_other_conflict_is_a_refusal(answer):
    found = outcome(lambda: BANK.parse_choice(answer, BANK_ENDPOINT, now=NOW))
    assert isinstance(found, LenderError)
    assert found.code == ErrorCode.REJECTED


# --- strictness ---


def without(key: str) -> dict[str, Any]:
    terms = bank_offer()
    del terms[key]
    return terms


BAD_OFFERS = [
    *[without(key) for key in bank_offer()],
    bank_offer(offerId="a b"),
    *[
        bank_offer(amount=amount)
        for amount in (560, 560.0, "560", "560,00", "560.0", "560.000", " 560.00", "-560.00", "5.6e2", "")
    ],
    bank_offer(amount="0.00"),
    bank_offer(amount="99999999.99"),
    bank_offer(amount="595.51"),
    bank_offer(currency="USD"),
    bank_offer(termMonths="12"),
    bank_offer(termMonths=11),
    bank_offer(termMonths=481),
    bank_offer(monthlyPayment="49.68"),
    *[bank_offer(annualPercentageRate=text) for text in ("NaN", "-1", "1e2", "12,13", "1001", 12.13)],
    bank_offer(totalRepayable="595.51"),
    bank_offer(fees=None),
    bank_offer(fees=[with_fee(0, "SOMETIME")]),
    bank_offer(fees=[with_fee(560_00)], totalRepayable="1155.50"),
    bank_offer(fees=[with_fee(1)]),
    bank_offer(fees=[{"type": "CONTRACT", "amount": "0.00"}]),
    bank_offer(fees=[with_fee(0)] * 21),
    bank_offer(paymentSchedule=[]),
    bank_offer(paymentSchedule=list(reversed(bank_offer()["paymentSchedule"]))),
    bank_offer(paymentSchedule=[{"month": 1, "payment": 595.50}], monthlyPayment="595.50"),
    bank_offer(validUntil="2026-12-07"),
    bank_offer(personalisedPrice="false"),
    None,
    [],
]


@pytest.mark.parametrize("terms", BAD_OFFERS, ids=range(len(BAD_OFFERS)))
def test_offer_that_breaks_a_rule_is_refused_whole(terms):
    fault = fault_of(bank_said("APPROVED", offers=[bank_offer(offerId="GOOD"), terms]))
    assert (fault.code, fault.permanent) == (ErrorCode.MALFORMED_ANSWER, True)


MALFORMED = [
    bank_said("APPROVED"),
    bank_said("APPROVED", offers=[]),
    bank_said("APPROVED", offers=[bank_offer(), bank_offer()]),
    bank_said("APPROVED", offers=[bank_offer(offerId=f"O{n}") for n in range(11)]),
    bank_said("REJECTED", rejectionReason=5),
    bank_said("ADDITIONAL_INFO_REQUIRED"),
    bank_said("ADDITIONAL_INFO_REQUIRED", requiredInformation=[]),
    bank_said("ADDITIONAL_INFO_REQUIRED", requiredInformation=["contact.phone"]),
    bank_said("ADDITIONAL_INFO_REQUIRED", requiredInformation=[{"field": "customer.shoeSize"}]),
    bank_said("ADDITIONAL_INFO_REQUIRED", requiredInformation=[{"field": ["contact.phone"]}]),
    bank_said(""),
    {**bank_said("IN_PROGRESS"), "applicationId": "Anna Bērziņa"},
    {"externalId": str(SUBMISSION), "status": "IN_PROGRESS"},
    {"applicationId": "BNK-1", "externalId": "12", "status": "IN_PROGRESS"},
    {"applicationId": "BNK-1", "externalId": str(SUBMISSION)},
    {"items": None},
    {"items": ["x"]},
    [],
    b"",
    b"{",
    b'{"status": NaN}',
    b"[" * 100_000,
]


@pytest.mark.parametrize("document", MALFORMED, ids=range(len(MALFORMED)))
def test_answer_that_breaks_the_protocol_is_malformed(document):
    fault = fault_of(document)
    assert (fault.code, fault.permanent) == (ErrorCode.MALFORMED_ANSWER, True)


@settings(max_examples=300)
@given(st.data())
def test_any_change_to_one_value_is_an_answer_or_a_lender_error(data):
    changed = copy.deepcopy(approved(fees=[with_fee(0)]))
    offer = changed["offers"][0]
    place: Any = data.draw(
        st.sampled_from([changed, offer, offer, offer["paymentSchedule"][3], offer["fees"][0]])
    )
    place[data.draw(st.sampled_from(sorted(place)))] = data.draw(JSON)
    found = outcome(lambda: parse(changed))
    assert getattr(found, "__context__", None) is None
