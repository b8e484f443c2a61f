"""Look-ups on a blind index: the plain value goes in, its digests under all index keys go to the database."""

from collections.abc import Iterable
from typing import Any

from django.db.models.lookups import IsNull, Lookup

from applications.crypto.blind_index import DIGEST_BYTES
from applications.crypto.errors import LookupRefused

LAST_KEY = 255


class IndexExact(Lookup):
    """The column equals one of the digests of a value. A stored digest itself is compared as it is."""

    lookup_name = "exact"

    def get_prep_lookup(self) -> Any:
        return None if self.rhs is None else self._digests([self.rhs])

    def _digests(self, values: Iterable[Any]) -> list[bytes]:
        found: list[bytes] = []
        for value in values:
            if hasattr(value, "resolve_expression") or hasattr(value, "as_sql"):
                raise index_refused(self.lhs.output_field)
            if isinstance(value, bytes) and len(value) == DIGEST_BYTES:
                found.append(value)
            else:
                found += self.lhs.output_field.candidates_for(value)
        return found

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        lhs, params = self.process_lhs(compiler, connection)
        return f"{lhs} = ANY(%s::bytea[])", [*params, self.rhs]


class IndexIn(IndexExact):
    """The column equals a digest of one of several values."""

    lookup_name = "in"

    def get_prep_lookup(self) -> Any:
        if (
            isinstance(self.rhs, str | bytes)
            or not isinstance(self.rhs, Iterable)
            or hasattr(self.rhs, "query")
        ):
            raise index_refused(self.lhs.output_field)
        return self._digests(self.rhs)


class IndexMadeFrom(Lookup):
    """The digest was made with the index key of this number or a higher one: digests begin with it."""

    lookup_name = "made_from"

    def get_prep_lookup(self) -> Any:
        return int(self.rhs)

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        lhs, params = self.process_lhs(compiler, connection)
        return f"{lhs} >= %s", [*params, bytes([self.rhs])]


class IndexMadeWith(IndexMadeFrom):
    """The digest was made with the index key of this number."""

    lookup_name = "made_with"

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        found, params = super().as_sql(compiler, connection)
        if self.rhs == LAST_KEY:
            return found, params
        lhs, others = self.process_lhs(compiler, connection)
        return f"({found} AND {lhs} < %s)", [*params, *others, bytes([self.rhs + 1])]


INDEX_LOOKUPS: dict[str, type[Lookup]] = {
    "exact": IndexExact,
    "in": IndexIn,
    "isnull": IsNull,
    "made_from": IndexMadeFrom,
    "made_with": IndexMadeWith,
}


def index_refused(field: Any) -> LookupRefused:
    """The error of a look-up that a digest cannot answer."""
    return LookupRefused(f"{field} is a blind index: it answers exact and in, with plain values, and isnull.")
