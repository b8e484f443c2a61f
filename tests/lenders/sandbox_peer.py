"""Us, speaking with the sandbox as the product does: a session, an adapter and a callback address."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import aiohttp
import pytest
from aiohttp import web

from lenders.adapters import get_adapter, http
from lenders.adapters.base import (
    Adapter,
    Choice,
    Credentials,
    CreditRequest,
    DeletionReason,
    DeletionRequest,
    Document,
    HttpCall,
    Inquiry,
    LenderEndpoint,
    Notice,
    Supplement,
)
from lenders.adapters.errors import LenderError
from lenders.adapters.guard import UrlGuard
from lenders.adapters.tls import TlsContexts
from lenders.sandbox.runner import SandboxServer
from lenders.sandbox.secrets import SANDBOX_LENDERS, credentials_of
from tests.lenders.lender_examples import EVERY_FIELD

SECRET = "a secret of the sandbox in tests"
LENDERS = {lender.slug: lender for lender in SANDBOX_LENDERS}


def adapter_of(slug: str) -> Adapter:
    return get_adapter(LENDERS[slug].protocol)


class Receiver:
    """Our callback address: keeps what arrives, answers with the statuses it was given, then 204."""

    def __init__(self) -> None:
        self.url = ""
        self.statuses: list[int] = []
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.arrived = asyncio.Condition()

    async def take(self, request: web.Request) -> web.Response:
        message = (dict(request.headers), await request.read())
        async with self.arrived:
            self.received.append(message)
            self.arrived.notify_all()
        return web.Response(status=self.statuses.pop(0) if self.statuses else 204)

    async def until(self, count: int) -> list[tuple[dict[str, str], bytes]]:
        async with asyncio.timeout(5), self.arrived:
            await self.arrived.wait_for(lambda: len(self.received) >= count)
        return self.received


class Peer:
    """Us, speaking with the sandbox as the product does."""

    def __init__(self, server: SandboxServer, session: aiohttp.ClientSession, receiver: Receiver) -> None:
        self.server, self.session, self.receiver = server, session, receiver
        self.submission = uuid4()
        self.tls = TlsContexts()

    def endpoint(self, slug: str) -> LenderEndpoint:
        return LenderEndpoint(
            slug,
            self.server.lender_url(slug),
            Credentials.from_stored(credentials_of(SECRET, LENDERS[slug])),
            self.receiver.url,
        )

    def application(self, slug: str, **fields: Any) -> HttpCall:
        wanted = {label: EVERY_FIELD[label] for label in LENDERS[slug].requested_fields} | fields
        now = datetime.now(tz=UTC)
        request = CreditRequest(self.submission, "JB-22222-22222", datetime(2026, 11, 23, tzinfo=UTC), wanted)
        return adapter_of(slug).build_application(request, self.endpoint(slug), now=now)

    def inquiry(self, slug: str, submission: UUID | None = None) -> HttpCall:
        return adapter_of(slug).build_inquiry(
            Inquiry(submission or self.submission), self.endpoint(slug), now=datetime.now(tz=UTC)
        )

    def supplement(
        self, slug: str, fields: dict[str, Any], *documents: Document, key: UUID | None = None
    ) -> HttpCall:
        given = Supplement(key or uuid4(), self.submission, fields=fields, documents=documents)
        return adapter_of(slug).build_supplement(given, self.endpoint(slug), now=datetime.now(tz=UTC))

    async def send(self, call: HttpCall, *, slug: str = "atra", seconds: float = 5):
        guard = UrlGuard(hosts=frozenset(), loopback=places_of(self.server))
        deadline, tls = time.monotonic() + seconds, self.tls.of(self.endpoint(slug))
        return await http.send(self.session, call, deadline=deadline, guard=guard, tls=tls)

    async def ask(self, slug: str, call: HttpCall | None = None, **options: Any):
        reply = await self.send(call or self.application(slug), slug=slug, **options)
        return adapter_of(slug).parse(reply, self.endpoint(slug), now=datetime.now(tz=UTC))

    async def choose(self, slug: str, reference: str):
        choice, adapter = Choice(self.submission, reference, "canary-keyword"), adapter_of(slug)
        call = adapter.build_choice(choice, self.endpoint(slug), now=datetime.now(tz=UTC))
        reply = await self.send(call, slug=slug)
        return adapter.parse_choice(reply, self.endpoint(slug), now=datetime.now(tz=UTC))

    async def ask_to_delete(self, slug: str):
        request = DeletionRequest(self.submission, DeletionReason.NOT_SELECTED)
        adapter, endpoint = adapter_of(slug), self.endpoint(slug)
        call = adapter.build_deletion(request, endpoint, now=datetime.now(tz=UTC))
        reply = await self.send(call, slug=slug)
        return adapter.parse_deletion(reply, endpoint, now=datetime.now(tz=UTC))

    async def tell(self, slug: str, notice: Notice):
        adapter, endpoint = adapter_of(slug), self.endpoint(slug)
        call = adapter.build_notice(notice, endpoint, now=datetime.now(tz=UTC))
        reply = await self.send(call, slug=slug)
        return adapter.parse_notice(reply, endpoint, notice=notice, now=datetime.now(tz=UTC))

    async def control(self, path: str, **order: Any) -> Any:
        async with self.session.post(f"{self.server.url}/{path}", json=order) as response:
            return response.status

    async def log(self) -> dict[str, Any]:
        async with self.session.get(f"{self.server.url}/_log") as response:
            return await response.json()

    async def called_back(self, slug: str, count: int):
        messages = await self.receiver.until(count)
        now = datetime.now(tz=UTC)
        return [
            adapter_of(slug).parse_callback(headers, body, self.endpoint(slug), now=now)
            for headers, body in messages
        ]


def places_of(server: SandboxServer) -> frozenset[str]:
    return frozenset(urlsplit(url).netloc for url in (server.url, server.tls_url))


@asynccontextmanager
async def peer_of(server: SandboxServer) -> AsyncIterator[Peer]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/callbacks/", receiver.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/callbacks/"
    async with http.open_session(loopback=places_of(server)) as session:
        peer = Peer(server, session, receiver)
        await peer.control("_reset")
        yield peer
        await peer.control("_reset")
    await runner.cleanup()


def played(server: SandboxServer, scene: Any) -> Any:
    async def run() -> Any:
        async with peer_of(server) as peer:
            return await scene(peer)

    return asyncio.run(run())


async def refused(waiting: Any) -> LenderError:
    with pytest.raises(LenderError) as caught:
        await waiting
    return caught.value
