"""An encrypted column inside a query: it may be fetched and tested for NULL, nothing else."""

from typing import Any

from django.db.models import BinaryField, Case, Value, When
from django.db.models.expressions import Col
from django.db.models.functions import Cast
from django.db.models.lookups import IsNull
from django.db.models.sql.compiler import SQLCompiler, SQLDeleteCompiler, SQLUpdateCompiler

from applications.crypto.errors import LookupRefused, WriteRefused
from applications.crypto.sealed import Sealed


class SealedColumn(Col):
    """The column as the ORM sees it. Raises LookupRefused wherever it would be sorted by or computed on."""

    def resolve_expression(self, *args: Any, **kwargs: Any) -> Any:
        # A plain SELECT never resolves its columns again; ORDER BY, functions and F() in an UPDATE do.
        raise refused(self.target)

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> Any:
        if not self._is_fetched_by(compiler):
            raise refused(self.target)
        return super().as_sql(compiler, connection)

    def _is_fetched_by(self, compiler: SQLCompiler) -> bool:
        if isinstance(compiler, SQLUpdateCompiler | SQLDeleteCompiler):
            return False
        if compiler.select is None:  # the SELECT list itself is being compiled
            annotations = compiler.query.annotations.values()
            return not any(self is part for whole in annotations for part in whole.flatten())
        return any(self is column for column, _, _ in compiler.select)


class SealedIsNull(IsNull):
    """IS NULL, on the bare column: the one look-up that an encrypted column answers."""

    def __init__(self, lhs: Any, rhs: Any) -> None:
        if isinstance(lhs, SealedColumn):
            lhs = Col(lhs.alias, lhs.target, BinaryField())
        super().__init__(lhs, rhs)


def refused(field: Any) -> LookupRefused:
    """The error that says what to do in place of a look-up on `field`."""
    index = next(
        (
            other.name
            for other in field.model._meta.get_fields()
            if getattr(other, "source", None) == field.name
        ),
        None,
    )
    way_out = (
        f"look it up through its blind index, {index}" if index else "it has no blind index to look it up by"
    )
    return LookupRefused(f"{field} is encrypted and can only be tested with isnull; {way_out}.")


def refuse_plaintext(field: Any, expression: Any) -> None:
    """Let pass only expressions that choose between sealed values and NULL, as bulk_update() builds them.

    Raises WriteRefused for any other: the database would store what encryption was to hide.
    """
    match expression:
        case Value(value=None) | Value(value=Sealed()):
            return
        case Case():
            results = [*expression.cases, expression.default]
        case When():
            results = [expression.result]
        case Cast():
            results = expression.get_source_expressions()
        case _:
            raise write_refused(field)
    for result in results:
        refuse_plaintext(field, result)


def write_refused(field: Any) -> WriteRefused:
    """The error of a write that would go past encryption."""
    return WriteRefused(f"{field} is encrypted: assign it to an instance and save(), or write None.")
