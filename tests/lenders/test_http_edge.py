"""The HTTP edge against servers that misbehave: every fault becomes the right error, in bounded time and
memory.
"""

from __future__ import annotations

import asyncio
import socket
import time

import pytest

from lenders.adapters import http
from lenders.adapters.base import HttpAnswer
from lenders.adapters.errors import ErrorCode, LenderError
from lenders.adapters.guard import UrlGuard
from tests.lenders.edge_server import SUBMISSION, EdgeServer, call_to, edge_server, self_signed, with_server


async def exchange(
    edge: EdgeServer, path: str, *, method: str = "POST", seconds: float = 5, **options: int
) -> HttpAnswer:
    here = frozenset({edge.place})
    async with http.open_session(loopback=here) as session:
        guard = UrlGuard(hosts=frozenset(), loopback=here)
        deadline = time.monotonic() + seconds
        return await http.send(
            session, call_to(edge.url(path), method), deadline=deadline, guard=guard, **options
        )


def fault_of(path: str, **options) -> LenderError:
    with pytest.raises(LenderError) as caught:
        with_server(lambda edge: exchange(edge, path, **options))
    assert caught.value.__context__ is None, (
        "an error must not drag the library's, which may quote the answer"
    )
    return caught.value


def test_answer_is_bytes_with_lower_case_headers_and_knows_what_was_asked():
    answer = with_server(lambda edge: exchange(edge, "ok"))
    assert (answer.status, answer.body, answer.headers["x-mixed-case"]) == (200, b"ok", "yes")
    assert answer.submission_id == SUBMISSION


def test_slow_answer_within_the_deadline_arrives():
    assert with_server(lambda edge: exchange(edge, "slow")).body == b"ok"


def test_error_status_is_an_answer_for_the_adapter_to_judge():
    answer = with_server(lambda edge: exchange(edge, "busy"))
    assert (answer.status, answer.headers["retry-after"]) == (503, "7")


@pytest.mark.parametrize("path", ["hang", "drip", "drip_head"])
def test_lender_that_never_finishes_is_left_at_the_deadline(path):
    began = time.monotonic()
    fault = fault_of(path, seconds=0.3)
    assert time.monotonic() - began < 1.5
    assert (fault.code, fault.permanent, fault.ambiguous) == (ErrorCode.TIMED_OUT, False, True)


def test_no_attempt_outlasts_the_longest_allowed(monkeypatch):
    monkeypatch.setattr(http, "LONGEST_ATTEMPT_SECONDS", 0.3)
    began = time.monotonic()
    assert fault_of("hang", seconds=3600).code == ErrorCode.TIMED_OUT
    assert time.monotonic() - began < 1.5


def test_deadline_already_past_sends_nothing():
    async def scenario(edge: EdgeServer) -> int:
        with pytest.raises(LenderError) as caught:
            await exchange(edge, "ok", seconds=-1)
        assert (caught.value.code, caught.value.ambiguous) == (ErrorCode.TIMED_OUT, False)
        return edge.connections

    assert with_server(scenario) == 0


FAULTS = [
    ("huge", ErrorCode.TOO_LARGE, True, False),
    ("huge_unannounced", ErrorCode.TOO_LARGE, True, False),
    ("bomb", ErrorCode.MALFORMED_ANSWER, True, False),
    ("huge_header", ErrorCode.MALFORMED_ANSWER, True, False),
    ("garbage", ErrorCode.MALFORMED_ANSWER, True, False),
    ("redirect", ErrorCode.REDIRECTED, True, False),
    ("close", ErrorCode.DISCONNECTED, False, True),
    ("cut", ErrorCode.DISCONNECTED, False, True),
]


@pytest.mark.parametrize(("path", "code", "permanent", "ambiguous"), FAULTS)
def test_fault_at_the_lender(path, code, permanent, ambiguous):
    fault = fault_of(path)
    assert (fault.code, fault.permanent, fault.ambiguous) == (code, permanent, ambiguous)


@pytest.mark.parametrize("path", ["hang", "cut"])
def test_a_call_that_only_asks_is_never_ambiguous(path):
    assert fault_of(path, method="GET", seconds=0.3).ambiguous is False


def test_answer_of_exactly_the_cap_is_taken_and_one_byte_more_is_not():
    assert with_server(lambda edge: exchange(edge, "ok", cap=2)).body == b"ok"
    assert fault_of("ok", cap=1).code == ErrorCode.TOO_LARGE


def test_redirect_is_not_followed():
    async def scenario(edge: EdgeServer) -> int:
        with pytest.raises(LenderError):
            await exchange(edge, "redirect")
        return len(edge.requests)

    assert with_server(scenario) == 1


def test_connection_is_reused_and_no_cookie_is_sent_back():
    async def scenario(edge: EdgeServer) -> EdgeServer:
        here = frozenset({edge.place})
        async with http.open_session(loopback=here) as session:
            for _ in range(3):
                guard, deadline = UrlGuard(frozenset(), here), time.monotonic() + 5
                await http.send(session, call_to(edge.url("ok")), deadline=deadline, guard=guard)
        return edge

    edge = with_server(scenario)
    assert (edge.connections, len(edge.requests)) == (1, 3)
    assert not any(b"cookie" in head.lower() for head in edge.requests)


def test_environment_proxy_is_not_used(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert with_server(lambda edge: exchange(edge, "ok")).status == 200


def test_nobody_listening_is_unreachable_and_certainly_not_sent():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: refuses
        edge = EdgeServer()
        edge.place = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(LenderError) as caught:
            asyncio.run(exchange(edge, "ok"))
    assert (caught.value.code, caught.value.permanent, caught.value.ambiguous) == (
        ErrorCode.UNREACHABLE,
        False,
        False,
    )


def test_tls_handshake_that_never_ends_is_a_timeout_with_nothing_sent():
    async def scenario(edge: EdgeServer) -> HttpAnswer:
        here = frozenset({edge.place})
        async with http.open_session(loopback=here) as session:
            call = call_to(edge.url("ok", scheme="https"))
            guard = UrlGuard(frozenset(), here)
            return await http.send(session, call, deadline=time.monotonic() + 0.3, guard=guard)

    with pytest.raises(LenderError) as caught:
        with_server(scenario)
    assert (caught.value.code, caught.value.ambiguous) == (ErrorCode.TIMED_OUT, False)


@pytest.mark.parametrize("trusted", [True, False])
def test_certificate_is_verified(trusted):
    server_side, client_side = self_signed()

    async def run() -> HttpAnswer:
        async with edge_server(tls=server_side) as edge:
            here = frozenset({edge.place})
            async with http.open_session(loopback=here) as session:
                call = call_to(edge.url("ok", scheme="https"))
                guard, tls = UrlGuard(frozenset(), here), client_side if trusted else None
                return await http.send(session, call, deadline=time.monotonic() + 5, guard=guard, tls=tls)

    if trusted:
        assert asyncio.run(run()).status == 200
    else:
        with pytest.raises(LenderError) as caught:
            asyncio.run(run())
        assert (caught.value.code, caught.value.permanent) == (ErrorCode.TLS_FAILED, True)
