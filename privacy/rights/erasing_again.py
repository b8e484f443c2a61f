"""An erasure that a restored copy does not know of: done again, and entered in the register again.

When its entry was written the recipients had been told, and the answer was about to be sent: nobody is told
anew, and nothing is waited for. What was to stay (Art. 17(3)) had been sealed anew after the copy was made:
it can be set apart once more only where the person's key came back with a copy of the keys.
"""

from collections import Counter
from datetime import date, datetime, timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from applications.actors import SYSTEM
from applications.crypto import keyring
from applications.crypto.rings import last_epoch_of
from applications.ledger_file import Line
from applications.models import Application, DataSubject, LedgerKind
from applications.services import ledger
from applications.services.locking import lock_subject
from privacy.datamap import doors
from privacy.models import Erasure, Identity, Right, RightsRequest
from privacy.rights.erasure import set_apart_what_stays, take_leave
from privacy.services.moves import note
from privacy.states import OPEN, RequestStatus

log = structlog.get_logger(__name__)


def erase_again(line: Line) -> None:
    """Each part commits before the next begins: cut short anywhere, it can be done once more."""
    if line.about_id is None:
        return
    subject = DataSubject.objects.filter(pk=line.about_id).first()
    if subject is None:  # came after the copy was made; a copy of the keys may have the key all the same
        keyring.destroy_key(line.about_id)
        return
    if subject.erased_at is None:
        _close(subject, line)
    keyring.destroy_key(subject.pk)
    counts: Counter[str] = Counter()
    for door in doors():
        counts += door.erase(subject)
    if "request" in line.detail:
        _certify(subject.pk, line, counts)


def _close(subject: DataSubject, line: Line) -> None:
    with transaction.atomic():
        lock_subject(subject.pk)
        if "request" in line.detail:
            request = _register(subject, line)
            request.kept = _stays(subject, line)
            request.save(update_fields=["kept"])
            take_leave(subject, but=request.pk)
        else:
            take_leave(subject, but=subject.pk)


def _stays(subject: DataSubject, line: Line) -> list[dict[str, str]]:
    """What was decided to stay, with who has it now: of what cannot be read, nobody."""
    kept = [{key: one[key] for key in ("application", "ground", "until")} for one in line.detail["kept"]]
    there = Application.objects.filter(subject=subject, pk__in=[one["application"] for one in kept])
    found = {str(one) for one in there.values_list("pk", flat=True)}
    if found and not keyring.owners_with_keys([subject.pk]):
        log.error("erasure.what_stayed_is_lost", count=len(found))
        found = set()
    again = set_apart_what_stays(subject, [one for one in kept if one["application"] in found])
    return [*again, *(one for one in kept if one["application"] not in found)]


def _register(subject: DataSubject, line: Line) -> RightsRequest:
    """The request as the copy has it, or entered anew; it has been carried out."""
    facts = line.detail
    request = RightsRequest.objects.select_for_update().filter(pk=facts["request"]).first()
    if request is None:
        request = RightsRequest(
            pk=UUID(facts["request"]), subject=subject, reference=facts["reference"], right=Right.ERASURE,
            way=facts["way"], language=facts["language"], identity=Identity.OFFICER,
            received_at=datetime.fromisoformat(facts["received_at"]),
            received_on=date.fromisoformat(facts["received_on"]), due_on=date.fromisoformat(facts["due_on"]),
            status=RequestStatus.COMPLETED, ended_at=line.at,
        )  # fmt: skip
        request.save(force_insert=True)
    elif request.status in OPEN:
        request.status, request.ended_at, request.paused_on = RequestStatus.COMPLETED, line.at, None
        request.step = request.trouble = ""
        request.save(update_fields=["status", "ended_at", "paused_on", "step", "trouble"])
    note(request, RequestStatus.COMPLETED, SYSTEM, why="restored")
    Erasure.objects.get_or_create(
        request=request,
        defaults={
            "subject_id": subject.pk,
            "begun_at": line.at,
            "key_epoch": keyring.epoch_of(subject.pk),
        },
    )
    return request


def _certify(subject_id: UUID, line: Line, counts: Counter[str]) -> None:
    """From this day on it counts when the erasure is final: the key may have come back with the copy."""
    now = timezone.now()
    final_by = timezone.localdate(now) + timedelta(days=settings.MASTER_KEY_DAYS)
    Erasure.objects.filter(request=line.detail["request"], certified_at__isnull=True).update(
        key_destroyed_at=now, rows_deleted_at=now, counts=dict(counts), certified_at=now, final_by=final_by,
        # copies of it may lie in any epoch up to now
        key_epoch=last_epoch_of(keyring.epoch_of(subject_id)),
    )  # fmt: skip


ledger.REPLAYS[LedgerKind.ERASED] = erase_again
