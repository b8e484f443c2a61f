"""Key rings for tests: the last key is the current one."""

from typing import Any
from uuid import UUID, uuid4

from django.test import override_settings

from applications.crypto import keyring
from applications.crypto.models import DataKey


def masters(*names: str) -> Any:
    """MASTER_KEYS of these epochs."""
    return override_settings(MASTER_KEYS={name: name.encode().ljust(32, b"-") for name in names})


def numbers(*found: int) -> Any:
    """INDEX_KEYS of these numbers."""
    return override_settings(INDEX_KEYS={number: bytes([number]) * 32 for number in found})


def owner() -> UUID:
    """Somebody with a data key."""
    owner_id = uuid4()
    keyring.create_key(owner_id)
    return owner_id


def sealed(owner_id: UUID) -> bytes:
    return keyring.cipher_for(owner_id).encrypt(b"n" * 12, b"secret", None)


def opens(owner_id: UUID, envelope: bytes) -> bool:
    return keyring.cipher_for(owner_id).decrypt(b"n" * 12, envelope, None) == b"secret"


def stored_in(owner_id: UUID) -> str:
    """The epoch that stands beside the owner's key."""
    return DataKey.objects.get(owner_id=owner_id).epoch
