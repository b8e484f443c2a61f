"""Bearer tokens: asked for once, kept for their time, forgotten when refused; never the call's trouble."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from lenders import tokens as module
from lenders.adapters import http
from lenders.adapters.bank import BankAdapter
from lenders.adapters.base import (
    Credentials,
    ErrorCode,
    HttpAnswer,
    HttpCall,
    Inquiry,
    LenderEndpoint,
    LenderError,
)
from lenders.adapters.guard import UrlGuard
from lenders.adapters.join import JoinAdapter
from lenders.sandbox.runner import SandboxServer
from lenders.sandbox.secrets import credentials_of
from lenders.services.payload import Call
from lenders.tokens import Tokens
from tests.lenders.edge_server import edge_server
from tests.lenders.lender_examples import ENDPOINT, SUBMISSION
from tests.lenders.sandbox_peer import LENDERS, SECRET, Peer, played

BANK = BankAdapter()


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(secret=SECRET, speed=40) as running:
        yield running


def call_to(base_url: str, **changes: str) -> Call:
    credentials = Credentials.from_stored(credentials_of(SECRET, LENDERS["baka"]) | changes)
    endpoint = LenderEndpoint("baka", base_url, credentials)
    now = datetime.now(tz=UTC)
    asks = BANK.build_inquiry(Inquiry(uuid4()), endpoint, now=now)
    return Call(asks, BANK, endpoint, BANK.parse, token=BANK.build_token_request(endpoint, now=now))


class Door:
    """One process's tokens, and the wire that its calls go over."""

    def __init__(self, session: Any, place: str) -> None:
        self.tokens, self._session = Tokens(), session
        self._guard = UrlGuard(hosts=frozenset(), loopback=frozenset({place}))

    async def send(self, call: HttpCall, *, deadline: float) -> HttpAnswer:
        return await http.send(self._session, call, deadline=deadline, guard=self._guard)

    async def admitted(self, call: Call) -> str:
        return (await self.tokens.admitted(call, self.send)).headers["Authorization"]

    async def ask(self, call: Call) -> int:
        sent = await self.tokens.admitted(call, self.send)
        answer = await self.send(sent, deadline=time.monotonic() + 5)
        self.tokens.learn(call, sent, answer)
        return answer.status

    async def refused(self, call: Call) -> LenderError:
        with pytest.raises(LenderError) as caught:
            await self.admitted(call)
        return caught.value


def at_the_bank(server: SandboxServer, scene: Any) -> Any:
    async def run(peer: Peer) -> Any:
        door = Door(peer.session, server.url.removeprefix("http://"))
        return await scene(peer, door, call_to(server.lender_url("baka")))

    return played(server, run)


async def requests(peer: Peer) -> int:
    return (await peer.log())["token_requests"].get("baka", 0)


def test_hundred_calls_ask_for_one_token(server):
    async def scene(peer: Peer, door: Door, call: Call) -> None:
        found = await asyncio.gather(*(door.admitted(call) for _ in range(100)))
        assert len(set(found)) == 1
        assert found[0].startswith("Bearer ")
        await door.admitted(call)
        assert await requests(peer) == 1

    at_the_bank(server, scene)


def test_call_with_a_token_is_let_in(server):
    async def scene(peer: Peer, door: Door, call: Call) -> None:
        assert await door.ask(call) == 200

    at_the_bank(server, scene)


def test_token_is_not_used_to_its_last_second(server, monkeypatch):
    monkeypatch.setattr("lenders.sandbox.bank.TOKEN_SECONDS", 1)

    async def scene(peer: Peer, door: Door, call: Call) -> None:
        first = await door.admitted(call)
        assert await door.admitted(call) == first
        await asyncio.sleep(0.6)  # half of so short a life
        assert await door.admitted(call) != first

    at_the_bank(server, scene)


def test_refused_token_is_forgotten(server):
    async def scene(peer: Peer, door: Door, call: Call) -> None:
        await peer.control("_faults", slug="baka", fault="token_revoked")
        assert [await door.ask(call) for _ in range(3)] == [401, 200, 200]
        assert await requests(peer) == 2

    at_the_bank(server, scene)


def test_newer_token_is_not_forgotten_for_an_older_one(server):
    async def scene(peer: Peer, door: Door, call: Call) -> None:
        old = await door.tokens.admitted(call, door.send)
        refusal = HttpAnswer(401, {}, b"")
        door.tokens.learn(call, old, refusal)
        new = await door.admitted(call)
        door.tokens.learn(call, old, refusal)  # another call that left with the old one
        assert await door.admitted(call) == new

    at_the_bank(server, scene)


def test_token_older_than_a_refusal_that_another_process_met_is_not_used(server):
    async def scene(peer: Peer, door: Door, call: Call) -> None:
        old = await door.admitted(call)
        again = replace(call, token_refused_at=datetime.now(tz=UTC))
        new = await door.admitted(again)
        assert new != old
        assert await door.admitted(again) == await door.admitted(call) == new

    at_the_bank(server, scene)


