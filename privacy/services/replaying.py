"""Telling a restored database what it lacks: every entry of the ledger's file that is not in it, in order.

An entry is done again, then written here at its place in the chain. Killed anywhere, the next run goes on
after the last entry that is here; nobody is served before the last one is (applications.selectors.set_back).
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from uuid import UUID

import structlog
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.utils import timezone

from applications import ledger_file
from applications.actors import SYSTEM
from applications.chain import GENESIS
from applications.crypto import keyring
from applications.crypto.keyring import data_key_scope
from applications.endings import endings
from applications.ledger_file import Line, Written
from applications.models import ConsumerSession, DataSubject, LedgerEntry, LedgerKind
from applications.row_security import storing
from applications.services import audit, ledger, sealing
from applications.services.housekeeping import people_without_keys
from applications.services.operations import DAILY_JOBS
from privacy.errors import AnotherLedger, NewerLedger, YoungerLedger
from privacy.rights.erasing_again import erase_again

log = structlog.get_logger(__name__)

CHUNK = 500
LOCK = 0x4A4F314E_52504C59


@dataclass
class Receipt:
    """What a replay did, or would do: numbers alone."""

    entries: Counter[str] = field(default_factory=Counter)
    keys_destroyed_again: int = 0
    erased_by_their_tombstones: int = 0
    sessions_ended: int = 0
    people_without_keys: int = 0

    def counts(self) -> dict[str, Any]:
        """By their names, those that are not none."""
        numbers = {
            "keys_destroyed_again": self.keys_destroyed_again,
            "erased_by_their_tombstones": self.erased_by_their_tombstones,
            "sessions_ended": self.sessions_ended,
            "people_without_keys": self.people_without_keys,
        }
        return {name: number for name, number in {**self.entries, **numbers}.items() if number}


def missing() -> Iterator[Written]:
    """The lines of the file that this database lacks, in order.

    Raises LedgerBroken where the file is not what was written, AnotherLedger where it is not this database's,
    YoungerLedger where it begins after what this database has.
    """
    last = LedgerEntry.objects.filter(sequence__isnull=False).order_by("sequence").last()
    place, digest = (last.sequence or 0, bytes(last.digest or b"")) if last else (0, GENESIS)
    path = ledger.path()
    if not path.exists():
        return
    common = None
    for written in ledger_file.lines(path):
        if written.line.sequence <= place:
            common = written
            continue
        if written.line.sequence > place + 1:
            raise YoungerLedger
        if written.digest != written.line.after(digest):
            raise AnotherLedger
        place, digest = written.line.sequence, written.digest
        yield written
    if common is not None:
        _refuse_another(common)


def _refuse_another(common: Written) -> None:
    """Raise AnotherLedger unless the last line that both have is the same in both."""
    here = LedgerEntry.objects.filter(sequence=common.line.sequence).first()
    if here is None or bytes(here.digest or b"") != common.digest:
        raise AnotherLedger


def preview() -> Receipt:
    """What a replay would do. Raises as replay() does."""
    lines = _checked()
    receipt = Receipt(entries=Counter(line.kind for line in lines))
    receipt.erased_by_their_tombstones = len(_unknown_tombstones(lines))
    receipt.people_without_keys = len(people_without_keys())
    return receipt


@data_key_scope()
@storing()  # restricted people are told of as well
def replay() -> Receipt:
    """Tell this database everything that it lacks, and destroy again what came back.

    The last entry comes last: from then on this database counts as told. Raises as missing() does, and
    NewerLedger, before anything is done.
    """
    with _only_one():
        lines, receipt = _checked(), Receipt()
        orphaned = _unknown_tombstones(lines)
        if lines:  # the file goes on after the last entry here: it has all of them
            ledger.note_written(lines[0].sequence - 1)
        if lines or orphaned:  # it was set back
            sealing.publish_restored()
            receipt.sessions_ended = _end_sessions()
        receipt.keys_destroyed_again = destroy_again()
        receipt.erased_by_their_tombstones = _follow_tombstones(orphaned)
        for written in missing():
            with data_key_scope():
                _tell(written)
            receipt.entries[written.line.kind] += 1
        if receipt.counts():
            receipt.people_without_keys = len(people_without_keys())
            _leave_word(receipt)
    return receipt


def _checked() -> list[Line]:
    """What is missing, all of it held against the chain, and nothing of which this version knows nothing."""
    lines = [written.line for written in missing()]
    known = {one.name for one in endings()}
    if any(line.kind not in ledger.REPLAYS or not {_ending(line)} <= known | {None} for line in lines):
        raise NewerLedger
    return lines


def _ending(line: Line) -> str | None:
    """By which declaration an entry's row went when its time was over."""
    return str(line.detail["ending"]) if line.kind == LedgerKind.RETENTION_ENDED else None


