"""Reading the declarations off the models: which fields are personal, and under which label."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache

from django.apps import apps
from django.db import models
from django.utils.encoding import force_str
from django.utils.text import capfirst

from applications.crypto.fields import BlindIndex, EncryptedField
from applications.personal import NotPersonal, Personal


class Standing(Enum):
    """How a field stands in the map."""

    PERSONAL = "personal"
    NOT_PERSONAL = "not personal"
    LINK = "link"
    TWICE = "declared twice"
    MISSING = "not declared"


@dataclass(frozen=True)
class Declared:
    """One field: its label ("identification.given_name"), its declaration, or why it needs none."""

    model: type[models.Model]
    field: models.Field
    label: str
    standing: Standing
    mark: Personal | None = None
    why: str = ""

    def __str__(self) -> str:
        return f"{self.model._meta.label}.{self.field.name}"


@cache
def declared_fields(model: type[models.Model], library: NotPersonal | None = None) -> tuple[Declared, ...]:
    """Every column and relation of a model with its declaration, in the order of the model.

    `library` is the declaration of a model that cannot make its own.
    """
    apart = dict(_declared_not_personal(model, library))
    return tuple(_declared(model, field, apart) for field in model._meta.concrete_fields)


def personal_fields(model: type[models.Model]) -> tuple[Declared, ...]:
    """The personal-data fields of a model."""
    return tuple(one for one in declared_fields(model) if one.mark is not None)


def name_of(label: str) -> str:
    """What people call the field of this label, in the active language; the label where no field has it."""
    field = _by_label().get(label)
    return label if field is None else capfirst(force_str(field.verbose_name))


@cache
def _by_label() -> dict[str, models.Field]:
    return {
        one.label: one.field
        for model in apps.get_models()
        for one in personal_fields(model)
        if not isinstance(one.field, BlindIndex)
    }


def not_personal_names(model: type[models.Model], library: NotPersonal | None = None) -> frozenset[str]:
    """The names that the declarations of a model say hold no personal data."""
    return frozenset(name for name, _why in _declared_not_personal(model, library))


def _declared(model: type[models.Model], field: models.Field, apart: dict[str, str]) -> Declared:
    source = field
    if isinstance(field, BlindIndex):  # says what its source says
        source = model._meta.get_field(field.source)  # type: ignore[assignment]
    found = getattr(source, "personal", None)
    mark = found if isinstance(found, Personal) else None
    own_label = source.label if isinstance(source, EncryptedField) else getattr(mark, "label", "")
    label = own_label or f"{model._meta.model_name}.{field.name}"
    why = apart.get(field.name)
    if mark is not None:
        return Declared(model, field, label, Standing.TWICE if why else Standing.PERSONAL, mark)
    if why:
        return Declared(model, field, label, Standing.NOT_PERSONAL, why=why)
    is_link = (field.primary_key and not field.is_relation and _is_row_id(field)) or field.is_relation
    return Declared(model, field, label, Standing.LINK if is_link else Standing.MISSING)


def _is_row_id(field: models.Field) -> bool:
    """A number or UUID that was made for the row and says nothing else; a UUID without a default is the
    identifier of something that was there before, maybe of a person."""
    return isinstance(field, models.AutoField) or (
        isinstance(field, models.UUIDField) and field.has_default()
    )


def _declared_not_personal(
    model: type[models.Model], library: NotPersonal | None
) -> Iterator[tuple[str, str]]:
    for declared in (
        library or (),
        *(one.__dict__.get("not_personal", ()) for one in reversed(model.__mro__)),
    ):
        for group in (declared,) if isinstance(declared, NotPersonal) else declared:
            for name in group.fields:
                yield name, group.why
