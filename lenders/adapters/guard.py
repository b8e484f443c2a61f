"""Which addresses a call may go to: https, a host on the lender's own list, an address of the public
internet.

The check is made twice, before anything is sent: on the URL, and on what the name resolves to. The resolver
that checks is the one the connection is made with, so that the address checked is the address used and a
name that changes in between gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass

from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from lenders.adapters.errors import ErrorCode, LenderError


@dataclass(frozen=True, slots=True)
class UrlGuard:
    """Where calls for one lender may go.

    hosts     "api.lender.example" (port 443) or "api.lender.example:8443"
    loopback  "127.0.0.1:8101": the sandbox, which may be spoken to in plain http; empty outside development
    """

    hosts: frozenset[str]
    loopback: frozenset[str] = frozenset()

    def check(self, url: str) -> URL:
        """The URL, if it may be called. Raises LenderError(address_refused)."""
        target = _parsed(url)
        if target is None or target.host is None or target.user is not None or target.fragment:
            raise refused()
        if (
            target.scheme in ("http", "https")
            and _place(target) in self.loopback
            and _is_loopback(target.host)
        ):
            return target
        listed = _place(target) in self.hosts or (target.port == 443 and target.host in self.hosts)
        if target.scheme != "https" or not listed or _is_inward(target.host):
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
    """Whether an IP address is one of the public internet; an IPv6 address that wraps an IPv4 one is judged
    by that.
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        ip = _wrapped(ip) or ip
    return ip.is_global and not ip.is_multicast


def refused() -> LenderError:
    return LenderError(ErrorCode.ADDRESS_REFUSED, permanent=True)


def _wrapped(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address inside a mapped, 6to4, Teredo or NAT64 one."""
    nat64 = ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF) if ip in _NAT64 else None
    teredo = ip.teredo[1] if ip.teredo else None
    return ip.ipv4_mapped or ip.sixtofour or teredo or nat64


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def _parsed(url: str) -> URL | None:
    try:
        return URL(url)
    except (ValueError, TypeError):
        return None


def _place(url: URL) -> str:
    return f"{url.host}:{url.port}"


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_inward(host: str) -> bool:
    """A host written as an address is never resolved, so it is judged here; a name is judged when it
    resolves.
    """
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return not is_public(host)
