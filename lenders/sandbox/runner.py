"""Running the sandbox: in the foreground for a developer, on a thread for a test.

Always on this machine alone.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from types import TracebackType

from aiohttp import web

from lenders.sandbox import tls
from lenders.sandbox.app import LENDING, make_app
from lenders.sandbox.secrets import SANDBOX_LENDERS

HOST = "127.0.0.1"
_SHUTDOWN_SECONDS = 0.2
_START_SECONDS = 10.0


def serve(*, port: int, tls_port: int, secret: str, speed: float = 1.0) -> None:
    """Serves until interrupted, the lenders that want to see a certificate at a port of their own."""

    async def run() -> None:
        ended = asyncio.Event()
        for ending in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(ending, ended.set)
        runner = await _listening(port=port, tls_port=tls_port, secret=secret, speed=speed)
        await ended.wait()
        await runner.cleanup()

    asyncio.run(run())


async def _listening(*, port: int, tls_port: int, secret: str, speed: float) -> web.AppRunner:
    """The application at both ports; `addresses` has them in this order."""
    app = make_app(secret=secret, speed=speed)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
    await runner.setup()
    context = tls.listener(HOST, secret=secret, books=app[LENDING].books)
    await web.TCPSite(runner, HOST, port).start()
    await web.TCPSite(runner, HOST, tls_port, ssl_context=context).start()
    return runner


class SandboxServer:
    """The sandbox on a thread: `with SandboxServer(secret=…) as sandbox: sandbox.url`."""

    def __init__(self, *, secret: str, speed: float = 1.0, port: int = 0) -> None:
        self._secret = secret
        self._speed = speed
        self._port = port
        self._up = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="sandbox", daemon=True)
        self.url = self.tls_url = ""

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
        over_tls = any(lender.slug == slug and lender.over_tls for lender in SANDBOX_LENDERS)
        return f"{self.tls_url if over_tls else self.url}/{slug}"

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
        runner = await _listening(port=self._port, tls_port=0, secret=self._secret, speed=self._speed)
        plain, secure = (address[1] for address in runner.addresses)
        self.url, self.tls_url = f"http://{HOST}:{plain}", f"https://{HOST}:{secure}"
        return runner
