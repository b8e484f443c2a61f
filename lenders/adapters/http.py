"""The one place that speaks HTTP to lenders: asynchronous, one session a process, every wait bounded.

What arrives is handed on as bytes; what goes wrong becomes a `LenderError` that says whether the lender may
have received the request. No redirect is followed, no cookie kept, no proxy of the environment trusted,
nothing decompressed.
"""

from __future__ import annotations

import asyncio
import ssl
import time

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from lenders.adapters.base import HttpAnswer, HttpCall
from lenders.adapters.connecting import LenderConnector, Progress, progress_watch
from lenders.adapters.errors import ErrorCode, LenderError
from lenders.adapters.guard import AddressRefusedError, PublicResolver, UrlGuard, refused

LONGEST_ATTEMPT_SECONDS = 10.0
LARGEST_ANSWER = 1024 * 1024
# shorter than servers keep an idle connection: a POST on one just being closed would have an unknown outcome
_IDLE_SECONDS = 4.0
# calls in flight to one lender are capped where they are claimed; this bounds the process's sockets
_MOST_CONNECTIONS = 512


def open_session(
    *,
    loopback: frozenset[str] = frozenset(),
    resolver: AbstractResolver | None = None,
) -> aiohttp.ClientSession:
    """The process's session; to be made inside the running loop and closed with it.

    loopback  the "host:port" places on this machine that may be called: the sandbox in development, else none
    resolver  what looks names up, before its results are judged; the system's where None
    """
    connector = LenderConnector(
        resolver=PublicResolver(loopback=loopback, underlying=resolver),
        use_dns_cache=False,  # every connection is made to addresses judged for it
        limit=_MOST_CONNECTIONS,
        keepalive_timeout=_IDLE_SECONDS,
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        timeout=aiohttp.ClientTimeout(total=None),  # `send` keeps the time
        trace_configs=[progress_watch()],
    )


async def send(
    session: aiohttp.ClientSession,
    call: HttpCall,
    *,
    deadline: float,
    guard: UrlGuard,
    cap: int = LARGEST_ANSWER,
    tls: ssl.SSLContext | None = None,
) -> HttpAnswer:
    """One attempt: the whole answer, of any status but 3xx, within min(10 s, the time left) and `cap` bytes.

    session   from `open_session`
    deadline  in seconds, on the clock of `time.monotonic()`
    tls       the lender's own (see `tls.context_of`), which no connection of another lender shares; None
              for the system's trust

    Raises LenderError. Nothing was sent: address_refused, unreachable, tls_failed. Ambiguous once something
    was, unless the call only asks: timed_out, disconnected. Answered, but not usably: redirected,
    too_large, malformed_answer.
    """
    url = guard.check(call.url)
    progress = Progress()
    allowed = min(LONGEST_ATTEMPT_SECONDS, deadline - time.monotonic())
    if allowed <= 0:
        raise LenderError(ErrorCode.TIMED_OUT, permanent=False)
    try:
        async with asyncio.timeout(allowed):
            return await _exchange(session, call, url, progress, cap=cap, tls=tls)
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as problem:
        if progress.was_refused(problem):
            fault = LenderError(ErrorCode.TLS_FAILED, permanent=True)
        else:
            fault = _fault(problem, may_have_acted=progress.sending and call.method != "GET")
    # outside the `except`: the library's error may quote the answer, and is not to be chained to ours
    raise fault


async def _exchange(
    session: aiohttp.ClientSession,
    call: HttpCall,
    url: URL,
    progress: Progress,
    *,
    cap: int,
    tls: ssl.SSLContext | None,
) -> HttpAnswer:
    async with session.request(
        call.method,
        url,
        headers=dict(call.headers),
        data=call.body or None,
        allow_redirects=False,
        ssl=True if tls is None else tls,
        trace_request_ctx=progress,
    ) as response:
        progress.answered = True
        return await _read(response, call, cap=cap)


async def _read(response: aiohttp.ClientResponse, call: HttpCall, *, cap: int) -> HttpAnswer:
    """The answer's bytes, read no further than the cap."""
    if 300 <= response.status < 400:
        raise LenderError(ErrorCode.REDIRECTED, permanent=True)
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        # we asked for none; inflating what a stranger compressed is how a small answer becomes a large one
        raise LenderError(ErrorCode.MALFORMED_ANSWER, permanent=True)
    if (response.content_length or 0) > cap:
        raise LenderError(ErrorCode.TOO_LARGE, permanent=True)
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > cap:
            raise LenderError(ErrorCode.TOO_LARGE, permanent=True)
    headers = {name.lower(): value for name, value in response.headers.items()}
    return HttpAnswer(response.status, headers, bytes(body), call.submission_id)


def _fault(problem: Exception, *, may_have_acted: bool) -> LenderError:
    """What a failed attempt means. Only the kind of the problem is read; its text may quote the answer."""
    match problem:
        case aiohttp.ClientConnectorDNSError(os_error=AddressRefusedError()) | aiohttp.InvalidURL():
            return refused()
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError():
            return LenderError(ErrorCode.TLS_FAILED, permanent=True)
        case aiohttp.ClientConnectorError():
            return LenderError(ErrorCode.UNREACHABLE, permanent=False)
        case TimeoutError():
            return LenderError(ErrorCode.TIMED_OUT, permanent=False, ambiguous=may_have_acted)
        case aiohttp.ClientResponseError() | ValueError():
            return LenderError(ErrorCode.MALFORMED_ANSWER, permanent=True)
        case _:
            return LenderError(ErrorCode.DISCONNECTED, permanent=False, ambiguous=may_have_acted)
