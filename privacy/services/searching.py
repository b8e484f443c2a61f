"""Once a day every table is read through for what erasures left: one pass for all that are new."""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from applications.crypto.keyring import data_key_scope
from applications.crypto.reading import unless_destroyed
from applications.row_security import storing
from applications.services.operations import DAILY_JOBS
from privacy.models import Erasure, RequestWords
from privacy.rights.residue import Traces, search_tables

AT_ONCE = 200  # their words are held in memory


@data_key_scope()
@storing()  # what is left may lie in anybody's row
def search_everything() -> dict[str, int]:
    """Search all tables for erasures that were not searched for yet, and again where something was left.

    Where nothing is left, what was looked for is forgotten. What is left stands in the ledger. Of one whose
    traces cannot be read nothing is claimed: it goes on waiting.
    """
    waiting = Q(searched_all_at__isnull=True) | ~Q(residue=[])
    due = list(Erasure.objects.filter(waiting, certified_at__isnull=False).order_by("certified_at", "pk"))
    by_id, counts = {one.pk: one for one in due}, {"erasures": 0, "left": 0}
    for start in range(0, len(due), AT_ONCE):
        some = due[start : start + AT_ONCE]
        for erasure_id, left in search_tables(_traces(some)).items():
            _note(by_id[erasure_id], left)
            counts["erasures"] += 1
            counts["left"] += bool(left)
    return counts


def _traces(erasures: Sequence[Erasure]) -> dict[UUID, Traces]:
    words = RequestWords.objects.filter(pk__in=[one.request_id for one in erasures]).in_bulk()
    held = {
        one.pk: unless_destroyed(words[one.request_id], "traces")
        for one in erasures
        if one.request_id in words
    }
    return {erasure_id: Traces.from_data(traces) for erasure_id, traces in held.items() if traces}


def _note(erasure: Erasure, left: list[str]) -> None:
    with transaction.atomic():
        Erasure.objects.filter(pk=erasure.pk).update(searched_all_at=timezone.now(), residue=left)
        if not left:
            RequestWords.objects.filter(pk=erasure.request_id).update(traces=None)


DAILY_JOBS["search_for_what_erasures_left"] = search_everything
