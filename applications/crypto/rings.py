"""The record of both key rings: which key became current when, which is retired.

Every process has its ring from its own environment, and while they restart one by one these differ. The
record is what they have in common. A key is on record before the first row is moved to it, and the one that
came last is the current one: a process that has another as current is behind. A key that was left is never
current again.
"""

from datetime import datetime

from django.conf import settings
from django.db import connections, transaction
from django.db.models import Min, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from applications.crypto.confirming import confirm
from applications.crypto.errors import RetireRefused, RingBehind
from applications.crypto.models import DataKey, Ring, RingKey
from applications.crypto.providers import can_open, master_keys
from applications.crypto.router import KEYS_DATABASE
from applications.crypto.stored_digests import digests_by_key, refuse_another_key, refuse_if_used

_HOLD_EPOCH = "SELECT pg_advisory_xact_lock(hashtextextended('crypto.epoch:' || %s, 0))"


# --- master keys ---


def note_epochs() -> None:
    """Put on record every epoch in which a data key is or was wrapped, and the current one."""
    known = _record(Ring.MASTER).values_list("name", flat=True)
    unknown = DataKey.objects.using(KEYS_DATABASE).exclude(epoch__in=["", *known])
    for epoch in [*unknown.order_by().values_list("epoch", flat=True).distinct(), _current_epoch()]:
        _note_epoch(epoch)


def last_epoch_of(destroyed_in: str) -> str:
    """The epoch that has to end before no copy of what was destroyed just now can be opened: of a data key
    that was wrapped in this one, and of others that may have been made in a later one.
    """
    for epoch in filter(None, (destroyed_in, _current_epoch())):
        _note_epoch(epoch)
    return _newest(Ring.MASTER)


def epoch_to_wrap_in() -> str:
    """The current epoch. Raises RingBehind when this process has another than became current last, or
    another key under its name."""
    note_epochs()
    current = _current_epoch()
    if _newest(Ring.MASTER) != current:
        raise RingBehind
    confirm(current)
    return current


def epochs_on_record() -> list[RingKey]:
    """All there ever were, the oldest first."""
    return list(_record(Ring.MASTER).order_by("since", "id"))


def opens_up_to(epoch: str) -> bool:
    """Whether a copy of a data key, made when `epoch` was current or before, may still be opened: by its
    master key, or by that of an older epoch in which the key was wrapped first.
    """
    names = [one.name for one in epochs_on_record()]
    older = names[: names.index(epoch)] if epoch in names else []
    return any(can_open(name) for name in [epoch, *older])


def retire_epoch(epoch: str) -> datetime:
    """Note that nothing is wrapped in an epoch any more, and have the database refuse whatever comes; since
    when. Its master key can then be destroyed. Safe to repeat.

    Raises RingBehind, or RetireRefused: while it is current, while an older one can be opened, while a live
    data key is wrapped in it.
    """
    if epoch == epoch_to_wrap_in():
        raise RetireRefused("current")
    record = _of(Ring.MASTER, epoch)
    for older in epochs_on_record():
        if older.name == epoch:
            break
        if can_open(older.name):
            raise RetireRefused("older", name=older.name)
    with transaction.atomic(using=KEYS_DATABASE, durable=True):
        with connections[KEYS_DATABASE].cursor() as cursor:
            cursor.execute(_HOLD_EPOCH, [epoch])
        live = DataKey.objects.using(KEYS_DATABASE).filter(epoch=epoch, wrapped__isnull=False)
        if count := live.count():
            raise RetireRefused("in_use", count=count)
        return _retire(record)


def _current_epoch() -> str:
    return master_keys().current_epoch()


def _note_epoch(epoch: str) -> None:
    """One that is not on record holds only keys that were made in it: the first of them is its beginning."""
    if not _record(Ring.MASTER).filter(name=epoch).exists():
        made = DataKey.objects.using(KEYS_DATABASE).filter(epoch=epoch)
        _note(Ring.MASTER, epoch, made.aggregate(first=Min("created_at"))["first"] or Now())


# --- index keys ---


def index_key_to_make_with() -> int:
    """The current index key's number. Raises RingBehind when another became current since, or it is
    another key than made what stands under its number."""
    current = next(reversed(settings.INDEX_KEYS))
    if not _record(Ring.INDEX).exists():  # the record begins: what made the digests there are came before
        for number in sorted(digests_by_key().keys() - {current}):
            _note(Ring.INDEX, str(number), Now())
    _note(Ring.INDEX, str(current), Now())
    if _newest(Ring.INDEX) != str(current):
        raise RingBehind
    refuse_another_key(current)
    return current


def index_keys_on_record() -> list[RingKey]:
    """All that were ever noted, the oldest first."""
    return list(_record(Ring.INDEX).order_by("since", "id"))


def retire_index_key(number: int) -> datetime:
    """Note that nothing is looked up by an index key any more; since when. Safe to repeat.

    Raises RingBehind, or RetireRefused: for the current one, and while what it made is of use.
    """
    if number == index_key_to_make_with():
        raise RetireRefused("current")
    refuse_if_used(number)
    with transaction.atomic(using=KEYS_DATABASE, durable=True):
        _note(Ring.INDEX, str(number), Now())
        return _retire(_of(Ring.INDEX, str(number)))


# --- both ---


def _record(kind: Ring) -> QuerySet[RingKey]:
    return RingKey.objects.using(KEYS_DATABASE).filter(kind=kind)


def _note(kind: Ring, name: str, since: datetime | Now) -> None:
    fresh = RingKey(kind=kind, name=name, since=since)
    if not _record(kind).filter(name=name).exists():
        RingKey.objects.using(KEYS_DATABASE).bulk_create([fresh], ignore_conflicts=True)


def _newest(kind: Ring) -> str:
    """Of those that are not retired: the current one never is."""
    left = _record(kind).filter(retired_at__isnull=True).order_by("since", "id")
    return left.values_list("name", flat=True).last() or ""


def _of(kind: Ring, name: str) -> RingKey:
    found = _record(kind).filter(name=name).first()
    if found is None:
        raise RetireRefused("unknown")
    return found


def _retire(record: RingKey) -> datetime:
    """The moment that stands there: of whoever came first."""
    now = timezone.now()
    mine = RingKey.objects.using(KEYS_DATABASE).filter(pk=record.pk)
    mine.filter(retired_at__isnull=True).update(retired_at=now)
    return mine.get().retired_at or now
