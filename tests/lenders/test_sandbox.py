"""The sandbox lenders over real HTTP, spoken to by our own adapter and edge: each side checks the other's
reading of the protocol.
"""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from lenders.adapters import ADAPTERS
from lenders.adapters.base import (
    Accepted,
    ContractSigned,
    Credentials,
    Declined,
    Deleted,
    HttpCall,
    Noted,
    Notice,
    NoticeKind,
    Offered,
    Pending,
)
from lenders.adapters.errors import ErrorCode, Problem
from lenders.adapters.join_answers import answer_of
from lenders.apr import apr_of_offer, round_half_up
from lenders.sandbox import credit
from lenders.sandbox.app import TWINS
from lenders.sandbox.runner import SandboxServer
from lenders.sandbox.secrets import SANDBOX_LENDERS, credentials_of
from tests.lenders.sandbox_peer import LENDERS, SECRET, Peer, played, refused

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(secret=SECRET, speed=40) as running:
        yield running


# --- those that speak our own protocol ---


@pytest.mark.parametrize("slug", ["atra", "leja"])
def test_lender_that_offers(server, slug):
    answer = played(server, lambda peer: peer.ask(slug))
    assert isinstance(answer, Offered)
    (terms,) = answer.offers
    assert (terms.amount_cents, terms.term_months) == (56000, 12)
    rate = apr_of_offer(
        amount_cents=terms.amount_cents, upfront_fees_cents=terms.upfront_fees_cents, schedule=terms.schedule
    )
    assert terms.apr == round_half_up(rate)


@pytest.mark.parametrize("slug", ["atra", "baka", "krasts", "vecpilseta"])
def test_lender_tells_what_it_wants_to_see(server, slug):
    with urllib.request.urlopen(f"{server.url}/_credentials/{slug}", timeout=5) as reply:
        assert json.load(reply) == credentials_of(SECRET, LENDERS[slug])


def test_command_names_the_way_out_when_its_port_is_taken():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=r"address already in use.*--port"):
            call_command("sandbox_lenders", port=port, tls_port=0, stdout=StringIO())


def test_lender_that_declines(server):
    assert played(server, lambda peer: peer.ask("piesardze")).reason == "internal_policy"


def test_lender_that_fails_every_time_evaluates_nothing(server):
    async def scene(peer: Peer) -> None:
        for call in (peer.application("vetra"), peer.application("vetra"), peer.inquiry("vetra")):
            fault = await refused(peer.ask("vetra", call))
            assert (fault.code, fault.permanent, fault.retry_after) == (ErrorCode.UNAVAILABLE, False, 1)
        assert (await peer.log())["evaluations"] == []

    played(server, scene)


def test_lender_that_calls_back(server):
    async def scene(peer: Peer) -> None:
        assert isinstance(await peer.ask("dzintars"), Pending)
        (message,) = await peer.called_back("dzintars", 1)
        assert message.submission_id == peer.submission
        assert isinstance(message.answer, Offered)
        assert await peer.ask("dzintars", peer.inquiry("dzintars")) == message.answer
        assert await peer.ask("dzintars") == message.answer

    played(server, scene)


def test_amount_below_the_least_is_declined_and_above_the_most_is_offered_at_the_limit(server):
    async def scene(peer: Peer) -> None:
        low = await peer.ask("atra", peer.application("atra", **{"loan.amount_cents": 1}))
        assert isinstance(low, Declined)
        peer.submission = uuid4()
        high = await peer.ask("atra", peer.application("atra", **{"loan.amount_cents": 10**9}))
        assert high.offers[0].amount_cents == LENDERS["atra"].maximum_amount_cents

    played(server, scene)


# --- once, however often ---


