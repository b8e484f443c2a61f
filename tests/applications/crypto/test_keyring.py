"""Data keys: made once, destroyed for good, cached for one scope."""

import threading
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connections, transaction
from django.test import override_settings
from django.utils import timezone

from applications.crypto import keyring
from applications.crypto.errors import DecryptionError, KeyDestroyed, KeyMissing, UnknownEpoch
from applications.crypto.keyring import data_key_scope
from applications.crypto.models import DataKey
from applications.crypto.scope import open_ciphers

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])


def opens(owner_id: UUID, sealed: bytes) -> bool:
    return keyring.cipher_for(owner_id).decrypt(b"n" * 12, sealed, None) == b"secret"


def test_a_key_is_made_once() -> None:
    owner_id = uuid4()
    keyring.create_key(owner_id)
    sealed = keyring.cipher_for(owner_id).encrypt(b"n" * 12, b"secret", None)
    keyring.create_key(owner_id)
    assert opens(owner_id, sealed)
    assert DataKey.objects.using("keys").get().owner_id == owner_id


def test_the_key_just_made_is_the_one_stored() -> None:
    owner_id = uuid4()
    with data_key_scope():
        keyring.create_key(owner_id)
        sealed = keyring.cipher_for(owner_id).encrypt(b"n" * 12, b"secret", None)
    assert opens(owner_id, sealed)


@pytest.mark.django_db(databases=["default", "keys", "aside"], transaction=True)
def test_racing_makers_agree_on_one_key() -> None:
    owner_id, sealed, barrier = uuid4(), [], threading.Barrier(6)

    def make() -> None:
        with data_key_scope():
            barrier.wait()
            keyring.create_key(owner_id)
            sealed.append(keyring.cipher_for(owner_id).encrypt(b"n" * 12, b"secret", None))
        connections.close_all()

    threads = [threading.Thread(target=make) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sealed) == 6
    assert len(set(sealed)) == 1


@pytest.mark.django_db(databases=["default", "keys", "aside"], transaction=True)
def test_a_key_is_not_made_inside_a_transaction_that_may_roll_back() -> None:
    with transaction.atomic(using="keys"), pytest.raises(RuntimeError):
        keyring.create_key(uuid4())
    with transaction.atomic(using="default"):
        keyring.create_key(uuid4())
    assert DataKey.objects.using("keys").count() == 1


def test_owner_that_could_not_be_written_leaves_no_key_behind() -> None:
    written, refused = uuid4(), uuid4()
    with data_key_scope():
        with keyring.key_of_a_new_owner(written):
            keyring.cipher_for(written)
        with pytest.raises(ValueError, match="refused"), keyring.key_of_a_new_owner(refused):
            raise ValueError("refused")
        with pytest.raises(KeyMissing):
            keyring.cipher_for(refused)
    assert DataKey.objects.using("keys").get().owner_id == written


def test_an_owner_without_a_key_is_told_apart_from_one_whose_key_is_destroyed() -> None:
    owner_id = uuid4()
    with pytest.raises(KeyMissing):
        keyring.cipher_for(owner_id)
    keyring.create_key(owner_id)
    assert keyring.destroy_key(owner_id)
    with pytest.raises(KeyDestroyed):
        keyring.cipher_for(owner_id)


def test_a_destroyed_key_is_never_made_again() -> None:
    with_key, without_key = uuid4(), uuid4()
    keyring.create_key(with_key)
    for owner_id in (with_key, without_key):
        assert keyring.destroy_key(owner_id)
        with pytest.raises(KeyDestroyed):
            keyring.create_key(owner_id)
        with pytest.raises(KeyDestroyed):
            keyring.cipher_for(owner_id)


def test_the_tombstone_keeps_epoch_and_moment_but_no_key() -> None:
    owner_id = uuid4()
    keyring.create_key(owner_id)
    epoch = DataKey.objects.using("keys").get().epoch
    keyring.destroy_key(owner_id)
    first = DataKey.objects.using("keys").get()
    assert not keyring.destroy_key(owner_id)
    again = DataKey.objects.using("keys").get()
    assert (again.wrapped, again.epoch, again.destroyed_at) == (None, epoch, first.destroyed_at)


def test_many_keys_are_destroyed_at_once() -> None:
    owners = [uuid4() for _ in range(5)]
    for owner_id in owners[:4]:
        keyring.create_key(owner_id)
    keyring.destroy_key(owners[0])
    with data_key_scope():
        keyring.prefetch(owners)
        assert keyring.destroy_keys([*owners, owners[1]]) == 4
        assert open_ciphers() == {}
    assert not DataKey.objects.using("keys").filter(wrapped__isnull=False).exists()


