"""The sandbox's faults on order: each does what it says, and what was only badly told can be asked for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest

from lenders.adapters.base import (
    Accepted,
    Document,
    HttpCall,
    NeedsMore,
    Offered,
    Pending,
    Withdrawn,
)
from lenders.adapters.errors import ErrorCode, LenderError
from lenders.sandbox.runner import SandboxServer
from tests.lenders.lender_examples import DOCUMENTS
from tests.lenders.sandbox_peer import SECRET, Peer, played, refused

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(secret=SECRET, speed=40) as running:
        yield running


TELLING_FAILS = [
    ("hang", ErrorCode.TIMED_OUT),
    ("half", ErrorCode.TIMED_OUT),
    ("drip", ErrorCode.TIMED_OUT),
    ("malformed", ErrorCode.MALFORMED_ANSWER),
    ("bad_signature", ErrorCode.BAD_SIGNATURE),
    ("huge", ErrorCode.TOO_LARGE),
]


@pytest.mark.parametrize(("fault", "code"), TELLING_FAILS)
def test_application_whose_answer_is_lost_can_be_asked_for(server, fault, code):
    async def scene(peer: Peer) -> None:
        assert await peer.control("_faults", slug="atra", fault=fault, seconds=30) == 200
        assert (await refused(peer.ask("atra", seconds=0.4))).code == code
        assert isinstance(await peer.ask("atra", peer.inquiry("atra")), Offered)
        assert isinstance(await peer.ask("atra"), Offered)
        assert [entry["count"] for entry in (await peer.log())["evaluations"]] == [1]

    played(server, scene)


@pytest.mark.parametrize(
    ("fault", "code"), [("error", ErrorCode.UNAVAILABLE), ("redirect", ErrorCode.REDIRECTED)]
)
def test_fault_before_evaluation_lasts_as_often_as_ordered(server, fault, code):
    async def scene(peer: Peer) -> None:
        await peer.control("_faults", slug="atra", fault=fault, times=2)
        for _ in range(2):
            assert (await refused(peer.ask("atra"))).code == code
        assert isinstance(await peer.ask("atra"), Offered)

    played(server, scene)


def test_slow_answer_arrives(server):
    async def scene(peer: Peer) -> None:
        await peer.control("_faults", slug="atra", fault="slow", seconds=0.2)
        began = time.monotonic()
        assert isinstance(await peer.ask("atra"), Offered)
        assert time.monotonic() - began >= 0.2

    played(server, scene)


def test_callback_sent_twice_has_one_message_id(server):
    async def scene(peer: Peer) -> None:
        await peer.control("_faults", slug="dzintars", fault="duplicate_callback")
        await peer.ask("dzintars")
        first, second = await peer.called_back("dzintars", 2)
        assert first == second

    played(server, scene)


def test_late_callback_follows_a_pending(server):
    async def scene(peer: Peer) -> None:
        await peer.control("_faults", slug="atra", fault="late_callback", seconds=0.3)
        assert isinstance(await peer.ask("atra"), Pending)
        (message,) = await peer.called_back("atra", 1)
        assert isinstance(message.answer, Offered)

    played(server, scene)


def test_withdrawal_follows_an_offer_and_meets_the_choice(server):
    async def scene(peer: Peer) -> None:
        await peer.control("_faults", slug="atra", fault="withdraw", seconds=0.1)
        answer = await peer.ask("atra")
        assert isinstance(answer, Offered)
        (message,) = await peer.called_back("atra", 1)
        assert isinstance(message.answer, Withdrawn)
        assert isinstance(await peer.choose("atra", answer.offers[0].reference), Withdrawn)

    played(server, scene)


def test_decision_arrives_before_the_answer_that_it_was_to_follow(server):
    async def scene(peer: Peer) -> None:
        await peer.control("_faults", slug="atra", fault="callback_first")
        assert isinstance(await peer.ask("atra"), Pending)
        (message,) = await peer.called_back("atra", 1)
        assert isinstance(message.answer, Offered)
        await asyncio.sleep(0.4)
        assert isinstance(await peer.ask("atra", peer.inquiry("atra")), Offered)

    played(server, scene)


def test_forged_callback_is_signed_by_a_stranger(server):
    async def scene(peer: Peer) -> None:
        await peer.control("_faults", slug="dzintars", fault="forged_callback")
        await peer.ask("dzintars")
        await peer.receiver.until(1)
        with pytest.raises(LenderError) as caught:
            await peer.called_back("dzintars", 1)
        assert caught.value.code == ErrorCode.BAD_SIGNATURE

    played(server, scene)


def test_chosen_offer_is_told_again_with_other_figures(server):
    async def scene(peer: Peer) -> None:
        (offer,) = (await peer.ask("atra")).offers
        await peer.control("_faults", slug="atra", fault="change_offer")
        assert isinstance(await peer.choose("atra", offer.reference), Accepted)
        (message,) = await peer.called_back("atra", 1)
        (changed,) = message.answer.offers
        assert changed.reference == offer.reference
        assert changed.total_payable_cents > offer.total_payable_cents

    played(server, scene)


def test_lender_calls_back_with_what_it_is_told_to_say(server):
    async def scene(peer: Peer) -> None:
        await peer.ask("atra")
        said = {"slug": "atra", "submission_id": str(peer.submission), "status": "declined"}
        assert await peer.control("_say", **said, reason="age") == 200
        assert (await peer.called_back("atra", 1))[0].answer.reason == "age"
        assert await peer.control("_say", **(said | {"submission_id": str(uuid4())})) == 404

    played(server, scene)


def test_more_is_asked_for_on_order(server):
    async def scene(peer: Peer) -> None:
        await peer.control("_faults", slug="leja", fault="needs_more")
        answer = await peer.ask("leja")
        assert isinstance(answer, NeedsMore)
        assert answer.needs == ("identification.phone",)

    played(server, scene)


def test_lender_decides_once_it_has_what_it_asked_for(server):
    async def scene(peer: Peer) -> None:
        needs = ["identification.phone", "document.income", "pep.pep_status"]
        await peer.control("_faults", slug="leja", fault="needs_more", needs=needs)
        assert (await peer.ask("leja")).needs == tuple(needs)
        phone = {"identification.phone": "+37120000000"}
        rest = await peer.ask("leja", peer.supplement("leja", phone))
        assert rest.needs == ("document.income", "pep.pep_status")
        given = peer.supplement("leja", {"pep.pep_status": "none"}, DOCUMENTS[0])
        assert isinstance(await peer.ask("leja", given), Offered)
        assert isinstance(await peer.ask("leja", peer.inquiry("leja")), Offered)
        log = (await peer.log())["requests"]
        assert log[-2]["fields"] == ["document.income", "pep.status"]

    played(server, scene)


def test_same_supplement_twice_is_taken_in_once(server):
    async def scene(peer: Peer) -> None:
        await peer.control("_faults", slug="leja", fault="needs_more", times=2)
        await peer.ask("leja")
        given = peer.supplement("leja", {"identification.phone": "+37120000000"})
        assert isinstance(await peer.ask("leja", given), NeedsMore)  # it asks for the same once more
        assert isinstance(await peer.ask("leja", given), NeedsMore)
        key = UUID(given.headers["Idempotency-Key"])
        other = peer.supplement("leja", {"identification.phone": "+37121111111"}, key=key)
        assert (await refused(peer.ask("leja", other))).code == ErrorCode.ALREADY_RECEIVED
        again = peer.supplement("leja", {"identification.phone": "+37120000000"})
        assert isinstance(await peer.ask("leja", again), Offered)

    played(server, scene)


def test_lender_wants_to_see_the_income_for_a_large_amount(server):
    async def scene(peer: Peer) -> None:
        answer = await peer.ask("leja", peer.application("leja", **{"loan.amount_cents": 8_000_01}))
        assert answer.needs == ("document.income",)
        spoilt = Document("document.income", "image/jpeg", b"%PDF-")
        assert (
            await refused(peer.ask("leja", peer.supplement("leja", {}, spoilt)))
        ).code == ErrorCode.REJECTED
        assert isinstance(await peer.ask("leja", peer.supplement("leja", {}, DOCUMENTS[0])), Offered)

    played(server, scene)


def test_callback_is_repeated_until_taken_with_the_same_id(server):
    async def scene(peer: Peer) -> None:
        peer.receiver.statuses = [503, 429]
        await peer.ask("dzintars")
        messages = await peer.called_back("dzintars", 3)
        assert len({message.message_id for message in messages}) == 1
        await asyncio.sleep(0.1)
        statuses = [entry["status"] for entry in (await peer.log())["callbacks"]]
        assert statuses == [503, 429, 204]

    played(server, scene)


def test_callback_refused_for_good_is_not_repeated(server):
    async def scene(peer: Peer) -> None:
        peer.receiver.statuses = [401]
        await peer.ask("dzintars")
        await peer.receiver.until(1)
        await asyncio.sleep(0.3)
        assert len(peer.receiver.received) == 1

    played(server, scene)


def test_reset_forgets_callbacks_still_to_be_made(server):
    async def scene(peer: Peer) -> None:
        await peer.control("_faults", slug="atra", fault="late_callback", seconds=0.2)
        await peer.ask("atra")
        await peer.control("_reset")
        await asyncio.sleep(0.4)
        assert peer.receiver.received == []
        assert not any((await peer.log()).values())

    played(server, scene)


def test_unknown_fault_or_lender_is_refused(server):
    async def scene(peer: Peer) -> None:
        assert await peer.control("_faults", slug="atra", fault="explode") == 400
        assert await peer.control("_faults", slug="nobody", fault="hang") == 400
        call = peer.application("atra")
        missing = HttpCall("POST", f"{server.url}/nobody/applications", call.headers, call.body)
        assert (await peer.send(missing)).status == 404

    played(server, scene)
