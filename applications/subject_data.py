"""A floor's door for export and erasure: every row about one person, found and read by the declarations."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models, transaction

from applications.crypto import keyring
from applications.crypto.fields import BlindIndex
from applications.data_policy import uses_of
from applications.declarations import Declared, personal_fields
from applications.models import DataSubject
from applications.personal import Category, Purpose
from applications.row_security import opened
from applications.selectors.permission import require
from applications.selectors.secrecy import told
from applications.services.burying import bury
from applications.services.housekeeping import KEY_OWNERS


def outlives_its_subject(model: type[models.Model]) -> bool:
    """Whether rows of this model stay after an erasure, as proof of what was done: codes and dates alone."""
    return getattr(model, "outlives_its_subject", False)


def is_a_copy(model: type[models.Model]) -> bool:
    """Whether rows of this model hold again what an export gives anyway: erased with it, never exported."""
    return getattr(model, "is_a_copy", False)


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

    def export(
        self,
        subject: DataSubject,
        *,
        purpose: Purpose,
        wanted: Callable[[Declared], bool] = lambda _field: True,
        narrow: Callable[[models.QuerySet], models.QuerySet] = lambda rows: rows,
    ) -> list[ExportedRow]:
        """Every personal value about one person that the map gives for `purpose`, but for what a law keeps
        secret yet; `wanted` and `narrow` leave fields and rows out before anything is read.

        Raises SubjectErased, or a ProcessingRefused when a right of the person stands in the way.
        """
        require(subject.pk, purpose)
        with opened(purpose, person=subject.pk):
            return list(self._exported(subject, purpose, wanted, narrow))

    def _exported(
        self,
        subject: DataSubject,
        purpose: Purpose,
        wanted: Callable[[Declared], bool],
        narrow: Callable[[models.QuerySet], models.QuerySet],
    ) -> Iterator[ExportedRow]:
        for rows in map(self.exportable, self.rows_of(subject)):
            # a blind index has the label of its source, and says nothing that this does not
            fields = tuple(
                one
                for one in personal_fields(rows.model)
                if one.mark
                and purpose in uses_of(one.mark)
                and not isinstance(one.field, BlindIndex)
                and wanted(one)
            )
            if not fields or is_a_copy(rows.model):
                continue
            for row in narrow(told(rows)).order_by("pk").iterator(chunk_size=200):
                values = {one.label: getattr(row, one.field.attname) for one in fields}
                yield ExportedRow(rows.model, str(row.pk), values, fields)

    def exportable(self, rows: models.QuerySet) -> models.QuerySet:
        """Those of the rows of one model about a person that the person gets."""
        return rows

    def categories(self) -> set[Category]:
        """The categories that this app's models hold."""
        return {one.mark.category for model in self.holders() for one in personal_fields(model) if one.mark}

    def erasable(self, rows: models.QuerySet) -> models.QuerySet:
        """Those of a person's rows of one model that an erasure deletes."""
        return rows.none() if outlives_its_subject(rows.model) else rows

    def erase(self, subject: DataSubject) -> Counter[str]:
        """Delete every row about one person, also one whose key is gone; how many of each model.

        The person's own row stays as a tombstone under new numbers; the audit outlives the person.
        """
        counts: Counter[str] = Counter()
        with transaction.atomic():
            # All are found before any goes: some are known only through others.
            found = {
                rows.model: list(rows.values_list("pk", flat=True))
                for rows in map(self.erasable, self.rows_of(subject))
            }
            for model, ids in found.items():
                if model is DataSubject:
                    counts[model._meta.label] += bury(ids)
                    continue
                counts += Counter(model._default_manager.filter(pk__in=ids).delete()[1])
                if model in KEY_OWNERS:
                    keyring.forget_keys(ids)
        return counts


SUBJECT_DATA = SubjectData("applications")