def test_destroying_evicts_from_the_open_scope() -> None:
    owner_id = uuid4()
    with data_key_scope():
        keyring.create_key(owner_id)
        keyring.cipher_for(owner_id)
        keyring.destroy_key(owner_id)
        with pytest.raises(KeyDestroyed):
            keyring.cipher_for(owner_id)


def test_a_row_is_either_a_key_or_a_tombstone() -> None:
    for wrapped, destroyed_at in ((None, None), (b"wrapped", timezone.now())):
        with pytest.raises(IntegrityError), transaction.atomic(using="keys"):
            DataKey(owner_id=uuid4(), wrapped=wrapped, destroyed_at=destroyed_at).save(using="keys")


def test_a_scope_asks_once_for_each_key(django_assert_num_queries: Any) -> None:
    owners = [uuid4() for _ in range(3)]
    for owner_id in owners:
        keyring.create_key(owner_id)
    keys = connections["keys"]
    with data_key_scope(), django_assert_num_queries(1, connection=keys):
        assert keyring.cipher_for(owners[0]) is keyring.cipher_for(owners[0])
    with data_key_scope(), django_assert_num_queries(1, connection=keys):
        keyring.prefetch([*owners, uuid4()])
        for owner_id in owners:
            keyring.cipher_for(owner_id)
        keyring.prefetch(owners)
    with django_assert_num_queries(2, connection=keys):
        keyring.prefetch(owners)
        keyring.cipher_for(owners[0])
        keyring.cipher_for(owners[0])


def test_a_key_that_does_not_open_is_passed_over_and_refused_when_it_is_read() -> None:
    sound, lost = uuid4(), uuid4()
    for owner_id in (sound, lost):
        keyring.create_key(owner_id)
    DataKey.objects.using("keys").filter(owner_id=lost).update(epoch="unknown")
    with data_key_scope():
        keyring.prefetch([sound, lost])
        assert open_ciphers() is not None
        assert set(open_ciphers() or ()) == {sound.int}
        with pytest.raises(UnknownEpoch):
            keyring.cipher_for(lost)


def test_keys_of_every_epoch_are_read_and_new_ones_use_the_last() -> None:
    old, new = {"old": bytes(32)}, {"new": bytes(range(32))}
    first, second = uuid4(), uuid4()
    with override_settings(MASTER_KEYS=old):
        keyring.create_key(first)
    with override_settings(MASTER_KEYS=old | new):
        keyring.create_key(second)
        keyring.cipher_for(first)
        keyring.cipher_for(second)
    epochs = dict(DataKey.objects.using("keys").values_list("owner_id", "epoch"))
    assert epochs == {first: "old", second: "new"}
    with override_settings(MASTER_KEYS=new), pytest.raises(UnknownEpoch):
        keyring.cipher_for(first)


def test_a_wrapped_key_moved_to_another_owner_does_not_open() -> None:
    one, other = uuid4(), uuid4()
    keyring.create_key(one)
    keyring.create_key(other)
    stolen = DataKey.objects.using("keys").get(owner_id=one).wrapped
    DataKey.objects.using("keys").filter(owner_id=other).update(wrapped=stolen)
    with pytest.raises(DecryptionError, match="data_key"):
        keyring.cipher_for(other)


@pytest.mark.django_db(databases=["default", "keys", "aside"], transaction=True)
def test_keys_are_not_forgotten_inside_a_transaction_that_may_roll_back() -> None:
    owner_id = uuid4()
    keyring.create_key(owner_id)
    with transaction.atomic(using="keys"), pytest.raises(RuntimeError):
        keyring.forget_keys([owner_id])
    assert DataKey.objects.using("keys").count() == 1
    with transaction.atomic(using="default"):
        assert keyring.forget_keys([owner_id]) == 1


def test_live_keys_are_listed_by_age_page_by_page() -> None:
    owners = sorted((uuid4() for _ in range(5)), key=lambda owner_id: owner_id.int)
    for owner_id in owners:
        keyring.create_key(owner_id)
    keyring.destroy_key(owners[4])
    tomorrow = timezone.now() + timedelta(days=1)
    assert keyring.owner_ids_created_before(tomorrow, limit=3) == owners[:3]
    assert keyring.owner_ids_created_before(tomorrow, after=owners[2]) == owners[3:4]
    assert keyring.owner_ids_created_before(timezone.now() - timedelta(days=1)) == []
