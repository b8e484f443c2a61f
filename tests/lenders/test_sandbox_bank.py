"""The sandbox bank over real HTTP, spoken to by our own adapter: each checks how the other reads the page."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from lenders.adapters.bank import BankAdapter
from lenders.adapters.base import (
    Accepted,
    Choice,
    Credentials,
    CreditRequest,
    Document,
    HttpCall,
    Inquiry,
    LenderEndpoint,
    NeedsMore,
    Offered,
    Pending,
    Supplement,
    Unrecognised,
    Withdrawn,
)
from lenders.adapters.errors import ErrorCode, LenderError
from lenders.apr import apr_of_offer, round_half_up
from lenders.sandbox.runner import SandboxServer
from lenders.sandbox.secrets import credentials_of
from tests.lenders.lender_examples import EVERY_FIELD
from tests.lenders.sandbox_peer import LENDERS, SECRET, Peer, played, refused

BANK = BankAdapter()
BAKA = LENDERS["baka"]


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(secret=SECRET, speed=40) as running:
        yield running


class Customer:
    """One submission at the bank, and a token for it."""

    def __init__(self, peer: Peer) -> None:
        self.peer, self.submission = peer, uuid4()
        credentials = Credentials.from_stored(credentials_of(SECRET, BAKA))
        self.endpoint = LenderEndpoint("baka", peer.server.lender_url("baka"), credentials)
        self.authorization = ""

    async def signs_in(self) -> Customer:
        reply = await self.peer.send(BANK.build_token_request(self.endpoint, now=now()))
        self.authorization = f"Bearer {BANK.parse_token(reply, self.endpoint, now=now()).value}"
        return self

    async def ask(self, call: HttpCall, read: Callable[..., Any] = BANK.parse) -> Any:
        admitted = replace(call, headers={**call.headers, "Authorization": self.authorization})
        return read(await self.peer.send(admitted), self.endpoint, now=now())

    async def applies(self, **fields: Any) -> Any:
        wanted = {label: EVERY_FIELD[label] for label in BAKA.requested_fields} | fields
        request = CreditRequest(self.submission, "JB-22222-22222", datetime(2026, 11, 23, tzinfo=UTC), wanted)
        return await self.ask(BANK.build_application(request, self.endpoint, now=now()))

    async def inquires(self, reference: str = "") -> Any:
        return await self.ask(
            BANK.build_inquiry(Inquiry(self.submission, reference), self.endpoint, now=now())
        )

    async def waits(self) -> Any:
        """The decision, asked for until it is there."""
        deadline = time.monotonic() + 5
        while isinstance(answer := await self.inquires(), Pending):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)
        return answer

    async def chooses(self, offer: str, reference: str) -> Any:
        choice = Choice(self.submission, offer, "canary-keyword", reference)
        return await self.ask(BANK.build_choice(choice, self.endpoint, now=now()), BANK.parse_choice)

    async def supplies(self, reference: str, *documents: Document, **fields: Any) -> Any:
        supplement = Supplement(uuid4(), self.submission, reference, fields, documents)
        return await self.ask(BANK.build_supplement(supplement, self.endpoint, now=now()))


def now() -> datetime:
    return datetime.now(tz=UTC)


def at_the_counter(server: SandboxServer, scene: Any) -> Any:
    async def run(peer: Peer) -> Any:
        return await scene(peer, await Customer(peer).signs_in())

    return played(server, run)


def test_bank_considers_and_then_offers_true_figures(server):
    async def scene(peer: Peer, customer: Customer) -> None:
        first = await customer.applies()
        assert isinstance(first, Pending)
        answer = await customer.waits()
        assert isinstance(answer, Offered)
        assert await customer.inquires(first.lender_reference) == answer
        (terms,) = answer.offers
        assert (terms.amount_cents, terms.term_months, terms.upfront_fees_cents) == (560_00, 12, 2_80)
        assert terms.apr == round_half_up(
            apr_of_offer(
                amount_cents=terms.amount_cents,
                upfront_fees_cents=terms.upfront_fees_cents,
                schedule=terms.schedule,
            )
        )

    at_the_counter(server, scene)


def test_unknown_number_was_not_received_and_an_unknown_id_is_refused(server):
    async def scene(peer: Peer, customer: Customer) -> None:
        assert (await refused(customer.inquires())).code == ErrorCode.NOT_RECEIVED
        assert (await refused(customer.inquires("baka-000000000000"))).code == ErrorCode.REJECTED

    at_the_counter(server, scene)


def test_second_sending_is_a_second_application(server):
    async def scene(peer: Peer, customer: Customer) -> None:
        await customer.applies()
        await customer.applies()
        assert [entry["count"] for entry in (await peer.log())["evaluations"]] == [2]

    at_the_counter(server, scene)


def test_nothing_is_said_to_somebody_without_a_token_or_with_anothers(server):
    async def scene(peer: Peer, customer: Customer) -> None:
        for authorization in ("", "Bearer ", "Bearer guessed", "Basic x"):
            customer.authorization = authorization
            fault = await refused(customer.applies())
            assert (fault.code, fault.permanent) == (ErrorCode.TOKEN_REFUSED, False)
        assert (await peer.log())["requests"] == []

    at_the_counter(server, scene)


def test_what_was_needed_is_given_and_the_bank_decides(server):
    async def scene(peer: Peer, customer: Customer) -> None:
        await peer.control("_faults", slug="baka", fault="needs_more")
        reference = (await customer.applies()).lender_reference
        answer = await customer.waits()
        assert isinstance(answer, NeedsMore)
        assert answer.needs == ("identification.phone",)
        document = Document("document.income", "application/pdf", b"%PDF")
        fields = {"identification.phone": "+37121111111"}
        assert isinstance(await customer.supplies(reference, document, **fields), Pending)
        assert isinstance(await customer.waits(), Offered)

    at_the_counter(server, scene)


def test_acceptance_is_taken_once_and_known_ever_after(server):
    async def scene(peer: Peer, customer: Customer) -> None:
        reference = (await customer.applies()).lender_reference
        offer = (await customer.waits()).offers[0].reference
        assert (await refused(customer.chooses("NO-SUCH", reference))).signed
        assert isinstance(await customer.chooses(offer, reference), Accepted)
        assert isinstance(await customer.chooses(offer, reference), Accepted)
        known = await customer.inquires(reference)
        assert isinstance(known, Accepted)
        assert [terms.reference for terms in known.offers] == [offer]
        assert [one["offer_reference"] for one in (await peer.log())["choices"]] == [offer]

    at_the_counter(server, scene)


def test_offer_that_was_taken_back_meets_the_acceptance(server):
    async def scene(peer: Peer, customer: Customer) -> None:
        await peer.control("_faults", slug="baka", fault="withdraw", seconds=0.2)
        reference = (await customer.applies()).lender_reference
        offer = (await customer.waits()).offers[0].reference
        await asyncio.sleep(0.3)
        assert isinstance(await customer.chooses(offer, reference), Withdrawn)

    at_the_counter(server, scene)


def test_bank_says_what_it_is_told_to_when_it_is_asked(server):
    async def scene(peer: Peer, customer: Customer) -> None:
        await customer.applies()
        order = {"slug": "baka", "submission_id": str(customer.submission)}
        assert await peer.control("_say", **order, status="asleep") == 200
        assert isinstance(await customer.inquires(), Unrecognised)
        assert (await peer.log())["callbacks"] == []

    at_the_counter(server, scene)


def test_log_holds_names_of_fields_and_nobodys_data(server):
    async def scene(peer: Peer, customer: Customer) -> None:
        reference = (await customer.applies()).lender_reference
        await customer.chooses((await customer.waits()).offers[0].reference, reference)
        log = await peer.log()
        assert "canary" not in json.dumps(log)
        fields = next(entry["fields"] for entry in log["requests"] if entry["fields"])
        assert {"identification.number", "address.city", "pep.isPep"} <= set(fields)

    at_the_counter(server, scene)


def test_application_that_is_none_is_refused(server):
    async def scene(peer: Peer, customer: Customer) -> None:
        fault = await refused(customer.applies(**{"loan.term_months": None}))
        assert isinstance(fault, LenderError)
        assert (fault.code, fault.permanent) == (ErrorCode.REJECTED, True)

    at_the_counter(server, scene)
