"""Pages by key: the rows beyond a given row, which an index finds at once. No page number, so no OFFSET and
no count, and rows that come in meanwhile push nothing onto the next page.

The order ends in the primary key, so no two rows are equal in it. Where the next page begins is the primary
key of a row: an address says nothing else about anybody, and the row itself knows the rest of its key.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q, QuerySet


class NoSuchPlace(Exception):
    """The place in a list is no place, or the row that marked it is gone."""


@dataclass(frozen=True)
class Column:
    """One column of an order. Rows without a value stand where PostgreSQL puts them: above all others."""

    name: str
    nullable: bool
    descending: bool

    def __str__(self) -> str:
        return f"-{self.name}" if self.descending else self.name

    def same(self, value: Any) -> Q:
        return Q((f"{self.name}__isnull", True)) if value is None else Q((self.name, value))

    def beyond(self, value: Any) -> list[Q]:
        """What comes after `value`, as ranges that follow each other."""
        if value is None:
            return [Q((f"{self.name}__isnull", False))] if self.descending else []
        if self.descending:
            return [Q((f"{self.name}__lt", value))]
        without = [Q((f"{self.name}__isnull", True))] if self.nullable else []
        return [Q((f"{self.name}__gt", value)), *without]


@dataclass(frozen=True)
class Place:
    """From where a page is read, and which way: `after` or `before` the row with this primary key."""

    backwards: bool
    pk: Any

    @classmethod
    def parse(cls, text: str, pk: models.Field) -> Self:
        """The place in an address. Raises NoSuchPlace."""
        way, _, row = text.partition(".")
        if way not in ("after", "before"):
            raise NoSuchPlace
        try:
            found = pk.to_python(row)
        except ValidationError as error:
            raise NoSuchPlace from error
        return cls(backwards=way == "before", pk=found)

    def __str__(self) -> str:
        return f"{'before' if self.backwards else 'after'}.{self.pk}"


@dataclass(frozen=True)
class Page:
    """Some rows of a list, and the places at which its neighbours begin."""

    rows: list[Any]
    before: Place | None
    after: Place | None


@dataclass(frozen=True)
class Key:
    """A total order: columns of the table itself, the last of them unique."""

    columns: tuple[Column, ...]

    @classmethod
    def of(cls, model: type[models.Model], ordering: Sequence[str]) -> Self:
        """The order that Django writes as `ordering`, made total.

        The primary key goes the way of the column before it: so does an index that serves both ways.
        """
        key: Any = model._meta.pk
        columns: list[Column] = []
        for name in (*ordering, "-pk"):
            bare, descending = name.lstrip("-"), name.startswith("-")
            field: Any = key if bare == "pk" else model._meta.get_field(bare)
            if field is key and columns:
                descending = columns[-1].descending
            if all(column.name != field.attname for column in columns):
                columns.append(Column(field.attname, field.null, descending))
            if field.unique and not field.null:
                break  # whatever comes behind it decides nothing
        return cls(tuple(columns))

    @property
    def ordering(self) -> list[str]:
        return [str(column) for column in self.columns]

    def reversed(self) -> Self:
        return replace(
            self, columns=tuple(replace(one, descending=not one.descending) for one in self.columns)
        )

    def values_of(self, pk: Any, known: QuerySet) -> tuple[Any, ...]:
        """The key of one row among those `known`. Raises NoSuchPlace."""
        names = [column.name for column in self.columns]
        found: tuple[Any, ...] | None = known.filter(pk=pk).order_by().values_list(*names).first()
        if found is None:
            raise NoSuchPlace
        return found

    def beyond(self, values: Sequence[Any]) -> Iterator[Q]:
        """Everything after the row with these values: ranges of an index on the columns, one after another.

        First what shares all values but the last, then what shares all but the last two, and so on: each is
        read from the index in order. One condition for all of it would be read from the first row on.
        """
        for place in reversed(range(len(self.columns))):
            shared = Q()
            for column, value in zip(self.columns[:place], values, strict=False):
                shared &= column.same(value)
            for further in self.columns[place].beyond(values[place]):
                yield shared & further

    def page(self, rows: QuerySet, *, place: Place | None, known: QuerySet, size: int) -> Page:
        """Up to `size` of the rows from a place on. One row more is read, to tell whether there are more.

        `known` are the rows among which the place is looked up: it may have left `rows` meanwhile.
        """
        way = self.reversed() if place and place.backwards else self
        ranges = way.beyond(way.values_of(place.pk, known)) if place else iter([Q()])
        found: list[Any] = []
        for one in ranges:
            found += rows.filter(one).order_by(*way.ordering)[: size + 1 - len(found)]
            if len(found) > size:
                break
        shown, is_more = found[:size], len(found) > size
        if place and place.backwards:
            return self._page(shown[::-1], is_before=is_more, is_after=True)
        return self._page(shown, is_before=place is not None, is_after=is_more)

    def _page(self, rows: list[Any], *, is_before: bool, is_after: bool) -> Page:
        """The row that a page was asked from lies on the page before or after it."""
        return Page(
            rows,
            Place(True, rows[0].pk) if rows and is_before else None,
            Place(False, rows[-1].pk) if rows and is_after else None,
        )
