"""Blind indexes are made anew with the current key, from the values behind them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from applications.crypto import keyring, reindexing, stored_digests
from applications.crypto.errors import LookupRefused, RetireRefused, RingBehind
from applications.models import EmailChallenge
from applications.services import accounts
from tests import factories
from tests.applications.crypto.ring import numbers
from tests.applications.crypto.stored import column, overwrite
from tests.applications.crypto.vault.models import Dossier

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])
Write = Callable[..., Dossier]


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reindexing, "CHUNK", 2)


def key_of(row: Dossier) -> int:
    return int(column(row, "code_index")[0])


def test_every_digest_comes_to_the_current_key_and_finds_the_same_rows(write: Write) -> None:
    with numbers(1):
        same = {write() for _ in range(5)}
        other = write(code="020290-22222")
        write(code=None)
    with numbers(1, 2):
        run = reindexing.reindex()
        assert (run.done, run.left) == (6, 0)
        assert reindexing.reindex().done == 0
    with numbers(2):
        assert set(Dossier.objects.filter(code_index="01019012345")) == same
        assert Dossier.objects.get(code_index="020290-22222") == other
        assert {key_of(one) for one in [*same, other]} == {2}


def test_a_bounded_run_is_gone_on_with(write: Write) -> None:
    with numbers(1):
        for _ in range(5):
            write()
    with numbers(1, 2):
        run = reindexing.reindex(most=2)
        assert (run.done, run.left) == (2, 3)
        assert Dossier.objects.filter(code_index="01019012345").count() == 5
        assert reindexing.reindex().done == 3


def test_digests_of_a_key_that_is_gone_are_made_anew_as_well(write: Write) -> None:
    with numbers(1):
        row = write()
    with numbers(2):
        assert not Dossier.objects.filter(code_index="01019012345").exists()
        reindexing.reindex()
        assert Dossier.objects.get(code_index="01019012345") == row


def test_rows_that_do_not_open_are_counted_and_left(write: Write, people: Any) -> None:
    with numbers(1):
        sound, broken, erased = write(), write(), write(person=people.make_person())
    overwrite(broken, "code", b"\x01")
    keyring.destroy_key(erased.person_id)
    with numbers(1, 2):
        run = reindexing.reindex()
        assert (run.done, run.gone, run.unreadable, run.left) == (1, 1, 1, 2)
    assert [key_of(one) for one in (sound, broken, erased)] == [2, 1, 1]


def test_a_row_of_a_destroyed_key_raises_no_alarm(write: Write, failures: list[Any]) -> None:
    with numbers(1):
        keyring.destroy_key(write().person_id)
    with numbers(1, 2):
        reindexing.reindex()
    assert failures == []


def test_a_value_that_changed_meanwhile_keeps_its_own_digest(write: Write) -> None:
    with numbers(1):
        row = write()
    real = reindexing._write

    def meanwhile(*args: Any) -> None:
        with numbers(1):
            changed = Dossier.objects.get(pk=row.pk)
            changed.code = "020290-22222"
            changed.save()
        real(*args)

    with numbers(1, 2):
        with mock.patch.object(reindexing, "_write", meanwhile):
            assert reindexing.reindex().done == 0
        assert not Dossier.objects.filter(code_index="01019012345").exists()
        assert Dossier.objects.get(code_index="020290-22222") == row
        assert reindexing.reindex().done == 1


def test_a_digest_that_was_taken_away_meanwhile_does_not_come_back(write: Write) -> None:
    with numbers(1):
        row = write()
    real = reindexing._write

    def meanwhile(*args: Any) -> None:
        overwrite(row, "code_index", None)
        real(*args)

    with numbers(1, 2), mock.patch.object(reindexing, "_write", meanwhile):
        assert reindexing.reindex().done == 0
    assert column(row, "code_index") is None


@pytest.mark.django_db(databases=["default", "keys", "aside"], transaction=True)
def test_a_row_that_somebody_holds_is_passed_over_without_waiting(write: Write) -> None:
    with numbers(1):
        held, free = write(), write()
    with transaction.atomic():
        Dossier.objects.select_for_update().get(pk=held.pk)
        with numbers(1, 2):
            [run] = factories.in_parallel(lambda _: reindexing.reindex(), 1)
    assert (run.done, run.left) == (1, 1)
    assert [key_of(one) for one in (held, free)] == [1, 2]


def test_a_process_with_an_older_ring_makes_nothing_anew(write: Write) -> None:
    with numbers(1):
        write()
    with numbers(1, 2):
        reindexing.reindex()
    for older in (numbers(1), numbers(2, 1)):
        with older, pytest.raises(RingBehind):
            reindexing.reindex()


def test_digests_are_counted_by_their_keys(write: Write) -> None:
    for number, count in ((1, 2), (2, 1), (255, 3)):
        with numbers(number):
            for _ in range(count):
                write()
    assert stored_digests.digests_by_key() == {1: 2, 2: 1, 255: 3}
    for number, count in ((1, 2), (2, 1), (255, 3), (254, 0)):
        assert Dossier.objects.filter(code_index__made_with=number).count() == count
        assert Dossier.objects.exclude(code_index__made_with=number).count() == 6 - count


def test_the_numbers_of_keys_are_found_by_the_index() -> None:
    plan = str(Dossier.objects.filter(code_index__made_with=1).query)
    assert ">=" in plan
    with pytest.raises(LookupRefused):
        Dossier.objects.filter(code_index__gt=b"x")


# --- the end of an index key ---


def refusal(number: int) -> tuple[str, int]:
    with pytest.raises(RetireRefused) as refused:
        stored_digests.refuse_if_used(number)
    return refused.value.code, refused.value.count


def test_a_key_that_a_digest_was_made_with_is_not_retired(write: Write) -> None:
    with numbers(1):
        write()
    with numbers(1, 2):
        assert refusal(1) == ("in_use", 1)
        reindexing.reindex()
        stored_digests.refuse_if_used(1)


def test_a_key_is_kept_as_long_as_limits_look_for_what_it_made() -> None:
    with numbers(1):
        factories.ask_for_code(factories.address())
    with numbers(1, 2):
        reindexing.reindex()
        assert refusal(1) == ("young", 1)
        EmailChallenge.objects.update(created_at=timezone.now() - timedelta(days=1, minutes=1))
        stored_digests.refuse_if_used(1)


def test_two_rows_of_one_value_in_a_unique_index_are_told() -> None:
    with numbers(1):
        first = factories.subject("anna@piemers.lv")
    with numbers(2), mock.patch.object(accounts, "refuse_unknown_keys"):
        second = factories.subject("anna@piemers.lv")
    assert first != second
    with numbers(1, 2):
        run = reindexing.reindex()
    assert (run.twice, run.left) == (1, 1)
    with pytest.raises(IntegrityError), transaction.atomic():
        type(first).objects.filter(pk=first.pk).update(email_index=second.email_index)
