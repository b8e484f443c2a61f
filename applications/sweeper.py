"""Sweeps: each worker process looks for due rows every few seconds, so nothing depends on a message.

Floors register their sweeps in `AppConfig.ready()`; the worker starts one thread for each.
"""

import os
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from django.conf import settings
from django.db import close_old_connections

from applications.crypto.keyring import data_key_scope
from applications.selectors import set_back

log = structlog.get_logger(__name__)


@dataclass
class Sweep:
    """A function that handles what is due now and returns; `stop` ends what it left running."""

    name: str
    run: Callable[[], None]
    stop: Callable[[], None] | None = None


@dataclass
class Sweeper:
    """The threads of one worker process."""

    sweeps: list[Sweep] = field(default_factory=list)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def register(self, sweep: Sweep) -> None:
        self.sweeps.append(sweep)

    def start(self) -> None:
        self._stopping.clear()
        self._threads = [
            threading.Thread(target=self._loop, args=(sweep,), name=f"sweep-{sweep.name}", daemon=True)
            for sweep in self.sweeps
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Claim nothing more, let what is in flight finish, and return."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(timeout=10)
        for sweep in self.sweeps:
            if sweep.stop is not None:
                sweep.stop()

    def _loop(self, sweep: Sweep) -> None:
        while not self._stopping.is_set():
            run_once(sweep)
            self._stopping.wait(settings.SWEEP_SECONDS)


def run_once(sweep: Sweep) -> None:
    """One pass. Whatever goes wrong is logged as a class and a place; the next pass tries again.

    Nothing is done for a database that was set back.
    """
    close_old_connections()
    try:
        if set_back.refused() is not None:
            return
        with data_key_scope():
            sweep.run()
    except Exception:
        log.exception("sweep.failed", job=sweep.name)
    finally:
        close_old_connections()


def worker_name() -> str:
    """This process among all workers."""
    return f"{socket.gethostname()}:{os.getpid()}"


sweeper = Sweeper()
