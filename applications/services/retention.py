"""The run: what is over goes, a chunk a transaction, until nothing is due; with a receipt of counts.

A chunk holds its people, in the order of their ids, passing over whoever is busy: those are due again the
next day. Under that lock the grounds are looked at again. What goes is written down in the same transaction.

A whole person goes in three steps, for a key is no part of a transaction: a tombstone stands in the person's
place and the chunk is written, with an entry for the ledger; once the ledger's file has that, their keys are
destroyed; the rows go. From the first on nothing is written
about them any more, and there is no way back: what a crash cuts short is finished by the next run, whatever
else became of them.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from django.contrib.postgres.aggregates import ArrayAgg
from django.db import models, transaction
from django.db.models import F, Func, Max, Value
from django.db.models.lookups import GreaterThan
from django.utils import timezone

from applications.crypto import keyring
from applications.endings import At, Counts, Ending, ahead, endings
from applications.ledger_file import Line
from applications.many_ids import one_of
from applications.models import ChunkState, DataSubject, LedgerKind, RetentionChunk, RetentionRun
from applications.selectors.periods import in_force
from applications.services import ledger
from applications.services.burying import bury
from applications.services.ledger import LedgerUnwritable
from applications.services.operations import DAILY_JOBS

log = structlog.get_logger(__name__)

CHUNK = 2500
TOLD_AHEAD = 7
"""Days. Whoever received an application is told so long before it goes, that it may answer in time."""
TOLD_AT_ONCE = 50
"""Asking takes a few statements for each recipient: the people whom it is about are held for moments."""


class Incomplete(Exception):
    """Something of a run failed, by the names of its declarations; the rest was done."""


class PeriodsChanged(Exception):
    """Other periods hold than those that the run began with: what is left is for the next one to find."""


def run() -> RetentionRun:
    """Finish what was cut short, then take what is due today. Safe to repeat, and beside another.

    What fails holds up nothing else. Raises Incomplete at the end of it: the run is tried again soon.
    """
    held = in_force()
    at = At(timezone.localdate(), held.rules)
    receipt = RetentionRun.objects.create(day=at.day, edition=held.edition, begun_at=timezone.now())
    known, failed = {one.name: one for one in endings()}, []
    parts: list[tuple[str, Callable[[], None]]] = [
        ("begun", lambda: finish_begun(known)),
        ("ahead", lambda: tell_ahead(known["applications"], at)),
        *((one.name, partial(take_all, receipt, one, at)) for one in known.values() if one.end is not None),
        ("waiting", lambda: finish_begun(known)),  # the ledger's file may have been in other hands
    ]
    for name, part in parts:
        try:
            part()
        except Exception:
            log.exception("retention.failed", ending=name)
            failed.append(name)
    receipt.finished_at = None if failed else timezone.now()
    receipt.save(update_fields=["finished_at"])
    receipt.refresh_from_db()
    if failed:
        raise Incomplete(failed)
    log.info("retention.done", count=sum(sum(kinds.values()) for kinds in receipt.counts.values()))
    return receipt


def take_all(receipt: RetentionRun, ending: Ending, at: At) -> None:
    """Take everything that is due by one declaration, chunk by chunk.

    A chunk that fails holds up no other; its error is raised at the end. Raises PeriodsChanged.
    """
    failed: Exception | None = None
    for ids in pages(ending, at):
        _require_the_same_periods(at)
        try:
            take(receipt, ending, ids, at)
        except Exception as error:
            failed = error
    if failed is not None:
        raise failed


def _require_the_same_periods(at: At) -> None:
    if in_force().rules != at.rules:
        raise PeriodsChanged


def pages(ending: Ending, at: At, size: int | None = None) -> Iterator[list[Any]]:
    """The ids of what is due, a chunk at a time: each row once, however many are passed over."""
    due = ending.due(at)
    page = {"ids": ArrayAgg("pk", order_by=(ending.clock, "pk")), "last": Max(ending.clock)}
    found = due[: size or CHUNK].aggregate(**page)
    while found["ids"]:
        yield found["ids"]
        last = _row(Value(found["last"]), Value(found["ids"][-1]))
        left = due.filter(GreaterThan(_row(F(ending.clock), F("pk")), last))
        found = left[: size or CHUNK].aggregate(**page)


def _row(*values: Any) -> Func:
    """Compared as a whole, so that the index leads straight to what follows a place."""
    return Func(*values, function="ROW", output_field=models.TextField())


def take(receipt: RetentionRun, ending: Ending, ids: Sequence[Any], at: At) -> None:
    """Take a chunk of what is due, whole or not at all."""
    with transaction.atomic():
        doomed = _held(ending, ids, at)
        if not doomed:
            return
        chunk = RetentionChunk(
            run=receipt, ending=ending.name, begun_at=timezone.now(), state=ChunkState.BEGUN,
            owners=doomed if ending.owners else [],
        )  # fmt: skip
        if ending.whole:
            bury(doomed)
        else:
            _end(ending, chunk, doomed)
        if ending.owners:
            owners = [str(one) for one in doomed]
            ledger.note(LedgerKind.RETENTION_ENDED, entry_id=chunk.pk, ending=ending.name, owners=owners)
        chunk.save(force_insert=True)
    if ending.whole:
        finish(ending, chunk)


def _held(ending: Ending, ids: Sequence[Any], at: At) -> list[Any]:
    """Those of the rows that still are due and that nobody else holds: they and their people are ours."""
    model = ending.model
    if model is DataSubject:
        ids = _hold(set(ids))
    elif ending.person is not None:
        rows = model._default_manager.filter(one_of("pk", ids, model)).values_list("pk", ending.person)
        people = dict(rows)
        free = {None, *_hold({person for person in people.values() if person is not None})}
        ids = [one for one, person in people.items() if person in free]
    # a statement of its own, after the lock: it sees what whoever held them before has written
    due = ending.due(at).filter(one_of("pk", ids, model)).order_by("pk")
    held = list(due.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True))
    waiting = ending.prepare(held, at)
    return [one for one in held if one not in waiting]


def _hold(people: set[UUID]) -> list[UUID]:
    free = DataSubject.objects.select_for_update(skip_locked=True).filter(one_of("pk", people, DataSubject))
    return list(free.order_by("pk").values_list("pk", flat=True))


def _end(ending: Ending, chunk: RetentionChunk, ids: Sequence[Any]) -> None:
    assert ending.end is not None  # noqa: S101 - what has none is never taken
    _finished(chunk, ending.end(ids))


def _finished(chunk: RetentionChunk, counts: Counts) -> None:
    """The chunk is done; its counts stand in the receipt with it, whatever becomes of the run."""
    chunk.counts, chunk.state, chunk.finished_at = dict(counts), ChunkState.DONE, timezone.now()
    receipt = RetentionRun.objects.select_for_update().get(pk=chunk.run_id)
    receipt.counts[chunk.ending] = dict(Counter(receipt.counts.get(chunk.ending, {})) + counts)
    receipt.save(update_fields=["counts"])


# --- whole people ----------------------------------------------------------------------------------------
def finish(ending: Ending, chunk: RetentionChunk) -> None:
    """Destroy the keys of the people of a chunk, then delete their rows. Each can be done again.

    Not before the ledger beside the backups says so; until then the chunk waits.
    """
    with suppress(LedgerUnwritable):
        while ledger.write():  # a bit at a time
            pass
    if not ledger.has(chunk.pk):
        return
    keyring.destroy_keys(chunk.owners)
    with transaction.atomic():
        mine = RetentionChunk.objects.select_for_update(skip_locked=True).filter(
            pk=chunk.pk, state=ChunkState.BEGUN
        )
        if not mine.exists():  # another worker finishes it, or has
            return
        assert ending.end is not None  # noqa: S101
        _finished(chunk, ending.end(chunk.owners))
        chunk.save(update_fields=["counts", "state", "finished_at"])


def end_again(line: Line) -> None:
    """What a restored copy has again goes again."""
    ending = next(one for one in endings() if one.name == line.detail["ending"])
    assert ending.end is not None  # noqa: S101 - what has none is never taken
    if ending.whole:
        bury(line.owners)
        keyring.destroy_keys(line.owners)
    ending.end(line.owners)


def finish_begun(known: dict[str, Ending]) -> None:
    """Finish the chunks that were cut short, each whatever becomes of the others.

    Raises LedgerUnwritable where people wait for the ledger beside the backups, or what else failed.
    """
    failed: Exception | None = None
    for chunk in RetentionChunk.objects.filter(state=ChunkState.BEGUN).order_by("begun_at", "pk"):
        try:
            finish(known[chunk.ending], chunk)
            if not ledger.has(chunk.pk):
                raise LedgerUnwritable("waiting")
        except Exception as error:
            failed = error
    if failed is not None:
        raise failed


# --- whoever received it -----------------------------------------------------------------------------------
def tell_ahead(ending: Ending, at: At) -> None:
    """Whoever received what ends within TOLD_AHEAD days is told: it may answer before our own rows go.

    Raises PeriodsChanged.
    """
    soon = ahead(at, TOLD_AHEAD)
    for ids in pages(ending, soon, TOLD_AT_ONCE):
        _require_the_same_periods(at)
        with transaction.atomic():
            _held(ending, ids, soon)  # which prepares them


def daily() -> dict[str, int]:
    """The run as a daily job: how many rows went by each declaration."""
    return {name: sum(kinds.values()) for name, kinds in run().counts.items()}


DAILY_JOBS["retention"] = daily
