"""The ledger of what a restored copy must be told: rows here, then lines of a file beside the backups.

The row is the truth, and commits with what it tells of. Within seconds a worker gives it its place in the
chain, appends it to the file that ERASURE_LEDGER names, and notes that the disk has it. The file is never
ahead of its database: where it is, the database was set back (selectors.set_back). No key of a person is
destroyed before the file says so, or a restore would not know (`written`).
"""

import errno
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, Max, OuterRef
from django.utils import timezone

from applications import ledger_file
from applications.chain import GENESIS
from applications.ledger_file import LedgerBroken, Line, Written
from applications.models import LedgerEntry, LedgerKind
from applications.retention_rules import Retention
from applications.selectors.periods import rules_in_force
from applications.selectors.set_back import Obstacle, ledger_obstacle
from applications.services.operations import DAILY_JOBS

CHUNK = 1000
# One hand among all processes gives places; the number is only a name.
LOCK = 0x4A4F314E_4C454447

REPLAYS: dict[LedgerKind, Callable[[Line], None]] = {}
"""What is done about an entry that a restored copy lacks, or may have: safe to repeat."""

_replaying: ContextVar[bool] = ContextVar("replaying", default=False)


class LedgerUnwritable(Exception):
    """The file does not take entries now; the reason is the code of an obstacle, or of the system's error."""


def note(
    kind: LedgerKind,
    *,
    about_id: UUID | None = None,
    entry_id: UUID | None = None,
    at: datetime | None = None,
    **detail: Any,
) -> None:
    """Write an entry in the caller's transaction; while entries are replayed nothing is noted anew."""
    if not _replaying.get():
        LedgerEntry.objects.create(
            kind=kind, about_id=about_id, entry_id=entry_id or uuid4(), at=at or timezone.now(), detail=detail
        )


def noted(kind: LedgerKind, ids: Collection[UUID]) -> set[UUID]:
    """Of these people or applications, those about whom such an entry is committed or about to be."""
    found = LedgerEntry.objects.filter(kind=kind, about_id__in=ids)
    return {about for about in found.values_list("about_id", flat=True) if about}


def written(kind: LedgerKind, ids: Collection[UUID]) -> set[UUID]:
    """Those of whom the file says so, for good: their keys may go."""
    found = LedgerEntry.objects.filter(kind=kind, about_id__in=ids, written_at__isnull=False)
    return {about for about in found.values_list("about_id", flat=True) if about}


def has(entry_id: UUID) -> bool:
    """Whether the file says so, for good."""
    return LedgerEntry.objects.filter(entry_id=entry_id, written_at__isnull=False).exists()


@contextmanager
def replaying() -> Iterator[None]:
    """Inside the block what is done is done again, and stands in the ledger already."""
    token = _replaying.set(True)
    try:
        yield
    finally:
        _replaying.reset(token)


# --- into the file --------------------------------------------------------------------------------------
def path() -> Path:
    return Path(settings.ERASURE_LEDGER)


def write() -> int:
    """Append the committed entries that the file lacks; how many. None while another process does it.

    Raises LedgerUnwritable, having lost nothing: the rows wait.
    """
    obstacle = ledger_obstacle()
    if obstacle is not None:
        raise LedgerUnwritable(obstacle)
    try:
        if not _file_lacks_something():
            return 0
        with ledger_file.held(path()) as file:
            _give_places()
            return _append(file)
    except BlockingIOError:
        return 0
    except OSError as error:
        raise LedgerUnwritable(errno.errorcode.get(error.errno or 0, "unwritable")) from None
    except LedgerBroken:
        raise LedgerUnwritable(Obstacle.LEDGER_UNREADABLE) from None


def _file_lacks_something() -> bool:
    """Entries that no file has; or another process has them in its own file, or ours is an older copy."""
    if LedgerEntry.objects.filter(written_at__isnull=True).exists():
        return True
    newest = ledger_file.head(path())
    last = LedgerEntry.objects.aggregate(last=Max("sequence"))["last"] or 0
    return (newest.line.sequence if newest else 0) < last


def _give_places() -> None:
    """Chain what has no place yet, in the order in which it was written down."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        last = LedgerEntry.objects.filter(sequence__isnull=False).order_by("-sequence").first()
        sequence, digest = (last.sequence or 0, bytes(last.digest or b"")) if last else (0, GENESIS)
        for entry in LedgerEntry.objects.filter(sequence__isnull=True).order_by("id")[:CHUNK]:
            sequence += 1
            digest = as_line(entry, sequence).after(digest)
            LedgerEntry.objects.filter(pk=entry.pk).update(sequence=sequence, digest=digest)


def _append(file: BinaryIO) -> int:
    newest = ledger_file.head(path())
    has = newest.line.sequence if newest else _place_before_all()
    more = LedgerEntry.objects.filter(sequence__gt=has).order_by("sequence")
    last = ledger_file.append(file, (_as_written(entry) for entry in more.iterator(CHUNK))) or has
    return note_written(last)


def _place_before_all() -> int:
    """The place after which no entry is missing: old ones go in their time."""
    before = LedgerEntry.objects.filter(sequence=OuterRef("sequence") - 1)
    first = LedgerEntry.objects.filter(~Exists(before), sequence__isnull=False).order_by("sequence").last()
    return (first.sequence or 1) - 1 if first else 0


def note_written(last: int) -> int:
    """Note of the entries up to this place that the file has them; of how many that was new."""
    there = LedgerEntry.objects.filter(sequence__lte=last, written_at__isnull=True)
    return there.update(written_at=timezone.now())


def as_line(entry: LedgerEntry, sequence: int) -> Line:
    """An entry as it stands in the file at this place."""
    return Line(sequence, entry.entry_id, entry.at, entry.kind, entry.about_id, entry.detail)


def _as_written(entry: LedgerEntry) -> Written:
    return Written(as_line(entry, entry.sequence or 0), bytes(entry.digest or b""))


def begin_file() -> int:
    """Write the ledger, as far as it is still kept, into a new file, for one that was lost; how many lines.

    Only for a database that was not set back: what it lacks is in no file then. Raises FileExistsError,
    OSError.
    """
    if ledger_file.head(path()) is not None:
        raise FileExistsError
    with ledger_file.held(path()) as file:
        _give_places()
        _append(file)
    return sum(1 for _line in ledger_file.lines(path()))


def forget_old_lines() -> dict[str, int]:
    """Daily: lines go from the file as the rows go, when they were kept for their time."""
    if ledger_file.head(path()) is None:
        return {"lines": 0}
    return {
        "lines": ledger_file.cut(path(), rules_in_force()[Retention.REQUESTS].over_before(timezone.now()))
    }


DAILY_JOBS["forget_lines_of_the_ledger"] = forget_old_lines
