"""Confirming what a blind index found."""

import hmac
from typing import Any, TypeVar
from uuid import UUID

from django.db import models

from applications.crypto.errors import KeyDestroyed
from applications.crypto.index_field import BlindIndex
from applications.crypto.keyring import cipher_for, data_key_scope, prefetch

AnyModel = TypeVar("AnyModel", bound=models.Model)


def confirmed(queryset: models.QuerySet[AnyModel], index: str, value: Any) -> list[AnyModel]:
    """The rows of `queryset` whose encrypted value, decrypted and normalised, is `value`.

    `index` is the name of the BlindIndex on the queryset's model. Digests are short and a row may lag behind
    its index, so every candidate is decrypted. One whose key is destroyed is being erased, and is no match.
    Raises DecryptionError on a candidate that cannot be read for any other reason.
    """
    field = queryset.model._meta.get_field(index)
    if not isinstance(field, BlindIndex):
        raise TypeError(f"{field} is not a blind index.")
    wanted = field.normalised(value).encode()
    with data_key_scope():
        rows = list(queryset.filter(**{index: value})) if wanted else []
        prefetch(_owner(row) for row in rows)
        return [row for row in rows if _has_key(row) and _is(row, field, wanted)]


def _owner(row: Any) -> UUID:
    owner_id: UUID = row.owner_id
    return owner_id


def _has_key(row: Any) -> bool:
    try:
        cipher_for(_owner(row))
    except KeyDestroyed:
        return False
    return True


def _is(row: models.Model, field: BlindIndex, wanted: bytes) -> bool:
    found = field.normalised(getattr(row, field.source)).encode()
    return hmac.compare_digest(found, wanted)
