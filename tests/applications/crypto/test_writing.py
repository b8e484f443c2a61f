"""What is written is sealed, what was not touched is written back as it stood."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import FieldError, ValidationError
from django.db import transaction
from django.db.models import Case, F, Value, When

from applications.crypto import keyring
from applications.crypto.errors import CryptoError, DecryptionError, KeyMissing, WriteRefused
from tests.applications.crypto.people import VALUES
from tests.applications.crypto.stored import column
from tests.applications.crypto.vault.models import Dossier, Person

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])


def stored(row: Dossier) -> dict[str, bytes | None]:
    return {name: column(row, name) for name in (*VALUES, "code_index")}


def test_unread_fields_are_written_back_byte_for_byte(dossier: Dossier) -> None:
    before = stored(dossier)
    dossier.shelf = "A1"
    dossier.save()
    assert stored(dossier) == before


def test_fields_that_were_only_read_are_written_back_byte_for_byte(dossier: Dossier) -> None:
    before = stored(dossier)
    assert all(getattr(dossier, name) for name in VALUES)
    dossier.save()
    assert stored(dossier) == before


def test_assigning_seals_under_a_new_nonce(dossier: Dossier) -> None:
    before = stored(dossier)
    dossier.surname = dossier.surname
    dossier.save()
    after = stored(dossier)
    assert {name for name in before if before[name] != after[name]} == {"surname"}
    assert Dossier.objects.get(pk=dossier.pk).surname == "Bērziņš"


def test_saving_twice_seals_once(write: Callable[..., Dossier]) -> None:
    made = write()
    before = stored(made)
    made.save()
    assert stored(made) == before


def test_json_changed_in_place_is_saved(dossier: Dossier) -> None:
    dossier.answers["pets"].append("suns")
    dossier.save()
    assert Dossier.objects.get(pk=dossier.pk).answers["pets"] == ["kaķis", "suns"]


def test_update_fields_write_only_those(dossier: Dossier) -> None:
    before = stored(dossier)
    dossier.surname, dossier.keyword = "Kalniņa", "cits"
    dossier.save(update_fields=["surname"])
    again = Dossier.objects.get(pk=dossier.pk)
    assert (again.surname, again.keyword) == ("Kalniņa", "ķiršu dārzs")
    assert column(dossier, "keyword") == before["keyword"]


def test_saving_with_deferred_fields_leaves_them(write: Callable[..., Dossier]) -> None:
    made = write()
    before = stored(made)
    row = Dossier.objects.only("shelf", "surname").get(pk=made.pk)
    row.surname = "Kalniņa"
    row.save()
    assert {name for name in before if before[name] != column(made, name)} == {"surname"}


def test_bulk_create_seals(person: Person) -> None:
    with keyring.data_key_scope():
        made = Dossier.objects.bulk_create(Dossier(person=person, **VALUES) for _ in range(3))
    assert len({column(row, "surname") for row in made}) == 3
    assert [row.surname for row in Dossier.objects.all()] == ["Bērziņš"] * 3
    assert Dossier.objects.filter(code_index="01019012345").count() == 3


def test_text_is_converted_as_ordinary_fields_convert_it(person: Person) -> None:
    row = Dossier(person=person, surname="x", born="1990-01-31", income="7", rate="1.5", married="True")
    row.full_clean()
    row.save()
    again = Dossier.objects.get(pk=row.pk)
    assert (str(again.born), again.income, str(again.rate), again.married) == ("1990-01-31", 7, "1.50", True)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("born", "31.01.1990"),
        ("born", 19900131),
        ("income", "secret"),
        ("income", 2**63),
        ("rate", "99999.99"),
        ("rate", "secret"),
        ("married", "secret"),
        ("answers", {"secret": datetime.now}),
        ("surname", "secret \ud800"),
        ("surname", F("keyword")),
    ],
)
def test_a_value_of_another_type_is_refused_without_showing_it(person: Person, name: str, value: Any) -> None:
    row = Dossier(person=person, **{name: value})
    with pytest.raises(WriteRefused) as caught:
        row.save()
    assert caught.value.__context__ is None
    assert not any(part in str(caught.value) for part in ("secret", "1990", "99999"))


def test_validation_works_on_the_plain_value_and_does_not_repeat_it(person: Person) -> None:
    row = Dossier(
        person=person, surname="x" * 61, colour="green", income=2**63, born="31.01.1990", married="maybe"
    )
    with pytest.raises(ValidationError) as caught:
        row.full_clean()
    assert set(caught.value.message_dict) == {"surname", "colour", "income", "born", "married"}
    assert not any(part in str(caught.value) for part in ("green", "1990", "maybe"))
    with pytest.raises(ValidationError, match="surname"):
        Dossier(person=person).full_clean()


@pytest.mark.parametrize(
    "value", ["plain", b"plain", Value("plain"), F("keyword"), Case(When(shelf="", then=Value("plain")))]
)
def test_update_refuses_plain_values(dossier: Dossier, value: Any) -> None:
    before = stored(dossier)
    with pytest.raises(FieldError, match="encrypted"), transaction.atomic():
        Dossier.objects.update(surname=value)
    assert stored(dossier) == before


def test_update_and_bulk_update_may_write_null(dossier: Dossier) -> None:
    Dossier.objects.update(keyword=None)
    assert column(dossier, "keyword") is None
    dossier.born = None
    Dossier.objects.bulk_update([dossier], ["born"])
    assert column(dossier, "born") is None


def test_bulk_update_refuses_plain_values(dossier: Dossier) -> None:
    dossier.surname = "Kalniņa"
    with pytest.raises(WriteRefused, match="encrypted"):
        Dossier.objects.bulk_update([dossier], ["surname"])


def test_a_fixture_cannot_bring_plain_values(person: Person) -> None:
    row = Dossier(person=person, **VALUES)
    with pytest.raises(WriteRefused):
        row.save_base(raw=True, force_insert=True)


def test_a_row_is_not_saved_without_a_key(db: None) -> None:
    with pytest.raises(KeyMissing):
        Dossier.objects.create(person=Person.objects.create(), surname="x")


def test_a_row_is_not_saved_without_an_owner(db: None) -> None:
    with pytest.raises(CryptoError, match="no_owner"):
        Dossier(surname="x").save()


def test_a_copied_row_is_sealed_anew_and_an_unread_one_refused(dossier: Dossier) -> None:
    unread = Dossier.objects.get(pk=dossier.pk)
    unread.pk, unread._state.adding = uuid4(), True
    with pytest.raises(DecryptionError), transaction.atomic():
        unread.save()
    assert all(getattr(dossier, name) for name in VALUES)
    dossier.pk, dossier._state.adding = uuid4(), True
    dossier.save()
    assert Dossier.objects.get(pk=dossier.pk).surname == "Bērziņš"
    assert Dossier.objects.count() == 2


def test_a_row_read_and_given_to_another_owner_is_sealed_anew(dossier: Dossier) -> None:
    other = Person.objects.create()
    keyring.create_key(other.pk)
    assert all(getattr(dossier, name) for name in VALUES)
    dossier.person = other
    dossier.save()
    keyring.destroy_key(Person.objects.exclude(pk=other.pk).get().pk)
    assert Dossier.objects.get(pk=dossier.pk).surname == "Bērziņš"


def test_a_row_that_was_taken_back_can_be_saved_again(person: Person) -> None:
    row = Dossier(person=person, **VALUES)
    row.save()
    Dossier.objects.all().delete()
    row.save(force_insert=True)
    assert Dossier.objects.get().surname == "Bērziņš"