def _tell(written: Written) -> None:
    """What an entry tells may be here although it has no place yet: it is told all the same."""
    line = written.line
    replay_it = ledger.REPLAYS[LedgerKind(line.kind)]
    with ledger.replaying():
        if line.kind == LedgerKind.ERASED:  # has transactions of its own: keys go in another database
            replay_it(line)
        with transaction.atomic():
            if line.kind != LedgerKind.ERASED:
                replay_it(line)
            _enter(written)


def _enter(written: Written) -> None:
    line = written.line
    place = {"sequence": line.sequence, "digest": written.digest, "written_at": timezone.now()}
    if not LedgerEntry.objects.filter(entry_id=line.entry_id, sequence__isnull=True).update(**place):
        LedgerEntry.objects.create(
            entry_id=line.entry_id, at=line.at, kind=line.kind, about_id=line.about_id, detail=line.detail,
            **place,
        )  # fmt: skip


def _unknown_tombstones(lines: list[Line]) -> list[UUID]:
    """People who are not erased here, and whose keys were destroyed without a word in the ledger."""
    known = {owner for line in lines if line.kind in LedgerKind.without_keys() for owner in line.owners}
    found: set[UUID] = set()
    people = DataSubject.objects.filter(erased_at__isnull=True).order_by("pk").values_list("pk", flat=True)
    ids = people.iterator(CHUNK)
    while page := list(islice(ids, CHUNK)):
        found |= keyring.known_owners(page) - keyring.owners_with_keys(page)
    return sorted(found.difference(known))


def _follow_tombstones(orphaned: list[UUID]) -> int:
    """Erase whose keys are gone: what is sealed for them nobody can read any more."""
    for subject_id in orphaned:
        with transaction.atomic():  # whom this finished, no tombstone tells of again
            ledger.note(LedgerKind.ERASED, about_id=subject_id)
            erase_again(Line(0, subject_id, timezone.now(), LedgerKind.ERASED, subject_id))
    return len(orphaned)


@data_key_scope()
@storing()
def erase_lost_people() -> int:
    """Erase people with data and without a key, once a newer copy of the keys is given up; how many.

    Nobody can read what is sealed for them, and with their address they can neither sign in nor begin anew.
    """
    with _only_one():
        lost = people_without_keys()
        for first in range(0, len(lost), CHUNK):  # from here on their tombstones tell
            keyring.destroy_keys(lost[first : first + CHUNK])
        return _follow_tombstones(lost)


def destroy_again() -> int:
    """Destroy the keys of erased people that came back with a copy of the keys; how many there were."""
    destroyed = 0
    kinds = LedgerKind.without_keys()
    erased = LedgerEntry.objects.filter(kind__in=kinds, written_at__isnull=False).order_by("id")
    ids = (owner for entry in erased.iterator(CHUNK) for owner in ledger.as_line(entry, 0).owners)
    while page := list(islice(ids, CHUNK)):
        alive = keyring.owners_with_keys(page)
        destroyed += keyring.destroy_keys(alive) if alive else 0
    return destroyed


def _end_sessions() -> int:
    """Who signed out since would be signed in again: everybody signs in anew."""
    now = timezone.now()
    open_ones = ConsumerSession.objects.filter(ended_at__isnull=True, expires_at__gt=now)
    return open_ones.update(ended_at=now, expires_at=now) + Session.objects.all().delete()[0]


def _leave_word(receipt: Receipt) -> None:
    """On record in the audit, in the ledger, and for whoever holds the audit against its published heads."""
    counts = receipt.counts()
    with transaction.atomic():
        audit.record(actor=SYSTEM, action="ledger.replayed", **counts)
        ledger.note(LedgerKind.REPLAYED, **counts)
    log.info("ledger.replayed", count=sum(receipt.entries.values()))


@contextmanager
def _only_one() -> Iterator[None]:
    """A second replay waits, and then finds nothing to do."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def destroy_what_came_back() -> dict[str, int]:
    """Daily: where the keys alone were restored, nobody replays anything."""
    return {"keys": destroy_again()}


DAILY_JOBS["destroy_what_came_back"] = destroy_what_came_back
