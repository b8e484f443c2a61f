"""What ends beside the retention run: codes, sessions of staff, keys of nobody. Small chunks, counted."""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from functools import partial
from itertools import islice
from uuid import UUID

from django.contrib.sessions.models import Session
from django.db import models, transaction
from django.db.models import QuerySet
from django.utils import timezone

from applications.crypto import keyring
from applications.endings import At, due
from applications.models import (
    DataSubject,
    EmailChallenge,
    OutboundMail,
    SecondFactor,
    SignInTry,
)
from applications.retention_rules import Retention
from applications.services.operations import DAILY_JOBS

CHUNK = 500
TRIES_KEPT = timedelta(days=1)
ORPHAN_KEYS_KEPT = timedelta(days=1)
MOST_ORPHANS = 20


class TooManyOrphans(Exception):
    """Keys without owners in such number that the two databases do not belong together."""


def _delete_in_chunks(ended: Callable[[], QuerySet]) -> int:
    """Delete what `ended` finds, a chunk a transaction, until there is none; the number deleted.

    A row that somebody is changing is passed over, and due again another day if it still is.
    """
    total = 0
    while True:
        with transaction.atomic():
            rows = ended().select_for_update(skip_locked=True, of=("self",))
            chunk = list(rows.values_list("pk", flat=True)[:CHUNK])
            if not chunk:
                return total
            ended().model._default_manager.filter(pk__in=chunk).delete()
            total += len(chunk)


def ended_challenges(at: At) -> QuerySet[EmailChallenge]:
    """Mailed codes that were asked for long enough ago."""
    return EmailChallenge.objects.filter(created_at__lt=at.before(Retention.CODE))


def end_challenges() -> dict[str, int]:
    """Forget mailed codes a day after they were asked for: the keys first, then the rows."""
    counts = {"mails": 0, "challenges": 0}
    while owners := list(due("codes").values_list("pk", flat=True)[:CHUNK]):
        keyring.forget_keys(owners)
        counts["mails"] += _delete_in_chunks(partial(OutboundMail.objects.filter, owner_id__in=owners))
        ended = _delete_in_chunks(partial(EmailChallenge.objects.filter, pk__in=owners))
        counts["challenges"] += ended
        if not ended:  # somebody holds these rows: another day
            break
    return counts


def end_staff_sessions() -> dict[str, int]:
    """Delete sessions of staff that nobody can use any more, and tries at their door a day after."""
    now = timezone.now()
    return {
        "sessions": _delete_in_chunks(lambda: Session.objects.filter(expire_date__lt=now)),
        "tries": _delete_in_chunks(lambda: SignInTry.objects.filter(created_at__lt=now - TRIES_KEPT)),
    }


def sweep_orphan_keys() -> dict[str, int]:
    """Remove data keys whose owner was never written: the key is committed before its first row.

    Raises TooManyOrphans and removes none when there are more than crashes explain: then it is the main
    database that is not the one these keys belong to (an older copy, an empty one).
    """
    orphans: list[UUID] = []
    for page in _orphans():
        orphans += page
        if len(orphans) > MOST_ORPHANS:
            raise TooManyOrphans
    return {"keys": keyring.forget_keys(orphans)}


def forget_keys_without_owner() -> int:
    """Remove them however many there are, after a copy was restored: what they sealed is lost."""
    return sum(map(keyring.forget_keys, _orphans()))


def _orphans() -> Iterator[list[UUID]]:
    """Owners of keys older than a day who have no row, a page at a time."""
    before, last = timezone.now() - ORPHAN_KEYS_KEPT, None
    while page := keyring.owner_ids_created_before(before, after=last, limit=CHUNK):
        last = page[-1]
        known = {owner for model in KEY_OWNERS for owner in _owners_among(model, page)}
        yield [owner for owner in page if owner not in known]


def people_without_keys() -> list[UUID]:
    """People with data and without a key: there are some when the keys are older than the data. What is
    sealed for them nobody can read."""
    found: list[UUID] = []
    people = DataSubject.objects.filter(erased_at__isnull=True).order_by("pk").values_list("pk", flat=True)
    ids = people.iterator(CHUNK)
    while page := list(islice(ids, CHUNK)):
        found += set(page) - keyring.known_owners(page)
    return found


def _owners_among(model: type[models.Model], ids: list[UUID]) -> Iterable[UUID]:
    return model._default_manager.filter(pk__in=ids).values_list("pk", flat=True)


# The models whose rows own a data key; floors above add theirs.
KEY_OWNERS: list[type[models.Model]] = [DataSubject, EmailChallenge, SecondFactor]

DAILY_JOBS |= {
    "end_challenges": end_challenges,
    "end_staff_sessions": end_staff_sessions,
    "sweep_orphan_keys": sweep_orphan_keys,
}
