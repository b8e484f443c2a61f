"""Entries of key rings: fresh ones, and one taken out of its file."""

from datetime import date
from pathlib import Path

import pytest

from applications.crypto.key_files import fresh_entry, fresh_epoch, fresh_number, take_out, without_entry
from applications.crypto.key_text import parse_index_keys, parse_master_keys

DAY = date(2026, 11, 26)


def test_a_fresh_epoch_is_named_by_its_day() -> None:
    assert fresh_epoch(DAY, set()) == "2026-11-26"
    assert fresh_epoch(DAY, {"2026-11-26", "2026-11-26-2"}) == "2026-11-26-3"


def test_a_number_is_never_used_again() -> None:
    assert fresh_number({1, 2, 4}) == 3
    assert fresh_number(range(1, 256)) is None


def test_fresh_entries_are_read_as_keys_that_differ() -> None:
    one, other = fresh_entry("a"), fresh_entry("b")
    assert list(parse_master_keys(f"{one},{other}")) == ["a", "b"]
    assert list(parse_index_keys(fresh_entry(7))) == [7]


@pytest.mark.parametrize("text", ["a:x,b:y", "a:x\nb:y\n", " a : x , b:y", "b:y"])
def test_one_entry_goes_and_the_others_stay(text: str) -> None:
    assert without_entry(text, "a") == "b:y\n"


def test_an_entry_is_taken_out_of_a_file_that_stays_what_it_is(tmp_path: Path) -> None:
    kept, file = fresh_entry("b"), tmp_path / "ring"
    file.write_text(f"{fresh_entry('a')}\n{kept}\n")
    file.chmod(0o640)
    link = tmp_path / "link"
    link.symlink_to(file)
    assert take_out(link, "a")
    assert link.is_symlink()
    assert (file.read_text(), file.stat().st_mode & 0o777) == (f"{kept}\n", 0o640)
    assert not take_out(link, "a")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["link", "ring"]


def test_a_file_that_cannot_be_replaced_stays_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "ring"
    file.write_text("a:x\nb:y\n")

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr("os.replace", refuse)
    with pytest.raises(PermissionError):
        take_out(file, "a")
    assert file.read_text() == "a:x\nb:y\n"
    assert [one.name for one in tmp_path.iterdir()] == ["ring"]
