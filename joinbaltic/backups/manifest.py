"""What lies in a folder of a copy: its moment, the version and migrations it is of, its file with the digest.

A folder under its final name is whole: it is made under another one, and renamed when everything is on the
disk. The fields of manifest.json are described in docs/backups.md.
"""

import hashlib
import json
import tomllib
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from django.conf import settings

from applications.crypto.on_disk import sync
from joinbaltic.backups.errors import BackupRefused

FORMAT = 1
NAME = "manifest.json"
DUMP = "database.dump"
_READ_AT_ONCE = 1024 * 1024


class Kind(StrEnum):
    """Of which database."""

    MAIN = "main"
    KEYS = "keys"

    @property
    def alias(self) -> str:
        return "default" if self is Kind.MAIN else "keys"


@dataclass(frozen=True)
class File:
    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """The facts of one copy. `ledger` is the place of the last entry of the erasure ledger in it."""

    kind: Kind
    moment: datetime
    product: str
    postgres: str
    migrations: dict[str, list[str]]
    files: list[File]
    ledger: int = 0
    format: int = field(default=FORMAT)

    def write(self, folder: Path) -> None:
        document = asdict(self) | {"moment": self.moment.isoformat()}
        path = folder / NAME
        path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        sync(path)
        sync(folder)


def read(folder: Path) -> Manifest:
    """The manifest of a copy. Raises BackupRefused where there is none that can be understood."""
    path = folder / NAME
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if found["format"] != FORMAT:
            raise BackupRefused(f"{path} is of a format that this version of the product does not know.")
        return Manifest(
            kind=Kind(found["kind"]),
            moment=datetime.fromisoformat(found["moment"]),
            product=str(found["product"]),
            postgres=str(found["postgres"]),
            migrations={str(app): [str(one) for one in names] for app, names in found["migrations"].items()},
            files=[File(str(one["name"]), int(one["bytes"]), str(one["sha256"])) for one in found["files"]],
            ledger=int(found["ledger"]),
        )
    except FileNotFoundError:
        raise BackupRefused(f"{folder} is no copy: it holds no {NAME}.") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise BackupRefused(f"{path} cannot be read.") from None


def check(folder: Path, manifest: Manifest) -> None:
    """Raise BackupRefused unless every file is there as it was written."""
    if [one.name for one in manifest.files] != [DUMP]:
        raise BackupRefused(f"{folder / NAME} does not name {DUMP}, and nothing else.")
    for one in manifest.files:
        path = folder / one.name
        try:
            whole = file_of(path) == one
        except OSError:
            whole = False
        if not whole:
            raise BackupRefused(f"{path} is not what was written there: take another copy.")


def file_of(path: Path) -> File:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while part := file.read(_READ_AT_ONCE):
            digest.update(part)
            size += len(part)
    return File(path.name, size, digest.hexdigest())


def product_version() -> str:
    document = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))
    return str(document["project"]["version"])
