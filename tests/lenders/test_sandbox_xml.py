"""The XML twin over real TLS, spoken to by our adapter and edge: each checks the others, and so does the
schema.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from lenders.adapters.base import (
    Accepted,
    ContractSigned,
    Deleted,
    DeletionReason,
    DeletionRequest,
    HttpCall,
    NeedsMore,
    Offered,
    Pending,
    Retained,
    Unrecognised,
    Withdrawn,
)
from lenders.adapters.errors import ErrorCode, Problem
from lenders.apr import apr_of_offer, round_half_up
from lenders.sandbox.certificates import Authority
from lenders.sandbox.runner import SandboxServer
from tests.lenders.sandbox_peer import LENDERS, SECRET, Peer, adapter_of, played, refused
from tests.lenders.xml_examples import SCHEMA

pytestmark = pytest.mark.thorough

SLUG = "vecpilseta"


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(secret=SECRET, speed=40) as running:
        yield running


async def delete(peer: Peer) -> Any:
    adapter, now = adapter_of(SLUG), datetime.now(tz=UTC)
    request = DeletionRequest(peer.submission, DeletionReason.NOT_SELECTED)
    call = adapter.build_deletion(request, peer.endpoint(SLUG), now=now)
    return adapter.parse_deletion(await peer.send(call, slug=SLUG), peer.endpoint(SLUG), now=now)


async def evaluations(peer: Peer) -> list[int]:
    return [entry["count"] for entry in (await peer.log())["evaluations"]]


def test_offer_is_whole_and_honest(server):
    answer = played(server, lambda peer: peer.ask(SLUG))
    assert isinstance(answer, Offered)
    (terms,) = answer.offers
    assert (terms.amount_cents, terms.term_months) == (56000, 12)
    rate = apr_of_offer(
        amount_cents=terms.amount_cents, upfront_fees_cents=terms.upfront_fees_cents, schedule=terms.schedule
    )
    assert terms.apr == round_half_up(rate)


def test_application_and_replies_keep_to_the_schema(server):
    async def scene(peer: Peer) -> None:
        for fault in ("none", "needs_more", "late_callback"):
            peer.submission = uuid4()
            await peer.control("_faults", slug=SLUG, fault=fault, seconds=60)
            call = peer.application(SLUG)
            SCHEMA.validate(_without_declaration(call.body))
            SCHEMA.validate(_without_declaration((await peer.send(call, slug=SLUG)).body))
        inquiry = await peer.send(peer.inquiry(SLUG), slug=SLUG)
        SCHEMA.validate(_without_declaration(inquiry.body))
        peer.submission = uuid4()
        unknown = await peer.send(peer.inquiry(SLUG), slug=SLUG)
        SCHEMA.validate(_without_declaration(unknown.body))

    played(server, scene)


def _without_declaration(body: bytes) -> str:
    return re.sub(r"^<\?.*?\?>", "", body.decode())


# --- not idempotent, but it can be asked ---


def test_application_sent_twice_is_two_to_it(server):
    async def scene(peer: Peer) -> None:
        await peer.ask(SLUG)
        await peer.ask(SLUG)
        assert await evaluations(peer) == [2]

    played(server, scene)


LOST = [
    ("hang", ErrorCode.TIMED_OUT),
    ("half", ErrorCode.TIMED_OUT),
    ("drip", ErrorCode.TIMED_OUT),
    ("malformed", ErrorCode.MALFORMED_ANSWER),
    ("huge", ErrorCode.TOO_LARGE),
]


@pytest.mark.parametrize(("fault", "code"), LOST)
def test_application_whose_answer_is_lost_can_be_asked_for(server, fault, code):
    async def scene(peer: Peer) -> None:
        await peer.control("_faults", slug=SLUG, fault=fault, seconds=30)
        assert (await refused(peer.ask(SLUG, seconds=0.6))).code == code
        assert isinstance(await peer.ask(SLUG, peer.inquiry(SLUG)), Offered)
        assert await evaluations(peer) == [1]

    played(server, scene)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("error", ErrorCode.UNAVAILABLE),
        ("redirect", ErrorCode.REDIRECTED),
        ("bad_signature", ErrorCode.TLS_FAILED),
    ],
)
def test_fault_before_anything_was_received(server, fault, code):
    async def scene(peer: Peer) -> None:
        await peer.control("_faults", slug=SLUG, fault=fault, times=2)
        for _ in range(2):
            error = await refused(peer.ask(SLUG))
            assert (error.code, error.ambiguous) == (code, False)
        assert await evaluations(peer) == []
        assert isinstance(await peer.ask(SLUG), Offered)

    played(server, scene)


def test_stranger_is_sent_nothing(server):
    async def scene(peer: Peer) -> None:
        await peer.control("_faults", slug=SLUG, fault="bad_signature")
        await refused(peer.ask(SLUG))
        assert (await peer.log())["requests"] == []

    played(server, scene)


def test_unknown_submission_was_not_received(server):
    error = played(server, lambda peer: refused(peer.ask(SLUG, peer.inquiry(SLUG))))
    assert error.code == ErrorCode.NOT_RECEIVED


# --- what it says later is there when it is asked ---


def test_decision_that_comes_later_is_there_when_asked(server):
    async def scene(peer: Peer) -> None:
        await peer.control("_faults", slug=SLUG, fault="late_callback", seconds=0.2)
        assert isinstance(await peer.ask(SLUG), Pending)
        assert isinstance(await peer.ask(SLUG, peer.inquiry(SLUG)), Pending)
        await asyncio.sleep(0.4)
        assert isinstance(await peer.ask(SLUG, peer.inquiry(SLUG)), Offered)
        assert peer.receiver.received == []

    played(server, scene)


def test_withdrawal_is_there_when_asked_and_meets_the_choice(server):
    async def scene(peer: Peer) -> None:
        await peer.control("_faults", slug=SLUG, fault="withdraw", seconds=0.1)
        (offer,) = (await peer.ask(SLUG)).offers
        await asyncio.sleep(0.3)
        assert isinstance(await peer.ask(SLUG, peer.inquiry(SLUG)), Withdrawn)
        assert isinstance(await peer.choose(SLUG, offer.reference), Withdrawn)

    played(server, scene)


def test_more_is_asked_for_on_order(server):
    async def scene(peer: Peer) -> None:
        await peer.control("_faults", slug=SLUG, fault="needs_more")
        answer = await peer.ask(SLUG)
        assert isinstance(answer, NeedsMore)
        assert answer.needs == ("identification.phone",)

    played(server, scene)


def test_offer_changed_after_it_was_accepted_is_there_when_asked(server):
    async def scene(peer: Peer) -> None:
        (offer,) = (await peer.ask(SLUG)).offers
        await peer.control("_faults", slug=SLUG, fault="change_offer")
        assert isinstance(await peer.choose(SLUG, offer.reference), Accepted)
        await asyncio.sleep(0.1)
        (changed,) = (await peer.ask(SLUG, peer.inquiry(SLUG))).offers
        assert changed.reference == offer.reference
        assert changed.total_payable_cents > offer.total_payable_cents

    played(server, scene)


@pytest.mark.parametrize(
    ("status", "kind"), [("contract_signed", ContractSigned), ("telephoned", Unrecognised)]
)
def test_it_says_what_it_is_told_to(server, status, kind):
    async def scene(peer: Peer) -> None:
        await peer.ask(SLUG)
        await peer.control("_say", slug=SLUG, submission_id=str(peer.submission), status=status)
        assert isinstance(await peer.ask(SLUG, peer.inquiry(SLUG)), kind)

    played(server, scene)


# --- choice and deletion ---


def test_choice_needs_an_offer_that_was_made(server):
    async def scene(peer: Peer) -> None:
        assert (await refused(peer.choose(SLUG, "OFFER-1"))).code == ErrorCode.NOT_RECEIVED
        await peer.ask(SLUG)
        error = await refused(peer.choose(SLUG, "OFFER-1"))
        assert (error.code, error.signed) == (ErrorCode.REJECTED, True)
        assert error.problems == (Problem("offer_reference", "unknown"),)

    played(server, scene)


def test_what_was_not_chosen_is_deleted_and_not_known_afterwards(server):
    async def scene(peer: Peer) -> None:
        await peer.ask(SLUG)
        assert isinstance(await delete(peer), Deleted)
        assert (await refused(peer.ask(SLUG, peer.inquiry(SLUG)))).code == ErrorCode.NOT_RECEIVED
        assert isinstance(await delete(peer), Deleted)

    played(server, scene)


def test_what_was_chosen_is_kept_and_it_says_why(server):
    async def scene(peer: Peer) -> None:
        (offer,) = (await peer.ask(SLUG)).offers
        await peer.choose(SLUG, offer.reference)
        answer = await delete(peer)
        assert isinstance(answer, Retained)
        assert answer.basis == "money_laundering_prevention"
        assert answer.until > datetime.now(tz=UTC).date()

    played(server, scene)


# --- who is let in ---


def test_certificate_of_another_lender_is_not_ours(server):
    async def scene(peer: Peer) -> None:
        shown, known = Authority(SECRET).client("JO1N at another"), peer.endpoint(SLUG)
        credentials = dataclasses.replace(
            known.credentials, certificate=shown.certificate, private_key=shown.private_key
        )
        peer.endpoint = lambda _slug: dataclasses.replace(known, credentials=credentials)
        assert (await refused(peer.ask(SLUG))).code == ErrorCode.REJECTED
        assert (await peer.log())["requests"] == []

    played(server, scene)


def test_nothing_is_let_in_over_the_door_without_certificates(server):
    async def scene(peer: Peer) -> None:
        call = peer.application(SLUG)
        plain = HttpCall("POST", f"{server.url}/{SLUG}/service", call.headers, call.body, peer.submission)
        assert (await peer.send(plain)).status == 403
        assert (await peer.log())["requests"] == []

    played(server, scene)


def test_log_holds_names_of_fields_and_nobodys_data(server):
    async def scene(peer: Peer) -> None:
        (offer,) = (await peer.ask(SLUG)).offers
        await peer.choose(SLUG, offer.reference)
        log = await peer.log()
        assert "canary" not in json.dumps(log)
        sent = next(entry for entry in log["requests"] if entry["fields"])
        assert len(sent["fields"]) == len(LENDERS[SLUG].requested_fields)
        assert "Finances.MonthlyIncome" in sent["fields"]
        assert not [name for name in sent["fields"] if name.startswith("PoliticalExposure")]

    played(server, scene)


def test_two_sandboxes_of_one_secret_trust_each_others_certificates_and_of_another_do_not():
    tomorrow = Authority(SECRET, now=datetime(2031, 1, 1, tzinfo=UTC))
    assert Authority(SECRET).certificate == Authority(SECRET).certificate
    assert Authority(SECRET).client("us").private_key == tomorrow.client("us").private_key
    assert Authority(SECRET).client("us").private_key != Authority("another").client("us").private_key
