"""Databases that can be lost: copies of the tests' own, in which a whole drill is done."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
from django.core.management import call_command
from django.db import connections
from psycopg.sql import SQL, Identifier

from applications.selectors import set_back
from applications.services import ledger

ALIASES = ("default", "keys", "aside")


def look_again() -> Any:
    """What a process sees that has not looked yet, and goes on looking."""
    set_back.look.until, set_back.look.found = 0.0, None
    return set_back.refused()


@dataclass
class Place:
    """Two databases and two folders of copies."""

    names: dict[str, str]
    main_copies: Path
    keys_copies: Path

    def back_up(self) -> Path:
        return Path(self.run("backup", to=str(self.main_copies)))

    def back_up_keys(self) -> Path:
        return Path(self.run("backup", keys=True, to=str(self.keys_copies)))

    def lose(self, *aliases: str) -> None:
        """The databases are gone; there are new ones, with nothing in them."""
        close()
        with server() as connection:
            for alias in aliases:
                connection.execute(SQL("DROP DATABASE {} (FORCE)").format(Identifier(self.names[alias])))
                connection.execute(SQL("CREATE DATABASE {}").format(Identifier(self.names[alias])))

    def run(self, command: str, *words: str, **options: Any) -> str:
        """What a command of ours writes."""
        out = StringIO()
        call_command(command, *words, stdout=out, **options)
        return out.getvalue().strip()


def close() -> None:
    for alias in ALIASES:
        connections[alias].close()


def server_parameters() -> dict[str, Any]:
    """How the server is reached."""
    found = connections["default"].get_connection_params()
    return {name: found[name] for name in ("host", "port", "user", "password") if name in found}


@contextmanager
def server() -> Iterator[psycopg.Connection[Any]]:
    """The server, by a connection to none of our databases."""
    with psycopg.connect(**server_parameters(), dbname="postgres", autocommit=True) as connection:
        yield connection


@contextmanager
def own_databases(folder: Path) -> Iterator[Place]:
    """Inside the block everything works in copies of the tests' databases, which are dropped after it."""
    before = {alias: connections[alias].settings_dict["NAME"] for alias in ALIASES}
    word = f"{os.getpid()}_{secrets.token_hex(3)}"
    names = {"default": f"drill_main_{word}", "keys": f"drill_keys_{word}"}
    close()
    with server() as connection:
        for alias, name in names.items():
            connection.execute(
                SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(before[alias]))
            )
    try:
        for alias in ALIASES:
            connections[alias].settings_dict["NAME"] = names.get(alias, names["default"])
        yield Place(names, folder / "main", folder / "keys")
    finally:
        close()
        for alias, name in before.items():
            connections[alias].settings_dict["NAME"] = name
        with server() as connection:
            for name in names.values():
                connection.execute(SQL("DROP DATABASE {} (FORCE)").format(Identifier(name)))


def written_down() -> None:
    """What a worker does within seconds."""
    ledger.write()
