"""A floor's door for export and erasure: every row about one person, found and read by the declarations."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models, transaction

from applications.data_policy import require_allowed
from applications.declarations import Declared, personal_fields
from applications.models import AuditEntry, DataSubject
from applications.personal import Category, Purpose

# The audit names people by identifier alone, and outlives them: append-only, pruned on time.
OUTLIVES_ITS_SUBJECT: frozenset[type[models.Model]] = frozenset({AuditEntry})


@dataclass(frozen=True)
class ExportedRow:
    """One row: what it is, and the value of each personal field by its label."""

    model: type[models.Model]
    row_id: str
    values: dict[str, Any]
    fields: tuple[Declared, ...]


class SubjectData:
    """Export and erase for the models of one app."""

    def __init__(self, app_label: str) -> None:
        self.app_label = app_label

    def holders(self) -> list[type[models.Model]]:
        """The models of this app that hold personal data."""
        return [model for model in apps.get_app_config(self.app_label).get_models() if personal_fields(model)]

    def rows_of(self, subject: DataSubject) -> Iterator[models.QuerySet]:
        """The rows about one person, a queryset a model."""
        for model in self.holders():
            yield model.rows_of(subject)  # type: ignore[attr-defined]

    def export(self, subject: DataSubject, *, purpose: Purpose) -> Iterator[ExportedRow]:
        """Every personal value about one person. Raises NotInPolicy for a purpose that the map lacks."""
        for rows in self.rows_of(subject):
            fields = personal_fields(rows.model)
            require_allowed([one.mark for one in fields if one.mark], purpose)
            for row in rows.order_by("pk").iterator(chunk_size=200):
                values = {one.label: getattr(row, one.field.attname) for one in fields}
                yield ExportedRow(rows.model, str(row.pk), values, fields)

    def categories(self) -> set[Category]:
        """The categories that this app's models hold."""
        return {one.mark.category for model in self.holders() for one in personal_fields(model) if one.mark}

    def erase(self, subject: DataSubject) -> Counter[str]:
        """Delete every row about one person; how many of each model.

        The person's own row stays as a tombstone with nothing in it; the audit outlives the person.
        """
        counts: Counter[str] = Counter()
        with transaction.atomic():
            for rows in self.rows_of(subject):
                if rows.model in OUTLIVES_ITS_SUBJECT:
                    continue
                if rows.model is DataSubject:
                    counts[rows.model._meta.label] += rows.update(email=None, email_index=None)
                else:
                    counts += Counter(rows.delete()[1])
        return counts


SUBJECT_DATA = SubjectData("applications")
