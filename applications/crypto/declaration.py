"""System checks: whether an encrypted field is declared so that it can work."""

from typing import Any

from django.core.checks import Error
from django.db import models


def check_declaration(field: Any) -> list[Error]:
    """What is wrong with the declaration of one EncryptedField on its model."""
    found: list[tuple[str, str]] = []
    if not field.label:
        found.append(("E001", "An encrypted field needs a label of its own: label='<model>.<name>'."))
    elif others := _others_with_label(field):
        found.append(("E002", f"The label {field.label!r} belongs to {others[0]} as well."))
    if not hasattr(field.model, "owner_id"):
        found.append(
            ("E003", "The model of an encrypted field needs an owner_id: the UUID of the key's owner.")
        )
    if not _has_uuid_key(field.model):
        found.append(
            ("E004", "The model of an encrypted field needs a UUID primary key, set when it is made.")
        )
    if forbidden := _meaningless_options(field):
        found.append(("E005", f"An encrypted field cannot have {', '.join(forbidden)}."))
    return [Error(text, obj=field, id=f"crypto.{code}") for code, text in found]


def _others_with_label(field: Any) -> list[str]:
    return [
        str(other)
        for model in field.model._meta.apps.get_models()
        if not model._meta.proxy
        for other in model._meta.local_fields
        if other is not field
        and _place(other) != _place(field)
        and getattr(other, "label", None) == field.label
    ]


def _place(field: Any) -> tuple[str, str]:
    return field.model._meta.label, field.name


def _has_uuid_key(model: type[models.Model]) -> bool:
    key: Any = model._meta.pk
    while key.is_relation:
        key = key.target_field
    return isinstance(key, models.UUIDField) and key.has_default()


def _meaningless_options(field: Any) -> list[str]:
    options = ("primary_key", "unique", "db_index", "unique_for_date", "unique_for_month", "unique_for_year")
    found = [name for name in (*options, "auto_now", "auto_now_add") if getattr(field, name, False)]
    return [*found, "db_default"] if field.has_db_default() else found
