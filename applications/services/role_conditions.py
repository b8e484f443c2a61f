"""Writing what a role needs to count: training, and mandates of external partners. The DPO keeps both."""

from collections.abc import Iterable, Sequence

from django.db import transaction

from applications.actors import Actor
from applications.models import Application, Mandate, MandateCase, Training
from applications.services import audit


def enter_training(*, training: Training, actor: Actor) -> None:
    """Enter training that an account's holder completed."""
    with transaction.atomic():
        training.save()
        audit.record(actor=actor, action="training.entered", row=training, account=training.user_id)


def save_mandate(
    *, mandate: Mandate, applications: Sequence[Application], changed: Sequence[str], actor: Actor
) -> None:
    """Enter a mandate, or the change of one, with the applications that it covers; `changed` names fields.

    What comes under it or leaves it is written down for each: nothing else tells afterwards what it covered.
    """
    action = "mandate.entered" if mandate._state.adding else "mandate.changed"
    with transaction.atomic():
        mandate.save()
        before = list(Application.objects.filter(mandate_cases__mandate=mandate))
        mandate.cases.exclude(application__in=applications).delete()
        MandateCase.objects.bulk_create(
            [MandateCase(mandate=mandate, application=one, subject=one.subject) for one in applications],
            ignore_conflicts=True,
        )
        audit.record(
            actor=actor, action=action, row=mandate, account=mandate.user_id, fields=list(changed),
            covers=len(applications),
        )  # fmt: skip
        _note_cases(mandate, "mandate.case_added", set(applications) - set(before), actor)
        _note_cases(mandate, "mandate.case_removed", set(before) - set(applications), actor)


def _note_cases(mandate: Mandate, action: str, applications: Iterable[Application], actor: Actor) -> None:
    for one in sorted(applications, key=lambda application: application.reference):
        audit.record(actor=actor, action=action, subject_id=one.subject_id, row=one, mandate=str(mandate.pk))
