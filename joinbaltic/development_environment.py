"""The environment of a development installation: secrets made once, addresses of what runs at this moment.

It is kept in var/development.env, readable by its owner only, where manage.py finds it in another terminal.
The addresses are struck out when `make run` ends, so that a later command says what is missing instead of
knocking at servers that are gone.
"""

import base64
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

HEADER = "# Written by `make run`. For this machine only: never commit it, never use its secrets elsewhere.\n"


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


GENERATORS: dict[str, Callable[[], str]] = {
    "SECRET_KEY": lambda: secrets.token_urlsafe(48),
    "MASTER_KEYS": lambda: f"epoch1:{_key()}",
    "INDEX_KEYS": lambda: f"1:{_key()}",
    "PORTABILITY_KEYS": lambda: f"key1:{_key()}",
    "SANDBOX_SECRET": lambda: f"whsec_{_key()}",
    "REDIS_PASSWORD": lambda: secrets.token_urlsafe(24),
}


def kept_secrets(path: Path) -> dict[str, str]:
    """The secrets of this installation; those that are missing are made and written down."""
    kept = read(path)
    found = {name: kept.get(name) or generate() for name, generate in GENERATORS.items()}
    write(path, found)
    return found


def read(path: Path) -> dict[str, str]:
    """Names and values of a file as write() leaves it; empty when there is none."""
    if not path.is_file():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if not line.startswith("#"))
    return {name.strip(): value.strip() for name, separator, value in pairs if separator}


def write(path: Path, values: Mapping[str, str]) -> None:
    """Replace the file at once: a reader finds the old one or the new one, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.fchmod(descriptor, 0o600)  # a draft that was there already keeps its mode otherwise
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(HEADER + "".join(f"{name}={value}\n" for name, value in sorted(values.items())))
    os.replace(draft, path)
