"""PostgreSQL and Redis without installing either: real servers out of Python wheels.

    with services(Path("var")) as running:
        run(environment=os.environ | running.environment)

`make run` and the tests use this when nobody gave them DATABASE_URL and REDIS_URL. Nothing in production
imports it.
"""

import contextlib
import fcntl
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from joinbaltic.embedded_places import EmbeddedServerError
from joinbaltic.embedded_postgres import PostgresServer
from joinbaltic.embedded_redis import RedisServer, free_port
from joinbaltic.processes import ProcessBook

__all__ = [
    "AlreadyRunningError",
    "EmbeddedServerError",
    "Services",
    "claim",
    "free_port",
    "remove",
    "run_servers",
    "services",
]


class AlreadyRunningError(RuntimeError):
    """Another process of ours keeps its servers in this directory at this moment."""


@dataclass
class Services:
    """The servers of one directory; one that was not asked for is None."""

    book: ProcessBook
    postgres: PostgresServer | None
    redis: RedisServer | None

    @property
    def environment(self) -> dict[str, str]:
        """DATABASE_URL, KEYS_DATABASE_URL and REDIS_URL of the servers that were asked for."""
        merged: dict[str, str] = {}
        for server in (self.postgres, self.redis):
            merged |= server.environment if server else {}
        return merged

    def start(self) -> None:
        for server in (self.postgres, self.redis):
            if server:
                server.start()

    def stop(self) -> None:
        for server in (self.redis, self.postgres):
            if server:
                server.stop()

    def remove(self) -> None:
        for server in (self.redis, self.postgres):
            if server:
                server.remove()


@contextlib.contextmanager
def services(
    directory: Path, *, postgres: bool = True, redis: bool = True, durable: bool = True
) -> Iterator[Services]:
    """Run servers for as long as the block lasts, their data, logs and process book under `directory`.

    What a killed predecessor left running there is ended first. Servers that are not `durable` are for one
    use: faster, less careful with the disk, and their whole directory is deleted at the end.
    Raises AlreadyRunningError when the directory is in use, EmbeddedServerError when a server does not start.
    """
    with claim(directory) as book:
        book.clear_leftovers()
        with run_servers(directory, book, postgres=postgres, redis=redis, durable=durable) as running:
            yield running


@contextlib.contextmanager
def run_servers(
    directory: Path,
    book: ProcessBook,
    *,
    postgres: bool = True,
    redis: bool = True,
    redis_password: str | None = None,
    durable: bool = True,
) -> Iterator[Services]:
    """The same for a caller who holds the claim and keeps other processes in the same book."""
    directory = directory.absolute()
    running = Services(
        book,
        PostgresServer(directory, book=book, durable=durable) if postgres else None,
        RedisServer(directory, book=book, password=redis_password, durable=durable) if redis else None,
    )
    try:
        running.start()
        yield running
    finally:
        running.stop()
        if not durable:
            running.remove()
            shutil.rmtree(directory, ignore_errors=True)


def remove(directory: Path) -> None:
    """Delete the directory with all data of its servers, ending first what a killed run left there."""
    with claim(directory) as book:
        book.clear_leftovers()
        Services(book, PostgresServer(directory, book=book), None).remove()
        shutil.rmtree(directory)


@contextlib.contextmanager
def claim(directory: Path) -> Iterator[ProcessBook]:
    """Hold the directory for this process, and open its book. The system lets go of the claim when the
    process ends, however it ends."""
    directory = directory.absolute()
    path = directory / "run" / "lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunningError(f"{directory} is in use: the product already runs here") from error
        yield ProcessBook(directory / "run" / "processes.json")
