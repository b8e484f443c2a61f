"""Watching over processes: start them, notice when one dies, start it again, end all of them.

A child that dies is started again after a pause that doubles from one second to half a minute: one crash of
a worker must not take away the page somebody is looking at. During the start three deaths are enough to give
up, because the cause will not go away by itself then.
"""

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Protocol

import psutil

from joinbaltic.embedded_places import EmbeddedServerError
from joinbaltic.processes import ProcessBook, end

LONGEST_PAUSE = 30.0
STEADY_SECONDS = 60.0
DEATHS_DURING_START = 3
TAIL_LINES = 20


class StartError(RuntimeError):
    """The product did not come up; the message is for a person."""


class StopRequestedError(Exception):
    """Somebody asked us to end while we were still starting."""


def say(text: str) -> None:
    """One line for the terminal."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class StopRequest:
    """Ctrl-C, SIGTERM or a closed terminal, noted for the main loop; `also` is asked at every check."""

    def __init__(self, also: Callable[[], bool] = lambda: False) -> None:
        self._requested = False
        self._also = also
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._requested = True

    def __bool__(self) -> bool:
        self._requested = self._requested or self._also()
        return self._requested

    def check(self) -> None:
        if self:
            raise StopRequestedError


class Server(Protocol):
    """An embedded server, which knows how to start itself on the address it had."""

    process: subprocess.Popen[bytes] | None
    log: Path

    def start(self) -> None: ...


@dataclass
class Child:
    """A process that should run, and what became of its last attempts."""

    name: str
    log: Path
    launch: Callable[[], subprocess.Popen[bytes] | None]
    process: subprocess.Popen[bytes] | None = None
    since: float = 0.0
    deaths: int = 0
    again_at: float | None = field(default=None)

    def start(self) -> None:
        self.since, self.again_at = time.monotonic(), None
        self.process = self.launch()

    def just_died(self) -> bool:
        """Whether it ended since the last look; then the time of its next start is set."""
        if self.again_at is not None or (self.process is not None and self.process.poll() is None):
            return False
        now = time.monotonic()
        self.deaths = 1 if now - self.since > STEADY_SECONDS else self.deaths + 1
        self.again_at = now + min(2.0 ** (self.deaths - 1), LONGEST_PAUSE)
        return True


class Supervisor:
    """The processes of one running installation."""

    def __init__(self, *, root: Path, var: Path, book: ProcessBook, environment: Mapping[str, str]) -> None:
        self.root, self.logs, self.book, self.environment = root, var / "log", book, environment
        self.children: list[Child] = []

    def run_to_end(self, name: str, arguments: list[str], *, stop: StopRequest) -> None:
        """Run one command and wait for it; StartError with the end of its output when it fails."""
        process = self._spawn(name, arguments)
        while (code := process.poll()) is None:
            if stop:
                self._end([process])
                raise StopRequestedError
            time.sleep(0.05)
        self.book.forget(name)
        if code:
            raise StartError(f"{name} failed.\n{tail(self.logs / f'{name}.log')}")

    def start(self, name: str, arguments: list[str]) -> None:
        """Start a child and keep it running."""
        child = Child(name, self.logs / f"{name}.log", lambda: self._spawn(name, arguments))
        self.children.append(child)
        child.start()

    def adopt(self, name: str, server: Server) -> None:
        """Keep an embedded server that runs already running."""

        def launch() -> subprocess.Popen[bytes] | None:
            try:
                server.start()
            except EmbeddedServerError as error:
                say(str(error))
            return server.process

        self.children.append(Child(name, server.log, launch, server.process, time.monotonic()))

    def look(self, *, starting: bool = False) -> None:
        """One round: write down what runs, report who died, start again whose pause is over."""
        self.book.refresh()
        for child in self.children:
            if child.just_died():
                code = child.process.returncode if child.process else "none"
                if starting and child.deaths >= DEATHS_DURING_START:
                    raise StartError(f"{child.name} does not stay up.\n{tail(child.log)}")
                pause = (child.again_at or 0) - time.monotonic()
                say(f"{child.name} ended (status {code}); again in {pause:.0f} s. Its log: {child.log}")
            if child.again_at is not None and time.monotonic() >= child.again_at:
                self.book.forget(child.name)  # with what it left running
                child.start()

    def stop(self, *, grace: float = 10) -> None:
        """End every child but the embedded servers, which end after those who use them."""
        ours = [child for child in self.children if child.name not in {"postgres", "redis"}]
        self._end([child.process for child in ours if child.process], grace=grace)
        for child in ours:
            self.book.forget(child.name)

    def _spawn(self, name: str, arguments: list[str]) -> subprocess.Popen[bytes]:
        return self.book.start(
            name,
            [sys.executable, *arguments],
            log=self.logs / f"{name}.log",
            folder=self.root,
            environment=self.environment,
        )

    def _end(self, processes: list[subprocess.Popen[bytes]], *, grace: float = 10) -> None:
        alive = []
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                if process.poll() is None:
                    alive.append(psutil.Process(process.pid))
        end(alive, grace=grace)
        for process in processes:
            process.wait()


def tail(log: Path) -> str:
    """The last lines of a log, and where the rest is."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    return "\n".join([*(f"  {line}" for line in lines[-TAIL_LINES:]), f"All of it: {log}"])
