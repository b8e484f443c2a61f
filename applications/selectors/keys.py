"""What stands in the key rings, on record and in the tables: no key, nothing of anybody."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db.models import Count, Q
from django.utils import timezone

from applications.crypto import rings
from applications.crypto.confirming import fits
from applications.crypto.key_schedule import Due, schedule
from applications.crypto.models import DataKey
from applications.crypto.providers import can_open, master_keys
from applications.crypto.router import KEYS_DATABASE
from applications.crypto.stored_digests import digests_by_key, index_key_fits
from applications.row_security import storing


@dataclass(frozen=True)
class Epoch:
    """One epoch. The days are those of its master key, where it is still there and was ever current."""

    name: str
    is_current: bool
    opens: bool
    since: datetime | None = None
    retired_at: datetime | None = None
    replace_by: date | None = None
    destroy_by: date | None = None
    due: Due = Due.NOTHING


@dataclass(frozen=True)
class Held:
    """How many live data keys are wrapped in an epoch, how many that were destroyed had been, and whether the
    master key that is here opens the former."""

    live: int = 0
    destroyed: int = 0
    fits: bool = True


@dataclass(frozen=True)
class IndexKey:
    """One index key, with how many blind indexes it made, and whether the key that is here finds them."""

    number: int
    is_current: bool
    is_listed: bool
    digests: int
    since: datetime | None = None
    retired_at: datetime | None = None
    fits: bool = True


def epochs() -> list[Epoch]:
    """Those on record, the oldest first, then those in the ring that were never current. Counts nothing."""
    current = master_keys().current_epoch()
    found = [
        _epoch(one.name, one.since, one.retired_at, is_current=one.name == current)
        for one in rings.epochs_on_record()
    ]
    known = {one.name for one in found}
    waiting = (name for name in [*settings.MASTER_KEYS, current] if name not in known and can_open(name))
    return [*found, *(Epoch(name, name == current, opens=True) for name in dict.fromkeys(waiting))]


def held_in_epochs() -> dict[str, Held]:
    """Counted over the whole table."""
    keys = DataKey.objects.using(KEYS_DATABASE).exclude(epoch="").values("epoch").order_by()
    counted = keys.annotate(
        live=Count("pk", filter=Q(wrapped__isnull=False)),
        destroyed=Count("pk", filter=Q(wrapped__isnull=True)),
    )
    return {one["epoch"]: Held(one["live"], one["destroyed"], fits(one["epoch"])) for one in counted}


@storing()  # numbers alone
def index_keys() -> list[IndexKey]:
    """Those on record, in the ring and in the tables, by number. Counted over every blind index."""
    current = next(reversed(settings.INDEX_KEYS))
    digests = Counter(digests_by_key())
    record = {int(one.name): one for one in rings.index_keys_on_record()}
    return [
        IndexKey(
            number=number,
            is_current=number == current,
            is_listed=number in settings.INDEX_KEYS,
            digests=digests[number],
            since=record[number].since if number in record else None,
            retired_at=record[number].retired_at if number in record else None,
            fits=number not in settings.INDEX_KEYS or index_key_fits(number),
        )
        for number in sorted({*settings.INDEX_KEYS, *digests, *record})
    ]


def _epoch(name: str, since: datetime, retired_at: datetime | None, *, is_current: bool) -> Epoch:
    if not can_open(name):
        return Epoch(name, is_current, False, since, retired_at)
    days = schedule(timezone.localdate(since), settings.MASTER_KEY_DAYS)
    due = days.due(timezone.localdate(), is_current=is_current)
    return Epoch(name, is_current, True, since, retired_at, days.replace_by, days.destroy_by, due)
