"""Correcting what a person gave, and adding what completes it (GDPR Art. 16), wherever it stands."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from applications import live
from applications.actors import Actor
from applications.errors import IllegalTransition
from applications.flow import hidden_answers
from applications.form_fields import BY_LABEL, FORM_FIELDS, STATEMENT_LABEL, FormField
from applications.models import Application, SupplementaryStatement
from applications.personal import Category, Purpose
from applications.selectors.people import answers
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


@dataclass(frozen=True)
class Corrected:
    """For each correction the applications in which the right value stands now; and what it made go."""

    where: list[list[UUID]]
    gone: list[Correction]


def correct(*, subject_id: UUID, corrections: Sequence[Correction], actor: Actor) -> Corrected:
    """Write the right values.

    What is about the person is corrected wherever the same wrong value stands. An answer whose question does
    not apply any more (an employer, without employment) goes. Safe to repeat. Raises SubjectErased, and
    IllegalTransition for an application that is not this person's.
    """
    with transaction.atomic():
        lock_subject(subject_id)
        corrected = [_correct(subject_id, one) for one in corrections]
        gone = [one for application_id in {*chain(*corrected)} for one in _let_go(application_id)]
        for one, where in zip(corrections, corrected, strict=True):
            for application_id in where:
                audit.record(
                    actor=actor, action="application.rectified", subject_id=subject_id,
                    row=Application(pk=application_id), label=one.label,
                )  # fmt: skip
                Application.objects.filter(pk=application_id).update(saved_at=timezone.now())
                live.touch(application_id)
    return Corrected(corrected, gone)


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


def _let_go(application_id: UUID) -> list[Correction]:
    """Clear what the answers do not call for any more."""
    application = Application.objects.select_related("subject").get(pk=application_id)
    given = answers(application, purpose=Purpose.DATA_SUBJECT_RIGHTS)
    gone = []
    for name in sorted(hidden_answers(given)):
        answer = FORM_FIELDS[name]
        row = answer.model._default_manager.get(application=application)
        setattr(row, name, None)
        row.save()
        gone.append(Correction(application_id, answer.label, old=given[name], new=None))
    return gone
