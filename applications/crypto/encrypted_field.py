"""The encrypted model field: a bytea column that reads like the ordinary field it is mixed into."""

from functools import cached_property
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.lookups import Lookup
from django.utils.translation import gettext_lazy as _

from applications.crypto.columns import SealedColumn, SealedIsNull, refuse_plaintext, refused, write_refused
from applications.crypto.declaration import check_declaration
from applications.crypto.descriptor import SealedAttribute
from applications.crypto.envelope import seal, unseal
from applications.crypto.errors import CryptoError, DecryptionError, WriteRefused
from applications.crypto.keyring import cipher_for
from applications.crypto.sealed import Held, Sealed
from applications.crypto.signals import decryption_failed


class EncryptedField(models.Field):
    """Mixed in before an ordinary field. The model has a UUID primary key, set when made, and an `owner_id`.

    `label` binds each value to this field and never changes, whatever the field or the model is renamed to.
    `personal` is a mark for the floors above, kept as it is and left out of migrations.

    Values are opened when first read and written back byte for byte unless assigned anew. Reading raises
    DecryptionError; saving raises KeyMissing, KeyDestroyed or WriteRefused.
    """

    descriptor_class = SealedAttribute
    # Whether values can change in place (lists, dictionaries), unseen by assignment.
    mutable = False
    # The ordinary sentences would repeat the value.
    default_error_messages = {
        "invalid": _("Enter a valid value."),
        "invalid_nullable": _("Enter a valid value."),
        "invalid_choice": _("Select a valid choice. That choice is not one of the available choices."),
        "invalid_date": _("Enter a valid date."),
    }

    def __init__(self, *args: Any, label: str = "", personal: Any = None, **kwargs: Any) -> None:
        self.label = label
        self.personal = personal
        # A fixture would hold either plain values or envelopes bound to rows that it may not restore.
        kwargs["serialize"] = False
        super().__init__(*args, **kwargs)

    def encode(self, value: Any) -> bytes:
        """The bytes to seal. Raises ValueError or ArithmeticError."""
        raise NotImplementedError

    def decode(self, plaintext: bytes) -> Any:
        """The value again. Raises ValueError or ArithmeticError."""
        raise NotImplementedError

    # --- between instance and envelope ---

    def open(self, sealed: Sealed, *, row_id: UUID, owner_id: UUID) -> Any:
        """The value in an envelope fetched without its instance, as by values(). Raises DecryptionError."""
        return self._open(sealed.envelope, row_id, owner_id)[0]

    def first_read(self, instance: models.Model, sealed: Sealed) -> Held:
        """Open what the instance holds sealed, and keep it opened."""
        row_id, owner_id = _row_and_owner(instance)
        value, plaintext = self._open(sealed.envelope, row_id, owner_id)
        held = Held(value, sealed.envelope, row_id, owner_id, plaintext if self.mutable else None)
        instance.__dict__[self.attname] = held
        return held

    def pre_save(self, model_instance: models.Model, add: bool) -> Sealed | None:
        held = model_instance.__dict__.get(self.attname)
        if held is None:
            getattr(model_instance, self.attname)  # loads a deferred column
            held = model_instance.__dict__[self.attname]
        if held is None:
            return None
        if isinstance(held, Sealed):
            if not add:
                return held
            # An INSERT of an unread envelope copies a row: refused here, or it could never be read again.
            held = self.first_read(model_instance, held)
        return Sealed(self._envelope_of(model_instance, held))

    def _envelope_of(self, instance: models.Model, held: Held) -> bytes:
        row_id, owner_id = _row_and_owner(instance)
        plaintext = self._encoded(held.value)
        unmoved = held.row_id == row_id and held.owner_id == owner_id
        if held.envelope is not None and unmoved and held.plaintext in (None, plaintext):
            return held.envelope
        cipher = cipher_for(owner_id)
        envelope = seal(cipher, plaintext, label=self.label, row_id=row_id, owner_id=owner_id)
        kept = plaintext if self.mutable else None
        instance.__dict__[self.attname] = Held(held.value, envelope, row_id, owner_id, kept)
        return envelope

    def _encoded(self, value: Any) -> bytes:
        if not hasattr(value, "resolve_expression"):
            try:
                return self.encode(self.to_python(value))
            except (ValidationError, ValueError, TypeError, ArithmeticError):
                pass
        # Raised outside the handler: the errors above quote the value.
        raise WriteRefused(f"{self}: the value assigned is not one of this field's type.")

    def _open(self, envelope: bytes, row_id: UUID, owner_id: UUID) -> tuple[Any, bytes]:
        try:
            cipher = cipher_for(owner_id)
            plaintext = unseal(cipher, envelope, label=self.label, row_id=row_id, owner_id=owner_id)
            return self.decode(plaintext), plaintext
        except CryptoError as error:
            code = error.code
        except (ValueError, ArithmeticError):
            plaintext = b""  # not in the frames of the traceback either
            code = "value"
        decryption_failed.send_robust(
            sender=self.model, label=self.label, row_id=row_id, owner_id=owner_id, code=code
        )
        raise DecryptionError(code, label=self.label)

    # --- between field and database ---

    def get_internal_type(self) -> str:
        return "BinaryField"

    def db_parameters(self, connection: Any) -> Any:
        return models.Field.db_parameters(self, connection)

    def cast_db_type(self, connection: Any) -> str | None:
        return self.db_type(connection)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Sealed | None:
        return None if value is None else Sealed(bytes(value))

    def get_prep_value(self, value: Any) -> Any:
        if value is None or isinstance(value, Sealed):
            return value
        raise write_refused(self)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        sealed = self.get_prep_value(value)
        return None if sealed is None else connection.Database.Binary(sealed.envelope)

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        if hasattr(value, "as_sql"):
            refuse_plaintext(self, value)
            return value
        return self.get_db_prep_value(value, connection)

    def get_col(self, alias: Any, output_field: Any = None) -> SealedColumn:
        return SealedColumn(alias, self, output_field)

    def get_lookup(self, lookup_name: str) -> type[Lookup]:
        if lookup_name != "isnull":
            raise refused(self)
        return SealedIsNull

    def get_transform(self, lookup_name: str) -> Any:
        raise refused(self)

    # --- declaration ---

    @cached_property
    def validators(self) -> list[Any]:
        return [*self.default_validators, *self._validators]  # type: ignore[attr-defined]

    def value_to_string(self, obj: models.Model) -> str:
        """Refused: a fixture holds no encrypted values."""
        raise WriteRefused(f"{self} is encrypted and is not serialised.")

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("serialize", None)
        return name, path, args, {**kwargs, "label": self.label}

    def check(self, **kwargs: Any) -> list[Any]:
        return [*super().check(**kwargs), *check_declaration(self)]


def _row_and_owner(instance: Any) -> tuple[UUID, UUID]:
    row_id, owner_id = instance.pk, instance.owner_id
    if row_id.__class__ is UUID and owner_id.__class__ is UUID:
        return row_id, owner_id
    if row_id is None or owner_id is None:
        raise CryptoError("no_owner")
    return UUID(str(row_id)), UUID(str(owner_id))
