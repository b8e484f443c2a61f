"""The one asynchronous place: a loop and an HTTP session per worker process, asking all lenders at once.

A task or a sweep claims rows and hands them over; nothing waits for a lender in a thread. What the loop reads
and writes goes through a small pool of threads with database connections of their own.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import aiohttp
import structlog
from django.conf import settings
from django.db import close_old_connections
from django.utils import timezone

from applications.crypto.keyring import data_key_scope
from lenders.adapters import http
from lenders.adapters.base import HttpAnswer, HttpCall, LenderError
from lenders.adapters.guard import UrlGuard
from lenders.adapters.tls import TlsContexts
from lenders.services import claims, deliveries
from lenders.services.claims import Claim
from lenders.services.deliveries import Prepared
from lenders.tokens import Tokens

log = structlog.get_logger(__name__)
Result = TypeVar("Result")

MAXIMUM_IN_FLIGHT = 200
DATABASE_THREADS = 6
DRAIN_SECONDS = 15.0


def local_places() -> frozenset[str]:
    """The loopback addresses that may be spoken to, in development and tests alone: the sandbox's, and those
    of lenders that somebody is writing on this machine.
    """
    sandbox = {urlsplit(url).netloc for url in (settings.SANDBOX_URL, settings.SANDBOX_TLS_URL) if url}
    return frozenset(sandbox.union(settings.LOCAL_LENDERS))


def _in_own_scope(function: Callable[..., Result], *arguments: object) -> Result:
    """Run `function` with a healthy connection and a scope of data keys that ends with it."""
    close_old_connections()
    try:
        with data_key_scope():
            return function(*arguments)
    finally:
        close_old_connections()


class Engine:
    """The loop of one worker process. Starts by itself with the first thing to do."""

    def __init__(self) -> None:
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._session: aiohttp.ClientSession | None = None
        self._tokens = Tokens()
        self._tls = TlsContexts()
        self._threads: ThreadPoolExecutor | None = None
        self._counting = threading.Lock()
        self._in_flight = 0
        self._stopping = False

    def wake(self, application_id: UUID | None = None) -> int:
        """Claim what is due, of one application or of all, and start asking; how many were claimed."""
        free = MAXIMUM_IN_FLIGHT - self._in_flight
        if self._stopping or free <= 0:
            return 0
        claimed = claims.claim_due(limit=free, application_id=application_id)
        if claimed:
            loop = self._running_loop()
            self._count(len(claimed))
            asyncio.run_coroutine_threadsafe(self._ask_all(claimed), loop)
        return len(claimed)

    def stop(self) -> None:
        """Claim nothing more and let what is in flight finish, for a bounded time; leases cover the rest."""
        self._stopping = True
        until = time.monotonic() + DRAIN_SECONDS
        while self._in_flight and time.monotonic() < until:
            time.sleep(0.05)
        if self._loop is not None:
            asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(timeout=5)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._loop = None
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    def _count(self, change: int) -> None:
        # Threads of the worker and the loop both count: `+=` alone would lose some, and the room with them.
        with self._counting:
            self._in_flight += change

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None:
                self._threads = ThreadPoolExecutor(DATABASE_THREADS, thread_name_prefix="lenders-db")
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="lenders-loop", daemon=True).start()
            return self._loop

    async def _close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _in_database(self, function: Callable[..., Result], *arguments: object) -> Result:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, _in_own_scope, function, *arguments)

    async def _ask_all(self, claimed: Sequence[Claim]) -> None:
        prepared: list[Prepared] = []
        try:
            prepared = await self._in_database(deliveries.begin, claimed)
        except Exception:
            # The lease runs out and the rows are due again.
            log.exception("engine.failed", count=len(claimed))
        self._count(len(prepared) - len(claimed))
        await asyncio.gather(*(self._ask_counted(one) for one in prepared))

    async def _ask_counted(self, prepared: Prepared) -> None:
        """One lender's slot is its own: who answers quickly frees it while another hangs."""
        try:
            await self._ask(prepared)
        except Exception:
            log.exception("engine.failed", delivery=str(prepared.claim.delivery_id))
        finally:
            self._count(-1)

    async def _ask(self, prepared: Prepared) -> None:
        started = time.monotonic()
        reply: HttpAnswer | LenderError
        try:
            reply = await self._exchange(prepared, started)
        except LenderError as error:
            reply = error
        duration_ms = int((time.monotonic() - started) * 1000)
        try:
            await self._in_database(_finish, prepared, reply, duration_ms)
        except Exception:
            log.exception("engine.outcome_not_written", delivery=str(prepared.claim.delivery_id))

    async def _exchange(self, prepared: Prepared, started: float) -> HttpAnswer:
        """The call, with a token where the lender wants one, and its answer. Raises LenderError."""
        if self._session is None:
            self._session = http.open_session(loopback=local_places())
        session, guard = self._session, UrlGuard(hosts=prepared.hosts, loopback=local_places())
        tls = self._tls.of(prepared.call.endpoint)
        last = started + (prepared.deadline - timezone.now()).total_seconds()

        async def send(call: HttpCall, *, deadline: float) -> HttpAnswer:
            return await http.send(session, call, deadline=deadline, guard=guard, tls=tls)

        sent = await self._tokens.admitted(prepared.call, send)
        answer = await send(sent, deadline=last)
        self._tokens.learn(prepared.call, sent, answer)
        return answer


def _finish(prepared: Prepared, reply: HttpAnswer | LenderError, duration_ms: int) -> None:
    deliveries.finish(prepared, reply, duration_ms=duration_ms)


engine = Engine()
