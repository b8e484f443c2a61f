"""Data keys are wrapped anew while everybody works; nothing is lost, and what was destroyed stays so."""

from unittest import mock
from uuid import uuid4

import pytest
from django.db import connections, transaction

from applications.crypto import keyring, rewrapping
from applications.crypto.errors import KeyDestroyed
from applications.crypto.models import DataKey
from tests import factories
from tests.applications.crypto.ring import masters, opens, owner, sealed, stored_in

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])
committed = pytest.mark.django_db(databases=["default", "keys", "aside"], transaction=True)


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rewrapping, "CHUNK", 3)


def test_every_live_key_comes_to_the_current_epoch_and_opens_what_it_sealed() -> None:
    values = {}
    for ring in (("a",), ("a", "b")):
        with masters(*ring):
            values |= {one: sealed(one) for one in (owner() for _ in range(4))}
            keyring.destroy_key(owner())
    with masters("a", "b", "c"):
        run = rewrapping.rewrap()
        assert (run.done, run.left, run.unopened.total()) == (8, 0, 0)
        assert rewrapping.rewrap().done == 0
    with masters("c"):
        assert all(opens(one, envelope) for one, envelope in values.items())
    assert set(DataKey.objects.filter(wrapped__isnull=True).values_list("epoch", flat=True)) == {"a", "b"}


def test_a_bounded_run_says_how_many_are_left() -> None:
    with masters("a"):
        for _ in range(7):
            owner()
    with masters("a", "b"):
        run = rewrapping.rewrap(most=3)
        assert (run.done, run.left) == (3, 4)
        assert rewrapping.rewrap().done == 4


def test_keys_that_do_not_open_are_counted_and_left_as_they_are() -> None:
    with masters("a"):
        broken, sound = owner(), owner()
        DataKey.objects.filter(owner_id=broken).update(wrapped=b"broken")
    with masters("gone"):
        missing = owner()
    with masters("a", "b"):
        run = rewrapping.rewrap()
    assert (run.done, run.left) == (1, 2)
    assert run.unopened == {"data_key": 1, "unknown_epoch": 1}
    assert [stored_in(one) for one in (broken, missing, sound)] == ["a", "gone", "b"]
    assert bytes(DataKey.objects.get(owner_id=broken).wrapped or b"") == b"broken"


def test_what_a_process_with_an_older_ring_makes_meanwhile_is_found_as_well() -> None:
    with masters("a"):
        for _ in range(4):
            owner()
    made = []

    def meanwhile(_done: int) -> None:
        if len(made) < 2:
            with masters("a"):
                made.append(owner())

    with masters("a", "b"):
        run = rewrapping.rewrap(told=meanwhile)
    assert (run.done, run.left) == (6, 0)
    assert {stored_in(one) for one in made} == {"b"}


def test_a_key_that_was_destroyed_or_wrapped_anew_meanwhile_is_left_alone() -> None:
    with masters("a"):
        destroyed, moved, kept = sorted((owner() for _ in range(3)), key=lambda one: one.int)
    real = rewrapping.master_keys

    def meanwhile() -> object:
        keyring.destroy_key(destroyed)
        DataKey.objects.filter(owner_id=moved).update(epoch="elsewhere", wrapped=b"elsewhere")
        return real()

    with masters("a", "b"):
        with mock.patch.object(rewrapping, "master_keys", meanwhile):
            run = rewrapping.rewrap()
        assert run.done == 1
        with pytest.raises(KeyDestroyed):
            keyring.cipher_for(destroyed)
    assert [stored_in(one) for one in (destroyed, moved, kept)] == ["a", "elsewhere", "b"]


@committed
def test_a_key_that_somebody_holds_is_passed_over_without_waiting() -> None:
    with masters("a"):
        held, free = owner(), owner()
        with transaction.atomic(using="keys"):
            DataKey.objects.select_for_update().get(owner_id=held)
            with masters("a", "b"):
                [run] = factories.in_parallel(lambda _: rewrapping.rewrap(), 1)
        assert (run.done, run.left) == (1, 1)
        assert [stored_in(one) for one in (held, free)] == ["a", "b"]


@committed
def test_rotations_at_once_with_makers_destroyers_and_readers() -> None:
    with masters("a"):
        values = {one: sealed(one) for one in (owner() for _ in range(60))}
        doomed = sorted(owner() for _ in range(30))
    made: list[object] = []

    def act(number: int) -> int:
        if number < 2:
            return rewrapping.rewrap().done
        if number == 2:
            made.extend(owner() for _ in range(20))
        elif number == 3:
            for at in range(0, 30, 5):
                keyring.destroy_keys(reversed(doomed[at : at + 5]))
        else:
            for _ in range(3):
                assert all(opens(one, envelope) for one, envelope in values.items())
        return 0

    with masters("a", "b"):
        results = factories.in_parallel(act, 6)
        assert [one for one in results if isinstance(one, Exception)] == []
        rewrapping.rewrap()
        assert all(opens(one, envelope) for one, envelope in values.items())
        assert not DataKey.objects.filter(wrapped__isnull=False).exclude(epoch="b").exists()
    live = set(DataKey.objects.filter(wrapped__isnull=False).values_list("owner_id", flat=True))
    assert live == {*values, *made}


def test_a_chunk_is_read_by_an_index_however_many_keys_there_are() -> None:
    with masters("a"):
        with connections["keys"].cursor() as cursor:
            cursor.execute(
                "INSERT INTO crypto_datakey (owner_id, epoch, wrapped) "
                "SELECT gen_random_uuid(), 'b', 'x' FROM generate_series(1, 5000)"
            )
            cursor.execute("ANALYZE crypto_datakey")
        keys = rewrapping._outside("b").filter(epoch="a", owner_id__gt=uuid4()).order_by("owner_id")
        plan = keys.values_list("owner_id", "epoch", "wrapped")[:500].explain()
    assert "Seq Scan" not in plan, plan
