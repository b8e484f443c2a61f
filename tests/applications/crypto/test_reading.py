"""An encrypted field reads like an ordinary one, opens late, and fails closed."""

import copy
import json
import pickle
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core import serializers
from django.db import connection
from django.db.models.query_utils import DeferredAttribute
from django.forms.models import model_to_dict
from django.test.utils import CaptureQueriesContext

from applications.crypto import keyring
from applications.crypto.envelope import seal
from applications.crypto.errors import DecryptionError, KeyDestroyed, WriteRefused
from applications.crypto.sealed import Sealed
from applications.crypto.signals import decryption_failed
from tests.applications.crypto.people import VALUES
from tests.applications.crypto.stored import column, overwrite
from tests.applications.crypto.vault.models import Dossier, Person

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])


def test_every_type_comes_back_as_it_was_written(dossier: Dossier) -> None:
    assert {name: getattr(dossier, name) for name in VALUES} == VALUES
    assert {name: type(getattr(dossier, name)) for name in VALUES} == {n: type(v) for n, v in VALUES.items()}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("surname", ""),
        ("surname", "a\0b 🦔 ā"),
        ("born", date(1, 1, 1)),
        ("income", 0),
        ("income", -(2**63)),
        ("income", 2**63 - 1),
        ("married", False),
        ("rate", Decimal("-9999.99")),
        ("answers", []),
        ("answers", {"ā": None, "nested": [{"deep": 1.5}]}),
    ],
)
def test_values_at_the_edge_come_back(write: Callable[..., Dossier], name: str, value: Any) -> None:
    made = write(**{name: value})
    assert column(made, name) is not None
    assert getattr(Dossier.objects.get(pk=made.pk), name) == value


def test_null_stays_null_and_empty_text_is_sealed(write: Callable[..., Dossier]) -> None:
    made = write(keyword=None, colour="")
    assert column(made, "keyword") is None
    assert len(column(made, "colour") or b"") == 29
    again = Dossier.objects.get(pk=made.pk)
    assert (again.keyword, again.colour) == (None, "")


def test_nothing_stands_in_the_clear(write: Callable[..., Dossier]) -> None:
    made = write()
    for name, value in VALUES.items():
        stored = column(made, name) or b""
        assert stored[:1] == b"\x01"
        assert str(value).encode() not in stored
    assert b"12345" not in (column(made, "code_index") or b"")


def test_no_value_reaches_the_sql(person: Person) -> None:
    with CaptureQueriesContext(connection) as queries:
        made = Dossier.objects.create(person=person, **VALUES)
        list(Dossier.objects.filter(code_index="010190-12345"))
        made.full_clean()
        made.save()
    sql = " ".join(query["sql"] for query in queries.captured_queries)
    # Whole words: the same digits can stand inside a random identifier, a ciphertext or a time.
    words = set(re.split(r"[^\w.:-]+", sql))
    assert words.isdisjoint({"12345", "1990", "1990-01-31", "123456", "11.5", "11.50"})
    assert not any(secret in sql for secret in ("Bērziņš", "dārzs", "kaķis", "010190-12345"))


def test_integers_and_booleans_do_not_show_their_size(write: Callable[..., Dossier]) -> None:
    small, large = write(income=1, married=True), write(income=10**15, married=False)
    for name in ("income", "married"):
        assert len(column(small, name) or b"") == len(column(large, name) or b"")


