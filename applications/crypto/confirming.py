"""Whether a master key is the one that its epoch had: what was wrapped by others opens with it.

With a wrong key under a right name nothing opens; and what was wrapped with it nobody could open once the
right one is back.
"""

from typing import Any
from uuid import UUID

from django.core.signals import setting_changed

from applications.crypto.errors import CryptoError, RingBehind
from applications.crypto.models import DataKey
from applications.crypto.providers import master_keys
from applications.crypto.router import KEYS_DATABASE

SAMPLE = 5
_confirmed: set[str] = set()  # a process keeps its ring, so it asks once


def confirm(epoch: str) -> None:
    """Raise RingBehind where the master key that is here is not the one with which others wrap."""
    if epoch not in _confirmed:
        sample = _sample(epoch)
        if not _any_opens(epoch, sample):
            raise RingBehind
        if sample:
            _confirmed.add(epoch)


def fits(epoch: str) -> bool:
    """Whether of a few live keys of an epoch one opens; where there are none, nobody can tell."""
    return _any_opens(epoch, _sample(epoch))


def _sample(epoch: str) -> list[tuple[UUID, bytes]]:
    live = DataKey.objects.using(KEYS_DATABASE).filter(epoch=epoch, wrapped__isnull=False)
    rows = live.order_by("owner_id").values_list("owner_id", "wrapped")[:SAMPLE]
    return [(owner_id, bytes(wrapped or b"")) for owner_id, wrapped in rows]


def _any_opens(epoch: str, sample: list[tuple[UUID, bytes]]) -> bool:
    return not sample or any(_opens(epoch, *one) for one in sample)


def _opens(epoch: str, owner_id: UUID, wrapped: bytes) -> bool:
    try:
        master_keys().unwrap(epoch, wrapped, owner_id)
    except CryptoError:
        return False
    return True


def _forget(*, setting: str, **_: Any) -> None:
    if setting in {"MASTER_KEYS", "MASTER_KEY_PROVIDER"}:
        _confirmed.clear()


setting_changed.connect(_forget)
