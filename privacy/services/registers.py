"""The privacy floor's writers: the DPO's registers, and looking a person's rows up."""

from collections.abc import Sequence

from django.db import transaction

from applications.actors import Actor
from applications.models import DataSubject
from applications.personal import Purpose
from applications.row_security import opened
from applications.services import audit
from privacy.datamap import Held, explain
from privacy.models import Assessment, Breach


def save_assessment(*, assessment: Assessment, changed: Sequence[str], actor: Actor) -> None:
    """Enter an assessment, or bring one up to date; `changed` names the fields."""
    _save(assessment, changed, actor)


def save_breach(*, breach: Breach, changed: Sequence[str], actor: Actor) -> None:
    """Document a breach, or what became known of it since; `changed` names the fields (GDPR Art. 33(5)).

    Raises IntegrityError where a reason is missing that Art. 33(1) asks for.
    """
    _save(breach, changed, actor)


def _save(row: Assessment | Breach, changed: Sequence[str], actor: Actor) -> None:
    deed = "entered" if row._state.adding else "changed"
    with transaction.atomic():
        row.save()
        audit.record(actor=actor, action=f"{row._meta.model_name}.{deed}", row=row, fields=list(changed))


def explain_person(*, subject: DataSubject, actor: Actor) -> list[Held]:
    """Which kinds of rows are held about a person, on which grounds; that somebody asked is written down."""
    audit.record(actor=actor, action="subject.explained", subject_id=subject.pk, row=subject)
    with opened(Purpose.DATA_SUBJECT_RIGHTS, person=subject.pk):
        return explain(subject)