@pytest.mark.parametrize("status", [200, 400, 403, 404, 503])
def test_any_other_answer_leaves_the_token(server, status):
    async def scene(peer: Peer, door: Door, call: Call) -> None:
        sent = await door.tokens.admitted(call, door.send)
        door.tokens.learn(call, sent, HttpAnswer(status, {}, b""))
        assert await door.admitted(call) == sent.headers["Authorization"]

    at_the_bank(server, scene)


def test_failed_request_fails_all_who_wait_once_and_says_nothing_of_their_calls(server):
    async def scene(peer: Peer, door: Door, call: Call) -> None:
        await peer.control("_faults", slug="baka", fault="token_error")
        errors = await asyncio.gather(*(door.refused(call) for _ in range(20)))
        assert await requests(peer) == 1
        for error in errors:
            assert (error.code, error.permanent, error.ambiguous) == (ErrorCode.TOKEN_NOT_GIVEN, False, False)
            assert error.retry_after == 1
        assert (await door.admitted(call)).startswith("Bearer ")  # the next that asks may have one

    at_the_bank(server, scene)


def test_wrong_secret_is_refused_for_good(server):
    async def scene(peer: Peer, door: Door, _call: Call) -> None:
        stranger = call_to(server.lender_url("baka"), client_secret="canary")
        error = await door.refused(stranger)
        assert (error.code, error.permanent) == (ErrorCode.TOKEN_NOT_GIVEN, True)

    at_the_bank(server, scene)


def test_new_credentials_do_not_use_the_token_of_the_old_ones(server):
    async def scene(peer: Peer, door: Door, call: Call) -> None:
        await door.admitted(call)
        changed = call_to(server.lender_url("baka"), client_secret="canary")
        assert (await door.refused(changed)).code == ErrorCode.TOKEN_NOT_GIVEN

    at_the_bank(server, scene)


def test_who_gives_up_waiting_does_not_end_it_for_the_others(server):
    async def scene(peer: Peer, door: Door, call: Call) -> None:
        impatient = asyncio.create_task(door.admitted(call))
        patient = asyncio.create_task(door.admitted(call))
        await asyncio.sleep(0)
        impatient.cancel()
        assert (await patient).startswith("Bearer ")
        assert await requests(peer) == 1

    at_the_bank(server, scene)


def test_lender_that_wants_no_token_is_sent_the_call_as_it_is(server):
    join = JoinAdapter()

    async def scene(peer: Peer, door: Door, _call: Call) -> None:
        asks = join.build_inquiry(Inquiry(SUBMISSION), ENDPOINT, now=datetime.now(tz=UTC))
        call = Call(asks, join, ENDPOINT, join.parse)
        assert await door.tokens.admitted(call, door.send) is asks
        door.tokens.learn(call, asks, HttpAnswer(401, {}, b""))
        assert await requests(peer) == 0

    at_the_bank(server, scene)


def test_token_is_shown_nowhere(server):
    async def scene(peer: Peer, door: Door, call: Call) -> None:
        sent = await door.tokens.admitted(call, door.send)
        token = sent.headers["Authorization"].removeprefix("Bearer ")
        shown = repr([sent, replace(call, http=sent), vars(door.tokens)])
        assert token not in shown
        assert call.endpoint.credentials.client_secret not in shown

    at_the_bank(server, scene)


@pytest.mark.parametrize(
    ("behaviour", "code", "permanent"),
    [
        ("hang", ErrorCode.TIMED_OUT, False),
        ("drip", ErrorCode.TIMED_OUT, False),
        ("close", ErrorCode.DISCONNECTED, False),
        ("ok", ErrorCode.TOKEN_NOT_GIVEN, True),
        ("huge", ErrorCode.TOKEN_NOT_GIVEN, True),
        ("redirect", ErrorCode.TOKEN_NOT_GIVEN, True),
        ("busy", ErrorCode.TOKEN_NOT_GIVEN, False),
    ],
)
def test_whatever_the_token_endpoint_does_the_call_has_not_left(monkeypatch, behaviour, code, permanent):
    monkeypatch.setattr(module, "LONGEST_REQUEST_SECONDS", 0.3)

    async def run() -> LenderError:
        async with (
            edge_server() as edge,
            http.open_session(loopback=frozenset({edge.place})) as session,
        ):
            call = call_to(edge.url(""))
            assert call.token is not None
            misled = replace(call, token=replace(call.token, url=edge.url(behaviour)))
            return await Door(session, edge.place).refused(misled)

    error = asyncio.run(run())
    assert (error.code, error.permanent, error.ambiguous) == (code, permanent, False)


def test_bank_that_cannot_be_reached_gives_no_token():
    async def run() -> LenderError:
        async with http.open_session(loopback=frozenset({"127.0.0.1:9"})) as session:
            return await Door(session, "127.0.0.1:9").refused(call_to("http://127.0.0.1:9"))

    assert asyncio.run(run()).code == ErrorCode.UNREACHABLE
