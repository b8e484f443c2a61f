"""Connections to lenders, and how far an attempt got: whether anything of a request can have left.

In TLS 1.3 a client has finished its handshake before the server has looked at the client's certificate: a
refusal arrives when the request may already be on its way. Nothing of a request is therefore sent on a new
connection with a lender's own context before its refusal would have had the time to arrive, and an alert
about our certificate is believed whenever it comes instead of an answer: a server that sends one has not
finished the handshake, without which it cannot read a request (RFC 8446, 4.4.2.4 and 6.2).
"""

from __future__ import annotations

import asyncio
import re
import ssl
import time
from dataclasses import dataclass
from typing import Any
from weakref import WeakSet

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

SHORTEST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.05, 1.0
REFUSALS = frozenset(
    {
        "SSLV3_ALERT_BAD_CERTIFICATE",
        "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
        "SSLV3_ALERT_CERTIFICATE_REVOKED",
        "SSLV3_ALERT_CERTIFICATE_EXPIRED",
        "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
        "TLSV1_ALERT_UNKNOWN_CA",
        "TLSV1_ALERT_ACCESS_DENIED",
        "TLSV1_ALERT_DECRYPT_ERROR",
        "TLSV13_ALERT_CERTIFICATE_REQUIRED",
    }
)
"""OpenSSL's names for the alerts by which a server refuses a client's certificate."""


_OPENSSL = re.compile(r"\[SSL: ([A-Z0-9_]+)\]")


@dataclass(slots=True)
class Progress:
    """How far one attempt got.

    sending   the request is being written: something of it may have left
    reused    over a connection that an earlier attempt made
    answered  an answer has begun
    """

    sending: bool = False
    reused: bool = False
    answered: bool = False

    def was_refused(self, problem: BaseException) -> bool:
        """Whether the server refused our certificate, and thus read nothing of the request."""
        return _alert(problem) in REFUSALS and not self.reused and not self.answered


class LenderConnector(aiohttp.TCPConnector):
    """A pool that lets nothing be sent while a server may still be refusing our certificate."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._settled: WeakSet[ResponseHandler] = WeakSet()

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109
    ) -> Connection:
        """As the pool does. Raises what ended a new connection meanwhile."""
        began = time.monotonic()
        connection = await super().connect(req, traces, timeout)
        own = isinstance(req.ssl, ssl.SSLContext)
        if own and connection.protocol is not None and connection.protocol not in self._settled:
            try:
                # connecting took the way to the server and back twice, a refusal takes it once, and it thinks
                wait = max(time.monotonic() - began, SHORTEST_WAIT_SECONDS)
                await asyncio.sleep(min(wait, LONGEST_WAIT_SECONDS))
                await _must_stand(connection.protocol)
            except BaseException:
                connection.close()
                raise
            self._settled.add(connection.protocol)
        return connection


def _alert(problem: BaseException) -> str:
    """OpenSSL's name of what ended a connection, or "": all that the library's own error keeps of it."""
    found = (
        _OPENSSL.match(str(problem.args[1])) if isinstance(problem, OSError) and problem.args[1:] else None
    )
    return found[1] if found else ""


async def _must_stand(protocol: ResponseHandler) -> None:
    if not protocol.is_connected():
        if protocol.closed is not None:  # it is ending: what ended it is known at its end
            await asyncio.gather(protocol.closed, return_exceptions=True)
        raise protocol.exception() or aiohttp.ServerDisconnectedError


def progress_watch() -> aiohttp.TraceConfig:
    """Keeps the `Progress` that a request carries as its context."""

    async def sending(_session: aiohttp.ClientSession, context: object, _params: object) -> None:
        if isinstance(progress := getattr(context, "trace_request_ctx", None), Progress):
            progress.sending = True

    async def reused(_session: aiohttp.ClientSession, context: object, _params: object) -> None:
        if isinstance(progress := getattr(context, "trace_request_ctx", None), Progress):
            progress.reused = True

    watch = aiohttp.TraceConfig()
    watch.on_request_headers_sent.append(sending)
    watch.on_connection_reuseconn.append(reused)
    return watch