def test_same_application_sent_often_at_once_is_evaluated_once(server):
    async def scene(peer: Peer) -> None:
        call = peer.application("leja")
        answers = await asyncio.gather(*(peer.ask("leja", call) for _ in range(10)))
        assert len(set(answers)) == 1
        log = await peer.log()
        assert [entry["count"] for entry in log["evaluations"]] == [1]
        assert max(entry["count"] for entry in log["requests"]) == 10

    played(server, scene)


def test_same_key_with_another_body_is_refused(server):
    async def scene(peer: Peer) -> None:
        await peer.ask("atra")
        fault = await refused(peer.ask("atra", peer.application("atra", **{"loan.term_months": 24})))
        assert (fault.code, fault.permanent) == (ErrorCode.ALREADY_RECEIVED, True)

    played(server, scene)


def test_unknown_submission_was_not_received(server):
    fault = played(server, lambda peer: refused(peer.ask("atra", peer.inquiry("atra"))))
    assert fault.code == ErrorCode.NOT_RECEIVED


def test_signed_inquiry_does_not_open_another_submission(server):
    async def scene(peer: Peer) -> None:
        await peer.ask("atra")
        signed = peer.inquiry("atra", uuid4())
        moved = HttpCall("GET", peer.inquiry("atra").url, signed.headers, b"", peer.submission)
        assert (await refused(peer.ask("atra", moved))).code == ErrorCode.REJECTED

    played(server, scene)


def test_application_without_our_signature_is_refused_and_not_logged(server):
    async def scene(peer: Peer) -> None:
        call = peer.application("atra")
        for forged in (
            HttpCall(call.method, call.url, {**call.headers, "webhook-signature": "v1,AAAA"}, call.body),
            HttpCall(call.method, call.url, call.headers, call.body.replace(b"56000", b"56001")),
            HttpCall(call.method, call.url, {}, call.body),
        ):
            assert (await peer.send(forged)).status == 401
        assert (await peer.log())["requests"] == []

    played(server, scene)


def test_log_holds_names_of_fields_and_nobodys_data(server):
    async def scene(peer: Peer) -> None:
        for slug in ("leja", "dzintars"):
            await peer.ask(slug)
        await peer.choose("leja", f"leja-offer-{peer.submission.hex[:16]}")
        log = await peer.log()
        assert "canary" not in json.dumps(log)
        by_lender = {entry["slug"]: entry["fields"] for entry in log["requests"] if entry["fields"]}
        assert "identity_document.number" in by_lender["dzintars"]
        assert "identity_document.number" not in by_lender["leja"]
        assert len(by_lender["leja"]) == len(LENDERS["leja"].requested_fields) + 1  # and the language

    played(server, scene)


# --- the choice ---


def test_choice_is_accepted_and_remembered(server):
    async def scene(peer: Peer) -> None:
        answer = await peer.ask("atra")
        for _ in range(2):
            assert isinstance(await peer.choose("atra", answer.offers[0].reference), Accepted)
        choices = (await peer.log())["choices"]
        assert [choice["offer_reference"] for choice in choices] == [answer.offers[0].reference]

    played(server, scene)


def test_lender_signs_a_while_after_it_was_chosen_and_once(server):
    async def scene(peer: Peer) -> None:
        await peer.ask("dzintars")
        ((*_, offered),) = await peer.called_back("dzintars", 1)
        for _ in range(2):
            await peer.choose("dzintars", offered.offers[0].reference)
        *_, last = await peer.called_back("dzintars", 2)
        assert isinstance(last.answer, ContractSigned)
        await asyncio.sleep(0.7)
        assert len((await peer.log())["callbacks"]) == 2

    played(server, scene)


def test_lender_that_said_otherwise_meanwhile_does_not_sign(server):
    async def scene(peer: Peer) -> None:
        await peer.ask("dzintars")
        ((*_, offered),) = await peer.called_back("dzintars", 1)
        await peer.choose("dzintars", offered.offers[0].reference)
        await peer.control("_say", slug="dzintars", submission_id=str(peer.submission), status="withdrawn")
        await asyncio.sleep(0.7)
        assert len((await peer.log())["callbacks"]) == 2

    played(server, scene)


