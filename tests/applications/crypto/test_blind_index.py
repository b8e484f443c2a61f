"""A value is found by its blind index, under every index key, and a match is confirmed by decryption."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db.models import F
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from applications.crypto import blind_index, keyring
from applications.crypto.errors import DecryptionError, LookupRefused, WriteRefused
from applications.crypto.matching import confirmed
from tests.applications.crypto.stored import column, overwrite
from tests.applications.crypto.vault.models import Dossier, Person

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])

OLD, NEW = {1: bytes(range(32))}, {7: bytes(range(1, 33))}


@given(st.text(), st.text(), st.text(), st.text())
def test_digests_differ_by_column_and_by_value(column: str, other: str, value: str, another: str) -> None:
    digest = blind_index.digest(column, value)
    assert len(digest) == 17
    assert (blind_index.digest(other, value) == digest) == (other == column)
    assert (blind_index.digest(column, another) == digest) == (another == value)


def test_every_index_key_gives_a_candidate_and_the_last_one_is_stored() -> None:
    with override_settings(INDEX_KEYS=OLD):
        old = blind_index.digest("c", "v")
    with override_settings(INDEX_KEYS=OLD | NEW):
        new = blind_index.digest("c", "v")
        assert blind_index.candidates("c", "v") == [old, new]
        assert (blind_index.is_current(old), blind_index.is_current(new)) == (False, True)
    assert (old[0], new[0]) == (1, 7)
    assert old[1:] != new[1:]


@pytest.mark.parametrize("wanted", ["010190-12345", "01019012345", " 010190 12345 "])
def test_a_value_is_found_in_any_spelling(dossier: Dossier, wanted: str) -> None:
    assert Dossier.objects.get(code_index=wanted) == dossier
    assert Dossier.objects.get(code_index__in=["1", wanted]) == dossier
    assert Person.objects.get(dossiers__code_index=wanted) == dossier.person
    assert not Dossier.objects.exclude(code_index=wanted).exists()


@pytest.mark.parametrize("wanted", ["", "-", "010190-12346", [], ["", "1"]])
def test_what_is_not_there_is_not_found(dossier: Dossier, wanted: Any) -> None:
    lookup = "code_index__in" if isinstance(wanted, list) else "code_index"
    assert not Dossier.objects.filter(**{lookup: wanted}).exists()
    assert Dossier.objects.exclude(**{lookup: wanted}).exists()


@pytest.mark.parametrize("code", [None, "", "-"])
def test_an_empty_value_is_not_indexed(write: Callable[..., Dossier], code: str | None) -> None:
    made = write(code=code)
    assert column(made, "code_index") is None
    assert list(Dossier.objects.filter(code_index=None)) == [made]
    assert list(Dossier.objects.filter(code_index__isnull=True)) == [made]


def test_the_index_follows_its_source(dossier: Dossier) -> None:
    dossier.code = "020290-22222"
    dossier.save()
    assert not Dossier.objects.filter(code_index="010190-12345").exists()
    assert Dossier.objects.filter(code_index="020290-22222").exists()
    dossier.code = None
    dossier.save(update_fields=["code", "code_index"])
    assert column(dossier, "code_index") is None


def test_the_index_of_an_unread_source_is_kept(dossier: Dossier) -> None:
    before = column(dossier, "code_index")
    with override_settings(INDEX_KEYS=NEW):
        dossier.save()
        assert column(dossier, "code_index") == before
        assert dossier.code
        dossier.save()
        assert column(dossier, "code_index") != before


def test_a_source_is_not_saved_without_its_index(dossier: Dossier) -> None:
    dossier.code = "020290-22222"
    with pytest.raises(WriteRefused, match="code_index"):
        dossier.save(update_fields=["code"])
    partial = Dossier.objects.only("code").get(pk=dossier.pk)
    partial.code = "020290-22222"
    with pytest.raises(WriteRefused, match="code_index"):
        partial.save()
    untouched = Dossier.objects.get(pk=dossier.pk)
    untouched.save(update_fields=["code"])


def test_rows_of_an_old_index_key_remain_found(write: Callable[..., Dossier]) -> None:
    with override_settings(INDEX_KEYS=OLD):
        old = write()
    with override_settings(INDEX_KEYS=OLD | NEW):
        new = write()
        assert set(Dossier.objects.filter(code_index="01019012345")) == {old, new}
        assert set(confirmed(Dossier.objects.all(), "code_index", "01019012345")) == {old, new}
    with override_settings(INDEX_KEYS=NEW):
        assert set(Dossier.objects.filter(code_index="01019012345")) == {new}


@pytest.mark.parametrize("lookup", ["contains", "gt", "startswith", "range", "iexact", "regex"])
def test_other_lookups_are_refused(lookup: str) -> None:
    with pytest.raises(LookupRefused, match="exact and in"):
        Dossier.objects.filter(**{f"code_index__{lookup}": "x"})


def test_columns_and_queries_are_refused() -> None:
    for wanted in ({"code_index": F("shelf")}, {"code_index__in": Dossier.objects.values("shelf")}):
        with pytest.raises(LookupRefused):
            list(Dossier.objects.filter(**wanted))
    with pytest.raises(LookupRefused):
        Dossier.objects.filter(code_index__in="010190-12345")


# --- confirming ---


def test_a_false_match_of_the_index_is_not_confirmed(write: Callable[..., Dossier]) -> None:
    real, false = write(), write(code="020290-22222")
    overwrite(false, "code_index", column(real, "code_index"))
    assert Dossier.objects.filter(code_index="010190-12345").count() == 2
    assert confirmed(Dossier.objects.all(), "code_index", "01019012345") == [real]


def test_nothing_is_confirmed_for_an_empty_value(write: Callable[..., Dossier]) -> None:
    write(code=None)
    assert confirmed(Dossier.objects.all(), "code_index", "") == []
    assert confirmed(Dossier.objects.all(), "code_index", None) == []


def test_a_row_under_erasure_is_no_match_and_no_alarm(
    dossier: Dossier, failures: list[dict[str, Any]]
) -> None:
    keyring.destroy_key(dossier.person_id)
    assert confirmed(Dossier.objects.all(), "code_index", "010190-12345") == []
    assert failures == []


def test_an_unreadable_match_raises(dossier: Dossier) -> None:
    overwrite(dossier, "code", b"\x01")
    with pytest.raises(DecryptionError):
        confirmed(Dossier.objects.all(), "code_index", "010190-12345")


def test_confirming_asks_once_for_all_keys(
    write: Callable[..., Dossier], django_assert_num_queries: Any
) -> None:
    for _ in range(3):
        other = Person.objects.create(id=uuid4())
        keyring.create_key(other.pk)
        write(person=other)
    with django_assert_num_queries(1):
        assert len(confirmed(Dossier.objects.all(), "code_index", "010190-12345")) == 3
    with pytest.raises(TypeError):
        confirmed(Dossier.objects.all(), "surname", "x")
