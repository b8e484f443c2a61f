"""The sandbox's lender group over real HTTP: products answer one by one, and each fault does what it says."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from lenders.adapters.base import (
    Accepted,
    Declined,
    HttpCall,
    NeedsMore,
    Offered,
    Pending,
    Supplement,
    Withdrawn,
)
from lenders.adapters.errors import ErrorCode, LenderError, Problem
from lenders.apr import apr_of_offer, round_half_up
from lenders.sandbox.runner import SandboxServer
from tests.lenders.sandbox_peer import LENDERS, SECRET, Peer, adapter_of, played, refused

pytestmark = pytest.mark.thorough

GROUP = "krasts"
PRODUCTS = 1 + len(LENDERS[GROUP].other_products)


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(secret=SECRET, speed=40) as running:
        yield running


async def give(peer: Peer, **fields: object):
    supplement = Supplement(uuid4(), peer.submission, fields=fields)
    now = datetime.now(tz=UTC)
    call = adapter_of(GROUP).build_supplement(supplement, peer.endpoint(GROUP), now=now)
    return await peer.ask(GROUP, call)


# --- product by product ---


def test_first_reply_is_partial_and_each_product_calls_back(server):
    async def scene(peer: Peer) -> None:
        first = await peer.ask(GROUP)
        assert isinstance(first, Offered)
        assert (len(first.offers), first.more_to_come) == (1, True)
        messages = await peer.called_back(GROUP, PRODUCTS - 1)
        answers = [message.answer for message in messages]
        assert [len(answer.offers) for answer in answers] == [2, 3]
        assert [answer.more_to_come for answer in answers] == [True, False]
        assert all(answer.offers[0] == first.offers[0] for answer in answers)
        assert await peer.ask(GROUP, peer.inquiry(GROUP)) == answers[-1]
        assert await peer.ask(GROUP) == answers[-1]
        assert [entry["count"] for entry in (await peer.log())["evaluations"]] == [1]

    played(server, scene)


def test_every_products_figures_are_honest(server):
    async def scene(peer: Peer) -> None:
        await peer.ask(GROUP)
        offers = (await peer.called_back(GROUP, PRODUCTS - 1))[-1].answer.offers
        assert len({terms.borrowing_rate for terms in offers}) == PRODUCTS
        for terms in offers:
            rate = apr_of_offer(
                amount_cents=terms.amount_cents,
                upfront_fees_cents=terms.upfront_fees_cents,
                schedule=terms.schedule,
            )
            assert terms.apr == round_half_up(rate)

    played(server, scene)


def test_amount_below_the_least_is_declined(server):
    async def scene(peer: Peer) -> None:
        answer = await peer.ask(GROUP, peer.application(GROUP, **{"loan.amount_cents": 1}))
        assert answer == Declined("amount_or_term_not_available", answer.lender_reference)

    played(server, scene)


# --- who may ask, and for what ---


def test_lead_without_our_key_is_refused_and_not_logged(server):
    async def scene(peer: Peer) -> None:
        call = peer.application(GROUP)
        for headers in ({}, {**call.headers, "X-Api-Key": "guessed"}, {**call.headers, "X-Api-Key-Id": "x"}):
            fault = await refused(peer.ask(GROUP, dataclasses.replace(call, headers=headers)))
            assert (fault.code, fault.signed) == (ErrorCode.REJECTED, False)
        assert (await peer.log())["requests"] == []

    played(server, scene)


def test_unknown_lead_was_not_received(server):
    fault = played(server, lambda peer: refused(peer.ask(GROUP, peer.inquiry(GROUP))))
    assert fault.code == ErrorCode.NOT_RECEIVED


def test_same_lead_with_another_body_is_refused(server):
    async def scene(peer: Peer) -> None:
        await peer.ask(GROUP)
        fault = await refused(peer.ask(GROUP, peer.application(GROUP, **{"loan.term_months": 24})))
        assert (fault.code, fault.permanent) == (ErrorCode.ALREADY_RECEIVED, True)

    played(server, scene)


def test_lead_without_an_amount_is_refused_with_the_field(server):
    async def scene(peer: Peer) -> None:
        call = peer.application(GROUP)
        without = {name: value for name, value in json.loads(call.body).items() if name != "loan"}
        fault = await refused(peer.ask(GROUP, dataclasses.replace(call, body=json.dumps(without).encode())))
        assert fault.problems == (Problem("loan.amount_cents", "missing"),)

    played(server, scene)


def test_log_holds_names_of_fields_and_nobodys_data(server):
    async def scene(peer: Peer) -> None:
        answer = await peer.ask(GROUP)
        await peer.choose(GROUP, answer.offers[0].reference)
        log = await peer.log()
        assert "canary" not in json.dumps(log)
        assert len(log["requests"][0]["fields"]) == len(LENDERS[GROUP].requested_fields)

    played(server, scene)


@pytest.mark.parametrize(
    ("fault", "code"),
    [("malformed", ErrorCode.MALFORMED_ANSWER), ("bad_signature", ErrorCode.WRONG_SUBMISSION)],
)
def test_refusal_that_is_spoilt_does_not_make_us_send_again(server, fault, code):
    async def scene(peer: Peer) -> None:
        await peer.control("_faults", slug=GROUP, fault=fault)
        assert (await refused(peer.ask(GROUP, peer.inquiry(GROUP)))).code == code

    played(server, scene)


# --- the choice ---


def test_choice_is_taken_while_more_may_come_and_ends_the_waiting(server):
    async def scene(peer: Peer) -> None:
        answer = await peer.ask(GROUP)
        for _ in range(2):
            assert isinstance(await peer.choose(GROUP, answer.offers[0].reference), Accepted)
        await asyncio.sleep(0.3)
        assert peer.receiver.received == []
        choices = (await peer.log())["choices"]
        assert [choice["offer_reference"] for choice in choices] == [answer.offers[0].reference]

    played(server, scene)


def test_choice_of_an_unknown_offer_is_refused(server):
    async def scene(peer: Peer) -> None:
        await peer.ask(GROUP)
        fault = await refused(peer.choose(GROUP, "another"))
        assert (fault.code, fault.signed) == (ErrorCode.REJECTED, True)
        assert fault.problems == (Problem("offer_reference", "unknown"),)

    played(server, scene)


# --- what is missing ---


def test_what_is_missing_is_asked_for_by_name(server):
    async def scene(peer: Peer) -> None:
        await peer.control("_faults", slug=GROUP, fault="needs_more")
        answer = await peer.ask(GROUP)
        assert isinstance(answer, NeedsMore)
        assert answer.needs == ("identification.phone",)
        fault = await refused(give(peer, **{"family.dependants": 2}))
        assert fault.problems == (Problem("identification.phone", "missing"),)

    played(server, scene)


def test_lead_goes_on_once_what_was_missing_is_there(server):
    async def scene(peer: Peer) -> None:
        await peer.control("_faults", slug=GROUP, fault="needs_more")
        await peer.ask(GROUP)
        for _ in range(2):
            answer = await give(peer, **{"identification.phone": "+37120000000"})
            assert isinstance(answer, Offered)
        messages = await peer.called_back(GROUP, PRODUCTS - 1)
        assert [message.answer.more_to_come for message in messages] == [True, False]

    played(server, scene)


# --- faults ---


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("hang", ErrorCode.TIMED_OUT),
        ("half", ErrorCode.TIMED_OUT),
        ("drip", ErrorCode.TIMED_OUT),
        ("malformed", ErrorCode.MALFORMED_ANSWER),
        ("bad_signature", ErrorCode.WRONG_SUBMISSION),
        ("huge", ErrorCode.TOO_LARGE),
    ],
)
def test_lead_whose_reply_is_lost_can_be_asked_for(server, fault, code):
    async def scene(peer: Peer) -> None:
        await peer.control("_faults", slug=GROUP, fault=fault, seconds=30)
        assert (await refused(peer.ask(GROUP, seconds=0.4))).code == code
        assert isinstance(await peer.ask(GROUP, peer.inquiry(GROUP)), Offered)
        assert [entry["count"] for entry in (await peer.log())["evaluations"]] == [1]

    played(server, scene)


@pytest.mark.parametrize(
    ("fault", "code"), [("error", ErrorCode.UNAVAILABLE), ("redirect", ErrorCode.REDIRECTED)]
)
def test_fault_before_evaluation(server, fault, code):
    async def scene(peer: Peer) -> None:
        await peer.control("_faults", slug=GROUP, fault=fault)
        assert (await refused(peer.ask(GROUP))).code == code
        assert (await peer.log())["evaluations"] == []
        assert isinstance(await peer.ask(GROUP), Offered)

    played(server, scene)


def test_offer_overtakes_the_reply_that_it_was_to_follow(server):
    async def scene(peer: Peer) -> None:
        await peer.control("_faults", slug=GROUP, fault="callback_first")
        assert isinstance(await peer.ask(GROUP), Pending)
        messages = await peer.called_back(GROUP, PRODUCTS)
        assert [len(message.answer.offers) for message in messages] == [1, 2, 3]

    played(server, scene)


def test_late_callback_follows_a_pending(server):
    async def scene(peer: Peer) -> None:
        await peer.control("_faults", slug=GROUP, fault="late_callback", seconds=0.2)
        assert isinstance(await peer.ask(GROUP), Pending)
        messages = await peer.called_back(GROUP, PRODUCTS)
        assert [len(message.answer.offers) for message in messages] == [1, 2, 3]

    played(server, scene)


def test_last_callback_twice_has_one_message_id(server):
    async def scene(peer: Peer) -> None:
        await peer.control("_faults", slug=GROUP, fault="duplicate_callback")
        await peer.ask(GROUP)
        messages = await peer.called_back(GROUP, PRODUCTS)
        assert messages[-1] == messages[-2]
        assert messages[-1] != messages[-3]

    played(server, scene)


def test_forged_callback_is_signed_by_a_stranger(server):
    async def scene(peer: Peer) -> None:
        await peer.control("_faults", slug=GROUP, fault="forged_callback")
        await peer.ask(GROUP)
        with pytest.raises(LenderError) as caught:
            await peer.called_back(GROUP, 1)
        assert caught.value.code == ErrorCode.BAD_SIGNATURE

    played(server, scene)


def test_withdrawal_follows_and_meets_the_choice(server):
    async def scene(peer: Peer) -> None:
        await peer.control("_faults", slug=GROUP, fault="withdraw", seconds=0.1)
        answer = await peer.ask(GROUP)
        messages = await peer.called_back(GROUP, PRODUCTS)
        assert isinstance(messages[-1].answer, Withdrawn)
        assert isinstance(await peer.choose(GROUP, answer.offers[0].reference), Withdrawn)

    played(server, scene)


def test_chosen_offer_is_told_again_with_other_figures(server):
    async def scene(peer: Peer) -> None:
        (offer,) = (await peer.ask(GROUP)).offers
        await peer.control("_faults", slug=GROUP, fault="change_offer")
        assert isinstance(await peer.choose(GROUP, offer.reference), Accepted)
        (message,) = await peer.called_back(GROUP, 1)
        changed = {terms.reference: terms for terms in message.answer.offers}[offer.reference]
        assert changed.total_payable_cents > offer.total_payable_cents

    played(server, scene)


def test_answer_to_somebody_elses_inquiry_is_not_ours(server):
    async def scene(peer: Peer) -> None:
        await peer.ask(GROUP)
        call = peer.inquiry(GROUP)
        moved = HttpCall("GET", call.url, call.headers, b"", uuid4())
        assert (await refused(peer.ask(GROUP, moved))).code == ErrorCode.WRONG_SUBMISSION

    played(server, scene)
