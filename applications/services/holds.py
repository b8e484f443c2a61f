"""Legal holds: what must not be deleted although its time is over (GDPR Art. 17(3))."""

from datetime import date, datetime
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from applications.actors import Actor
from applications.errors import IllegalTransition, SubjectErased
from applications.models import Application, DataSubject, LedgerKind, LegalHold
from applications.services import audit, ledger


def place(
    *,
    subject_id: UUID,
    ground: str,
    case_number: str,
    actor: Actor,
    application_id: UUID | None = None,
    until: date | None = None,
    again: tuple[UUID, datetime] | None = None,
) -> LegalHold:
    """From now on nothing of the person, or of the application, is deleted: until the day, or until lifted.

    Of somebody whose account ended it keeps the evidence that is left. `again` are identifier and moment of
    one that a restored copy is told of by the ledger.

    Raises SubjectErased where none is left, IllegalTransition for an application that is not this person's.
    """
    with transaction.atomic():
        subject = DataSubject.objects.select_for_update().get(pk=subject_id)
        evidence = Application.objects.filter(subject=subject_id, emptied_at__isnull=False)
        if subject.erased_at is not None and not evidence.exists():
            raise SubjectErased
        if application_id and not Application.objects.filter(pk=application_id, subject=subject_id).exists():
            raise IllegalTransition
        hold_id, now = again or (uuid4(), timezone.now())
        hold = LegalHold.objects.create(
            pk=hold_id, subject_id=subject_id, application_id=application_id, ground=ground,
            case_number=case_number, until=until, placed_at=now,
        )  # fmt: skip
        day = until.isoformat() if until else ""
        ledger.note(
            LedgerKind.HELD, about_id=subject_id, at=now, hold=str(hold.pk), ground=ground, until=day,
            case_number=case_number, application=str(application_id or ""),
        )  # fmt: skip
        audit.record(
            actor=actor, action="hold.placed", subject_id=subject_id, row=hold, ground=ground, until=day
        )
    return hold


def lift(*, hold_id: UUID, actor: Actor, at: datetime | None = None) -> None:
    """It does not stand any more; what is over meanwhile goes with the next run. Again changes nothing."""
    with transaction.atomic():
        hold = LegalHold.objects.select_for_update().get(pk=hold_id)
        if hold.lifted_at is not None:
            return
        hold.lifted_at = at or timezone.now()
        hold.save(update_fields=["lifted_at"])
        ledger.note(LedgerKind.HOLD_LIFTED, about_id=hold.subject_id, at=hold.lifted_at, hold=str(hold.pk))
        audit.record(actor=actor, action="hold.lifted", subject_id=hold.subject_id, row=hold)