# --- requests to delete ---


def test_lenders_answer_a_request_to_delete_each_in_its_way(server):
    async def scene(peer: Peer) -> None:
        for slug in ("atra", "leja", "dzintars"):
            await peer.ask(slug)
        await peer.receiver.until(1)  # the offer of dzintars
        for _ in range(2):  # asked again, they say what holds
            assert isinstance(await peer.ask_to_delete("atra"), Deleted)
            kept = await peer.ask_to_delete("leja")
        assert kept.basis == "money_laundering_prevention"
        assert kept.until.year - datetime.now(tz=UTC).year == 5
        assert isinstance(await peer.ask_to_delete("dzintars"), Pending)
        *_, last = await peer.called_back("dzintars", 2)
        assert isinstance(last.answer, Deleted)
        told = {one["slug"]: (one["reason"], one["status"]) for one in (await peer.log())["deletions"]}
        assert told == {
            "atra": ("not_selected", "deleted"),
            "leja": ("not_selected", "retained"),
            "dzintars": ("not_selected", "deleted"),
        }

    played(server, scene)


def test_lender_that_never_received_it_says_that_it_has_nothing(server):
    async def scene(peer: Peer) -> None:
        assert await peer.ask_to_delete("atra") == Deleted()

    played(server, scene)


def test_choice_of_an_unknown_offer_or_submission_is_refused(server):
    async def scene(peer: Peer) -> None:
        assert (await refused(peer.choose("atra", "x"))).code in (ErrorCode.REJECTED, ErrorCode.NOT_RECEIVED)
        await peer.ask("atra")
        fault = await refused(peer.choose("atra", "another"))
        assert fault.problems == (Problem("offer_reference", "unknown"),)

    played(server, scene)


# --- word of rights ---


def a_notice(peer: Peer, kind: NoticeKind = NoticeKind.REVIEW, **said: Any) -> Notice:
    return Notice(uuid4(), peer.submission, kind, datetime.now(tz=UTC), **said)


def test_notice_is_taken_in_once_however_often_it_comes_and_its_values_are_not_kept(server):
    async def scene(peer: Peer) -> None:
        await peer.ask("atra")
        notice = a_notice(peer, NoticeKind.RECTIFIED, fields={"identification.phone": "+37120000001"})
        for _ in range(3):
            assert (await peer.tell("atra", notice)).notice_id == notice.notice_id
        (kept,) = (await peer.log())["notices"]
        assert (kept["kind"], kept["fields"]) == ("rectified", ["contact.phone"])
        other = a_notice(peer, NoticeKind.RESTRICTED)
        conflict = await refused(peer.tell("atra", replace(other, notice_id=notice.notice_id)))
        assert conflict.code == ErrorCode.ALREADY_RECEIVED

    played(server, scene)


def test_lender_that_never_received_it_has_nothing_to_correct_and_nothing_to_review(server):
    async def scene(peer: Peer) -> None:
        assert isinstance(await peer.tell("atra", a_notice(peer, NoticeKind.RESTRICTED)), Noted)
        assert (await refused(peer.tell("atra", a_notice(peer)))).code == ErrorCode.NOT_RECEIVED

    played(server, scene)


def test_review_of_a_large_amount_upholds_the_decision(server):
    async def scene(peer: Peer) -> None:
        await peer.ask("piesardze", peer.application("piesardze", **{"loan.amount_cents": 3_000_00}))
        notice = a_notice(peer)
        assert isinstance(await peer.tell("piesardze", notice), Noted)
        ((*_, said),) = await peer.called_back("piesardze", 1)
        assert (said.notice_id, said.outcome) == (notice.notice_id, "upheld")
        assert await peer.tell("piesardze", notice) == said  # asked again, it says what holds

    played(server, scene)


