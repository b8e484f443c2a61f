"""Correcting what a person gave, and adding what completes it (GDPR Art. 16), wherever it stands."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from applications import live
from applications.actors import Actor
from applications.errors import IllegalTransition
from applications.form_fields import BY_LABEL, STATEMENT_LABEL, FormField
from applications.models import Application, SupplementaryStatement
from applications.personal import Category
from applications.services import audit
from applications.services.locking import lock_subject

ABOUT_THE_PERSON = frozenset({Category.IDENTIFICATION, Category.IDENTITY_DOCUMENT})
"""What describes the person, whichever application it was written into; the rest was true of its time."""


@dataclass(frozen=True)
class Correction:
    """One value, by its data-map label: what stands in this application, and what is right."""

    application_id: UUID
    label: str
    old: Any = field(repr=False)
    new: Any = field(repr=False)


def correct(*, subject_id: UUID, corrections: Sequence[Correction], actor: Actor) -> list[list[UUID]]:
    """Write the right values; for each correction, the applications in which it stands now.

    What is about the person is corrected wherever the same wrong value stands. Safe to repeat. Raises
    SubjectErased, and IllegalTransition for an application that is not this person's.
    """
    with transaction.atomic():
        lock_subject(subject_id)
        corrected = [_correct(subject_id, one) for one in corrections]
        for one, where in zip(corrections, corrected, strict=True):
            for application_id in where:
                audit.record(
                    actor=actor, action="application.rectified", subject_id=subject_id,
                    row=Application(pk=application_id), label=one.label,
                )  # fmt: skip
                Application.objects.filter(pk=application_id).update(saved_at=timezone.now())
                live.touch(application_id)
    return corrected


def _correct(subject_id: UUID, correction: Correction) -> list[UUID]:
    own = Application.objects.filter(subject_id=subject_id)
    if not own.filter(pk=correction.application_id).exists():
        raise IllegalTransition
    if correction.label == STATEMENT_LABEL:
        return _state(subject_id, correction)
    answer = BY_LABEL[correction.label]
    rows = answer.model._default_manager.filter(subject_id=subject_id)
    if answer.personal.category not in ABOUT_THE_PERSON:
        rows = rows.filter(application=correction.application_id)
    return [row.application_id for row in rows.order_by("pk") if _set(row, answer, correction)]


def _set(row: Any, answer: FormField, correction: Correction) -> bool:
    """Write the right value into a row, if it is the one that is meant or has the same wrong one."""
    standing = getattr(row, answer.name)
    if row.application_id != correction.application_id and standing != correction.old:
        return False
    setattr(row, answer.name, correction.new)
    row.save()
    return True


def _state(subject_id: UUID, correction: Correction) -> list[UUID]:
    """Add a statement; the same one again is that one."""
    standing = SupplementaryStatement.objects.filter(application=correction.application_id)
    if not any(one.text == correction.new for one in standing):
        SupplementaryStatement.objects.create(
            subject_id=subject_id, application_id=correction.application_id, text=correction.new
        )
    return [correction.application_id]
