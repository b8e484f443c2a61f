"""Deleting rows with all that hangs on them, in a few statements for many: by the relations of the models.

Django's own cascade reads every row before it deletes it; the database's asks one row after the other. Here
each table is asked once for a whole chunk. What the declarations keep as evidence can stay, emptied of
everything else.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import connection, models

from applications.data_policy import retention_of
from applications.declarations import personal_fields
from applications.many_ids import as_array, cast_of, in_array
from applications.retention_rules import Retention

Counts = Counter[str]
Found = dict[type[models.Model], str]
"""The ids of the rows of a model, as an array that is written once for the many questions in a chunk."""
NONE = as_array([])


@dataclass(frozen=True)
class Branch:
    """A model that hangs on the root: by which foreign keys, to which models."""

    model: type[models.Model]
    links: tuple[tuple[str, type[models.Model]], ...]


def purge(root: type[models.Model], ids: Sequence[Any]) -> Counts:
    """Delete these rows and everything that hangs on them. Must run inside a transaction."""
    return _cut(root, ids, evidence_stays=False)


def purge_but_evidence(root: type[models.Model], ids: Sequence[Any]) -> Counts:
    """The same, but the rows themselves and whatever is evidence stay, emptied of all that is not.

    Must run inside a transaction.
    """
    return _cut(root, ids, evidence_stays=True)


def is_evidence(model: type[models.Model]) -> bool:
    """Whether rows of a model hold something that is kept as evidence."""
    return any(one.mark and retention_of(one.mark) is Retention.EVIDENCE for one in personal_fields(model))


@cache
def emptied(model: type[models.Model]) -> dict[str, Any]:
    """What is left in the fields of a row of evidence that are not evidence: nothing, or the default."""
    return {
        one.field.name: None if one.field.null else one.field.get_default()
        for one in personal_fields(model)
        if one.mark and retention_of(one.mark) is not Retention.EVIDENCE
    }


def _cut(root: type[models.Model], ids: Sequence[Any], *, evidence_stays: bool) -> Counts:
    counts: Counts = Counter()
    found: Found = {root: as_array(ids)}
    branches = tree(root)
    for branch in branches:  # from the root to the leaves: a leaf's own ids nobody asks for
        if _is_asked_for(branch.model, branches):
            found[branch.model] = _ids(branch, found)
    for branch in reversed(branches):
        if evidence_stays and is_evidence(branch.model):
            _empty(branch, found)
        else:
            counts[branch.model._meta.label] += _delete(branch, found)
    if not evidence_stays:
        _let_go(root, found)
        where = f"{_pk(root)} = ANY(%s::{cast_of(root)})"
        counts[root._meta.label] += _execute_delete(root, where, [found[root]])
    return +counts


def _is_asked_for(model: type[models.Model], branches: Sequence[Branch]) -> bool:
    """Whether something is found by the ids of the model's rows, or has to let go of them."""
    lets_go = any(one.on_delete is models.SET_NULL for one in _relations(model))
    return lets_go or any(target is model for other in branches for _column, target in other.links)


@cache
def tree(root: type[models.Model]) -> tuple[Branch, ...]:
    """Every model whose rows are deleted with one of the root's, each after those that it hangs on.

    A model that leads to the root by itself is found by that alone.
    """
    reached: dict[type[models.Model], set[tuple[str, type[models.Model]]]] = {}
    waiting = [root]
    while waiting:
        parent = waiting.pop()
        for relation in _relations(parent):
            if relation.on_delete is models.CASCADE:
                child = relation.related_model
                if child not in reached:
                    waiting.append(child)
                reached.setdefault(child, set()).add((relation.field.column, parent))
    for child, links in reached.items():
        own = {link for link in links if link[1] is root}
        reached[child] = own or links
    return tuple(_in_order(root, reached))


def _in_order(
    root: type[models.Model], reached: dict[type[models.Model], set[tuple[str, type[models.Model]]]]
) -> list[Branch]:
    """Parents before children, by what is in the database: also where both lead to the root directly."""
    ordered: list[Branch] = []
    placed = {root}
    left = dict(sorted(reached.items(), key=lambda item: item[0]._meta.label))
    while left:
        ready = [model for model in left if not (_parents(model) & left.keys()) - {model}]
        for model in ready:
            ordered.append(Branch(model, tuple(sorted(left.pop(model), key=lambda link: link[0]))))
            placed.add(model)
        if not ready:
            raise TypeError(f"{root._meta.label}: models that hang on each other in a circle")
    return ordered


def _relations(model: type[models.Model]) -> Iterator[Any]:
    """The foreign keys that point at a model, also those that it has no name for."""
    for one in model._meta.get_fields(include_hidden=True):
        if isinstance(one, models.ManyToOneRel):
            yield one


def _parents(model: type[models.Model]) -> set[type[models.Model]]:
    return {one.related_model for one in model._meta.concrete_fields if one.related_model is not None}


def _ids(branch: Branch, found: Found) -> str:
    where, values = _where(branch, found)
    ids = f"coalesce(array_agg({_pk(branch.model)}), '{{}}')::text"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {ids} FROM {_table(branch.model)} WHERE {where}", values)  # noqa: S608
        return str(cursor.fetchone()[0])


def _delete(branch: Branch, found: Found) -> int:
    where, values = _where(branch, found)
    _let_go(branch.model, found)
    return _execute_delete(branch.model, where, values)


def _empty(branch: Branch, found: Found) -> None:
    nothing = emptied(branch.model)
    if nothing:
        rows = models.Q()
        for column, parent in branch.links:
            rows |= models.Q(in_array(_field(branch.model, column).attname, found[parent], parent))
        branch.model._default_manager.filter(rows).update(**nothing)


def _let_go(model: type[models.Model], found: Found) -> None:
    """Rows that only point at these are told that they are gone, as their declarations say (SET_NULL)."""
    for relation in _relations(model):
        if relation.on_delete is models.SET_NULL and found[model] != NONE:
            table, column = _table(relation.related_model), _quoted(relation.field.column)
            where = f"{column} = ANY(%s::{cast_of(model)})"
            _execute(f"UPDATE {table} SET {column} = NULL WHERE {where}", [found[model]])  # noqa: S608


def _where(branch: Branch, found: Found) -> tuple[str, list[str]]:
    conditions = (f"{_quoted(column)} = ANY(%s::{cast_of(parent)})" for column, parent in branch.links)
    return " OR ".join(conditions), [found[parent] for _column, parent in branch.links]


def _execute_delete(model: type[models.Model], where: str, values: list[str]) -> int:
    return _execute(f"DELETE FROM {_table(model)} WHERE {where}", values)  # noqa: S608 - names of models


def _execute(sql: str, values: list[str]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.rowcount)


def _field(model: type[models.Model], column: str) -> models.Field:
    return next(one for one in model._meta.concrete_fields if one.column == column)


def _table(model: type[models.Model]) -> str:
    return _quoted(model._meta.db_table)


def _pk(model: type[models.Model]) -> str:
    assert model._meta.pk is not None  # noqa: S101 - every model has one
    return _quoted(model._meta.pk.column)


def _quoted(name: str | None) -> str:
    return connection.ops.quote_name(name or "")
