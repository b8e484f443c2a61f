"""Wrapping every live data key anew, under the master key of the current epoch. The data stay as they are.

Keys are read, wrapped in memory and written back in chunks, each key only if it is still as it was read. So
this waits for nobody, holds no lock while it computes, may be cut short or run twice at once, and a key that
was destroyed meanwhile stays destroyed.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

from django.db import connections
from django.db.models import QuerySet

from applications.crypto import rings
from applications.crypto.errors import CryptoError
from applications.crypto.models import DataKey
from applications.crypto.providers import master_keys
from applications.crypto.router import KEYS_DATABASE

CHUNK = 500

# A row that somebody holds is passed over: whoever never waits is in nobody's deadlock.
_WRITE = """
    WITH free AS (
        SELECT key.owner_id, fresh.wrapped
        FROM crypto_datakey AS key
        JOIN unnest(%s::uuid[], %s::text[], %s::bytea[], %s::bytea[]) AS fresh (owner_id, epoch, was, wrapped)
          ON key.owner_id = fresh.owner_id AND key.epoch = fresh.epoch AND key.wrapped = fresh.was
        ORDER BY key.owner_id
        FOR UPDATE OF key SKIP LOCKED
    )
    UPDATE crypto_datakey AS key SET epoch = %s, wrapped = free.wrapped
    FROM free WHERE key.owner_id = free.owner_id
"""

# owner, epoch, wrapped
Stored = tuple[UUID, str, bytes]


@dataclass
class Rewrapped:
    """What a run did: keys wrapped anew, those that did not open by the code of why, those left elsewhere."""

    done: int = 0
    unopened: Counter[str] = field(default_factory=Counter)
    left: int = 0


def rewrap(*, most: int | None = None, told: Callable[[int], None] = lambda done: None) -> Rewrapped:
    """Go through the live keys of all other epochs until a pass finds nothing to do, or `most` are done.

    The second pass finds what a process with an older ring made meanwhile. `told` is called after each chunk
    with how many are done. Raises RingBehind when it is this process that has the older ring.
    """
    epoch = rings.epoch_to_wrap_in()
    run = Rewrapped()
    while True:
        before, run.unopened = run.done, Counter()
        for chunk in _chunks(epoch):
            run.done += _rewrap_chunk(chunk, epoch, run.unopened)
            told(run.done)
            if most is not None and run.done >= most:
                break
        if run.done == before or (most is not None and run.done >= most):
            run.left = left_outside(epoch)
            return run
        rings.note_epochs()


def left_outside(epoch: str) -> int:
    """How many live keys are wrapped in another epoch."""
    return _outside(epoch).count()


def _rewrap_chunk(chunk: list[Stored], epoch: str, unopened: Counter[str]) -> int:
    """How many were written: of those that opened, the ones that nobody else changed or holds."""
    provider = master_keys()
    fresh: list[tuple[UUID, str, bytes, bytes]] = []
    for owner_id, was_in, wrapped in chunk:
        try:
            data_key = provider.unwrap(was_in, wrapped, owner_id)
        except CryptoError as error:
            unopened[error.code] += 1
            continue
        fresh.append((owner_id, was_in, wrapped, provider.wrap(epoch, data_key, owner_id)))
    if not fresh:
        return 0
    with connections[KEYS_DATABASE].cursor() as cursor:
        cursor.execute(_WRITE, [*map(list, zip(*fresh, strict=True)), epoch])
        written: int = cursor.rowcount
    return written


def _chunks(epoch: str) -> Iterator[list[Stored]]:
    """The live keys of the other epochs, in the order of their owners, read as they are reached."""
    for other in rings.epochs_on_record():
        keys = _outside(epoch).filter(epoch=other.name).order_by("owner_id")
        chunk = [*_stored(keys)]
        while chunk:
            yield chunk
            chunk = [*_stored(keys.filter(owner_id__gt=chunk[-1][0]))]


def _stored(keys: QuerySet[DataKey]) -> Iterator[Stored]:
    for owner_id, epoch, wrapped in keys.values_list("owner_id", "epoch", "wrapped")[:CHUNK]:
        yield owner_id, epoch, bytes(wrapped or b"")


def _outside(epoch: str) -> QuerySet[DataKey]:
    return DataKey.objects.using(KEYS_DATABASE).filter(wrapped__isnull=False).exclude(epoch=epoch)
