"""Which addresses a call may go to: https, a host name on the lender's own list, an address of the public
internet.

The check is made twice, before anything is sent: on the URL, and on what the name resolves to. The resolver
that checks is the one the connection is made with, so that the address checked is the address used and a
name that changes in between gains nothing. A host written as an address is never resolved, and there are many
ways to write one (2130706433 is 127.0.0.1): none is called.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass

from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from lenders.adapters.errors import ErrorCode, LenderError


@dataclass(frozen=True, slots=True)
class UrlGuard:
    """Where calls for one lender may go.

    hosts     "api.lender.example" (port 443) or "api.lender.example:8443"; a name with letters of other
              alphabets as it is resolved, "xn--…"
    loopback  "127.0.0.1:8101": the sandbox, which may be spoken to in plain http; empty outside development
    """

    hosts: frozenset[str]
    loopback: frozenset[str] = frozenset()

    def check(self, url: str) -> URL:
        """The URL, if it may be called. Raises LenderError(address_refused)."""
        target = _parsed(url)
        if target is None or not target.raw_host or "@" in target.raw_authority or target.fragment:
            raise refused()
        if target.scheme in ("http", "https") and _place(target) in self.loopback and _is_here(target):
            return target
        listed = _place(target) in self.hosts or (target.port == 443 and target.raw_host in self.hosts)
        if target.scheme != "https" or not listed or not _NAME.fullmatch(target.raw_host):
            raise refused()
        return target


class PublicResolver(AbstractResolver):
    """Resolves to public addresses only; a name with a single inward address is refused altogether.

    loopback  "host:port" places that may resolve to this machine
    """

    def __init__(
        self, *, loopback: frozenset[str] = frozenset(), underlying: AbstractResolver | None = None
    ) -> None:
        self._loopback = loopback
        self._underlying = underlying or ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of a name.

        Raises OSError where it has none, AddressRefusedError where one is not public.
        """
        found = await self._underlying.resolve(host, port, family)
        if not found:
            raise OSError
        here = f"{host}:{port}" in self._loopback
        if not all(is_public(result["host"]) or (here and _is_loopback(result["host"])) for result in found):
            raise AddressRefusedError
        return found

    async def close(self) -> None:
        await self._underlying.close()


class AddressRefusedError(OSError):
    """A name resolved to an address inside: this machine, a private network, a link."""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet. An IPv6 address that stands for an IPv4 one, as
    the mapped ones and those of NAT64 do, is judged by that; tunnels (6to4, Teredo) are not public.
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inside = ip.ipv4_mapped or (ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF) if ip in _NAT64 else None)
        if inside is None:
            return ip in _GLOBAL_UNICAST and ip.is_global and not any(ip in one for one in _NOT_PLACES)
        ip = inside
    return ip.is_global and not ip.is_multicast and not any(ip in one for one in _NOT_PLACES)


# What addresses are given out of (RFC 4291); site-local, IPv4-compatible and translated ones are outside.
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Registered for protocols, tunnels and documentation; not every Python knows all of them.
_NOT_PLACES = tuple(
    ipaddress.ip_network(one)
    for one in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)
# Its last label has a letter first: no way of writing an address (WHATWG URL, "ends in a number") is such.
_NAME = re.compile(r"(?:[a-z0-9_-]+\.)*[a-z][a-z0-9-]*")


def refused() -> LenderError:
    return LenderError(ErrorCode.ADDRESS_REFUSED, permanent=True)


def _parsed(url: str) -> URL | None:
    """The URL, if it is one in printable ASCII: then no letter, digit or dot only looks like another, and
    nothing is dropped in reading it.
    """
    try:
        return URL(url) if re.fullmatch(r"[!-~]+", url) else None
    except (ValueError, TypeError):
        return None


def _place(url: URL) -> str:
    return f"{url.raw_host}:{url.port}"


def _is_here(url: URL) -> bool:
    return url.raw_host == "localhost" or _is_loopback(url.raw_host or "")


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
