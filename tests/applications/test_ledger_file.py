"""The ledger's file: only ever appended to, every line held against the one before, a torn end counts for
nothing."""

import fcntl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from applications import ledger_file
from applications.chain import GENESIS
from applications.crypto import on_disk
from applications.ledger_file import LedgerBroken, Line, Written, append, cut, head, held, lines

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
details = st.dictionaries(
    st.text(max_size=8), st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=20), max_size=4
)


def chained(count: int, *, after: list[Written] | None = None, **detail: object) -> list[Written]:
    """So many more lines."""
    found = list(after or [])
    begin = len(found)
    for number in range(begin + 1, begin + count + 1):
        line = Line(number, uuid4(), NOON + timedelta(seconds=number), "erased", uuid4(), dict(detail))
        found.append(Written(line, line.after(found[-1].digest if found else GENESIS)))
    return found[begin:]


def put(path: Path, more: list[Written]) -> int:
    with held(path) as file:
        return append(file, more)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger" / "erasures.jsonl"


def test_file_that_is_not_there_has_no_head(path: Path) -> None:
    assert head(path) is None


def test_what_is_appended_is_read_again(path: Path) -> None:
    first = chained(3, kept=[{"ground": "claims"}], words="ā č ē")
    more = chained(2, after=first)
    assert (put(path, first), put(path, more), put(path, [])) == (3, 5, 0)
    assert list(lines(path)) == [*first, *more]
    assert head(path) == more[-1]


def test_nobody_else_on_the_machine_reads_it(path: Path) -> None:
    put(path, chained(1))
    assert path.stat().st_mode & 0o777 == 0o600


@given(detail=details, about=st.none() | st.uuids(), at=st.datetimes(timezones=st.just(UTC)))
def test_line_says_the_same_after_it_was_written(
    detail: dict[str, object], about: UUID | None, at: datetime
) -> None:
    line = Line(1, uuid4(), at, "restricted", about, detail)
    written = Written(line, line.after(GENESIS))
    again = Written.parse(written.text())
    assert again == written
    assert again.line.after(GENESIS) == written.digest


@pytest.mark.parametrize("cut", [1, 40, 200])
def test_line_that_was_cut_short_counts_for_nothing_and_is_written_anew(path: Path, cut: int) -> None:
    whole = chained(3, words="x" * 300)
    put(path, whole)
    path.write_bytes(path.read_bytes()[:-cut])
    assert head(path) == whole[1]
    assert list(lines(path)) == whole[:2]
    put(path, whole[2:])
    assert list(lines(path)) == whole


def test_file_of_one_line_that_was_cut_short_is_empty(path: Path) -> None:
    put(path, chained(1))
    path.write_bytes(path.read_bytes()[:-1])
    assert head(path) is None
    assert list(lines(path)) == []


def test_line_longer_than_what_is_read_at_once_is_found(path: Path) -> None:
    long = chained(2, words="x" * 9000)
    put(path, long)
    assert head(path) == long[1]
    with path.open("ab") as file:
        file.write(b"y" * 9000)
    assert head(path) == long[1]


def spoil(text: bytes, how: str) -> bytes:
    rows = text.splitlines(keepends=True)
    if how == "changed":
        rows[1] = rows[1].replace(b'"erased"', b'"lifted"')
    elif how == "removed":
        del rows[1]
    elif how == "swapped":
        rows[0], rows[1] = rows[1], rows[0]
    elif how == "nonsense":
        rows[1] = b"{}\n"
    return b"".join(rows)


@pytest.mark.parametrize("how", ["changed", "removed", "swapped", "nonsense"])
def test_whatever_is_changed_is_noticed(path: Path, how: str) -> None:
    put(path, chained(3))
    path.write_bytes(spoil(path.read_bytes(), how))
    with pytest.raises(LedgerBroken):
        list(lines(path))


def test_end_that_is_no_line_is_no_head(path: Path) -> None:
    put(path, chained(1))
    with path.open("ab") as file:
        file.write(b"nonsense\n")
    with pytest.raises(LedgerBroken):
        head(path)


# --- the beginning goes ---------------------------------------------------------------------------------
@pytest.mark.parametrize(("first", "left"), [(1, 4), (3, 2), (4, 1), (9, 1)])
def test_lines_go_that_are_too_old_and_the_last_stays(path: Path, first: int, left: int) -> None:
    there = chained(4)
    put(path, there)
    assert cut(path, NOON + timedelta(seconds=first)) == 4 - left
    assert list(lines(path)) == there[-left:]
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_hand_that_opened_the_file_before_it_was_replaced_writes_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(path, chained(1))
    lock = fcntl.flock

    def late(*given: Any) -> None:
        monkeypatch.undo()
        on_disk.replace(path, path.read_bytes())
        lock(*given)

    monkeypatch.setattr(ledger_file.fcntl, "flock", late)
    with pytest.raises(BlockingIOError), held(path):
        pass


def test_one_hand_at_a_time(path: Path) -> None:
    with held(path), pytest.raises(BlockingIOError), held(path):
        pass
