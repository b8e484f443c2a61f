"""The second wall around restricted data: PostgreSQL itself hides their rows (GDPR Art. 18).

The first is selectors.permission. Under the application's role no query finds a restricted person's rows, and
none changes them, until its connection has said for which of the uses that stay lawful it acts
(migration 0022_second_wall). Selectors and doors that take a purpose say it here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection
from psycopg import Connection
from psycopg.pq import TransactionStatus

from applications.data_policy import WHILE_RESTRICTED
from applications.personal import Purpose

STORAGE: Final = "storage"
"""What a restriction leaves out (Art. 18(2)): keeping data, and what comes in, without making use of it."""

APPLICATION_ROLE: Final = "joinbaltic_app"
"""The role that migrations make and give its rights; the cluster's: a copy of a database only names it."""

_SAY = "SELECT set_config('joinbaltic.purpose', %s, false), set_config('joinbaltic.person', %s, false)"


class _Said(NamedTuple):
    purpose: str = ""
    person: str = ""


@contextmanager
def opened(purpose: Purpose, *, person: UUID | None = None) -> Iterator[None]:
    """Let the block's queries find restricted data: of `person`, or of everybody.

    Where `purpose` is none that a restriction leaves lawful they find none, whatever was opened around it.
    """
    words = _Said(purpose, str(person or "")) if purpose in WHILE_RESTRICTED else _Said()
    with _said(words):
        yield


@contextmanager
def storing(*, person: UUID | None = None, using: Any = connection) -> Iterator[None]:
    """Let the block's queries keep restricted data, and what comes in about them, as they are to be kept."""
    with _said(_Said(STORAGE, str(person or "")), using):
        yield


@contextmanager
def _said(words: _Said, using: Any = connection) -> Iterator[None]:
    using.ensure_connection()
    raw = using.connection
    before = _last_said(raw)
    with using.wrap_database_errors:
        _say(raw, words)
    try:
        yield
    finally:
        if raw is using.connection:  # else it went back to the pool, or is lost: `close_again` saw to it
            with using.wrap_database_errors:
                _say(raw, before)


@contextmanager
def as_logged_in(using: Any) -> Iterator[None]:
    """The block works as whoever logged in, not in the product's role: for what that may not do."""
    with using.cursor() as cursor:
        cursor.execute("SELECT current_setting('role')")
        (before,) = cursor.fetchone()
        cursor.execute("SET ROLE NONE")
    try:
        yield
    finally:
        # what was set in a transaction that failed is taken back with it
        if using.connection is not None and not using.needs_rollback:
            with using.cursor() as cursor:
                cursor.execute("SELECT set_config('role', %s, false)", [before])


def close_again(raw: Connection[Any]) -> None:
    """For the pool: a connection that is handed back has said nothing to whoever takes it next."""
    _say(raw, _Said())


def _last_said(raw: Connection[Any]) -> _Said:
    return getattr(raw, "said", _Said())


def _say(raw: Connection[Any], words: _Said) -> None:
    """What was said in a transaction that fails is taken back by the server, together with the rest."""
    if _last_said(raw) == words:
        return
    if raw.info.transaction_status in (TransactionStatus.IDLE, TransactionStatus.INTRANS):
        raw.execute(_SAY, words)
    raw.said = words  # type: ignore[attr-defined]
