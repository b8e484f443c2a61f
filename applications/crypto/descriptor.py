"""The attribute of an encrypted field on a model instance: opens the envelope when it is first read."""

from typing import TYPE_CHECKING, Any

from django.db.models import Model
from django.db.models.query_utils import DeferredAttribute

from applications.crypto.sealed import Held, Sealed

if TYPE_CHECKING:
    from applications.crypto.encrypted_field import EncryptedField

_NOT_LOADED = object()


class SealedAttribute(DeferredAttribute):
    """Keeps Sealed, Held or None in the instance, and hands out plain values."""

    field: "EncryptedField"

    def __init__(self, field: "EncryptedField") -> None:
        super().__init__(field)
        self.attname = field.attname

    def __get__(self, instance: Model | None, cls: type[Model] | None = None) -> Any:
        if instance is None:
            return self
        held = instance.__dict__.get(self.attname, _NOT_LOADED)
        if held.__class__ is Held:
            return held.value
        if held is _NOT_LOADED:
            held = self._load(instance)
        return None if held is None else self.field.first_read(instance, held).value

    def __set__(self, instance: Model, value: Any) -> None:
        # Values from the database arrive Sealed; everything else was assigned and has yet to be sealed.
        if value is not None and value.__class__ is not Sealed:
            value = Held(value)
        instance.__dict__[self.attname] = value

    def _load(self, instance: Model) -> Sealed | None:
        """Fetch a deferred column as it is stored: refresh_from_db() would open and assign it."""
        rows = type(instance)._base_manager.using(instance._state.db).filter(pk=instance.pk)
        held: Sealed | None = rows.values_list(self.attname, flat=True).get()
        instance.__dict__[self.attname] = held
        return held