def test_a_value_is_opened_when_it_is_first_read(dossier: Dossier, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    fetch = keyring.cipher_for
    monkeypatch.setattr(
        "applications.crypto.encrypted_field.cipher_for", lambda owner: opened.append("x") or fetch(owner)
    )
    again = Dossier.objects.get(pk=dossier.pk)
    assert opened == []
    assert (again.surname, again.surname, again.income) == ("Bērziņš", "Bērziņš", 123_456)
    assert opened == ["x", "x"]


def test_a_deferred_field_is_loaded_when_read(write: Callable[..., Dossier]) -> None:
    made = write()
    for rows in (Dossier.objects.only("shelf"), Dossier.objects.defer("surname", "person")):
        row = rows.get(pk=made.pk)
        assert "surname" in row.get_deferred_fields()
        assert row.surname == "Bērziņš"
        assert "surname" not in row.get_deferred_fields()


def test_a_list_is_read_with_one_query_for_keys(
    write: Callable[..., Dossier], django_assert_num_queries: Any
) -> None:
    for _ in range(3):
        write()
    with keyring.data_key_scope(), django_assert_num_queries(1):
        rows = list(Dossier.objects.all())
        keyring.prefetch(row.owner_id for row in rows)
        assert {row.surname for row in rows} == {"Bērziņš"}


def test_refresh_and_related_rows(write: Callable[..., Dossier], person: Person) -> None:
    made = write()
    Dossier.objects.get(pk=made.pk)
    changed = Dossier.objects.get(pk=made.pk)
    changed.surname = "Kalniņa"
    changed.save()
    made.refresh_from_db()
    assert made.surname == "Kalniņa"
    assert Dossier.objects.select_related("person").get().surname == "Kalniņa"
    assert person.dossiers.get().surname == "Kalniņa"
    assert Person.objects.prefetch_related("dossiers").get().dossiers.all()[0].surname == "Kalniņa"


def test_class_access_gives_the_descriptor() -> None:
    assert isinstance(Dossier.surname, DeferredAttribute)
    assert Dossier.surname.field.personal == "a mark"


def test_values_give_sealed_envelopes_that_show_nothing(write: Callable[..., Dossier]) -> None:
    made = write()
    sealed = Dossier.objects.values_list("surname", flat=True).get()
    assert isinstance(sealed, Sealed)
    assert (repr(sealed), str(sealed), f"{sealed}") == ("<sealed>",) * 3
    with pytest.raises(TypeError):
        json.dumps(sealed)
    field = Dossier._meta.get_field("surname")
    assert field.open(sealed, row_id=made.pk, owner_id=made.owner_id) == "Bērziņš"
    with pytest.raises(DecryptionError):
        field.open(sealed, row_id=uuid4(), owner_id=made.owner_id)


def test_an_instance_shows_nothing_of_its_values(write: Callable[..., Dossier]) -> None:
    made = write()
    read = Dossier.objects.get(pk=made.pk)
    assert read.surname == "Bērziņš"
    for instance in (made, read, Dossier(surname="Bērziņš"), Dossier.objects.get(pk=made.pk)):
        assert "Bērziņš" not in repr(vars(instance))


def test_a_copy_reads_the_same(dossier: Dossier) -> None:
    assert dossier.surname == "Bērziņš"
    for duplicate in (copy.copy(dossier), copy.deepcopy(dossier), pickle.loads(pickle.dumps(dossier))):  # noqa: S301
        assert (duplicate.surname, duplicate.income) == ("Bērziņš", 123_456)


def test_a_pickle_holds_no_plain_value(write: Callable[..., Dossier]) -> None:
    read = Dossier.objects.get(pk=write().pk)
    assert read.surname == "Bērziņš"
    assert "Bērziņš".encode() not in pickle.dumps(read)
    with pytest.raises(TypeError, match="save the instance"):
        pickle.dumps(Dossier(surname="Bērziņš"))
    unsaved = Dossier(surname="Bērziņš")
    assert copy.deepcopy(unsaved).surname == "Bērziņš"


@pytest.mark.parametrize("form", ["json", "python", "xml", "jsonl"])
def test_a_fixture_leaves_encrypted_fields_out(dossier: Dossier, form: str) -> None:
    text = str(serializers.serialize(form, [dossier]))
    assert "shelf" in text
    for secret in ("surname", "Bērziņš", "1990", "123456", "123_456", "code_index", "pets"):
        assert secret not in text
    with pytest.raises(WriteRefused):
        Dossier._meta.get_field("surname").value_to_string(dossier)


def test_forms_find_the_plain_value(dossier: Dossier) -> None:
    assert model_to_dict(dossier)["surname"] == "Bērziņš"
    assert dossier.get_colour_display() == "Red"


# --- failing closed ---


def swap(one: Dossier, other: Dossier, name: str) -> None:
    overwrite(other, name, column(one, name))


@pytest.mark.parametrize("name", VALUES)
def test_an_envelope_of_another_row_is_refused(
    write: Callable[..., Dossier], name: str, failures: list[dict[str, Any]]
) -> None:
    one, other = write(), write()
    swap(one, other, name)
    row = Dossier.objects.get(pk=other.pk)
    with pytest.raises(DecryptionError) as caught:
        getattr(row, name)
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None
    assert str(caught.value) == f"envelope: vault.{name}"
    assert failures == [
        {"label": f"vault.{name}", "row_id": other.pk, "owner_id": other.person_id, "code": "envelope"}
    ]


def test_an_envelope_of_another_field_is_refused(write: Callable[..., Dossier]) -> None:
    made = write()
    overwrite(made, "keyword", column(made, "surname"))
    with pytest.raises(DecryptionError):
        _ = Dossier.objects.get(pk=made.pk).keyword


def test_a_row_given_to_another_owner_is_refused(write: Callable[..., Dossier]) -> None:
    made, other = write(), Person.objects.create()
    keyring.create_key(other.pk)
    overwrite(made, "person_id", other.pk)
    with pytest.raises(DecryptionError):
        _ = Dossier.objects.get(pk=made.pk).surname


@pytest.mark.parametrize("content", [b"", b"\x01", b"\x02" + bytes(40), "Bērziņš".encode(), bytes(100)])
def test_anything_but_an_envelope_is_refused(write: Callable[..., Dossier], content: bytes) -> None:
    made = write()
    overwrite(made, "surname", content)
    with pytest.raises(DecryptionError):
        _ = Dossier.objects.get(pk=made.pk).surname


@pytest.mark.parametrize(
    ("name", "plaintext"),
    [
        ("surname", b"\xff\xfe"),
        ("born", b"31.01.1990"),
        ("income", b"12"),
        ("married", b"t"),
        ("answers", b"{"),
    ],
)
def test_a_sealed_value_of_another_type_is_refused_without_showing_it(
    write: Callable[..., Dossier], name: str, plaintext: bytes, failures: list[dict[str, Any]]
) -> None:
    made = write()
    bound = {"label": f"vault.{name}", "row_id": made.pk, "owner_id": made.person_id}
    overwrite(made, name, seal(keyring.cipher_for(made.person_id), plaintext, **bound))
    with pytest.raises(DecryptionError) as caught:
        getattr(Dossier.objects.get(pk=made.pk), name)
    assert caught.value.code == "value"
    assert caught.value.__context__ is None
    assert failures[0]["code"] == "value"


def test_after_the_key_is_destroyed_nothing_is_read_or_written(
    write: Callable[..., Dossier], failures: list[dict[str, Any]]
) -> None:
    made = write()
    keyring.destroy_key(made.person_id)
    row = Dossier.objects.get(pk=made.pk)
    with pytest.raises(DecryptionError) as caught:
        _ = row.surname
    assert caught.value.code == failures[0]["code"] == "key_destroyed"
    row.surname = "Kalniņa"
    with pytest.raises(KeyDestroyed):
        row.save()


def test_a_failing_receiver_does_not_replace_the_error(write: Callable[..., Dossier]) -> None:
    def fail(**news: Any) -> None:
        raise LookupError

    made = write()
    overwrite(made, "surname", b"\x01")
    decryption_failed.connect(fail)
    try:
        with pytest.raises(DecryptionError):
            _ = Dossier.objects.get(pk=made.pk).surname
    finally:
        decryption_failed.disconnect(fail)
