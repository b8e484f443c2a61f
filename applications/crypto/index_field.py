"""The model field that keeps the blind index of an encrypted field beside it."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from django.core.checks import Error
from django.db import models
from django.db.models.lookups import Lookup
from django.utils.module_loading import import_string

from applications.crypto import blind_index
from applications.crypto.errors import WriteRefused
from applications.crypto.index_lookups import INDEX_LOOKUPS, index_refused
from applications.crypto.sealed import Held

_NOT_LOADED = object()


class BlindIndex(models.BinaryField):
    """Follows `source`, an encrypted field of the same model; look it up by the plain value.

    `column` names the key domain and never changes; `normalise` is the dotted path of a function from the
    value to the one spelling that is indexed, "" for what is not (migrations import nothing). Answers exact,
    `in` and isnull, and with the number of an index key `made_with` and `made_from` (that one or a higher
    one). A match is confirmed by decryption: see matching.confirmed().
    """

    def __init__(
        self, *args: Any, source: str = "", column: str = "", normalise: str = "", **kwargs: Any
    ) -> None:
        self.source = source
        self.indexed_column = column
        self.normalise_path = normalise
        kwargs |= {"null": True, "blank": True, "editable": False, "serialize": False}
        super().__init__(*args, **kwargs)

    @cached_property
    def normalise(self) -> Callable[[Any], str]:
        normalise: Callable[[Any], str] = import_string(self.normalise_path)
        return normalise

    def digest_of(self, value: Any) -> bytes | None:
        """What is stored for a plain value; None for one that is not indexed."""
        normalised = self.normalised(value)
        return blind_index.digest(self.indexed_column, normalised) if normalised else None

    def candidates_for(self, value: Any) -> list[bytes]:
        """What to look for: the value's digest under every index key; nothing for one that is not indexed."""
        normalised = self.normalised(value)
        return blind_index.candidates(self.indexed_column, normalised) if normalised else []

    def normalised(self, value: Any) -> str:
        """The spelling that is indexed, or ""."""
        return "" if value is None or value == "" else self.normalise(value)

    def pre_save(self, model_instance: models.Model, add: bool) -> bytes | None:
        held = model_instance.__dict__.get(self._source.attname, _NOT_LOADED)
        # A source that nobody read has not changed, so neither has its index.
        if held is None or isinstance(held, Held):
            digest = None if held is None else self.digest_of(held.value)
            model_instance.__dict__[self.attname] = digest
            return digest
        kept: bytes | None = getattr(model_instance, self.attname)
        return kept

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> bytes | None:
        return None if value is None else bytes(value)

    def get_lookup(self, lookup_name: str) -> type[Lookup]:
        if lookup_name not in INDEX_LOOKUPS:
            raise index_refused(self)
        return INDEX_LOOKUPS[lookup_name]

    def get_transform(self, lookup_name: str) -> Any:
        raise index_refused(self)

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        if not cls._meta.abstract:
            models.signals.pre_save.connect(self._refuse_to_stay_behind, sender=cls)

    def _refuse_to_stay_behind(self, *, instance: Any, update_fields: Any, raw: bool, **_: Any) -> None:
        """A new value saved by update_fields without its index would still be found by the old one."""
        if (
            raw
            or update_fields is None
            or self._source.name not in update_fields
            or self.name in update_fields
        ):
            return
        held = instance.__dict__.get(self._source.attname, _NOT_LOADED)
        if held is None or (isinstance(held, Held) and held.envelope is None):
            raise WriteRefused(
                f"{self._source} is saved together with its blind index: name {self.name} as well."
            )

    @property
    def _source(self) -> Any:
        return self.model._meta.get_field(self.source)

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        for fixed in ("null", "blank", "editable", "serialize"):
            kwargs.pop(fixed, None)
        own = {"source": self.source, "column": self.indexed_column, "normalise": self.normalise_path}
        # Where the field is imported from, whichever file it stands in.
        return name, "applications.crypto.fields.BlindIndex", args, {**kwargs, **own}

    def check(self, **kwargs: Any) -> list[Any]:
        errors = super().check(**kwargs)
        names = {field.name: field for field in self.model._meta.get_fields()}
        if not hasattr(names.get(self.source), "label") or not self.indexed_column:
            sentence = "A blind index needs source=, an encrypted field of its model, and column=."
            errors.append(Error(sentence, obj=self, id="crypto.E006"))
        try:
            self.normalise  # noqa: B018 - importing it is the check
        except ImportError:
            sentence = "A blind index needs normalise=, the dotted path of a function."
            errors.append(Error(sentence, obj=self, id="crypto.E007"))
        return errors
