"""Search by whole values, each looked up in an index.

Django's own exact search compares `UPPER(column::text)`, joined tables and all, row by row.
"""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q


def has_exactly(model: type[models.Model], paths: Sequence[str], text: str) -> Q:
    """The rows of which one column is this text, in whatever case it was typed.

    A path is a column, or a unique one of a row that a foreign key points to ("application__reference").
    """
    found = Q(pk__in=[])
    for path in paths:
        relation, _, name = path.rpartition("__")
        field: Any = model._meta.get_field(relation or name)
        if not relation:
            found |= _among(name, _values(field, text))
            continue
        # Looked up by itself: PostgreSQL answers no OR across two tables from their indexes.
        related = field.related_model
        matching = _among(name, _values(related._meta.get_field(name), text))
        found |= _among(relation, list(related._base_manager.filter(matching).values_list("pk", flat=True)))
    return found


def _among(name: str, values: Sequence[Any]) -> Q:
    return Q((f"{name}__in", values))


def _values(field: models.Field, text: str) -> list[Any]:
    """What the text can mean in this column: references are in capitals, identifiers in small letters."""
    if isinstance(field, models.CharField):
        return list(dict.fromkeys((text, text.upper(), text.lower())))
    try:
        return [field.to_python(text)]
    except ValidationError:
        return []
