"""What a person decided about the use of their data: restrictions, objections, consents taken back.

The rows alone decide what happens next: selectors and the workers' claims read them (selectors.permission).
Each decision stands in the ledger as well; `at` is the moment of one that a restored copy is told of anew.
"""

from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from applications import live
from applications.actors import Actor, ActorKind
from applications.data_policy import OBJECTABLE
from applications.errors import IllegalTransition, NotObjectable
from applications.models import (
    Application,
    Consent,
    LedgerKind,
    Objection,
    Restriction,
    RestrictionGround,
)
from applications.personal import Purpose
from applications.selectors.permission import standing_objections, standing_restrictions
from applications.services import audit, ledger, statistics
from applications.services.locking import lock_subject
from applications.signals import consent_withdrawn, processing_resumed


def restrict(
    *, subject_id: UUID, ground: RestrictionGround, actor: Actor, at: datetime | None = None
) -> Restriction:
    """From now on the data are only stored (GDPR Art. 18). Doing so again on the same ground changes nothing,
    but that an end which was announced does not come.

    Raises SubjectErased.
    """
    with transaction.atomic():
        lock_subject(subject_id)
        standing = standing_restrictions().filter(subject_id=subject_id, ground=ground).first()
        if standing is not None:
            return _keep_up(standing, actor)
        since = at or timezone.now()
        row = Restriction.objects.create(subject_id=subject_id, ground=ground, since=since)
        ledger.note(LedgerKind.RESTRICTED, about_id=subject_id, at=since, ground=ground)
        audit.record(
            actor=actor, action="processing.restricted", subject_id=subject_id, row=row, ground=ground
        )
        _tell_pages(subject_id)
    return row


def _keep_up(standing: Restriction, actor: Actor) -> Restriction:
    """The person was told that it ends, and asks for it anew: it stands until they are told again."""
    if standing.ends_on is not None:
        standing.ends_on = None
        standing.save(update_fields=["ends_on"])
        _note_end(standing, None)
        audit.record(
            actor=actor, action="processing.restriction_goes_on", subject_id=standing.subject_id, row=standing
        )
    return standing


def _note_end(row: Restriction, on: date | None) -> None:
    day = on.isoformat() if on else None
    ledger.note(LedgerKind.RESTRICTION_ENDS, about_id=row.subject_id, ground=row.ground, on=day)


def lift_restriction(
    *, restriction_id: UUID, actor: Actor, at: datetime | None = None, ends_on: date | None = None
) -> bool:
    """End a restriction, if it stands; whether it did. Where it was to end on a day (`ends_on`) it stays if
    another day was set meanwhile, or none. That the person is told before (Art. 18(3)) is the caller's to see
    to.
    """
    with transaction.atomic():
        row = Restriction.objects.get(pk=restriction_id)
        lock_subject(row.subject_id)
        now = at or timezone.now()
        standing = standing_restrictions().filter(pk=row.pk)
        if ends_on is not None:
            standing = standing.filter(ends_on=ends_on)
        if not standing.update(lifted_at=now):
            return False
        ledger.note(LedgerKind.RESTRICTION_LIFTED, about_id=row.subject_id, at=now, ground=row.ground)
        audit.record(actor=actor, action="processing.restriction_lifted", subject_id=row.subject_id, row=row)
        _resume(row)
        _tell_pages(row.subject_id)
    return True


def _resume(lifted: Restriction) -> None:
    """Once nothing restricts the person any more: clocks that ran meanwhile are put on by what they lost."""
    others = Restriction.objects.filter(subject_id=lifted.subject_id).exclude(pk=lifted.pk)
    if others.filter(lifted_at__isnull=True).exists():
        return
    began = lifted.since
    # one that overlaps may have followed upon an earlier one, without a gap
    while before := others.filter(since__lt=began, lifted_at__gte=began).order_by("since").first():
        began = before.since
    processing_resumed.send(sender=Restriction, subject_id=lifted.subject_id, paused=timezone.now() - began)


