"""What the cellar refuses. Errors carry codes and field labels, never a value, a key or a ciphertext."""

from django.core.exceptions import FieldError

# Codes that say the master key is not at hand at the moment. Whatever else does not open never will.
CURABLE = frozenset({"unknown_epoch", "data_key", "ring_behind"})


class CryptoError(Exception):
    """A cryptographic operation was refused. `code` is for programs; `label` names the field, if any."""

    code = "crypto"

    def __init__(self, code: str = "", *, label: str = "") -> None:
        self.code = code or type(self).code
        self.label = label
        super().__init__(f"{self.code}: {label}" if label else self.code)


class DecryptionError(CryptoError):
    """A stored value was not opened, for whatever reason; there is no value.

    Codes: `envelope` (changed, truncated or moved), `format` (written in a format unknown here), `value`
    (opened, but not of the field's type), `data_key` (the wrapped key does not open), or the code of the
    KeyDestroyed, KeyMissing or UnknownEpoch that stood in the way.
    """

    code = "envelope"


class KeyDestroyed(CryptoError):
    """The owner's data key was destroyed: what it sealed is gone, and nothing new is sealed for the owner."""

    code = "key_destroyed"


class KeyMissing(CryptoError):
    """The owner has no data key yet. It is created and committed before its first use."""

    code = "key_missing"


class UnknownEpoch(CryptoError):
    """A data key is wrapped by a master key that this process does not have."""

    code = "unknown_epoch"


class RingBehind(CryptoError):
    """Other processes went on to keys that this one does not have, or does not have as current.

    It may read what it can; it re-wraps nothing, and makes nothing that must be unique. Its key ring is older
    than the record (crypto.rings): start it again with the ring that the others have.
    """

    code = "ring_behind"


class RetireRefused(CryptoError):
    """A key cannot be retired. Codes: `unknown`, `current`, `older` (`name` goes first), `in_use` (by
    `count`), `young` (`count` digests that cannot be made anew, and are still looked for).
    """

    code = "in_use"

    def __init__(self, code: str, *, name: str = "", count: int = 0) -> None:
        super().__init__(code)
        self.name = name
        self.count = count


class LookupRefused(FieldError):
    """A query would compare, sort by or compute on an encrypted column."""


class WriteRefused(FieldError):
    """A write would bypass encryption, or leave a blind index behind its source."""
