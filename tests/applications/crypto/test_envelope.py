"""The envelope opens for what it was sealed for, and for nothing else."""

import os
import threading
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from applications.crypto import nonces
from applications.crypto.envelope import seal, unseal
from applications.crypto.errors import DecryptionError

CIPHER = AESGCM(bytes(range(32)))
labels = st.text(min_size=1, max_size=40)


@given(st.binary(max_size=500), labels, st.uuids(), st.uuids())
def test_what_was_sealed_is_unsealed(plaintext: bytes, label: str, row_id: UUID, owner_id: UUID) -> None:
    envelope = seal(CIPHER, plaintext, label=label, row_id=row_id, owner_id=owner_id)
    assert unseal(CIPHER, envelope, label=label, row_id=row_id, owner_id=owner_id) == plaintext
    assert len(envelope) == len(plaintext) + 29


def refused(envelope: bytes, *, cipher: AESGCM = CIPHER, label: str, row_id: UUID, owner_id: UUID) -> str:
    with pytest.raises(DecryptionError) as caught:
        unseal(cipher, envelope, label=label, row_id=row_id, owner_id=owner_id)
    assert caught.value.__context__ is None
    return caught.value.code


@given(st.binary(max_size=60), st.data())
def test_a_flipped_bit_anywhere_is_refused(plaintext: bytes, data: st.DataObject) -> None:
    bound = {"label": "loan.keyword", "row_id": uuid4(), "owner_id": uuid4()}
    envelope = bytearray(seal(CIPHER, plaintext, **bound))
    bit = data.draw(st.integers(0, 8 * len(envelope) - 1))
    envelope[bit // 8] ^= 1 << bit % 8
    assert refused(bytes(envelope), **bound) == ("format" if bit < 8 else "envelope")


@given(st.binary(max_size=60), st.data())
def test_a_truncated_envelope_is_refused(plaintext: bytes, data: st.DataObject) -> None:
    bound = {"label": "loan.keyword", "row_id": uuid4(), "owner_id": uuid4()}
    envelope = seal(CIPHER, plaintext, **bound)
    refused(envelope[: data.draw(st.integers(0, len(envelope) - 1))], **bound)


@given(st.integers(0, 255).filter(lambda version: version != 1), st.binary(max_size=60))
def test_an_unknown_format_is_refused(version: int, rest: bytes) -> None:
    bound = {"label": "loan.keyword", "row_id": uuid4(), "owner_id": uuid4()}
    assert refused(bytes([version]) + rest, **bound) == "format"


@given(labels, labels, st.uuids(), st.uuids(), st.uuids())
def test_another_label_row_or_owner_is_refused(
    label: str, other_label: str, row_id: UUID, owner_id: UUID, other_id: UUID
) -> None:
    bound = {"label": label, "row_id": row_id, "owner_id": owner_id}
    envelope = seal(CIPHER, b"secret", **bound)
    for change in ({"label": other_label}, {"row_id": other_id}, {"owner_id": other_id}):
        moved = bound | change
        if moved != bound:
            assert refused(envelope, **moved) == "envelope"
    if row_id != owner_id:
        assert refused(envelope, label=label, row_id=owner_id, owner_id=row_id) == "envelope"
    assert unseal(CIPHER, envelope, **bound) == b"secret"


def test_another_owner_of_the_row_just_sealed_is_refused() -> None:
    """The ids of the last row are kept: the same row object with another owner is not that row."""
    row_id = uuid4()
    envelope = seal(CIPHER, b"secret", label="loan.keyword", row_id=row_id, owner_id=uuid4())
    assert refused(envelope, label="loan.keyword", row_id=row_id, owner_id=uuid4()) == "envelope"


def test_another_key_is_refused() -> None:
    bound = {"label": "loan.keyword", "row_id": uuid4(), "owner_id": uuid4()}
    envelope = seal(CIPHER, b"secret", **bound)
    assert refused(envelope, cipher=AESGCM(os.urandom(32)), **bound) == "envelope"


def test_the_error_shows_neither_value_nor_ciphertext() -> None:
    bound = {"label": "loan.keyword", "row_id": uuid4(), "owner_id": uuid4()}
    envelope = seal(CIPHER, b"secret", **bound)
    with pytest.raises(DecryptionError) as caught:
        unseal(CIPHER, envelope[:-1], **bound)
    assert str(caught.value) == "envelope: loan.keyword"
    assert caught.value.args == ("envelope: loan.keyword",)


def test_nonces_never_repeat_among_threads() -> None:
    drawn: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: drawn.extend(nonces.fresh_nonce() for _ in range(5000)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(drawn)) == 20_000
    assert {len(nonce) for nonce in drawn} == {12}


def test_a_forked_child_does_not_use_its_parents_nonces() -> None:
    nonces.refill()
    waiting = set(nonces.ready_nonces)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, b"".join(nonces.fresh_nonce() for _ in range(20)))
        os._exit(0)
    os.waitpid(child, 0)
    drawn = os.read(reading, 240)
    os.close(reading)
    os.close(writing)
    assert len(drawn) == 240
    assert not waiting & {drawn[at : at + 12] for at in range(0, 240, 12)}
