"""What stayed after an erasure goes when the day is over that was decided for it (GDPR Art. 17(3))."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from applications.actors import SYSTEM
from applications.crypto import keyring
from applications.models import DataSubject, LedgerKind
from applications.selectors.retention import standing_holds
from applications.services import ledger
from applications.services.ledger import LedgerUnwritable
from applications.services.operations import DAILY_JOBS
from privacy.datamap import doors
from privacy.models import Right, RightsRequest
from privacy.services.moves import note
from privacy.states import RequestStatus


def end_what_stayed() -> dict[str, int]:
    """Erase each application whose last day is over, but for one that a hold keeps: the ledger first, the
    key, then the rows. What is cut short is done again the next day.

    Raises LedgerUnwritable while the ledger lacks one of them; that one waits.
    """
    today, counts = timezone.localdate(), {"applications": 0}
    with transaction.atomic():
        heirs = {UUID(one["heir"]) for request in _done() for one in request.kept if _is_over(one, today)}
        for heir in heirs - ledger.noted(LedgerKind.ERASED, heirs):
            ledger.note(LedgerKind.ERASED, about_id=heir)
    with suppress(LedgerUnwritable):
        ledger.write()
    ready = ledger.written(LedgerKind.ERASED, heirs)
    for request_id in _done().values_list("pk", flat=True):
        with transaction.atomic():
            request = RightsRequest.objects.select_for_update().get(pk=request_id)
            over = [one for one in request.kept if _is_over(one, today) and UUID(one["heir"]) in ready]
            for one in over:
                _erase(UUID(one["heir"]))
                one["erased_on"] = today.isoformat()
                note(request, "stay_ended", SYSTEM, why=one["ground"])
            if over:
                request.save(update_fields=["kept"])
                counts["applications"] += len(over)
    if heirs - ready:
        raise LedgerUnwritable("waiting")
    return counts


def _done() -> QuerySet[RightsRequest]:
    return RightsRequest.objects.filter(right=Right.ERASURE, status=RequestStatus.COMPLETED).exclude(kept=[])


def _is_over(one: Mapping[str, str], today: date) -> bool:
    is_due = "erased_on" not in one and "heir" in one and date.fromisoformat(one["until"]) < today
    return is_due and not standing_holds(today).filter(subject=UUID(one["heir"])).exists()


def _erase(heir_id: UUID) -> None:
    heir = DataSubject.objects.select_for_update().get(pk=heir_id)
    keyring.destroy_key(heir.pk)
    for door in doors():
        door.erase(heir)


DAILY_JOBS["end_what_stayed"] = end_what_stayed
