"""Running the sandbox: in the foreground for a developer, on a thread for a test.

Always on this machine alone.
"""

from __future__ import annotations

import asyncio
import threading
from types import TracebackType

from aiohttp import web

from lenders.sandbox.app import make_app

HOST = "127.0.0.1"
_SHUTDOWN_SECONDS = 0.2
_START_SECONDS = 10.0


def serve(*, port: int, secret: str, speed: float = 1.0) -> None:
    """Serves until interrupted."""
    app = make_app(secret=secret, speed=speed)
    web.run_app(app, host=HOST, port=port, access_log=None, print=None, shutdown_timeout=_SHUTDOWN_SECONDS)


class SandboxServer:
    """The sandbox on a thread: `with SandboxServer(secret=…) as sandbox: sandbox.url`."""

    def __init__(self, *, secret: str, speed: float = 1.0, port: int = 0) -> None:
        self._secret = secret
        self._speed = speed
        self._port = port
        self._up = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="sandbox", daemon=True)
        self.url = ""

    def __enter__(self) -> SandboxServer:
        self._thread.start()
        if not self._up.wait(_START_SECONDS):
            raise TimeoutError
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_START_SECONDS)

    def lender_url(self, slug: str) -> str:
        """The base URL of one lender."""
        return f"{self.url}/{slug}"

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        runner = self._loop.run_until_complete(self._start())
        self._up.set()
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        for left in asyncio.all_tasks(self._loop):  # requests told to hang
            left.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _start(self) -> web.AppRunner:
        app = make_app(secret=self._secret, speed=self._speed)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
        await runner.setup()
        site = web.TCPSite(runner, HOST, self._port)
        await site.start()
        self.url = f"http://{HOST}:{runner.addresses[0][1]}"
        return runner
