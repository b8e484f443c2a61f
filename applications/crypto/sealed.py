"""What an instance holds in place of a plain value. Neither shows anything of it."""

from copy import deepcopy
from typing import Any
from uuid import UUID


class Sealed:
    """A stored envelope that nobody has opened. `values()` and the like return it as well.

    It is opened by reading the attribute of a model instance, or with EncryptedField.open().
    """

    __slots__ = ("envelope",)

    def __init__(self, envelope: bytes) -> None:
        self.envelope = envelope

    def __repr__(self) -> str:
        return "<sealed>"


class Held:
    """A value in the clear: assigned (no envelope yet), or opened from the envelope of one row and owner."""

    __slots__ = ("envelope", "owner_id", "plaintext", "row_id", "value")

    def __init__(
        self,
        value: Any,
        envelope: bytes | None = None,
        row_id: UUID | None = None,
        owner_id: UUID | None = None,
        plaintext: bytes | None = None,
    ) -> None:
        self.value = value
        self.envelope = envelope
        self.row_id = row_id
        self.owner_id = owner_id
        # Kept only of a value that can change in place, to see whether it did.
        self.plaintext = plaintext

    def __repr__(self) -> str:
        return "<held>"

    def __reduce__(self) -> tuple[type[Sealed], tuple[bytes]]:
        """Pickled as its envelope. Raises TypeError for a value that was not saved: it has none."""
        if self.envelope is None or self.plaintext is not None:
            raise TypeError(
                "An encrypted field is pickled in its stored form: save the instance, then reload it."
            )
        return Sealed, (self.envelope,)

    def __deepcopy__(self, memo: dict[int, Any]) -> "Held":
        # A copy in memory keeps what was assigned; only pickling goes through the envelope.
        return Held(deepcopy(self.value, memo), self.envelope, self.row_id, self.owner_id, self.plaintext)
