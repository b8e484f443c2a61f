"""How encrypted fields are declared, checked, described to migrations and shown in forms."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django import forms
from django.contrib.admin.utils import display_for_field
from django.db import connection, models
from django.db.migrations.writer import MigrationWriter
from django.test.utils import isolate_apps

from applications.crypto.fields import (
    BlindIndex,
    EncryptedBoolean,
    EncryptedDate,
    EncryptedDecimal,
    EncryptedField,
    EncryptedInteger,
    EncryptedJSON,
    EncryptedText,
    encrypted_fields,
)
from applications.crypto.models import DataKey
from applications.crypto.router import KeysRouter
from tests.applications.crypto.people import VALUES
from tests.applications.crypto.vault.models import Dossier, Person


def test_encrypted_fields_of_a_model() -> None:
    assert [field.name for field in encrypted_fields(Dossier)] == list(VALUES)
    assert encrypted_fields(Person) == []


@pytest.mark.parametrize("field", encrypted_fields(Dossier), ids=lambda field: field.name)
def test_the_column_is_bytea(field: EncryptedField) -> None:
    assert field.db_type(connection) == "bytea"
    assert field.db_parameters(connection)["type"] == "bytea"


@pytest.mark.parametrize("field", encrypted_fields(Dossier), ids=lambda field: field.name)
def test_a_migration_keeps_the_label_and_leaves_the_mark_out(field: EncryptedField) -> None:
    _name, path, args, kwargs = field.deconstruct()
    assert path == f"applications.crypto.fields.{type(field).__name__}"
    assert kwargs["label"] == field.label
    assert not {"personal", "serialize"} & set(kwargs)
    rebuilt = type(field)(*args, **kwargs)
    assert rebuilt.deconstruct()[1:] == (path, args, kwargs)
    text, imports = MigrationWriter.serialize(field)
    assert f"label='{field.label}'" in text
    assert not any("personal" in line for line in (text, *imports))


def test_a_migration_keeps_what_defines_a_blind_index() -> None:
    _name, path, args, kwargs = Dossier._meta.get_field("code_index").deconstruct()
    assert path == "applications.crypto.fields.BlindIndex"
    assert (args, kwargs) == (
        [],
        {
            "source": "code",
            "column": "vault.code",
            "normalise": "tests.applications.crypto.vault.models.digits",
            "db_index": True,
        },
    )
    assert BlindIndex(**kwargs).deconstruct()[3] == kwargs


@pytest.mark.parametrize(
    ("field", "form_field"),
    [
        (EncryptedText(label="x"), forms.CharField),
        (EncryptedText(label="x", choices=[("a", "A")]), forms.TypedChoiceField),
        (EncryptedDate(label="x"), forms.DateField),
        (EncryptedInteger(label="x"), forms.IntegerField),
        (EncryptedBoolean(label="x"), forms.BooleanField),
        (EncryptedDecimal(label="x", max_digits=5, decimal_places=2), forms.DecimalField),
        (EncryptedJSON(label="x"), forms.JSONField),
    ],
)
def test_form_fields_are_those_of_ordinary_fields(field: EncryptedField, form_field: type[Any]) -> None:
    field.set_attributes_from_name("x")
    assert type(field.formfield()) is form_field


def test_the_admin_shows_values_as_of_ordinary_fields() -> None:
    for name, shown in {"colour": "Red", "income": "123", "surname": "Bērziņš"}.items():
        value = {"income": 123}.get(name, VALUES[name])
        assert str(display_for_field(value, Dossier._meta.get_field(name), "-")) == shown


def test_the_models_of_the_tests_are_declared_well(db: None) -> None:
    assert Dossier.check(databases=["default"]) == []


def owned(**fields: Any) -> type[models.Model]:
    """A model declared on the fly, with what every encrypted model has unless given otherwise."""
    body = {
        "id": models.UUIDField(primary_key=True, default=uuid4),
        "owner_id": models.UUIDField(),
        "__module__": __name__,
        "Meta": type("Meta", (), {"app_label": "crypto_vault"}),
    } | fields
    return type("Declared", (models.Model,), {name: part for name, part in body.items() if part is not None})


WRONG: dict[str, tuple[str, Callable[[], type[models.Model]]]] = {
    "no label": ("crypto.E001", lambda: owned(x=EncryptedText())),
    "label of another field": (
        "crypto.E002",
        lambda: owned(x=EncryptedText(label="same"), y=EncryptedText(label="same")),
    ),
    "no owner": ("crypto.E003", lambda: owned(x=EncryptedText(label="x"), owner_id=None)),
    "number as key": (
        "crypto.E004",
        lambda: owned(x=EncryptedText(label="x"), id=models.BigAutoField(primary_key=True)),
    ),
    "key from the database": (
        "crypto.E004",
        lambda: owned(x=EncryptedText(label="x"), id=models.UUIDField(primary_key=True)),
    ),
    "unique": ("crypto.E005", lambda: owned(x=EncryptedText(label="x", unique=True))),
    "db_index": ("crypto.E005", lambda: owned(x=EncryptedText(label="x", db_index=True))),
    "db_default": ("crypto.E005", lambda: owned(x=EncryptedText(label="x", db_default="x"))),
    "auto_now": ("crypto.E005", lambda: owned(x=EncryptedDate(label="x", auto_now=True))),
    "index without source": (
        "crypto.E006",
        lambda: owned(x=BlindIndex(source="y", column="x", normalise="builtins.str")),
    ),
    "index of a plain field": (
        "crypto.E006",
        lambda: owned(x=BlindIndex(source="owner_id", column="x", normalise="builtins.str")),
    ),
    "index without normaliser": (
        "crypto.E007",
        lambda: owned(
            y=EncryptedText(label="y"), x=BlindIndex(source="y", column="x", normalise="nowhere.at_all")
        ),
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_declaration_is_found(name: str) -> None:
    error, declare = WRONG[name]
    with isolate_apps("tests.applications.crypto.vault") as registry:
        model = declare()
        checked = [
            found.id
            for field in model._meta.local_fields
            if isinstance(field, EncryptedField | BlindIndex)
            for found in field.check()
        ]
        assert registry.get_models()
    assert error in checked


def test_data_keys_live_in_their_own_database() -> None:
    router = KeysRouter()
    keys, people = DataKey, Person
    assert (router.db_for_read(keys), router.db_for_write(keys)) == ("keys", "keys")
    assert (router.db_for_read(people), router.db_for_write(people)) == (None, None)
    assert router.allow_migrate("keys", "crypto")
    assert router.allow_migrate("default", "crypto_vault")
    assert not router.allow_migrate("default", "crypto")
    assert not router.allow_migrate("keys", "crypto_vault")
    assert router.allow_relation(keys(), people()) is False
    assert router.allow_relation(people(), people()) is None
