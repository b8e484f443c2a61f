"""Making every blind index anew with the current index key, from the values that they index.

Rows are read in chunks, opened under their owners' keys, and a digest is written only where the one that was
read still stands. So this waits for nobody, may be cut short or run twice at once, and neither undoes a
change nor brings back what was erased meanwhile. Look-ups find both as long as both keys are listed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS, IntegrityError, connections, models, transaction

from applications.crypto import rings
from applications.crypto.encrypted_field import EncryptedField
from applications.crypto.errors import CryptoError, KeyDestroyed, KeyMissing
from applications.crypto.index_field import BlindIndex
from applications.crypto.keyring import cipher_for, data_key_scope, prefetch
from applications.crypto.scope import let_go
from applications.crypto.stored_digests import Row, blind_indexes, made_otherwise

CHUNK = 500

# A row that somebody holds is passed over: whoever never waits is in nobody's deadlock.
_WRITE = """
    WITH free AS (
        SELECT held.{key}, fresh.digest
        FROM {table} AS held
        JOIN unnest(%s::uuid[], %s::bytea[], %s::bytea[]) AS fresh (id, was, digest)
          ON held.{key} = fresh.id AND held.{column} = fresh.was
        ORDER BY held.{key}
        FOR UPDATE OF held SKIP LOCKED
    )
    UPDATE {table} AS held SET {column} = free.digest FROM free WHERE held.{key} = free.{key}
"""


@dataclass
class Reindexed:
    """What a run did, in rows: made anew; of an owner whose key is gone; not to be opened; the same value as
    another row of a unique index; left under another key.
    """

    done: int = 0
    gone: int = 0
    unreadable: int = 0
    twice: int = 0
    left: int = 0


# row, the digest that stands there, the one that is to stand there
Change = tuple[Any, bytes, bytes | None]


def reindex(*, most: int | None = None, told: Callable[[int], None] = lambda done: None) -> Reindexed:
    """Make anew what another index key made, or the first `most` rows of it.

    `told` is called after each chunk with how many are done. Raises RingBehind when this process has an older
    key ring than others.
    """
    number = rings.index_key_to_make_with()
    run = Reindexed()
    for model, field in blind_indexes():
        for chunk in _chunks(model, field, number):
            if most is not None and run.done >= most:
                break
            with data_key_scope():
                _write(model, field, _changes(chunk, field, run), run)
            told(run.done)
    run.left = sum(made_otherwise(model, field, number).count() for model, field in blind_indexes())
    return run


def _chunks(model: type[Row], field: BlindIndex, number: int) -> Iterator[list[Row]]:
    """The rows to look at, in the order of their keys, read as they are reached."""
    values = [one.name for one in model._meta.concrete_fields if isinstance(one, EncryptedField)]
    unread = [name for name in values if name != field.source]
    rows = made_otherwise(model, field, number).defer(*unread).order_by("pk")
    chunk = list(rows[:CHUNK])
    while chunk:
        yield chunk
        chunk = list(rows.filter(pk__gt=chunk[-1].pk)[:CHUNK])


def _changes(rows: list[Any], field: BlindIndex, run: Reindexed) -> list[Change]:
    owners = [row.owner_id for row in rows]
    prefetch(owners)
    changes = list(_digests(rows, field, run))
    let_go(owners)  # a scope around this one would keep them all
    return changes


def _digests(rows: list[Any], field: BlindIndex, run: Reindexed) -> Iterator[Change]:
    for row in rows:
        try:
            cipher_for(row.owner_id)
            value = getattr(row, field.source)
        except (KeyDestroyed, KeyMissing):
            run.gone += 1
        except CryptoError:
            run.unreadable += 1
        else:
            yield row.pk, getattr(row, field.attname), field.digest_of(value)


def _write(model: type[models.Model], field: BlindIndex, changes: list[Change], run: Reindexed) -> None:
    """All at once; one by one where a digest is there already in a unique index."""
    if not changes:
        return
    connection = connections[DEFAULT_DB_ALIAS]
    names = {"table": model._meta.db_table, "key": model._meta.pk.column, "column": field.column}
    statement = _WRITE.format(**{name: connection.ops.quote_name(str(one)) for name, one in names.items()})
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [*map(list, zip(*changes, strict=True))])
            run.done += cursor.rowcount
    except IntegrityError:
        if len(changes) == 1:
            run.twice += 1
            return
        for change in changes:
            _write(model, field, [change], run)
