"""Decisions of people that a restored copy lacks: taken once more, by the services that took them.

Each may be there already, or be about somebody who came after the copy was made, or who is erased by now.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import date
from uuid import UUID

from applications.actors import SYSTEM, Actor
from applications.errors import IllegalTransition, SubjectErased
from applications.ledger_file import Line
from applications.models import (
    Consent,
    DataSubject,
    LedgerKind,
    LegalHold,
    Objection,
    Restriction,
    RestrictionGround,
)
from applications.personal import Purpose
from applications.selectors.permission import standing_restrictions
from applications.services import holds, processing
from applications.services.ledger import REPLAYS
from applications.services.retention import end_again
from applications.services.staff_accounts import revoke_again


def _of_the_living(replay: Callable[[Line, UUID], None]) -> Callable[[Line], None]:
    """Of somebody who is not in the copy, or is erased, nothing is left to decide."""

    def of(line: Line) -> None:
        about = line.about_id
        if about and DataSubject.objects.filter(pk=about, erased_at__isnull=True).exists():
            replay(line, about)

    return of


def _restrict(line: Line, subject_id: UUID) -> None:
    ground = RestrictionGround(line.detail["ground"])
    # also one that was lifted again before the copy was made
    if not Restriction.objects.filter(subject=subject_id, ground=ground, since__gte=line.at).exists():
        processing.restrict(subject_id=subject_id, ground=ground, actor=SYSTEM, at=line.at)


def _standing(line: Line, subject_id: UUID) -> Restriction | None:
    """The restriction that an entry is about, while it stands."""
    ground = line.detail["ground"]
    return standing_restrictions().filter(subject=subject_id, ground=ground, since__lte=line.at).first()


def _announce_end(line: Line, subject_id: UUID) -> None:
    row, day = _standing(line, subject_id), line.detail["on"]
    if row is None:
        return
    if day:
        processing.announce_end(restriction_id=row.pk, on=date.fromisoformat(day), actor=SYSTEM)
    else:  # asked for anew before it ended
        processing.restrict(subject_id=subject_id, ground=RestrictionGround(row.ground), actor=SYSTEM)


def _lift(line: Line, subject_id: UUID) -> None:
    row = _standing(line, subject_id)
    if row is not None:
        processing.lift_restriction(restriction_id=row.pk, actor=SYSTEM, at=line.at)


def _object(line: Line, subject_id: UUID) -> None:
    purpose = Purpose(line.detail["purpose"])
    if not Objection.objects.filter(subject=subject_id, purpose=purpose, made_at__gte=line.at).exists():
        processing.object_to(subject_id=subject_id, purpose=purpose, actor=SYSTEM, at=line.at)


def _end_objection(line: Line, subject_id: UUID) -> None:
    purpose = Purpose(line.detail["purpose"])
    later = Objection.objects.filter(subject=subject_id, purpose=purpose, made_at__gt=line.at)
    if not later.exists():
        actor = Actor.consumer(subject_id) if line.detail["by_person"] else SYSTEM
        processing.end_objection(subject_id=subject_id, purpose=purpose, actor=actor, at=line.at)


def _withdraw(line: Line, subject_id: UUID) -> None:
    consent_id = UUID(line.detail["consent"])
    if Consent.objects.filter(pk=consent_id, subject=subject_id).exists():
        processing.withdraw_consent(consent_id=consent_id, subject_id=subject_id, actor=SYSTEM, at=line.at)


def _hold(line: Line) -> None:
    facts = line.detail
    hold_id, application_id = UUID(facts["hold"]), facts["application"] and UUID(facts["application"])
    if line.about_id is None or LegalHold.objects.filter(pk=hold_id).exists():
        return
    # who or what is not there came after the copy was made; of somebody erased nothing may be left to hold
    with suppress(DataSubject.DoesNotExist, IllegalTransition, SubjectErased):
        holds.place(
            subject_id=line.about_id, application_id=application_id or None, ground=facts["ground"],
            case_number=facts["case_number"], actor=SYSTEM, again=(hold_id, line.at),
            until=date.fromisoformat(facts["until"]) if facts["until"] else None,
        )  # fmt: skip


def _lift_hold(line: Line) -> None:
    hold_id = UUID(line.detail["hold"])
    if LegalHold.objects.filter(pk=hold_id).exists():
        holds.lift(hold_id=hold_id, actor=SYSTEM, at=line.at)


def _end_access(line: Line) -> None:
    revoke_again(account=line.detail["account"], revoked=line.detail["revoked"], actor=SYSTEM)


def _nothing(_line: Line) -> None:
    """The entry alone is what was missing."""


REPLAYS |= {
    LedgerKind.RETENTION_ENDED: end_again,
    LedgerKind.RESTRICTED: _of_the_living(_restrict),
    LedgerKind.RESTRICTION_ENDS: _of_the_living(_announce_end),
    LedgerKind.RESTRICTION_LIFTED: _of_the_living(_lift),
    LedgerKind.OBJECTED: _of_the_living(_object),
    LedgerKind.OBJECTION_ENDED: _of_the_living(_end_objection),
    LedgerKind.CONSENT_WITHDRAWN: _of_the_living(_withdraw),
    LedgerKind.HELD: _hold,
    LedgerKind.HOLD_LIFTED: _lift_hold,
    LedgerKind.ACCESS_ENDED: _end_access,
    LedgerKind.BACKED_UP: _nothing,
    LedgerKind.REPLAYED: _nothing,
}
