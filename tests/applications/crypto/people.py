"""Making people with a data key, and dossiers about them."""

from datetime import date
from decimal import Decimal
from typing import Any

from applications.crypto import keyring
from tests.applications.crypto.vault.models import Dossier, Person

VALUES: dict[str, Any] = {
    "surname": "Bērziņš",
    "keyword": "ķiršu dārzs",
    "colour": "red",
    "code": "010190-12345",
    "born": date(1990, 1, 31),
    "income": 123_456,
    "married": True,
    "rate": Decimal("11.50"),
    "answers": {"pets": ["kaķis"], "cars": 0},
}


def make_person() -> Person:
    made = Person.objects.create()
    keyring.create_key(made.pk)
    return made


def make_dossier(**values: Any) -> Dossier:
    """A dossier with every field filled in, or as given."""
    return Dossier.objects.create(**(VALUES | values))


def as_stored(row: Dossier) -> Dossier:
    """The row as it comes from the database: nothing of it was read yet."""
    return Dossier.objects.get(pk=row.pk)
