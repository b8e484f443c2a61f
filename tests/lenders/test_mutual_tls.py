"""TLS with certificates on both sides, against a real server: whom we trust, whom we are, and what can have
left when one of the two is refused.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from lenders.adapters import http
from lenders.adapters.base import Credentials, HttpAnswer, LenderEndpoint
from lenders.adapters.errors import ErrorCode, LenderError
from lenders.adapters.guard import UrlGuard
from lenders.adapters.tls import TlsContexts, context_of
from lenders.sandbox.certificates import Authority, Identity
from tests.lenders.edge_server import call_to
from tests.lenders.tls_server import HOST, Manners, TlsServer, context_for, tls_server

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
THEIRS, STRANGER = Authority("the lender's"), Authority("somebody's")
US = THEIRS.client("us")
SERVER = THEIRS.server(HOST)
TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


def credentials(shown: Identity | None = US, *, trust: str = THEIRS.certificate) -> Credentials:
    if shown is None:
        return Credentials(trust=trust)
    return Credentials(certificate=shown.certificate, private_key=shown.private_key, trust=trust)


def with_server(
    scenario: Callable[[TlsServer, Callable[..., Awaitable[HttpAnswer]]], Awaitable[Any]],
    *,
    server: Identity = SERVER,
    **manners: Any,
) -> Any:
    """Run a scenario that is given the server, and `ask(context)` over one session."""

    async def run() -> Any:
        with tls_server(context_for(server, THEIRS), Manners(**manners)) as running:
            here = frozenset({running.place})
            async with http.open_session(loopback=here) as session:

                async def ask(tls: ssl.SSLContext | None, *, seconds: float = 5) -> HttpAnswer:
                    call, guard = call_to(f"https://{running.place}/service"), UrlGuard(frozenset(), here)
                    deadline = time.monotonic() + seconds
                    return await http.send(session, call, deadline=deadline, guard=guard, tls=tls)

                return await scenario(running, ask)

    return asyncio.run(run())


def asked(shown: Credentials, **options: Any) -> tuple[LenderError | None, TlsServer]:
    async def scenario(server: TlsServer, ask: Any) -> tuple[LenderError | None, TlsServer]:
        try:
            await ask(context_of(shown))
        except LenderError as problem:
            return problem, server
        return None, server

    error, server = with_server(scenario, **options)
    assert getattr(error, "__context__", None) is None
    return error, server


@pytest.mark.parametrize("version", [TLS12, TLS13])
def test_both_sides_prove_themselves(version):
    error, server = asked(credentials(), version=version)
    assert error is None
    assert server.requests == [(1, "us")]


# --- the lender's certificate ---

UNTRUSTED = [
    ("another authority", STRANGER.server(HOST), credentials()),
    ("the system's trust", SERVER, credentials(trust="")),
    ("expired", Authority("the lender's", now=LONG_AGO).server(HOST), credentials()),
    ("another host", THEIRS.server("api.lender.example"), credentials()),
    ("another address", THEIRS.server("127.0.0.2"), credentials()),
    ("a client's", THEIRS.client(HOST), credentials()),
]


@pytest.mark.parametrize(("server", "shown"), [case[1:] for case in UNTRUSTED], ids=[c[0] for c in UNTRUSTED])
def test_lender_that_is_not_who_it_should_be_is_sent_nothing(server, shown):
    error, running = asked(shown, server=server)
    assert (error.code, error.permanent, error.ambiguous) == (ErrorCode.TLS_FAILED, True, False)
    assert running.requests == []


def test_lenders_own_certificate_can_be_what_is_trusted():
    assert asked(credentials(trust=SERVER.certificate))[0] is None


def test_server_that_only_knows_old_tls_is_sent_nothing():
    old = context_of(credentials())
    assert old.minimum_version == TLS12
    assert old.check_hostname
    assert old.verify_mode == ssl.CERT_REQUIRED


# --- our certificate ---

REFUSED = [
    ("none", None),
    ("a stranger's", STRANGER.client("us")),
    ("expired", Authority("the lender's", now=LONG_AGO).client("us")),
    ("a server's", THEIRS.server("us")),
]


@pytest.mark.parametrize("thinking", [0.0, 0.3], ids=["at once", "after a while"])
@pytest.mark.parametrize("version", [TLS12, TLS13])
@pytest.mark.parametrize("shown", [case[1] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_refusal_of_our_certificate_leaves_nothing_uncertain(shown, version, thinking):
    error, server = asked(credentials(shown), version=version, thinking=thinking)
    assert (error.code, error.permanent, error.ambiguous) == (ErrorCode.TLS_FAILED, True, False)
    assert server.requests == []


@pytest.mark.parametrize("version", [TLS12, TLS13])
def test_refusal_without_a_word_came_before_anything_was_sent(version):
    error, server = asked(credentials(None), version=version, silent=True)
    assert error.code in (ErrorCode.UNREACHABLE, ErrorCode.DISCONNECTED)
    assert (error.permanent, error.ambiguous) == (False, False)
    assert server.requests == []


def test_refusal_without_a_word_after_something_was_sent_is_ambiguous():
    error, _server = asked(credentials(None), thinking=0.5, silent=True)
    assert (error.code, error.ambiguous) == (ErrorCode.DISCONNECTED, True)


@pytest.mark.parametrize("says", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"])
def test_connection_lost_after_the_request_was_read_is_ambiguous(says):
    error, server = asked(credentials(), says=says)
    assert (error.code, error.ambiguous) == (ErrorCode.DISCONNECTED, True)
    assert len(server.requests) == 1


def test_server_too_slow_to_look_at_our_certificate_was_not_reached_in_time():
    async def scenario(server: TlsServer, ask: Any) -> LenderError:
        with pytest.raises(LenderError) as caught:
            await ask(context_of(credentials()), seconds=0.3)
        assert server.requests == []
        return caught.value

    error = with_server(scenario, version=TLS12, thinking=1.0)
    assert (error.code, error.ambiguous) == (ErrorCode.TIMED_OUT, False)


# --- one connection, one certificate ---


def test_connection_is_used_again_with_the_same_context():
    async def scenario(server: TlsServer, ask: Any) -> TlsServer:
        tls = context_of(credentials())
        for _ in range(3):
            await ask(tls)
        return server

    server = with_server(scenario)
    assert server.requests == [(1, "us")] * 3


def test_connection_made_with_one_certificate_serves_no_other_lender():
    async def scenario(server: TlsServer, ask: Any) -> TlsServer:
        contexts = TlsContexts()
        for slug in ("one", "other", "one", "other"):
            await ask(contexts.of(endpoint(slug, credentials(THEIRS.client(slug)))))
        return server

    server = with_server(scenario)
    assert server.requests == [(1, "one"), (2, "other"), (1, "one"), (2, "other")]


def test_lenders_with_equal_credentials_share_no_connection():
    async def scenario(server: TlsServer, ask: Any) -> int:
        contexts = TlsContexts()
        for slug in ("one", "other"):
            await ask(contexts.of(endpoint(slug, credentials())))
        return server.connections

    assert with_server(scenario) == 2


def test_new_certificate_takes_effect_with_the_next_call():
    async def scenario(server: TlsServer, ask: Any) -> TlsServer:
        contexts = TlsContexts()
        for name in ("old", "old", "new", "new"):
            await ask(contexts.of(endpoint("one", credentials(THEIRS.client(name)))))
        return server

    server = with_server(scenario)
    assert server.requests == [(1, "old"), (1, "old"), (2, "new"), (2, "new")]


def test_context_is_made_once_for_each_lender_and_credentials(monkeypatch):
    contexts, shown = TlsContexts(), credentials()
    first = contexts.of(endpoint("one", shown))
    monkeypatch.setattr("lenders.adapters.tls.context_of", lambda _credentials: None)
    assert contexts.of(endpoint("one", shown)) is first
    assert contexts.of(endpoint("one", credentials(THEIRS.client("new")))) is None


def endpoint(slug: str, shown: Credentials) -> LenderEndpoint:
    return LenderEndpoint(slug, "https://api.lender.example", shown)


# --- credentials that cannot be used ---

UNUSABLE = [
    Credentials(certificate="canary", private_key="canary"),
    Credentials(certificate=US.certificate),
    Credentials(private_key=US.private_key),
    Credentials(certificate=US.certificate, private_key=THEIRS.client("other").private_key),
    Credentials(certificate=US.certificate, private_key=US.private_key[:60]),
    Credentials(certificate=US.certificate.replace("\n", "canary", 3), private_key=US.private_key),
    Credentials(certificate="\ud800", private_key="\0"),
    Credentials(trust="canary"),
    Credentials(trust="canāry"),
    Credentials(trust="\0"),
]


@pytest.mark.parametrize("shown", UNUSABLE, ids=range(len(UNUSABLE)))
def test_unusable_credentials_are_said_to_be_so_and_quoted_nowhere(shown):
    with pytest.raises(LenderError) as caught:
        context_of(shown)
    assert (caught.value.code, caught.value.permanent) == (ErrorCode.NOT_CONFIGURED, True)
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


def test_lender_without_certificates_is_spoken_to_with_the_systems_trust():
    assert context_of(Credentials(signing=("whsec_x",))) is None


def test_key_under_a_password_is_refused_and_nobody_is_asked_for_it():
    with pytest.raises(LenderError) as caught:
        context_of(Credentials(certificate=US.certificate, private_key=locked(US)))
    assert caught.value.code == ErrorCode.NOT_CONFIGURED


def locked(identity: Identity) -> str:
    key = load_pem_private_key(identity.private_key.encode(), None)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"word")).decode()
