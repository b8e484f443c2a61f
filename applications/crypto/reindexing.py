"""Making every blind index anew with the current index key, from the values that they index.

Rows are read in chunks, opened under their owners' keys, and a digest is written only where the one that was
read still stands. So this waits for nobody, may be cut short or run twice at once, and neither undoes a
change nor brings back what was erased meanwhile. Look-ups find both as long as both keys are listed.

Digests of which no value is kept cannot be made anew (BARE_DIGESTS). They are of use for some days.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, IntegrityError, connections, models, transaction
from django.db.models import Count, F, Func, IntegerField, Q, QuerySet, Value
from django.utils import timezone

from applications.crypto import rings
from applications.crypto.encrypted_field import EncryptedField
from applications.crypto.errors import CryptoError, KeyDestroyed, KeyMissing, RetireRefused
from applications.crypto.index_field import BlindIndex
from applications.crypto.keyring import cipher_for, data_key_scope, prefetch

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


@dataclass(frozen=True)
class BareDigest:
    """A column of digests without the values behind them: how long a row is looked up by it."""

    model: type[models.Model]
    name: str
    used_for: timedelta
    moment: str = "created_at"


BARE_DIGESTS: list[BareDigest] = []
"""All of them; each floor adds its own."""


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
Row = TypeVar("Row", bound=models.Model)


def blind_indexes() -> list[tuple[type[models.Model], BlindIndex]]:
    """Every blind index of every table."""
    return [
        (model, field)
        for model in apps.get_models()
        if model._meta.managed and not model._meta.proxy
        for field in model._meta.local_concrete_fields
        if isinstance(field, BlindIndex)
    ]


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
                _write(model, field, list(_changes(chunk, field, run)), run)
            told(run.done)
    run.left = sum(_made_otherwise(model, field, number).count() for model, field in blind_indexes())
    return run


def digests_by_key() -> dict[int, int]:
    """How many digests of blind indexes there are, by the number of their key."""
    found: dict[int, int] = {}
    for model, field in blind_indexes():
        number = Func(F(field.name), Value(0), function="get_byte", output_field=IntegerField())
        rows = _everybodys(model).filter(**{f"{field.name}__isnull": False}).order_by()
        for key, count in rows.values(key=number).annotate(count=Count("*")).values_list("key", "count"):
            found[key] = found.get(key, 0) + count
    return found


def refuse_if_used(number: int) -> None:
    """Raise RetireRefused while a blind index was made with this key, or a bare digest is still of use."""
    stored = sum(
        _everybodys(model).filter(**{f"{field.name}__made_with": number}).count()
        for model, field in blind_indexes()
    )
    if stored:
        raise RetireRefused("in_use", count=stored)
    if young := sum(_still_looked_for(bare, number).count() for bare in BARE_DIGESTS):
        raise RetireRefused("young", count=young)


def _chunks(model: type[Row], field: BlindIndex, number: int) -> Iterator[list[Row]]:
    """The rows to look at, in the order of their keys, read as they are reached."""
    values = [one.name for one in model._meta.concrete_fields if isinstance(one, EncryptedField)]
    unread = [name for name in values if name != field.source]
    rows = _made_otherwise(model, field, number).defer(*unread).order_by("pk")
    chunk = list(rows[:CHUNK])
    while chunk:
        yield chunk
        chunk = list(rows.filter(pk__gt=chunk[-1].pk)[:CHUNK])


def _changes(rows: list[Any], field: BlindIndex, run: Reindexed) -> Iterator[Change]:
    prefetch(row.owner_id for row in rows)
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
    names = {"table": model._meta.db_table, "key": model._meta.pk.column, "column": field.column}  # type: ignore[union-attr]
    statement = _WRITE.format(**{name: connection.ops.quote_name(one) for name, one in names.items()})
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


def _made_otherwise(model: type[Row], field: BlindIndex, number: int) -> QuerySet[Row]:
    other = ~Q(**{f"{field.name}__made_with": number})
    return _everybodys(model).filter(other, **{f"{field.name}__isnull": False})


def _everybodys(model: type[Row]) -> QuerySet[Row]:
    """The rows of everybody, also of whose data are only stored: an index that nobody can use is none."""
    return model._base_manager.using(DEFAULT_DB_ALIAS).all()


def _still_looked_for(bare: BareDigest, number: int) -> QuerySet[Any]:
    young = {f"{bare.moment}__gt": timezone.now() - bare.used_for}
    first = Func(F(bare.name), Value(0), function="get_byte", output_field=IntegerField())
    return _everybodys(bare.model).filter(**young).annotate(made_with=first).filter(made_with=number)
