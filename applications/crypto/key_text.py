"""Reading keys from the environment: `epoch1:base64,epoch2:base64`, or the same text one entry a line.

Used by settings, so nothing of Django but its exception is imported. No sentence here repeats a key.
"""

import base64
import binascii
import re

from django.core.exceptions import ImproperlyConfigured

KEY_BYTES = 32
EPOCH = re.compile(r"[A-Za-z0-9_.-]{1,40}")


def parse_master_keys(text: str) -> dict[str, bytes]:
    """Master keys by epoch, in the order written: the last one is current.

    Raises ImproperlyConfigured on an empty text, a bad or repeated epoch, a repeated key, or a key that is
    not the base64 of 32 bytes.
    """
    keys = _parse(text, "MASTER_KEYS")
    for epoch in keys:
        if not EPOCH.fullmatch(epoch):
            raise ImproperlyConfigured(
                "MASTER_KEYS: an epoch is a name of at most 40 letters, digits, dots, dashes or underscores."
            )
    return keys


def parse_index_keys(text: str) -> dict[int, bytes]:
    """Blind index keys by id (1 to 255), in the order written: the last one is current.

    Raises ImproperlyConfigured as parse_master_keys does, and on an id that does not fit in one byte.
    """
    keys: dict[int, bytes] = {}
    for name, key in _parse(text, "INDEX_KEYS").items():
        if not re.fullmatch(r"[1-9][0-9]{0,2}", name) or int(name) > 255:
            raise ImproperlyConfigured("INDEX_KEYS: the id of an index key is a number from 1 to 255.")
        keys[int(name)] = key
    return keys


def parse_signing_keys(text: str) -> dict[str, bytes]:
    """Private Ed25519 keys (RFC 8032: 32 bytes) by name, in the order written: the last one signs.

    Raises ImproperlyConfigured as parse_master_keys does.
    """
    return _parse(text, "PORTABILITY_KEYS")


def _parse(text: str, variable: str) -> dict[str, bytes]:
    keys: dict[str, bytes] = {}
    for entry in filter(None, (part.strip() for part in re.split(r"[,\n]", text))):
        name, separator, encoded = entry.partition(":")
        name = name.strip()
        if not separator or not name:
            raise ImproperlyConfigured(f"{variable}: every entry is written as name:key.")
        if name in keys:
            raise ImproperlyConfigured(f"{variable}: the same name stands twice.")
        key = _decode(encoded.strip(), variable)
        if key in keys.values():
            raise ImproperlyConfigured(f"{variable}: the same key stands twice under two names.")
        keys[name] = key
    if not keys:
        raise ImproperlyConfigured(f"{variable}: at least one key is needed.")
    return keys


def _decode(encoded: str, variable: str) -> bytes:
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        key = None
    # Raised outside the handler: the chained error would quote its input.
    if key is None:
        raise ImproperlyConfigured(f"{variable}: a key is not base64.")
    if len(key) != KEY_BYTES:
        raise ImproperlyConfigured(f"{variable}: a key is not {KEY_BYTES} bytes long.")
    return key
