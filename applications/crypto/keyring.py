"""Data keys: one for each owner, created before use, cached for one scope, destroyed for good.

An owner is whoever the data belong to: a data subject, an e-mail challenge, a lender. No transaction spans
the two databases, so a key is committed here first and its data are written after; a key left without data
is swept later, never the reverse.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import IntegrityError, connections, models, transaction

from applications.crypto.confirming import confirm
from applications.crypto.errors import CryptoError, KeyDestroyed, KeyMissing, RingBehind
from applications.crypto.key_text import KEY_BYTES
from applications.crypto.models import DataKey
from applications.crypto.providers import master_keys
from applications.crypto.router import KEYS_DATABASE
from applications.crypto.scope import data_key_scope, let_go, open_ciphers
from applications.crypto.signals import keys_destroyed

__all__ = [
    "cipher_for",
    "create_key",
    "data_key_scope",
    "destroy_key",
    "destroy_keys",
    "epoch_of",
    "forget_keys",
    "key_of_a_new_owner",
    "known_owners",
    "newest_destroyed",
    "owner_ids_created_before",
    "owners_with_keys",
    "prefetch",
]

_ENTOMB = """
    INSERT INTO crypto_datakey (owner_id, epoch, wrapped, destroyed_at)
    SELECT owner, '', NULL, clock_timestamp() FROM unnest(%s::uuid[]) AS owner ORDER BY owner
    ON CONFLICT (owner_id) DO UPDATE SET wrapped = NULL, destroyed_at = excluded.destroyed_at
    WHERE crypto_datakey.wrapped IS NOT NULL
