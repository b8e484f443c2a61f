"""The encrypted model fields, one for each type of value, and the blind index beside them."""

import json
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.backends.utils import format_number

from applications.crypto.encrypted_field import EncryptedField
from applications.crypto.index_field import BlindIndex

__all__ = [
    "BlindIndex",
    "EncryptedBoolean",
    "EncryptedBytes",
    "EncryptedDate",
    "EncryptedDecimal",
    "EncryptedField",
    "EncryptedInteger",
    "EncryptedJSON",
    "EncryptedText",
    "encrypted_fields",
]

INTEGER_BYTES = 8
INTEGER_LIMIT = 2 ** (8 * INTEGER_BYTES - 1)


class EncryptedText(EncryptedField, models.CharField):
    """Text of any length, UTF-8; `max_length` is validated in forms."""

    def encode(self, value: Any) -> bytes:
        return str.encode(value)

    def decode(self, plaintext: bytes) -> str:
        return plaintext.decode()


class EncryptedBytes(EncryptedField, models.BinaryField):
    """Bytes as they are: a picture, a recording."""

    def to_python(self, value: Any) -> Any:
        return value  # BinaryField would take a text for base64

    def encode(self, value: Any) -> bytes:
        if not isinstance(value, bytes | bytearray | memoryview):
            raise TypeError
        return bytes(value)

    def decode(self, plaintext: bytes) -> bytes:
        return plaintext


class EncryptedDate(EncryptedField, models.DateField):
    """A calendar date, in ISO 8601."""

    def encode(self, value: date) -> bytes:
        return value.isoformat().encode()

    def decode(self, plaintext: bytes) -> date:
        return date.fromisoformat(plaintext.decode())


class EncryptedInteger(EncryptedField, models.IntegerField):
    """A whole number of 64 bits, always in eight bytes: the length tells nothing of its size."""

    @cached_property
    def validators(self) -> list[Any]:
        # IntegerField would ask the database for the range of its column, and the column is bytea.
        return [*super().validators, MinValueValidator(-INTEGER_LIMIT), MaxValueValidator(INTEGER_LIMIT - 1)]

    def encode(self, value: int) -> bytes:
        return value.to_bytes(INTEGER_BYTES, "big", signed=True)

    def decode(self, plaintext: bytes) -> int:
        if len(plaintext) != INTEGER_BYTES:
            raise ValueError
        return int.from_bytes(plaintext, "big", signed=True)


class EncryptedBoolean(EncryptedField, models.BooleanField):
    """True or false, in one byte."""

    def encode(self, value: bool) -> bytes:
        return b"\x01" if value else b"\x00"

    def decode(self, plaintext: bytes) -> bool:
        if plaintext not in (b"\x00", b"\x01"):
            raise ValueError
        return plaintext == b"\x01"


class EncryptedDecimal(EncryptedField, models.DecimalField):
    """A decimal number of `max_digits`, rounded to `decimal_places` as an ordinary column would."""

    def encode(self, value: Decimal) -> bytes:
        text = format_number(value, self.max_digits, self.decimal_places)
        return str(text).encode()

    def decode(self, plaintext: bytes) -> Decimal:
        return Decimal(plaintext.decode())


class EncryptedJSON(EncryptedField, models.JSONField):
    """Anything that JSON can hold. A value changed in place is sealed anew on saving; None is NULL."""

    mutable = True

    def encode(self, value: Any) -> bytes:
        return json.dumps(value, cls=self.encoder, ensure_ascii=False, separators=(",", ":")).encode()

    def decode(self, plaintext: bytes) -> Any:
        return json.loads(plaintext, cls=self.decoder)


def encrypted_fields(model: type[models.Model]) -> list[EncryptedField]:
    """The encrypted fields of a model, inherited ones included, in the order of declaration."""
    return [field for field in model._meta.concrete_fields if isinstance(field, EncryptedField)]
