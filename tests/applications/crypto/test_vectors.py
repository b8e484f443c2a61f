"""The stored formats, checked against vectors and against the same computed by hand from primitives.

The vectors are data in the databases of the future: when one fails, the code is wrong, not the vector.
"""

import hashlib
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.test import override_settings

from applications.crypto import blind_index, envelope
from applications.crypto.providers import LocalMasterKeys

VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text(encoding="utf-8"))


def prefixed(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def gcm(key: bytes, nonce: bytes, plaintext: bytes, additional: bytes) -> bytes:
    """AES-256-GCM through the other interface of the library, tag last."""
    encryptor = Cipher(algorithms.AES(key), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(additional)
    return encryptor.update(plaintext) + encryptor.finalize() + encryptor.tag


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """RFC 2104, from SHA-256 alone."""
    block = key.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block) + message).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in block) + inner).digest()


@pytest.mark.parametrize("vector", VECTORS["envelopes"], ids=lambda vector: vector["label"])
def test_envelope_vector(vector: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    key, nonce = bytes.fromhex(vector["data_key"]), bytes.fromhex(vector["nonce"])
    row_id, owner_id = UUID(vector["row_id"]), UUID(vector["owner_id"])
    plaintext, sealed = bytes.fromhex(vector["plaintext"]), bytes.fromhex(vector["envelope"])
    additional = prefixed(b"\x01", vector["label"].encode(), row_id.bytes, owner_id.bytes)
    assert sealed == b"\x01" + nonce + gcm(key, nonce, plaintext, additional)

    bound = {"label": vector["label"], "row_id": row_id, "owner_id": owner_id}
    assert envelope.unseal(AESGCM(key), sealed, **bound) == plaintext
    monkeypatch.setattr(envelope, "ready_nonces", [nonce])
    assert envelope.seal(AESGCM(key), plaintext, **bound) == sealed


@pytest.mark.parametrize("vector", VECTORS["wrapped_keys"], ids=lambda vector: vector["epoch"])
def test_wrapped_key_vector(vector: dict[str, Any]) -> None:
    master, data_key = bytes.fromhex(vector["master_key"]), bytes.fromhex(vector["data_key"])
    nonce, owner_id = bytes.fromhex(vector["nonce"]), UUID(vector["owner_id"])
    wrapped, epoch = bytes.fromhex(vector["wrapped"]), vector["epoch"]
    additional = prefixed(b"data key 1", epoch.encode(), owner_id.bytes)
    assert wrapped == nonce + gcm(master, nonce, data_key, additional)
    with override_settings(MASTER_KEYS={epoch: master}):
        assert LocalMasterKeys().unwrap(epoch, wrapped, owner_id) == data_key


@pytest.mark.parametrize("vector", VECTORS["blind_indexes"], ids=lambda vector: vector["column"])
def test_blind_index_vector(vector: dict[str, Any]) -> None:
    key, expected = bytes.fromhex(vector["index_key"]), bytes.fromhex(vector["digest"])
    column_key = hmac_sha256(key, prefixed(b"blind index 1", vector["column"].encode()))
    mac = hmac_sha256(column_key, vector["normalised"].encode())
    assert expected == bytes([vector["key_id"]]) + mac[:16]
    with override_settings(INDEX_KEYS={vector["key_id"]: key}):
        assert blind_index.digest(vector["column"], vector["normalised"]) == expected
