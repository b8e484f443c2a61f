"""Making a copy of one database: of one moment, whole or not there, and never both databases in one place."""

import fcntl
import os
import shutil
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from django.db import transaction

from applications.crypto.on_disk import sync
from applications.models import LedgerKind
from applications.services import ledger
from joinbaltic.backups import postgres
from joinbaltic.backups.errors import BackupRefused
from joinbaltic.backups.manifest import DUMP, Kind, Manifest, file_of, product_version

PARTIAL = ".partial"
_STAMP = "%Y%m%dT%H%M%SZ"
_WAIT_FOR_LOCKS = "--lock-wait-timeout=60s"


def make(kind: Kind, folder: Path, *, elsewhere: Path | None, days: int) -> Path:
    """Copy a database into a new folder below `folder`; copies there older than so many days are deleted.

    `elsewhere` is where copies of the other database go. Raises BackupRefused, and LedgerUnwritable once the
    copy is made.
    """
    try:
        _refuse_mixing(kind, folder, elsewhere)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone_in(folder):
            for left in folder.glob(f".*{PARTIAL}"):  # of a run that was killed
                shutil.rmtree(left)
            made = _copy(kind, folder)
            expire(kind, folder, days=days)
    except OSError as error:
        raise BackupRefused(f"{folder}: {error.strerror}.") from None
    if kind is Kind.MAIN:
        ledger.write()
    return made


def _copy(kind: Kind, folder: Path) -> Path:
    with postgres.connect(kind.alias) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        snapshot, moment = _one(connection, "SELECT pg_export_snapshot(), now()")
        name = f"{kind}-{moment.astimezone(UTC):{_STAMP}}"
        partial, made = folder / f".{name}{PARTIAL}", folder / name
        if made.exists():
            raise BackupRefused(f"{made} was made within this very second.")
        partial.mkdir(mode=0o700)
        try:
            _fill(partial, kind, connection, snapshot, moment)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)  # a full disk is not kept full
            raise
    if kind is Kind.MAIN:
        # Not in the copy, and there before it can be restored: so that it is always noticed.
        with transaction.atomic():
            ledger.note(LedgerKind.BACKED_UP, copy=name)
    partial.rename(made)
    sync(folder)
    return made


def _fill(
    partial: Path, kind: Kind, connection: psycopg.Connection[Any], snapshot: str, moment: datetime
) -> None:
    dump = partial / DUMP
    postgres.run(
        "pg_dump",
        ["--format=custom", f"--snapshot={snapshot}", _WAIT_FOR_LOCKS, f"--file={dump}"],
        alias=kind.alias,
    )
    dump.chmod(0o600)
    sync(dump)
    Manifest(
        kind=kind,
        moment=moment.astimezone(UTC),
        product=product_version(),
        postgres=str(connection.info.parameter_status("server_version")),
        migrations=_migrations(connection),
        files=[file_of(dump)],
        ledger=_ledger_head(connection) if kind is Kind.MAIN else 0,
    ).write(partial)


def _one(connection: psycopg.Connection[Any], statement: Any) -> Any:
    return connection.execute(statement).fetchone()


def _migrations(connection: psycopg.Connection[Any]) -> dict[str, list[str]]:
    applied: dict[str, list[str]] = defaultdict(list)
    for app, name in connection.execute(
        "SELECT app, name FROM django_migrations ORDER BY app, id"
    ).fetchall():
        applied[app].append(name)
    return dict(applied)


def _ledger_head(connection: psycopg.Connection[Any]) -> int:
    return int(_one(connection, "SELECT coalesce(max(sequence), 0) FROM applications_ledgerentry")[0])


# --- where they lie -------------------------------------------------------------------------------------
def _refuse_mixing(kind: Kind, folder: Path, elsewhere: Path | None) -> None:
    """Whoever takes one folder away must not have both: the keys open what the other holds."""
    here = folder.resolve()
    there = elsewhere.resolve() if elsewhere else None
    other = Kind.KEYS if kind is Kind.MAIN else Kind.MAIN
    nested = there is not None and (here == there or here in there.parents or there in here.parents)
    if nested or any(one.name.startswith(f"{other}-") for one in _folders(folder)):
        raise BackupRefused(
            f"{folder} holds copies of the other database, or lies in their folder: with both everything "
            "can be read. Copies of the keys go into a folder of their own, elsewhere (KEYS_BACKUP_DIR)."
        )


def _folders(folder: Path) -> list[Path]:
    return [one for one in folder.iterdir() if one.is_dir()] if folder.is_dir() else []


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    with open(os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600), "r+b") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupRefused(f"Another copy is being made in {folder}.") from None
        yield


def copies(kind: Kind, folder: Path) -> list[Path]:
    """The whole copies of a database, the oldest first."""
    return sorted(one for one in _folders(folder) if one.name.startswith(f"{kind}-"))


def expire(kind: Kind, folder: Path, *, days: int) -> int:
    """Delete the copies that are older, but never the newest one; how many."""
    before = f"{kind}-{datetime.now(UTC) - timedelta(days=days):{_STAMP}}"
    old = [one for one in copies(kind, folder)[:-1] if one.name < before]
    for one in old:
        going = one.with_name(f".{one.name}{PARTIAL}")  # what is half deleted must not look whole
        one.rename(going)
        shutil.rmtree(going)
    return len(old)
