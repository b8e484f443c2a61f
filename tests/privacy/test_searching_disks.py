"""The search itself, on disks made by hand: what it finds, and how it is not led astray."""

import base64
import json
import os
from pathlib import Path
from struct import pack
from urllib.parse import quote
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.test import override_settings

from applications.crypto.envelope import seal
from applications.crypto.providers import LocalMasterKeys
from tests.privacy.forensics import (
    LOG,
    OpenedKey,
    Piece,
    Place,
    Sealing,
    cluster,
    envelopes,
    files,
    literal,
    wrapped_keys,
)

WORD = "Zqxqzņanna"
PAGE, HEADER = 8192, 24
OWNER = uuid4()
KEYS = {"first": os.urandom(32), "second": os.urandom(32)}


def page(address: int, content: bytes) -> bytes:
    """One page of the write-ahead log as PostgreSQL 18 begins it."""
    return pack("=HHIQI4x", 0xD118, 0, 1, address, 0) + content.ljust(PAGE - HEADER, b"\xee")


def data_directory(folder: Path, *segments: bytes) -> Path:
    for name in ("base/7", LOG):
        (folder / name).mkdir(parents=True)
    for number, segment in enumerate(segments, start=1):
        (folder / LOG / f"{number:024X}").write_bytes(segment)
    return folder


def wrapped(data_key: bytes, epoch: str = "first") -> bytes:
    with override_settings(MASTER_KEYS=KEYS):
        return LocalMasterKeys().wrap(epoch, data_key, OWNER)


@pytest.mark.parametrize(
    "spelt",
    [
        WORD.encode(),
        WORD.upper().encode(),
        WORD.encode("utf-16-le"),
        WORD.encode("utf-16-be"),
        WORD.encode().hex().encode(),
        json.dumps(WORD).encode(),
        quote(WORD).encode(),
        *(base64.b64encode(b"." * before + WORD.encode() + b"..") for before in range(3)),
    ],
)
def test_word_is_found_however_it_is_spelt(spelt: bytes) -> None:
    piece = Piece("a", b"before " + spelt + b" after")
    assert literal([piece], {"word": WORD, "other": "zqxqzother"}).keys() == {"word"}


def test_digest_is_found_raw_and_in_hexadecimal() -> None:
    digest = os.urandom(17)
    found = literal([Piece("a", b"." + digest), Piece("b", digest.hex().encode())], {"digest": digest})
    assert found == {"digest": [Place("a", 1), Place("b", 0)]}


def test_value_that_crosses_pages_of_the_log_is_found(tmp_path: Path) -> None:
    value = os.urandom(60)
    first, second = (b"." * (PAGE - HEADER - 20) + value[:20], value[20:])
    data = data_directory(tmp_path, page(PAGE, first) + page(2 * PAGE, second))
    assert literal(cluster(data, databases=[7], since=0), {"value": value}).keys() == {"value"}


def test_recycled_segment_is_read_in_the_order_in_which_it_was_written(tmp_path: Path) -> None:
    value = os.urandom(60)
    first, second = (b"." * (PAGE - HEADER - 20) + value[:20], value[20:])
    data = data_directory(tmp_path, page(2 * PAGE, second), page(5 * PAGE, b""), page(PAGE, first))
    assert literal(cluster(data, databases=[7], since=0), {"value": value}).keys() == {"value"}


def test_log_is_read_from_the_page_that_holds_the_address(tmp_path: Path) -> None:
    data = data_directory(tmp_path, page(PAGE, b"before") + page(2 * PAGE, b"from then on"))
    found = literal(cluster(data, databases=[7], since=2 * PAGE + 99), {"old": "before", "new": "from then"})
    assert found.keys() == {"new"}


def test_bytes_in_the_log_that_are_no_page_are_searched_as_well(tmp_path: Path) -> None:
    data = data_directory(tmp_path, b"." * 100 + WORD.encode().ljust(PAGE, b"\0"))
    assert literal(cluster(data, databases=[7], since=0), {"word": WORD}).keys() == {"word"}


def test_files_of_other_databases_are_left_out(tmp_path: Path) -> None:
    data = data_directory(tmp_path)
    for oid in (7, 8):
        (data / "base" / str(oid)).mkdir(exist_ok=True)
        (data / "base" / str(oid) / "1").write_text(WORD, encoding="utf-8")
    found = literal(cluster(data, databases=[7], since=0), {"word": WORD})
    assert found == {"word": [Place("base/7/1", 0)]}


def test_server_on_another_machine_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="not on this machine"):
        files(tmp_path / "elsewhere")


@pytest.mark.parametrize("between", [0, 3, 90])
@pytest.mark.parametrize("key_first", [True, False])
def test_wrapped_key_is_found_near_its_owner(between: int, key_first: bool) -> None:
    data_key = os.urandom(32)
    parts = [wrapped(data_key), bytes(between), OWNER.bytes]
    piece = Piece("a", b"".join(parts if key_first else reversed(parts)))
    assert [key.data_key for key in wrapped_keys([piece], [OWNER], KEYS)] == [data_key]


@pytest.mark.parametrize("length", [b"\x7b", b"\x00\x01\x00\x00"])
def test_wrapped_key_is_found_far_from_its_owner(length: bytes) -> None:
    """The log may leave the id out, and a sample of a column holds nothing of the rest of the row."""
    before = bytes(999) + length
    piece = Piece("a", before + wrapped(os.urandom(32)) + bytes(999))
    assert [key.place for key in wrapped_keys([piece], [OWNER], KEYS)] == [Place("a", len(before))]


def test_wrapped_key_opens_under_the_name_of_an_epoch_that_has_ended() -> None:
    piece = Piece("a", OWNER.bytes + wrapped(os.urandom(32)))
    renamed = {"another": KEYS["first"]}
    assert wrapped_keys([piece], [OWNER], renamed) == []
    assert wrapped_keys([piece], [OWNER], renamed, epochs=["first"])


def test_wrapped_key_stays_shut_without_its_master_key() -> None:
    piece = Piece("a", OWNER.bytes + wrapped(os.urandom(32)))
    assert wrapped_keys([piece], [OWNER], {"second": KEYS["second"]}, epochs=KEYS) == []
    assert wrapped_keys([piece], [uuid4()], KEYS) == []


@pytest.mark.parametrize("length", [0, 1, 97, 98, 3000])
def test_envelope_is_read_whatever_its_length(length: int) -> None:
    """PostgreSQL tells the length of a short value in one byte, of a longer one in four."""
    data_key, row_id, plaintext = os.urandom(32), uuid4(), os.urandom(length)
    envelope = seal(AESGCM(data_key), plaintext, label="a.b", row_id=row_id, owner_id=OWNER)
    short = len(envelope) < 127
    before = bytes([(len(envelope) + 1) << 1 | 1]) if short else pack("<I", (len(envelope) + 4) << 2)
    piece = Piece("a", bytes(9) + row_id.bytes + before + envelope + bytes(9))
    key = OpenedKey(OWNER, Place("a", 0), data_key)
    (value,) = envelopes([piece], [key], [Sealing("a.b", row_id, OWNER), Sealing("a.c", row_id, OWNER)])
    assert (value.sealing.label, value.plaintext) == ("a.b", plaintext)
