"""Thousands of ids in one query: as one array, which PostgreSQL reads at once, not as a parameter each."""

from collections.abc import Collection
from typing import Any

from django.db import connection, models
from django.db.models.expressions import RawSQL


def as_array(ids: Collection[Any]) -> str:
    """The array as PostgreSQL writes it. Ids are numbers and UUIDs: nothing in them needs quoting."""
    return "{" + ",".join(map(str, ids)) + "}"


def cast_of(model: type[models.Model]) -> str:
    """The type of an array of a model's ids."""
    assert model._meta.pk is not None  # noqa: S101 - every model has one
    return f"{model._meta.pk.rel_db_type(connection)}[]"


def one_of(ids: Collection[Any], model: type[models.Model]) -> RawSQL:
    """For a look-up: `pk__in=one_of(ids, model)`."""
    return RawSQL(f"SELECT unnest(%s::{cast_of(model)})", [as_array(ids)])  # noqa: S611 - a type's name
