"""Blind indexes: keyed digests by which an encrypted value is found without being decrypted.

A digest is one byte, the id of the index key, and the first 16 bytes of HMAC-SHA-256 of the normalised
value under a key derived for the column. A personal code can be enumerated, so the index key is as secret as
a master key. An old index key stays listed until the rows it indexed are written again: what it made is
still found.
"""

import hmac
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed

DIGEST_BYTES = 17
_MAC_BYTES = 16
_DOMAIN = b"blind index 1"


def digest(column: str, normalised: str) -> bytes:
    """The digest under the current index key: what is stored, 17 bytes."""
    return _digest(*_column_keys(column)[-1], normalised)


def candidates(column: str, normalised: str) -> list[bytes]:
    """The digests under every index key: what is looked for. The current key's comes last."""
    return [_digest(key_id, key, normalised) for key_id, key in _column_keys(column)]


def is_current(stored: bytes) -> bool:
    """Whether a stored digest was made with the current index key."""
    return stored[0] == next(reversed(settings.INDEX_KEYS))


def _digest(key_id: bytes, key: bytes, normalised: str) -> bytes:
    return key_id + hmac.digest(key, normalised.encode(), "sha256")[:_MAC_BYTES]


@lru_cache(maxsize=256)
def _column_keys(column: str) -> tuple[tuple[bytes, bytes], ...]:
    name = column.encode()
    context = b"".join(len(part).to_bytes(4, "big") + part for part in (_DOMAIN, name))
    return tuple(
        (bytes([key_id]), hmac.digest(key, context, "sha256")) for key_id, key in settings.INDEX_KEYS.items()
    )


def _forget(*, setting: str, **_: Any) -> None:
    if setting == "INDEX_KEYS":
        _column_keys.cache_clear()


setting_changed.connect(_forget)
