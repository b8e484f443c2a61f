"""Hearing callbacks while a lender is examined: a small server on this machine, for as long as it takes."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

from aiohttp import web

from lenders.adapters.base import Adapter, AnyAnswer, LenderEndpoint, LenderError

HOST = "127.0.0.1"
LARGEST = 1024 * 1024


class PortTakenError(Exception):
    """Somebody else listens where callbacks were to arrive."""


class Hearing:
    """What was called back, by submission; `url` is where, `misheard` the codes of what could not be used."""

    def __init__(self, adapter: Adapter) -> None:
        self.url = ""
        self.misheard: list[str] = []
        self.endpoint: LenderEndpoint | None = None
        self._adapter = adapter
        self._heard: dict[UUID, asyncio.Queue[AnyAnswer]] = defaultdict(asyncio.Queue)

    async def first(self, submission: UUID, seconds: float) -> AnyAnswer | None:
        try:
            return await asyncio.wait_for(self._heard[submission].get(), seconds)
        except TimeoutError:
            return None

    async def take(self, request: web.Request) -> web.Response:
        """Answer as the product does: 204 when the message verifies, 401 or 422 when not."""
        assert self.endpoint is not None  # noqa: S101 - set before anything is asked
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            message = self._adapter.parse_callback(
                headers, await request.read(), self.endpoint, now=datetime.now(tz=UTC)
            )
        except LenderError as error:
            self.misheard.append(error.code)
            return web.Response(status=401 if error.code in ("bad_signature", "stale_message") else 422)
        self._heard[message.submission_id].put_nowait(message.answer)
        return web.Response(status=204)


@asynccontextmanager
async def hearing(adapter: Adapter, *, port: int = 0) -> AsyncIterator[Hearing]:
    """Listen on this machine, on any free port where none is given."""
    heard = Hearing(adapter)
    app = web.Application(client_max_size=LARGEST)
    app.router.add_post("/{anything:.*}", heard.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, HOST, port).start()
        except OSError:
            raise PortTakenError from None
        heard.url = f"http://{HOST}:{runner.addresses[0][1]}/callbacks/"
        yield heard
    finally:
        await runner.cleanup()
