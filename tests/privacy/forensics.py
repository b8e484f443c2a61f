"""What somebody can still read of a person who takes the disks, and has the master keys that are left.

It reads bytes alone: it asks no server what there is, and opens with formats written down here once more, so
that what it finds does not depend on the code it examines. Three questions to the same pieces of disk:

    literal(pieces, wanted)                       what stands there in plain, or in a common spelling of it
    wrapped_keys(pieces, owner_ids, master_keys)  data keys that one of the master keys opens
    envelopes(pieces, keys, sealings)             encrypted values that one of those data keys opens

It does not look into compressed data: planted values are short, and Redis is told to compress nothing.
"""

import base64
import contextlib
import json
import re
import struct
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE, TAG, DATA_KEY = 12, 16, 32
WRAPPED = NONCE + DATA_KEY + TAG
LOG = "pg_wal"

# A page of the write-ahead log: magic, flags, timeline, address, what is left of the record before.
_PAGE, _PAGE_HEADER, _LONG_HEADER, _IS_LONG, _MAGIC = 8192, 24, 40, 0x0002, 0xD1
_HEADER = struct.Struct("=HHIQ")
_SEGMENT = re.compile(r"[0-9A-F]{24}")
# PostgreSQL writes the length before a value: in a row in one byte, in a sample of the column in four.
_BEFORE_WRAPPED = (bytes([(WRAPPED + 1) << 1 | 1]), struct.pack("<I", (WRAPPED + 4) << 2))
# A row of the keys' table, with room: how far from its owner's id a wrapped key is looked for byte by byte.
_ROW_OF_KEYS = 160
# Of sixty random bytes about 54 differ, and fewer than these never; of text and numbers fewer do.
_VARIED = 36


@dataclass(frozen=True)
class Piece:
    """Bytes off a disk that hang together: a file, or a stretch of the log without its page headers."""

    source: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Place:
    source: str
    offset: int

    def __str__(self) -> str:
        return f"{self.source}@{self.offset}"


@dataclass(frozen=True)
class OpenedKey:
    """A data key that a master key opened."""

    owner_id: UUID
    place: Place
    data_key: bytes = field(repr=False)


@dataclass(frozen=True)
class Sealing:
    """What an encrypted value is bound to; without these three it does not open."""

    label: str
    row_id: UUID
    owner_id: UUID


@dataclass(frozen=True)
class OpenedValue:
    sealing: Sealing
    place: Place
    plaintext: bytes = field(repr=False)


