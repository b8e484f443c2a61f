"""The draft: opened once the e-mail address is proved, saved by steps, the consumer's alone until sent."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from applications.actors import Actor
from applications.errors import IllegalTransition
from applications.form_fields import FORM_FIELDS
from applications.models import Application, ApplicationEvent, FormData, Milestone
from applications.personal import Purpose
from applications.references import APPLICATION, make_reference
from applications.selectors.people import draft_of
from applications.selectors.permission import require
from applications.services import audit, statistics
from applications.services.locking import lock_subject
from applications.states import ApplicationStatus


def open_draft(*, subject_id: UUID, language: str, actor: Actor) -> Application:
    """The consumer's draft; a new one when none is open. A consumer has one draft at a time."""
    with transaction.atomic():
        lock_subject(subject_id)
        draft = draft_of(subject_id, purpose=Purpose.HANDLE_APPLICATIONS)
        if draft is not None:
            return draft
        draft = Application(subject_id=subject_id, language=language, reference=make_reference(APPLICATION))
        draft.save(force_insert=True)
        note_event(application=draft, status=ApplicationStatus.DRAFT, actor=actor)
        audit.record(actor=actor, action="application.opened", subject_id=subject_id, row=draft)
        statistics.count_on_commit(subject_id=subject_id, milestone=Milestone.STARTED)
    return draft


def save_answers(*, application: Application, answers: Mapping[str, Any], actor: Actor) -> None:
    """Keep the answers of one step, by their names in the form.

    Raises IllegalTransition when the application is no longer a draft, SubjectErased after an erasure,
    ProcessingRestricted while the person's data are only stored.
    """
    with transaction.atomic():
        lock_subject(application.subject_id)
        require(application.subject_id, Purpose.HANDLE_APPLICATIONS)
        still_draft = Application.objects.filter(pk=application.pk, status=ApplicationStatus.DRAFT).update(
            saved_at=timezone.now()
        )
        if not still_draft:
            raise IllegalTransition
        by_model: dict[type[FormData], dict[str, Any]] = {}
        for name, value in answers.items():
            by_model.setdefault(FORM_FIELDS[name].model, {})[name] = value
        for model, values in by_model.items():
            _save_row(model, application, values)


def _save_row(model: type[FormData], application: Application, values: Mapping[str, Any]) -> None:
    row = model._default_manager.filter(application=application).first()
    if row is None:
        row = model(application=application, subject_id=application.subject_id)
    for name, value in values.items():
        setattr(row, name, value)
    row.save()


def note_event(*, application: Application, status: ApplicationStatus, actor: Actor) -> None:
    """Write the event of a state change; belongs in the same transaction as the change."""
    ApplicationEvent.objects.create(
        application=application,
        subject_id=application.subject_id,
        status=status,
        actor_kind=actor.kind,
        actor_identifier=actor.identifier,
    )
