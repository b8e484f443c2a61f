"""Where calls may go: the URL, the name and the address it resolves to."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from lenders.adapters import http
from lenders.adapters.base import HttpAnswer
from lenders.adapters.errors import ErrorCode, LenderError
from lenders.adapters.guard import UrlGuard, is_public
from tests.lenders.edge_server import EdgeServer, call_to, with_server

GUARD = UrlGuard(
    # A list that names addresses is of no use to them.
    hosts=frozenset(
        {
            "api.lender.example",
            "api.other.example:8443",
            "127.0.0.1",
            "10.0.0.1",
            "2130706433",
            "0177.0.0.1",
            "127.1",
            "0x7f.0.0.1",
            "0x7f000001",
            "127.0.0.1.",
            "8.8.8.8",
            "::1",
            "::ffff:7f00:1",
            "2a00:1450:400f::1",
            "fe80::1%25eth0",
            "fe80::1%eth0",
        }
    ),
    loopback=frozenset({"127.0.0.1:8101", "10.0.0.9:80"}),
)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.lender.example/v1/applications",
        "https://API.lender.example:443/",
        "https://api.other.example:8443/",
        "http://127.0.0.1:8101/atra/applications",
    ],
)
def test_listed_url_is_allowed(url):
    assert GUARD.check(url).host


@pytest.mark.parametrize(
    "url",
    [
        "http://api.lender.example/",
        "https://api.lender.example:8443/",
        "https://api.other.example/",
        "https://evil.example/",
        "https://api.lender.example.evil.example/",
        "https://api.lender.example./",
        "https://user:word@api.lender.example/",
        "https://api.lender.example@evil.example/",
        "https://127.0.0.1/",
        "https://10.0.0.1/",
        # ways to write an address, or a name, that do not look like one
        "https://2130706433/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://0x7f.0.0.1/",
        "https://0x7f000001/",
        "https://127.0.0.1./",
        "https://１２７.0.0.1/",
        "https://127。0。0。1/",
        "https://8.8.8.8/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[2a00:1450:400f::1]/",
        "https://[fe80::1%25eth0]/",
        "http://0.0.0.0:8101/",
        "http://[::ffff:127.0.0.1]:8101/",
        "http://2130706433:8101/",
        "http://127.0.0.1.:8101/",
        "https://аpi.lender.example/",  # the first letter is Cyrillic
        "https://xn--pi-6kc.lender.example/",
        "https://api。lender.example/",
        "https://ａｐｉ.lender.example/",
        "https://api.lender.example\n/",
        "https://api.len\tder.example/",
        " https://api.lender.example/",
        "https://api.lender.example%2eevil.example/",
        "https://api.lender.example\\@evil.example/",
        "https://evil.example\\@api.lender.example/",
        # somebody's name and word, and places in front of which the host may stand
        "https://:word@api.lender.example/",
        "https://user@api.lender.example/",
        "https://api.lender.example:443@evil.example/",
        "https://evil.example#@api.lender.example/",
        "https://evil.example?@api.lender.example/",
        "https://api.lender.example:0/",
        "https://api.lender.example:8443@api.lender.example/",
        "https://api.lender.example:99999/",
        "https:api.lender.example/",
        "http://10.0.0.9/",
        "http://127.0.0.1:8102/",
        "http://localhost:8101/",
        "http://[::1]:8101/",
        "ftp://api.lender.example/",
        "ftp://127.0.0.1:8101/",
        "file:///etc/passwd",
        "/applications",
        "https:///",
        "https://[half",
        "",
    ],
)
def test_any_other_url_is_refused(url):
    with pytest.raises(LenderError) as caught:
        GUARD.check(url)
    assert (caught.value.code, caught.value.permanent) == (ErrorCode.ADDRESS_REFUSED, True)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2a00:1450:400f::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "100.128.0.1"]
)
def test_public_address(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fc00::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2002:808:808::",
        "2001:0:808:808::1",
        "64:ff9b::a00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::808:808",
        "::127.0.0.1",
        "::8.8.8.8",
        "::ffff:0:127.0.0.1",
        "fec0::1",
        "fd12:3456:789a::1",
        "ff02::1",
        "ff0e::1",
        "100::1",
        "2001:db8::1",
        "3fff::1",
        "4000::1",
        "5f00::1",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "198.18.0.1",
        "203.0.113.1",
        "239.1.2.3",
        "240.0.0.1",
        "2130706433",
        "0177.0.0.1",
        "127.1",
        "127.0.0.1.",
        "no address",
        "",
    ],
)
def test_inward_address(address):
    assert not is_public(address)


class Names(AbstractResolver):
    """Answers each look-up with the next of its addresses, as a hostile name server may."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=0)
            for address in self.answers.pop(0)
        ]

    async def close(self) -> None:
        pass


def resolved_through(names: Names, *, loopback: frozenset[str] = frozenset(), port: int = 443) -> HttpAnswer:
    async def run() -> HttpAnswer:
        async with http.open_session(resolver=names, loopback=loopback) as session:
            guard = UrlGuard(hosts=frozenset({"api.lender.example", f"api.lender.example:{port}"}))
            call = call_to(f"https://api.lender.example:{port}/")
            return await http.send(session, call, deadline=time.monotonic() + 0.4, guard=guard)

    return asyncio.run(run())


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["169.254.169.254"]])
def test_name_that_resolves_inward_is_refused(addresses):
    with pytest.raises(LenderError) as caught:
        resolved_through(Names(addresses))
    assert (caught.value.code, caught.value.permanent) == (ErrorCode.ADDRESS_REFUSED, True)


def test_connection_goes_to_the_address_that_was_judged():
    async def scenario(edge: EdgeServer) -> int:
        # were a name looked up once to be judged and again to connect, the connection would go elsewhere
        names = Names(["127.0.0.1"], ["10.0.0.1"])
        port = int(edge.place.rpartition(":")[2])
        here = frozenset({f"api.lender.example:{port}"})
        with pytest.raises(LenderError) as caught:  # the server speaks no TLS
            await asyncio.to_thread(resolved_through, names, loopback=here, port=port)
        assert caught.value.code == ErrorCode.TIMED_OUT
        assert len(names.answers) == 1
        return edge.connections

    assert with_server(scenario) == 1


def test_name_without_an_address_is_unreachable():
    with pytest.raises(LenderError) as caught:
        resolved_through(Names([]))
    assert (caught.value.code, caught.value.permanent) == (ErrorCode.UNREACHABLE, False)


def test_system_name_of_this_machine_is_refused_without_the_exception():
    async def scenario(edge: EdgeServer) -> HttpAnswer:
        port = edge.place.rpartition(":")[2]
        async with http.open_session() as session:
            guard = UrlGuard(hosts=frozenset({f"localhost:{port}"}))
            call = call_to(f"https://localhost:{port}/ok")
            return await http.send(session, call, deadline=time.monotonic() + 2, guard=guard)

    with pytest.raises(LenderError) as caught:
        with_server(scenario)
    assert caught.value.code == ErrorCode.ADDRESS_REFUSED