def announce_end(*, restriction_id: UUID, on: date, actor: Actor) -> None:
    """Set the day on which a restriction is lifted. That the person is told is the caller's to see to.

    Raises IllegalTransition for one that was lifted.
    """
    with transaction.atomic():
        row = Restriction.objects.get(pk=restriction_id)
        lock_subject(row.subject_id)
        if not standing_restrictions().filter(pk=row.pk).update(ends_on=on):
            raise IllegalTransition
        _note_end(row, on)
        audit.record(
            actor=actor, action="processing.restriction_ends", subject_id=row.subject_id, row=row,
            on=on.isoformat(),
        )  # fmt: skip


def object_to(*, subject_id: UUID, purpose: Purpose, actor: Actor, at: datetime | None = None) -> Objection:
    """The person objects to a purpose that rests on legitimate interests, or to marketing (GDPR Art. 21).

    Raises NotObjectable for a purpose on any other basis, SubjectErased.
    """
    if purpose not in OBJECTABLE:
        raise NotObjectable
    with transaction.atomic():
        subject = lock_subject(subject_id)
        standing = standing_objections(purpose).filter(subject_id=subject_id).first()
        if standing is not None:
            return standing
        now = at or timezone.now()
        row = Objection.objects.create(subject_id=subject_id, purpose=purpose, made_at=now)
        ledger.note(LedgerKind.OBJECTED, about_id=subject_id, at=now, purpose=purpose)
        audit.record(
            actor=actor, action="processing.objected_to", subject_id=subject_id, row=row, purpose=purpose
        )
        if purpose is Purpose.IMPROVE_SERVICE:
            statistics.forget(subject)
        _tell_pages(subject_id)
    return row


def end_objection(*, subject_id: UUID, purpose: Purpose, actor: Actor, at: datetime | None = None) -> None:
    """An objection does not stand any more: the person took it back, or compelling grounds were shown by us
    (GDPR Art. 21(1)). Where none stands nothing changes.

    Raises SubjectErased, and NotObjectable for direct marketing that anybody but the person would end.
    """
    by_person = actor.kind == ActorKind.CONSUMER
    if purpose is Purpose.INFORM_PUBLIC and not by_person:
        raise NotObjectable
    with transaction.atomic():
        lock_subject(subject_id)
        row = standing_objections(purpose).filter(subject_id=subject_id).first()
        if row is None:
            return
        column = "withdrawn_at" if by_person else "overruled_at"
        now = at or timezone.now()
        Objection.objects.filter(pk=row.pk).update(**{column: now})
        ledger.note(
            LedgerKind.OBJECTION_ENDED, about_id=subject_id, at=now, purpose=purpose, by_person=by_person
        )
        audit.record(
            actor=actor, action=f"processing.objection_{column.removesuffix('_at')}", subject_id=subject_id,
            row=row, purpose=purpose,
        )  # fmt: skip
        _tell_pages(subject_id)


def withdraw_consent(*, consent_id: UUID, subject_id: UUID, actor: Actor, at: datetime | None = None) -> None:
    """The person takes a consent of their own back (GDPR Art. 7(3)); what was done before stays lawful.

    Raises Consent.DoesNotExist for a consent that is not this person's, SubjectErased.
    """
    with transaction.atomic():
        lock_subject(subject_id)
        consent = Consent.objects.get(pk=consent_id, subject_id=subject_id)
        now = at or timezone.now()
        if not Consent.objects.filter(pk=consent.pk, withdrawn_at__isnull=True).update(withdrawn_at=now):
            return
        ledger.note(LedgerKind.CONSENT_WITHDRAWN, about_id=subject_id, at=now, consent=str(consent.pk))
        audit.record(
            actor=actor, action="consent.withdrawn", subject_id=subject_id, row=consent,
            purpose=consent.purpose,
        )  # fmt: skip
        consent_withdrawn.send(
            sender=Consent, subject_id=subject_id, application_id=consent.application_id,
            purpose=Purpose(consent.purpose), actor=actor,
        )  # fmt: skip
        _tell_pages(subject_id)


def _tell_pages(subject_id: UUID) -> None:
    for application_id in Application.objects.filter(subject_id=subject_id).values_list("pk", flat=True):
        live.touch(application_id)
