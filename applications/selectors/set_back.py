"""Whether this database was set back: the ledger's file, or the keys, know of something that it does not.

However it came about (our `restore`, a bare pg_restore, a snapshot of a disk): what is compared are facts,
and no mark has to be set by anybody. While it is so the product serves nobody (`refused`), until
`manage.py replay_erasures` has told it what it lacks.
"""

import time
from enum import StrEnum
from pathlib import Path

import structlog
from django.conf import settings
from django.db import Error, OperationalError

from applications import ledger_file
from applications.crypto import keyring
from applications.models import DataSubject, LedgerEntry, LedgerKind

log = structlog.get_logger(__name__)

LOOK_SECONDS = 3.0
"""So long a process trusts its last look."""
TOMBSTONES = 200
"""The newest destroyed keys that are looked at: most belong to mailed codes."""


class Obstacle(StrEnum):
    """Why this database must not serve anybody."""

    SET_BACK = "set_back"
    LEDGER_MISSING = "ledger_missing"
    LEDGER_UNREADABLE = "ledger_unreadable"
    KEYS_KNOW_MORE = "keys_know_more"
    UNKNOWN = "unknown"

    @property
    def sentence(self) -> str:
        """For whoever runs the product: what is the matter, and what to do."""
        return SENTENCES[self]


SENTENCES = {
    Obstacle.SET_BACK: "this database was restored and lacks entries of the erasure ledger; "
    "run manage.py replay_erasures",
    Obstacle.LEDGER_MISSING: "the erasure ledger is not where ERASURE_LEDGER says, or is empty; "
    "put it there (docs/backups.md)",
    Obstacle.LEDGER_UNREADABLE: "the erasure ledger cannot be read (docs/backups.md)",
    Obstacle.KEYS_KNOW_MORE: "the keys of people were destroyed who are not erased here: this database was "
    "restored; run manage.py replay_erasures",
    Obstacle.UNKNOWN: "the database cannot be held against the erasure ledger; are migrations missing?",
}


def ledger_obstacle() -> Obstacle | None:
    """What the file says against this database. One look at the end of the file, one at an index."""
    try:
        newest = ledger_file.head(Path(settings.ERASURE_LEDGER))
    except (OSError, ledger_file.LedgerBroken):
        return Obstacle.LEDGER_UNREADABLE
    if newest is None:
        was_there = LedgerEntry.objects.filter(written_at__isnull=False).exists()
        return Obstacle.LEDGER_MISSING if was_there else None
    place = LedgerEntry.objects.filter(sequence=newest.line.sequence)
    digest = place.values_list("digest", flat=True).first()
    return None if digest is not None and bytes(digest) == newest.digest else Obstacle.SET_BACK


def keys_obstacle() -> Obstacle | None:
    """What the keys say against it: nobody's key goes before the ledger says so, or their row is buried."""
    destroyed = keyring.newest_destroyed(TOMBSTONES)
    alive = set(
        DataSubject.objects.filter(pk__in=destroyed, erased_at__isnull=True).values_list("pk", flat=True)
    )
    known = LedgerEntry.objects.filter(about_id__in=alive, kind=LedgerKind.ERASED)
    return Obstacle.KEYS_KNOW_MORE if alive.difference(known.values_list("about_id", flat=True)) else None


def obstacle() -> Obstacle | None:
    """Why nobody may be served now, or None. Raises OperationalError where a database is away."""
    try:
        return ledger_obstacle() or keys_obstacle()
    except OperationalError:
        raise
    except Error:
        return Obstacle.UNKNOWN


class _Look:
    """The last look of this process."""

    def __init__(self) -> None:
        self.until, self.found = 0.0, None  # type: float, Obstacle | None

    def refused(self) -> Obstacle | None:
        """The same, looked up anew every few seconds.

        A database that is away refuses by itself. It may come back as another: then it is looked at at once.
        """
        if time.monotonic() >= self.until:
            try:
                found = obstacle()
            except OperationalError:
                return self.found
            if found is not None and found is not self.found:
                log.error("database.set_back", code=str(found))
            self.found, self.until = found, time.monotonic() + LOOK_SECONDS
        return self.found


look = _Look()
refused = look.refused
