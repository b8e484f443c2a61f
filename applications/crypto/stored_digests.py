"""Which digests there are, and which index keys made them.

Digests of which no value is kept cannot be made anew: BARE_DIGESTS. They are of use for some days.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from django.apps import apps
from django.conf import settings
from django.core.signals import setting_changed
from django.db import DEFAULT_DB_ALIAS, models
from django.db.models import Count, F, Func, IntegerField, Q, QuerySet, Value
from django.utils import timezone

from applications.crypto.errors import CryptoError, RetireRefused, RingBehind
from applications.crypto.index_field import BlindIndex
from applications.crypto.index_lookups import LAST_KEY
from applications.crypto.keyring import cipher_for

Row = TypeVar("Row", bound=models.Model)


SAMPLE = 5
_confirmed: set[int] = set()  # numbers; a process keeps its ring, so it asks once


@dataclass(frozen=True)
class BareDigest:
    """A column of digests without the values behind them: how long a row is looked up by it."""

    model: type[models.Model]
    name: str
    used_for: timedelta
    moment: str = "created_at"


BARE_DIGESTS: list[BareDigest] = []
"""All of them; each floor adds its own."""


def blind_indexes() -> list[tuple[type[models.Model], BlindIndex]]:
    """Every blind index of every table."""
    return [
        (model, field)
        for model in apps.get_models()
        if model._meta.managed and not model._meta.proxy
        for field in model._meta.local_concrete_fields
        if isinstance(field, BlindIndex)
    ]


def digests_by_key() -> dict[int, int]:
    """How many digests of blind indexes there are, by the number of their key."""
    found: dict[int, int] = {}
    for model, field in blind_indexes():
        number = Func(F(field.name), Value(0), function="get_byte", output_field=IntegerField())
        rows = everybodys(model).filter(**{f"{field.name}__isnull": False}).order_by()
        for key, count in rows.values(key=number).annotate(count=Count("*")).values_list("key", "count"):
            found[key] = found.get(key, 0) + count
    return found


def refuse_unknown_keys() -> None:
    """Raise RingBehind while a unique blind index holds digests of a key that is not listed here, or is
    another one here.

    Whoever stands there under it is not found by this process, and could be made a second time.
    """
    for model, field in blind_indexes():
        if field.unique:
            for number in _keys_of(model, field):
                if number not in settings.INDEX_KEYS:
                    raise RingBehind
                refuse_another_key(number)


def refuse_another_key(number: int) -> None:
    """Raise RingBehind where the key of this number is not the one that made what stands under it."""
    if number not in _confirmed:
        found = _found_by_value(number)
        if found and not any(found):
            raise RingBehind
        if found:
            _confirmed.add(number)


def index_key_fits(number: int) -> bool:
    """Whether of a few rows under this number one is found by its value; of none nobody can tell."""
    found = _found_by_value(number)
    return any(found) or not found


def _found_by_value(number: int) -> list[bool]:
    """Of a few rows of unique indexes that can be read."""
    rows = [
        _is_found(row, field)
        for model, field in blind_indexes()
        if field.unique
        for row in _sample(model, field, number)
    ]
    return [one for one in rows if one is not None]


def _sample(model: type[Row], field: BlindIndex, number: int) -> list[Row]:
    rows = everybodys(model).filter(**{f"{field.name}__made_with": number})
    return list(rows.order_by(field.name)[:SAMPLE])


def _is_found(row: Any, field: BlindIndex) -> bool | None:
    """Whether a row is found by its value; None where the value cannot be read."""
    try:
        cipher_for(row.owner_id)
        value = getattr(row, field.source)
    except CryptoError:
        return None
    return getattr(row, field.attname) in field.candidates_for(value)


def _keys_of(model: type[models.Model], field: BlindIndex) -> Iterator[int]:
    """The numbers of the keys that made what stands in an index, in one step through it for each."""
    digests = everybodys(model).order_by(field.name).values_list(field.name, flat=True)
    number = 0
    while number <= LAST_KEY:
        digest = digests.filter(**{f"{field.name}__made_from": number}).first()
        if digest is None:
            return
        yield digest[0]
        number = digest[0] + 1


def refuse_if_used(number: int) -> None:
    """Raise RetireRefused while a blind index was made with this key, or a bare digest is still of use."""
    stored = sum(
        everybodys(model).filter(**{f"{field.name}__made_with": number}).count()
        for model, field in blind_indexes()
    )
    if stored:
        raise RetireRefused("in_use", count=stored)
    if young := sum(_still_looked_for(bare, number).count() for bare in BARE_DIGESTS):
        raise RetireRefused("young", count=young)


def made_otherwise(model: type[Row], field: BlindIndex, number: int) -> QuerySet[Row]:
    """The rows whose digest another key made."""
    other = ~Q(**{f"{field.name}__made_with": number})
    return everybodys(model).filter(other, **{f"{field.name}__isnull": False})


def everybodys(model: type[Row]) -> QuerySet[Row]:
    """The rows of everybody, also of whose data are only stored: an index that nobody can use is none."""
    rows: QuerySet[Row] = model._base_manager.using(DEFAULT_DB_ALIAS).all()
    return rows


def _still_looked_for(bare: BareDigest, number: int) -> QuerySet[Any]:
    first = Func(F(bare.name), Value(0), function="get_byte", output_field=IntegerField())
    rows: QuerySet[Any] = everybodys(bare.model).annotate(made_with=first)
    return rows.filter(made_with=number, **{f"{bare.moment}__gt": timezone.now() - bare.used_for})


def _forget(*, setting: str, **_: Any) -> None:
    if setting == "INDEX_KEYS":
        _confirmed.clear()


setting_changed.connect(_forget)
