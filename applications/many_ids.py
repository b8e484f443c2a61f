"""Thousands of ids in one query: as one array, which PostgreSQL reads at once, not as a parameter each."""

from collections.abc import Collection
from typing import Any

from django.db import connection, models
from django.db.models import F, Func, Value


def as_array(ids: Collection[Any]) -> str:
    """The array as PostgreSQL writes it. Ids are numbers and UUIDs: nothing in them needs quoting."""
    return "{" + ",".join(map(str, ids)) + "}"


def cast_of(model: type[models.Model]) -> str:
    """The type of an array of a model's ids."""
    assert model._meta.pk is not None  # noqa: S101 - every model has one
    return f"{model._meta.pk.rel_db_type(connection)}[]"


def one_of(column: str, ids: Collection[Any], model: type[models.Model]) -> Func:
    """The condition on rows that a column is one of these ids of a model: `filter(one_of("pk", ids, Model))`.

    The look-up begins with the ids, whatever else is asked of the rows. As rows to be joined (`IN (SELECT
    unnest ...)`) PostgreSQL may take them last, where it expects the other conditions to leave few: then each
    chunk of a long run reads everybody.
    """
    return in_array(column, as_array(ids), model)


def in_array(column: str, array: str, model: type[models.Model]) -> Func:
    """The same condition with an array that is written already."""
    return Func(
        F(column), Value(array), arg_joiner=" = ANY(",
        template=f"%(expressions)s::{cast_of(model)})", output_field=models.BooleanField(),
    )  # fmt: skip
