"""Sealing the audit: one sealer at a time chains new entries, so that no writer waits for another.

The chain is that of applications.chain. Its heads are published outside the database, or somebody who rules
the database could write the whole chain anew.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from applications import chain
from applications.chain import GENESIS
from applications.models import AuditCut, AuditEntry
from applications.retention_rules import Retention
from applications.selectors.periods import rules_in_force
from applications.services.operations import DAILY_JOBS

log = structlog.get_logger(__name__)

CHUNK = 1000
RESTORED = "restored "
# One sealer among all workers; the number is only a name.
LOCK = 0x4A4F314E_41554449
# An entry that stayed unsealed for longer says that nobody seals.
SEALED_WITHIN = timedelta(minutes=5)


@dataclass(frozen=True)
class Head:
    """The end of the chain at some moment: how many entries it held, and the digest of the last.

    `published_at` is when it was written outside the database, where that is known.
    """

    sequence: int
    digest: bytes
    published_at: datetime | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return f"{self.sequence}:{self.digest.hex()}"

    @classmethod
    def parse(cls, text: str) -> "Head":
        """Read "12:ab…". Raises ValueError."""
        sequence, _colon, digest = text.strip().partition(":")
        head = cls(int(sequence), bytes.fromhex(digest))
        if head.sequence < 1 or len(head.digest) != len(GENESIS):
            raise ValueError
        return head


def link(previous: bytes, entry: AuditEntry, sequence: int) -> bytes:
    """The digest of an entry at its place, after the entry with the digest `previous`."""
    facts: list[Any] = [
        sequence,
        entry.pk,
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.actor_kind,
        entry.actor_identifier,
        entry.action,
        str(entry.subject_id) if entry.subject_id else None,
        entry.object_type,
        entry.object_id,
        entry.detail,
    ]
    return chain.link(previous, facts)


def seal() -> int:
    """Chain what is not sealed yet; how many entries that were. A second sealer finds nothing to do."""
    sealed = 0
    while count := _seal_chunk():
        sealed += count
        if count < CHUNK:
            break
    return sealed


def _seal_chunk() -> int:
    with transaction.atomic():
        if not _only_sealer():
            return 0
        head = current_head()
        sequence, digest = (head.sequence, head.digest) if head else (0, GENESIS)
        places: list[tuple[int, bytes, int]] = []
        for entry in AuditEntry.objects.filter(digest__isnull=True).order_by("id")[:CHUNK]:
            sequence += 1
            digest = link(digest, entry, sequence)
            places.append((sequence, digest, entry.pk))
        _write(places)
    if places:
        # The log leaves the machine: a head that the database lost can be asked for there.
        log.info("audit.sealed", count=len(places), head=f"{sequence}:{digest.hex()}")
    return len(places)


def _only_sealer() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def _write(places: Iterable[tuple[int, bytes, int]]) -> None:
    table = AuditEntry._meta.db_table
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {table} SET sequence = %s, digest = %s WHERE id = %s AND digest IS NULL",  # noqa: S608
            list(places),
        )


def current_head() -> Head | None:
    """The newest sealed entry's place and digest; None while nothing is sealed."""
    newest = AuditEntry.objects.filter(sequence__isnull=False).order_by("-sequence").first()
    if newest is None or newest.sequence is None:
        return current_cut()
    return Head(newest.sequence, bytes(newest.digest or b""))


def current_cut() -> Head | None:
    """The last entry that went because its time was over; None while the chain is whole."""
    cut = AuditCut.objects.order_by("-sequence").first()
    return Head(cut.sequence, bytes(cut.digest)) if cut is not None else None


# --- heads outside the database --------------------------------------------------------------------------
def publish_head() -> dict[str, int]:
    """Append the head of the chain, with the time, to the file that AUDIT_HEADS names. Run daily."""
    seal()
    head = current_head()
    if head is None:
        return {"heads": 0}
    _publish(str(head))
    return {"heads": 1}


def _publish(words: str) -> None:
    path = Path(settings.AUDIT_HEADS)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{timezone.now().astimezone(UTC).isoformat(timespec='seconds')} {words}\n")


def publish_restored() -> None:
    """Say in the file that the chain goes on from its end as it is now: what was sealed after it is lost."""
    _publish(f"{RESTORED}{current_head() or ''}")


def published_heads() -> list[Head]:
    """The heads in the file that the chain has to have, in order: of those before it was restored, the ones
    that it reached back to. Raises ValueError for a line that is none.
    """
    path, heads = Path(settings.AUDIT_HEADS), list[Head]()
    if not path.exists():
        return heads
    for line in filter(str.strip, path.read_text(encoding="utf-8").splitlines()):
        moment, _space, head = line.partition(" ")
        if head.startswith(RESTORED):
            end = head.removeprefix(RESTORED)
            last = Head.parse(end).sequence if end else 0
            heads = [one for one in heads if one.sequence <= last]
        else:
            heads.append(replace(Head.parse(head), published_at=datetime.fromisoformat(moment)))
    return heads


# --- checking --------------------------------------------------------------------------------------------
def problems(heads: Iterable[Head]) -> Iterator[str]:
    """What is wrong with the audit, in words for staff; nothing when every entry stands as it was sealed.

    `heads` are known from outside: each must be in the chain, or its tail was cut off or written anew. The
    chain may begin after a head that was published so long ago that all up to it was kept for its time.
    """
    known, wanted = list(heads), defaultdict(set)
    cut = current_cut()
    sequence, digest = (cut.sequence, cut.digest) if cut else (0, GENESIS)
    if cut is not None:
        yield from _problems_of_the_cut(cut, known)
    for head in known:
        if head.sequence > sequence:
            wanted[head.sequence].add(head.digest)
    rows = AuditEntry.objects.filter(sequence__isnull=False).order_by("sequence")
    for entry in rows.iterator(chunk_size=2000):
        assert entry.sequence is not None  # noqa: S101 - the filter sees to it
        if entry.sequence != sequence + 1:
            yield f"Entries {sequence + 1} to {entry.sequence - 1} are missing."
        expected, stored = link(digest, entry, entry.sequence), bytes(entry.digest or b"")
        if entry.sequence == sequence + 1 and stored != expected:
            yield f"Entry {entry.sequence} is not what was sealed."
        sequence, digest = entry.sequence, stored
        if wanted.pop(sequence, {digest}) != {digest}:
            yield f"The chain was written anew: the head published for entry {sequence} is another."
    for missing in sorted(wanted):
        yield f"The end of the chain is missing: entry {missing} was published as a head."
    late = AuditEntry.objects.filter(digest__isnull=True, at__lt=timezone.now() - SEALED_WITHIN).count()
    if late:
        yield f"{late} entries are older than {SEALED_WITHIN.seconds // 60} minutes and not sealed."


def _problems_of_the_cut(cut: Head, known: list[Head]) -> Iterator[str]:
    published = [head for head in known if head == cut and head.published_at is not None]
    before = rules_in_force()[Retention.AUDIT].over_before(timezone.now())
    if not published:
        yield f"The beginning is missing: entry {cut.sequence}, after which the chain begins, was no head."
    elif not any(head.published_at and head.published_at < before for head in published):
        yield f"The beginning is missing: entries up to {cut.sequence} went before their time."


DAILY_JOBS["publish_audit_head"] = publish_head
