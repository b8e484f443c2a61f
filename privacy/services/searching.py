"""Once a day every table is read through for what erasures left: one pass for all that are new."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from applications.crypto.keyring import data_key_scope
from applications.services.operations import DAILY_JOBS
from privacy.models import Erasure, RequestWords
from privacy.rights.residue import Traces, search_tables

AT_ONCE = 20  # their traces make one expression


@data_key_scope()
def search_everything() -> dict[str, int]:
    """Search all tables for erasures that were not searched for yet, and again where something was left.

    Where nothing is left, what was looked for is forgotten. What is left stands in the ledger.
    """
    waiting = Q(searched_all_at__isnull=True) | ~Q(residue=[])
    due = list(Erasure.objects.filter(waiting, certified_at__isnull=False).order_by("certified_at", "pk"))
    counts = {"erasures": 0, "left": 0}
    for start in range(0, len(due), AT_ONCE):
        some = due[start : start + AT_ONCE]
        found = search_tables(_traces(some))
        for erasure in some:
            left = found.get(erasure.pk, [])
            _note(erasure, left)
            counts["erasures"] += 1
            counts["left"] += bool(left)
    return counts


def _traces(erasures: Sequence[Erasure]) -> dict[object, Traces]:
    words = RequestWords.objects.filter(pk__in=[one.request_id for one in erasures]).in_bulk()
    return {
        one.pk: Traces.from_data(words[one.request_id].traces or {})
        for one in erasures
        if one.request_id in words and words[one.request_id].traces
    }


def _note(erasure: Erasure, left: list[str]) -> None:
    with transaction.atomic():
        Erasure.objects.filter(pk=erasure.pk).update(searched_all_at=timezone.now(), residue=left)
        if not left:
            RequestWords.objects.filter(pk=erasure.request_id).update(traces=None)


DAILY_JOBS["search_for_what_erasures_left"] = search_everything
