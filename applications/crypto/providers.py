"""Where master keys come from: three verbs that a local key ring or an external KMS answers."""

from functools import lru_cache
from typing import Any, Protocol
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from applications.crypto.errors import DecryptionError, UnknownEpoch
from applications.crypto.key_text import KEY_BYTES
from applications.crypto.nonces import NONCE_BYTES, fresh_nonce

DEFAULT_PROVIDER = "applications.crypto.providers.LocalMasterKeys"


class MasterKeyProvider(Protocol):
    """Wraps data keys. A master key itself never leaves the provider."""

    def current_epoch(self) -> str:
        """The epoch under which new data keys are wrapped."""

    def wrap(self, epoch: str, data_key: bytes, owner_id: UUID) -> bytes:
        """`data_key` under the epoch's master key, bound to epoch and owner. Raises UnknownEpoch."""

    def unwrap(self, epoch: str, wrapped: bytes, owner_id: UUID) -> bytes:
        """The data key again. Raises UnknownEpoch, or DecryptionError("data_key") when it does not open."""


class LocalMasterKeys:
    """Master keys from `settings.MASTER_KEYS` (epoch -> 32 bytes, the last is current).

    A wrapped key is 12 bytes nonce | AES-256-GCM of the data key; its additional data are the use, the epoch
    and the owner.
    """

    def __init__(self) -> None:
        self._ciphers = {epoch: AESGCM(key) for epoch, key in settings.MASTER_KEYS.items()}
        self._current = next(reversed(self._ciphers))

    def current_epoch(self) -> str:
        return self._current

    def wrap(self, epoch: str, data_key: bytes, owner_id: UUID) -> bytes:
        nonce = fresh_nonce()
        return nonce + self._cipher(epoch).encrypt(nonce, data_key, _bound_to(epoch, owner_id))

    def unwrap(self, epoch: str, wrapped: bytes, owner_id: UUID) -> bytes:
        cipher = self._cipher(epoch)
        try:
            return cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], _bound_to(epoch, owner_id))
        except (InvalidTag, ValueError):
            pass
        raise DecryptionError("data_key")

    def _cipher(self, epoch: str) -> AESGCM:
        cipher = self._ciphers.get(epoch)
        if cipher is None:
            raise UnknownEpoch
        return cipher


def can_open(epoch: str) -> bool:
    """Whether keys wrapped in an epoch can still be opened: its master key is not destroyed."""
    try:
        master_keys().wrap(epoch, bytes(KEY_BYTES), UUID(int=0))
    except UnknownEpoch:
        return False
    return True


def _bound_to(epoch: str, owner_id: UUID) -> bytes:
    parts = (b"data key 1", epoch.encode(), owner_id.bytes)
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


@lru_cache(maxsize=1)
def master_keys() -> MasterKeyProvider:
    """The provider that `settings.MASTER_KEY_PROVIDER` names, made once a process."""
    provider: MasterKeyProvider = import_string(getattr(settings, "MASTER_KEY_PROVIDER", DEFAULT_PROVIDER))()
    return provider


def _forget(*, setting: str, **_: Any) -> None:
    if setting in {"MASTER_KEYS", "MASTER_KEY_PROVIDER"}:
        master_keys.cache_clear()


setting_changed.connect(_forget)
