"""Taking a key out of the file that holds a ring, and making a fresh entry for one."""

import base64
import re
import secrets
from collections.abc import Container
from datetime import date
from pathlib import Path

from applications.crypto.key_text import KEY_BYTES
from applications.crypto.on_disk import replace


def fresh_epoch(today: date, taken: Container[str]) -> str:
    """A name for an epoch that begins today: the date, with a number where it is taken."""
    names = (f"{today:%Y-%m-%d}", *(f"{today:%Y-%m-%d}-{number}" for number in range(2, 1000)))
    return next(name for name in names if name not in taken)


def fresh_number(taken: Container[int]) -> int | None:
    """The lowest number that no index key ever had; None when there is none."""
    return next((number for number in range(1, 256) if number not in taken), None)


def fresh_entry(name: object) -> str:
    """An entry with a key that nobody has seen."""
    return f"{name}:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}"


def without_entry(text: str, name: str) -> str:
    """The text of a ring without one entry, one entry a line."""
    entries = filter(None, (part.strip() for part in re.split(r"[,\n]", text)))
    return "".join(f"{entry}\n" for entry in entries if entry.partition(":")[0].strip() != name)


def take_out(path: Path, name: str) -> bool:
    """Write a ring's file anew without one entry, all or nothing; whether it was there.

    Mode and owner stay. Raises OSError.
    """
    path = path.resolve(strict=True)
    before = path.read_text(encoding="utf-8")
    after = without_entry(before, name)
    if after == without_entry(before, ""):
        return False
    replace(path, after.encode())
    return True