@pytest.mark.parametrize(("amount_cents", "on_order"), [(900_00, False), (3_000_00, True)])
def test_review_changes_the_decision_and_an_offer_follows(server, amount_cents, on_order):
    async def scene(peer: Peer) -> None:
        await peer.ask("piesardze", peer.application("piesardze", **{"loan.amount_cents": amount_cents}))
        if on_order:
            await peer.control("_faults", slug="piesardze", fault="review_changes", seconds=0.05)
        await peer.tell("piesardze", a_notice(peer))
        (*_, reviewed), (*_, offered) = await peer.called_back("piesardze", 2)
        assert (reviewed.outcome, len(offered.offers)) == ("changed", 1)

    played(server, scene)


# --- figures and declarations ---


@settings(max_examples=60)
@given(st.sampled_from(SANDBOX_LENDERS), st.integers(0, 50_000_00), st.integers(1, 200))
def test_figures_are_honest_whatever_is_asked(lender, above_minimum, term_months):
    amount_cents = lender.minimum_amount_cents + above_minimum
    now = datetime(2026, 11, 23, tzinfo=UTC)
    terms = credit.offer(lender, UUID(int=1), amount_cents=amount_cents, term_months=term_months, now=now)
    answer = answer_of({"status": "offered", "offer": terms})
    assert isinstance(answer, Offered)
    assert answer.offers[0].total_payable_cents - answer.offers[0].upfront_fees_cents == sum(
        instalment.amount_cents for instalment in answer.offers[0].schedule
    )
    # a year of monthly interest compounds to more than the yearly rate
    assert answer.offers[0].apr >= lender.borrowing_rate


def test_annuity_repays_with_and_without_interest():
    assert credit.repayments(1200_00, Decimal(0), 12) == [100_00] * 12
    assert credit.repayments(1000_00, Decimal("0.01"), 1) == [1010_00]
    assert credit.annuity(1000_00, Decimal("0.01"), 12) == 88_85


def test_lenders_ask_only_for_what_their_adapter_can_send():
    for lender in SANDBOX_LENDERS:
        assert set(lender.requested_fields) <= ADAPTERS[lender.protocol].supported_labels
        assert len(set(lender.requested_fields)) == len(lender.requested_fields)
        assert {"loan.amount_cents", "loan.term_months"} <= set(lender.requested_fields)


def test_every_way_of_speaking_has_a_twin_and_a_lender_that_speaks_it():
    assert set(TWINS) == set(ADAPTERS) == {lender.protocol for lender in SANDBOX_LENDERS}


@pytest.mark.parametrize("lender", SANDBOX_LENDERS, ids=lambda lender: lender.slug)
def test_lender_shares_the_credentials_that_its_adapter_declares(lender):
    shared = Credentials.from_stored(credentials_of("one", lender))
    assert shared.held >= ADAPTERS[lender.protocol].credentials


def test_secrets_differ_by_lender_and_by_sandbox():
    secrets = {str(credentials_of(word, lender)) for word in ("one", "two") for lender in SANDBOX_LENDERS}
    assert len(secrets) == 2 * len(SANDBOX_LENDERS)


def test_sandbox_listens_on_this_machine_alone(server):
    host, port = server.url.removeprefix("http://").split(":")
    assert host == "127.0.0.1"
    with socket.socket() as other:
        other.settimeout(0.5)
        assert other.connect_ex(("127.0.0.2", int(port))) != 0


def test_adapters_and_sandbox_load_without_django():
    code = (
        "import sys, lenders.sandbox.runner, lenders.adapters, lenders.adapters.http; "
        "sys.exit(any(name.split('.')[0] in ('django', 'celery') for name in sys.modules))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_sandbox_shares_nothing_with_our_adapter():
    code = (
        "import sys, lenders.sandbox.runner; "
        "sys.exit(any(name.startswith('lenders.adapters') for name in sys.modules))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
