"""The ledger beside the backups, as a file: one entry a line of JSON, chained, only ever appended to; its
beginning goes when it was kept for its time.

A line is {"sequence", "id", "at", "kind", "about", "detail", "digest"}; `digest` is that of
applications.chain over the first six in this order. What stands after the last line break was cut short, and
counts for nothing.
"""

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import dropwhile
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from applications import chain
from applications.crypto.on_disk import replace, sync

BLOCK = 4096


class LedgerBroken(Exception):
    """A line of the file is not what was written, or not where it was written."""

    def __init__(self, number: int) -> None:
        super().__init__(f"Line {number} of the erasure ledger is not what was written there.")


@dataclass(frozen=True)
class Line:
    """One entry at its place."""

    sequence: int
    entry_id: UUID
    at: datetime
    kind: str
    about_id: UUID | None
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def facts(self) -> list[Any]:
        about = str(self.about_id) if self.about_id else None
        at = self.at.astimezone(UTC).isoformat(timespec="microseconds")
        return [self.sequence, str(self.entry_id), at, self.kind, about, self.detail]

    @property
    def owners(self) -> list[UUID]:
        """Whom, or which applications, it is about: one, or those that one chunk of a run let go."""
        together = [UUID(one) for one in self.detail.get("owners", ())]
        return [self.about_id, *together] if self.about_id else together

    def after(self, previous: bytes) -> bytes:
        """Its digest, after the entry with the digest `previous`."""
        return chain.link(previous, self.facts)


@dataclass(frozen=True)
class Written:
    """A line as it stands in the file."""

    line: Line
    digest: bytes

    def text(self) -> bytes:
        names = ("sequence", "id", "at", "kind", "about", "detail")
        document = dict(zip(names, self.line.facts, strict=True)) | {"digest": self.digest.hex()}
        return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"

    @classmethod
    def parse(cls, text: bytes) -> "Written":
        """Raises ValueError, KeyError or TypeError for a text that is no line."""
        found = json.loads(text)
        line = Line(
            int(found["sequence"]), UUID(found["id"]), datetime.fromisoformat(found["at"]),
            str(found["kind"]), UUID(found["about"]) if found["about"] else None, dict(found["detail"]),
        )  # fmt: skip
        return cls(line, bytes.fromhex(found["digest"]))


def head(path: Path) -> Written | None:
    """The last line; None where there is none. Raises LedgerBroken, OSError."""
    try:
        with path.open("rb") as file:
            text = _last_line(file)
    except FileNotFoundError:
        return None
    if not text:
        return None
    try:
        return Written.parse(text)
    except (ValueError, KeyError, TypeError):
        raise LedgerBroken(0) from None


def _last_line(file: BinaryIO) -> bytes:
    """Read from the end, a block at a time, until a whole line is there."""
    at, tail = file.seek(0, os.SEEK_END), b""
    while at:
        step = min(BLOCK, at)
        at -= step
        file.seek(at)
        tail = file.read(step) + tail
        end = tail.rfind(b"\n")
        begin = tail.rfind(b"\n", 0, end) if end > 0 else -1
        if begin >= 0:
            return tail[begin + 1 : end]
    return tail[: tail.rfind(b"\n")] if b"\n" in tail else b""


def lines(path: Path) -> Iterator[Written]:
    """Every line in order, each held against the one before. Raises LedgerBroken at one not in the chain,
    OSError.

    One that was begun anew, or cut, begins at a later place: what its first line follows is in no file.
    """
    before: Written | None = None
    with path.open("rb") as file:
        for number, text in enumerate(file, start=1):
            if not text.endswith(b"\n"):
                return
            try:
                written = Written.parse(text)
            except (ValueError, KeyError, TypeError):
                raise LedgerBroken(number) from None
            if not _follows(written, before):
                raise LedgerBroken(number)
            before = written
            yield written


def _follows(written: Written, before: Written | None) -> bool:
    place, digest = (before.line.sequence, before.digest) if before else (0, chain.GENESIS)
    if before is None and written.line.sequence > 1:
        return True
    return written.line.sequence == place + 1 and written.digest == written.line.after(digest)


@contextmanager
def held(path: Path) -> Iterator[BinaryIO]:
    """The file, ours alone to append to; made if it is not there.

    Raises BlockingIOError while another process has it, OSError where it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not os.path.samestat(os.fstat(file.fileno()), path.stat()):
            raise BlockingIOError  # another took its place meanwhile
        if not file.seek(0, os.SEEK_END):
            sync(path.parent)
        yield file


def append(file: BinaryIO, more: Iterable[Written]) -> int:
    """Put lines at the end, and return when they are on the disk: the place of the last one, 0 for none.

    Raises OSError.
    """
    file.truncate(_end_of_lines(file))  # what a full disk or a crash cut short is dropped
    file.seek(0, os.SEEK_END)
    last = 0
    for written in more:
        file.write(written.text())
        last = written.line.sequence
    file.flush()
    os.fsync(file.fileno())
    return last


def cut(path: Path, before: datetime) -> int:
    """Leave the lines at the beginning out that are of before a moment, but for the last; how many.

    Raises BlockingIOError while another process has the file, LedgerBroken, OSError.
    """
    with held(path):
        there = list(lines(path))
        young = dropwhile(lambda one: one.line.at < before, there[:-1])
        kept = [*young, *there[-1:]]
        if len(kept) < len(there):
            replace(path, b"".join(one.text() for one in kept))
    return len(there) - len(kept)


def _end_of_lines(file: BinaryIO) -> int:
    """Where the last whole line ends."""
    end = file.seek(0, os.SEEK_END)
    while end:
        begin = max(0, end - BLOCK)
        file.seek(begin)
        found = file.read(end - begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        end = begin
    return 0