# --- reading the disks ------------------------------------------------------------------------------------
def files(folder: Path, *, name: str = "", without: Collection[str] = ()) -> list[Piece]:
    """Every file below a folder but those in sub-folders named in `without`.

    Raises FileNotFoundError for a folder that is not here: of a server elsewhere nothing could be said.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is not on this machine: the search needs the servers' own files")
    pieces = []
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        # one that vanishes meanwhile is on no disk any more
        with contextlib.suppress(FileNotFoundError):
            if path.is_file() and inside.parts[0] not in without:
                pieces.append(Piece(f"{name or folder.name}/{inside}", path.read_bytes()))
    return pieces


def cluster(data: Path, *, databases: Iterable[int], since: int) -> list[Piece]:
    """A PostgreSQL data directory: the files of these databases, what all share, and the log from an address
    (LSN) on. Pages of the log are known by the address they carry, wherever a recycled segment keeps them.

    Raises FileNotFoundError like files().
    """
    pieces = files(data, without={"base", LOG})
    for oid in databases:
        pieces += files(data / "base" / str(oid), name=f"base/{oid}")
    return pieces + list(_log(data / LOG, since=since))


def _log(folder: Path, *, since: int) -> Iterator[Piece]:
    """Stretches of the log in the order of their addresses: a record may cross pages and segments."""
    pages: dict[tuple[int, int], bytes] = {}
    with contextlib.ExitStack() as opened:
        for segment in _open_segments(folder, opened):
            while page := segment.read(_PAGE):
                magic, flags, timeline, address = _HEADER.unpack_from(page)
                if magic >> 8 != _MAGIC or address % _PAGE:
                    if page.strip(b"\0"):
                        yield Piece(f"{LOG} (no page)", page)
                elif address >= since - since % _PAGE:
                    pages[timeline, address] = page[_LONG_HEADER if flags & _IS_LONG else _PAGE_HEADER :]
    stretch: list[bytes] = []
    for timeline, address in sorted(pages):
        if stretch and (timeline, address - _PAGE) not in pages:
            yield Piece(LOG, b"".join(stretch))
            stretch = []
        stretch.append(pages[timeline, address])
    yield Piece(LOG, b"".join(stretch))


def _open_segments(folder: Path, opened: contextlib.ExitStack) -> list[BinaryIO]:
    """All before any is read: a checkpoint renames segments, and one that is open stays what it was."""
    while True:
        try:
            return [
                opened.enter_context(path.open("rb"))
                for path in sorted(folder.iterdir())
                if _SEGMENT.fullmatch(path.name)
            ]
        except FileNotFoundError:
            continue


# --- in plain ---------------------------------------------------------------------------------------------
def literal(pieces: Iterable[Piece], wanted: Mapping[str, str | bytes]) -> dict[str, list[Place]]:
    """Where each of the wanted values stands, under the name it was given; a text in any case of letters."""
    needles = [(name, needle) for name, value in wanted.items() for needle in _spellings(value)]
    found: dict[str, list[Place]] = {}
    for piece in pieces:
        for name, needle in needles:
            for offset in _occurrences(piece.content, needle):
                found.setdefault(name, []).append(Place(piece.source, offset))
    return found


def _spellings(value: str | bytes) -> set[bytes]:
    if isinstance(value, bytes):
        return {value, *_encodings(value)}
    spellings: set[bytes] = set()
    for text in {value, value.lower(), value.upper(), value.title()}:
        raw = text.encode()
        spellings |= {raw, text.encode("utf-16-le"), text.encode("utf-16-be"), *_encodings(raw)}
        spellings |= {json.dumps(text)[1:-1].encode(), quote(text, safe="").encode()}
    return spellings


def _encodings(raw: bytes) -> Iterator[bytes]:
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for before in range(3):  # a value may begin anywhere in a group of three bytes
            whole = encode(bytes(before) + raw)
            ragged = (before + len(raw)) % 3 > 0
            yield whole[(0, 2, 3)[before] : len(whole) - 4 if ragged else None]


def _occurrences(content: bytes, needle: bytes) -> Iterator[int]:
    at = content.find(needle)
    while at >= 0:
        yield at
        at = content.find(needle, at + 1)


# --- wrapped keys -----------------------------------------------------------------------------------------
def wrapped_keys(
    pieces: Iterable[Piece],
    owner_ids: Iterable[UUID],
    master_keys: Mapping[str, bytes],
    *,
    epochs: Collection[str] = (),
) -> list[OpenedKey]:
    """The owners' data keys that any of the master keys opens, under the name of any of their epochs or of
    these others.

    Looked for at every byte near an owner's id, and wherever in a piece a value of a wrapped key's length
    may begin: the log of an UPDATE leaves out what the row had before, the id first of all.
    """
    owners = list(owner_ids)
    masters = [AESGCM(key) for key in master_keys.values()]
    names = {*master_keys, *epochs}
    ways = {owner: list(product(masters, [_bound(name, owner) for name in names])) for owner in owners}
    found = []
    for piece in pieces:
        for owner, offset in sorted(_key_candidates(piece.content, owners)):
            window = piece.content[offset : offset + WRAPPED]
            for master, bound in ways[owner]:
                data_key = _opened(master, window, bound)
                if data_key is not None:
                    found.append(OpenedKey(owner, Place(piece.source, offset), data_key))
    return found


def _key_candidates(content: bytes, owners: list[UUID]) -> Iterator[tuple[UUID, int]]:
    def looks_random(offset: int) -> bool:
        return len(set(content[offset : offset + WRAPPED])) >= _VARIED

    begins = {at + len(length) for length in _BEFORE_WRAPPED for at in _occurrences(content, length)}
    anywhere = set(filter(looks_random, begins))
    for owner in owners:
        near: set[int] = set()
        for at in _occurrences(content, owner.bytes):
            near.update(range(max(0, at - _ROW_OF_KEYS), at + _ROW_OF_KEYS))
        yield from ((owner, offset) for offset in anywhere | set(filter(looks_random, near)))


def _bound(epoch: str, owner_id: UUID) -> bytes:
    return _joined(b"data key 1", epoch.encode(), owner_id.bytes)


# --- encrypted values -------------------------------------------------------------------------------------
def envelopes(
    pieces: Iterable[Piece], keys: Iterable[OpenedKey], sealings: Iterable[Sealing]
) -> list[OpenedValue]:
    """The values under these keys in the rows that are known, also those a row had before.

    Looked for in the neighbourhood of the row's id, and in all of the log: of an UPDATE it leaves out what
    the row had before, and between two statements of one connection stands whatever others wrote.
    """
    ciphers: dict[UUID, set[bytes]] = {}
    for key in keys:
        ciphers.setdefault(key.owner_id, set()).add(key.data_key)
    rows: dict[UUID, list[tuple[AESGCM, Sealing]]] = {}
    for sealing in sealings:
        for key in ciphers.get(sealing.owner_id, ()):
            rows.setdefault(sealing.row_id, []).append((AESGCM(key), sealing))
    found = []
    for piece in pieces:
        anywhere = _envelopes_between(piece.content, 0, len(piece.content)) if piece.source == LOG else set()
        for row_id, ways in rows.items():
            for offset, length in sorted(anywhere | _envelopes_beside(piece.content, row_id)):
                window = piece.content[offset : offset + length]
                for cipher, sealing in ways:
                    plaintext = _opened(cipher, window[1:], _binding(sealing))
                    if plaintext is not None:
                        found.append(OpenedValue(sealing, Place(piece.source, offset), plaintext))
    return found


def _envelopes_beside(content: bytes, row_id: UUID) -> set[tuple[int, int]]:
    found = set()
    for at in _occurrences(content, row_id.bytes):
        found |= _envelopes_between(content, at - _PAGE // 2, at + _PAGE // 2)
    return found


def _envelopes_between(content: bytes, begin: int, end: int) -> set[tuple[int, int]]:
    """Where envelopes of format 1 may begin, and how long they are: PostgreSQL writes the length before, in
    one byte that is odd or in four."""
    found = set()
    offset = content.find(b"\x01", max(4, begin), end)
    while offset >= 0:
        short = content[offset - 1]
        (long,) = struct.unpack_from("<I", content, offset - 4)
        if short & 1 and (short >> 1) - 1 > NONCE + TAG:
            found.add((offset, (short >> 1) - 1))
        if not long & 3 and NONCE + TAG < (long >> 2) - 4 < _PAGE:
            found.add((offset, (long >> 2) - 4))
        offset = content.find(b"\x01", offset + 1, end)
    return found


def _binding(sealing: Sealing) -> bytes:
    return _joined(b"\x01", sealing.label.encode(), sealing.row_id.bytes, sealing.owner_id.bytes)


def _joined(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def _opened(cipher: AESGCM, sealed: bytes, bound_to: bytes) -> bytes | None:
    try:
        return cipher.decrypt(sealed[:NONCE], sealed[NONCE:], bound_to)
    except (InvalidTag, ValueError):
        return None
