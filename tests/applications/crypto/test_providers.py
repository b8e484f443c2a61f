"""Wrapping data keys by master keys."""

import os
from uuid import UUID, uuid4

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from applications.crypto.errors import DecryptionError, UnknownEpoch
from applications.crypto.providers import LocalMasterKeys, MasterKeyProvider, master_keys

KEYS = {"old": bytes(range(32)), "new": bytes(range(1, 33))}


class OutsideProvider:
    """Stands for an external KMS."""

    def current_epoch(self) -> str:
        return "outside"

    def wrap(self, epoch: str, data_key: bytes, owner_id: UUID) -> bytes:
        return data_key

    def unwrap(self, epoch: str, wrapped: bytes, owner_id: UUID) -> bytes:
        return wrapped


@pytest.fixture
def provider() -> MasterKeyProvider:
    with override_settings(MASTER_KEYS=KEYS):
        return LocalMasterKeys()


def test_the_last_master_key_is_current(provider: MasterKeyProvider) -> None:
    assert provider.current_epoch() == "new"


@pytest.mark.parametrize("epoch", KEYS)
def test_a_wrapped_key_is_unwrapped_in_its_epoch(provider: MasterKeyProvider, epoch: str) -> None:
    data_key, owner_id = os.urandom(32), uuid4()
    wrapped = provider.wrap(epoch, data_key, owner_id)
    assert data_key not in wrapped
    assert provider.unwrap(epoch, wrapped, owner_id) == data_key


@given(position=st.integers(0, 8 * 60 - 1))
def test_a_flipped_bit_of_a_wrapped_key_is_refused(position: int) -> None:
    with override_settings(MASTER_KEYS=KEYS):
        provider, owner_id = LocalMasterKeys(), uuid4()
    wrapped = bytearray(provider.wrap("new", os.urandom(32), owner_id))
    wrapped[position // 8] ^= 1 << position % 8
    with pytest.raises(DecryptionError, match="data_key"):
        provider.unwrap("new", bytes(wrapped), owner_id)


def test_another_owner_or_epoch_is_refused(provider: MasterKeyProvider) -> None:
    owner_id = uuid4()
    wrapped = provider.wrap("new", os.urandom(32), owner_id)
    for epoch, owner, stored in (
        ("old", owner_id, wrapped),
        ("new", uuid4(), wrapped),
        ("new", owner_id, b""),
    ):
        with pytest.raises(DecryptionError) as caught:
            provider.unwrap(epoch, stored, owner)
        assert caught.value.code == "data_key"
        assert caught.value.__context__ is None


def test_an_epoch_without_its_master_key_is_unknown(provider: MasterKeyProvider) -> None:
    with pytest.raises(UnknownEpoch):
        provider.unwrap("older", b"wrapped", uuid4())
    with pytest.raises(UnknownEpoch):
        provider.wrap("older", b"data key", uuid4())


def test_the_provider_is_made_once_and_follows_the_settings() -> None:
    assert master_keys() is master_keys()
    with override_settings(MASTER_KEYS=KEYS):
        assert master_keys().current_epoch() == "new"
    with override_settings(MASTER_KEY_PROVIDER=f"{__name__}.OutsideProvider"):
        assert master_keys().current_epoch() == "outside"
    assert isinstance(master_keys(), LocalMasterKeys)
