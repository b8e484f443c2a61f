"""The envelope around one encrypted value: AES-256-GCM, bound to its field, its row and its owner.

Format 1: one byte 0x01 | 12 bytes nonce | ciphertext and 16-byte tag. The additional data are the version
byte, the field's label, the row id and the owner id (16 bytes each), every part after its length in four
bytes, big endian. The first byte names the format, so that a later format can be read beside this one.
"""

from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from applications.crypto.errors import DecryptionError
from applications.crypto.nonces import NONCE_BYTES, ready_nonces, refill

FORMAT = 1
TAG_BYTES = 16
_VERSION = bytes([FORMAT])
_BODY = 1 + NONCE_BYTES
_SHORTEST = _BODY + TAG_BYTES


# Encrypting a field takes two microseconds, in which every call of a function shows. So the label's part of
# the additional data is kept for each label, and the ids' part for the last row: its fields are sealed and
# opened one after another. That part is one tuple, replaced whole: threads never see half of it.
_label_parts: dict[str, bytes] = {}
_last_row: list[tuple[UUID | None, UUID | None, bytes]] = [(None, None, b"")]


def seal(cipher: AESGCM, plaintext: bytes, *, label: str, row_id: UUID, owner_id: UUID) -> bytes:
    """Encrypt `plaintext` for one field of one row of one owner, under a fresh nonce."""
    last_row_id, last_owner_id, ids = _last_row[0]
    if row_id is not last_row_id or owner_id is not last_owner_id:
        ids = _ids_part(row_id, owner_id)
    try:
        nonce = ready_nonces.pop()
    except IndexError:
        nonce = refill()
    sealed = cipher.encrypt(nonce, plaintext, (_label_parts.get(label) or _label_part(label)) + ids)
    return _VERSION + nonce + sealed


def unseal(cipher: AESGCM, envelope: bytes, *, label: str, row_id: UUID, owner_id: UUID) -> bytes:
    """The plaintext of an envelope of any known format.

    Raises DecryptionError when the envelope was changed, truncated or made for another field, row or owner,
    or when its format is unknown.
    """
    if envelope[:1] != _VERSION:
        raise DecryptionError("format", label=label)
    if len(envelope) >= _SHORTEST:
        last_row_id, last_owner_id, ids = _last_row[0]
        if row_id is not last_row_id or owner_id is not last_owner_id:
            ids = _ids_part(row_id, owner_id)
        bound_to = (_label_parts.get(label) or _label_part(label)) + ids
        try:
            return cipher.decrypt(envelope[1:_BODY], envelope[_BODY:], bound_to)
        except InvalidTag:
            pass
    # Raised outside the handler: nothing of the failure is chained to it.
    raise DecryptionError(label=label)


def _ids_part(row_id: UUID, owner_id: UUID) -> bytes:
    # Both ids and the length between them as one number: cheaper than joining their bytes.
    ids = ((row_id.int << 160) | (16 << 128) | owner_id.int).to_bytes(36, "big")
    _last_row[0] = (row_id, owner_id, ids)
    return ids


def _label_part(label: str) -> bytes:
    text = label.encode()
    version = len(_VERSION).to_bytes(4, "big") + _VERSION
    part = version + len(text).to_bytes(4, "big") + text + (16).to_bytes(4, "big")
    _label_parts[label] = part
    return part