"""


def create_key(owner_id: UUID) -> None:
    """Make the owner's data key and commit it, unless there is one. Safe to repeat and to race.

    Raises KeyDestroyed when the owner had a key once, RingBehind when this process would wrap it in an epoch
    that was retired or with another key than others have under its name, and RuntimeError inside a
    transaction on `keys`, where nothing would be committed.
    """
    provider = master_keys()
    epoch = provider.current_epoch()
    confirm(epoch)
    data_key = os.urandom(KEY_BYTES)
    fresh = DataKey(owner_id=owner_id, epoch=epoch, wrapped=provider.wrap(epoch, data_key, owner_id))
    with _refused_by_a_retired_epoch(), transaction.atomic(using=KEYS_DATABASE, durable=True):
        _keys().bulk_create([fresh], ignore_conflicts=True)
        wrapped = _keys().values_list("wrapped", flat=True).get(owner_id=owner_id)
    if wrapped is None:
        raise KeyDestroyed
    ciphers = open_ciphers()
    # Whoever came first wins; a key that is not ours is unwrapped when it is needed.
    if ciphers is not None and bytes(wrapped) == fresh.wrapped:
        ciphers[owner_id.int] = AESGCM(data_key)


@contextmanager
def _refused_by_a_retired_epoch() -> Iterator[None]:
    try:
        yield
    except IntegrityError:  # the trigger on the table: nothing else of a new key can be refused
        raise RingBehind from None


@contextmanager
def key_of_a_new_owner(owner_id: UUID) -> Iterator[None]:
    """Make the key under which a new owner is written inside the block; a block that fails leaves none.

    Failures may come in any number, and the sweep of orphaned keys stops at more than crashes explain.
    Belongs inside the transaction that writes the owner: when a commit fails, nobody knows whether the row
    is there, and the key stays.
    """
    create_key(owner_id)
    try:
        yield
    except BaseException:
        forget_keys([owner_id])
        raise


def cipher_for(owner_id: UUID) -> AESGCM:
    """The cipher under the owner's data key; from the open scope if it is there.

    Raises KeyMissing, KeyDestroyed, UnknownEpoch, or DecryptionError("data_key").
    """
    ciphers = open_ciphers()
    if ciphers is not None:
        cipher = ciphers.get(owner_id.int)
        if cipher is not None:
            return cipher
    stored = _keys().filter(owner_id=owner_id).values_list("epoch", "wrapped").first()
    if stored is None:
        raise KeyMissing
    epoch, wrapped = stored
    if wrapped is None:
        raise KeyDestroyed
    cipher = AESGCM(master_keys().unwrap(epoch, bytes(wrapped), owner_id))
    if ciphers is not None:
        ciphers[owner_id.int] = cipher
    return cipher


def prefetch(owner_ids: Iterable[UUID]) -> None:
    """Unwrap the keys of many owners into the open scope with one query; without a scope, do nothing.

    Owners whose key is missing or does not open are passed over: reading their fields raises, theirs alone.
    """
    ciphers = open_ciphers()
    if ciphers is None:
        return
    wanted = {owner_id for owner_id in owner_ids if owner_id.int not in ciphers}
    if not wanted:
        return
    stored = _keys().filter(owner_id__in=wanted).values_list("owner_id", "epoch", "wrapped")
    for owner_id, epoch, wrapped in stored:
        if wrapped is not None:
            with suppress(CryptoError):
                ciphers[owner_id.int] = AESGCM(master_keys().unwrap(epoch, bytes(wrapped), owner_id))


def destroy_key(owner_id: UUID) -> bool:
    """Destroy the owner's data key; True when there was one to destroy, or none yet. Safe to repeat.

    A tombstone stays, also where no key was, so that none is made afterwards. Raises RuntimeError inside a
    transaction on `keys`.
    """
    return destroy_keys([owner_id]) == 1


def destroy_keys(owner_ids: Iterable[UUID]) -> int:
    """Destroy many keys in one statement; how many tombstones are new. The caller keeps the batch bounded."""
    doomed = list(set(owner_ids))
    with transaction.atomic(using=KEYS_DATABASE, durable=True), connections[KEYS_DATABASE].cursor() as cursor:
        cursor.execute(_ENTOMB, [doomed])
        entombed: int = cursor.rowcount
    let_go(doomed)
    _tell(doomed, count=entombed, tombstones=True)
    return entombed


def forget_keys(owner_ids: Iterable[UUID]) -> int:
    """Destroy keys without tombstones; how many there were. For owners whose ids never come back and of whom
    no row is left to write to: a challenge that has ended, an owner that was never written.
    """
    doomed = list(set(owner_ids))
    with transaction.atomic(using=KEYS_DATABASE, durable=True):
        forgotten: int = _keys().filter(owner_id__in=doomed).delete()[0]
    let_go(doomed)
    _tell(doomed, count=forgotten, tombstones=False)
    return forgotten


def _tell(owner_ids: list[UUID], *, count: int, tombstones: bool) -> None:
    if count:
        keys_destroyed.send(sender=DataKey, owner_ids=owner_ids, count=count, tombstones=tombstones)


def owner_ids_created_before(moment: datetime, *, after: UUID | None = None, limit: int = 1000) -> list[UUID]:
    """Owners of live keys made before `moment`, in the order of their ids, from `after` (exclusive) on.

    For the sweep of orphaned keys, which goes through them page by page.
    """
    live = _keys().filter(created_at__lt=moment, wrapped__isnull=False)
    if after is not None:
        live = live.filter(owner_id__gt=after)
    return list(live.order_by("owner_id").values_list("owner_id", flat=True)[:limit])


def owners_with_keys(owner_ids: Iterable[UUID]) -> set[UUID]:
    """Those of these owners whose key can still be unwrapped."""
    live = _keys().filter(owner_id__in=list(owner_ids), wrapped__isnull=False)
    return set(live.values_list("owner_id", flat=True))


def known_owners(owner_ids: Iterable[UUID]) -> set[UUID]:
    """Those of these owners who have a key, or had one that was destroyed."""
    return set(_keys().filter(owner_id__in=list(owner_ids)).values_list("owner_id", flat=True))


def newest_destroyed(limit: int) -> list[UUID]:
    """The owners whose keys were destroyed last, of those that have a tombstone."""
    gone = _keys().filter(wrapped__isnull=True).order_by("-destroyed_at")
    return list(gone.values_list("owner_id", flat=True)[:limit])


def epoch_of(owner_id: UUID) -> str:
    """The epoch under which an owner's key is wrapped, or was when destroyed; "" where there is none."""
    return _keys().filter(owner_id=owner_id).values_list("epoch", flat=True).first() or ""


def _keys() -> models.QuerySet[DataKey]:
    return DataKey.objects.using(KEYS_DATABASE)
