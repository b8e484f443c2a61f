"""PostgreSQL's own programs, and connections as whoever logs in: not in the role of the application."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from typing import Any

import psycopg
from django.conf import settings
from django.db import connections
from psycopg import sql
from psycopg.conninfo import make_conninfo

from applications.row_security import APPLICATION_ROLE
from joinbaltic.backups.errors import BackupRefused

_OPTIONS = psycopg.pq.Conninfo.get_defaults()
_KEYWORDS = {option.keyword.decode() for option in _OPTIONS}
_SECRET = {option.keyword.decode() for option in _OPTIONS if option.dispchar == b"*"}
# `options` takes the role of the application, which sees not everything and owns no table.
_OURS = {"options", "client_encoding"}
_ERROR = re.compile(r"^pg_\w+: (?:error|fatal): .*", re.MULTILINE)


def connect(alias: str) -> psycopg.Connection[Any]:
    """A connection of its own to one of the databases. Raises BackupRefused when it is away."""
    try:
        return psycopg.connect(**_parameters(alias))
    except psycopg.OperationalError:
        raise BackupRefused(f"The database {_name(alias)} does not answer.") from None


def make_role(alias: str, name: str = APPLICATION_ROLE) -> None:
    """Make the role of the application on the server of a database, if it is not there, and take it on."""
    role = sql.Identifier(name)
    with connect(alias) as connection:
        if not connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [name]).rowcount:
            connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(role))
        row = connection.execute("SELECT pg_has_role(current_user, %s, 'SET')", [name]).fetchone()
        if not (row and row[0]):
            connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(role))


def run(name: str, arguments: Sequence[str], *, alias: str) -> None:
    """Run one of PostgreSQL's programs on a database. Raises BackupRefused with what it said went wrong."""
    parameters = _parameters(alias)
    password = parameters.pop("password", None)  # a command line can be read by everybody on the machine
    if shown := sorted(_SECRET & parameters.keys()):
        raise BackupRefused(f"{', '.join(shown)} would be read by everybody on the machine: leave it out.")
    environment = os.environ | ({"PGPASSWORD": str(password)} if password else {})
    done = subprocess.run(  # noqa: S603 - a command of ours
        [_fit_program(name, alias), "--no-password", "--dbname", make_conninfo(**parameters), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:  # the lines after the first may quote rows
        said = _ERROR.search(done.stderr)
        raise BackupRefused(said[0][:300] if said else f"{name} ended with {done.returncode}.")


def _fit_program(name: str, alias: str) -> str:
    """Where a program is. Raises BackupRefused when there is none, or it is older than the server."""
    place = shutil.which(name, path=settings.POSTGRES_PROGRAMS or None)
    if place is None:
        where = settings.POSTGRES_PROGRAMS or "the PATH"
        raise BackupRefused(
            f"{name} is not in {where}. Install PostgreSQL's client programs, or name their folder in "
            "POSTGRES_PROGRAMS."
        )
    said = subprocess.run([place, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603
    version = int(re.findall(r"\d+", said)[0])
    with connect(alias) as connection:
        server = connection.info.server_version // 10000
    if version < server:
        raise BackupRefused(
            f"{place} is of version {version}, and the server of version {server}: an older program cannot "
            f"read it. Install the client programs of PostgreSQL {server}, or name their folder in "
            "POSTGRES_PROGRAMS."
        )
    return place


def _parameters(alias: str) -> dict[str, Any]:
    found = connections[alias].get_connection_params()
    return {name: value for name, value in found.items() if name in _KEYWORDS - _OURS}


def _name(alias: str) -> str:
    return str(connections[alias].settings_dict["NAME"])


def refuse_unless_empty(alias: str) -> None:
    """Raise BackupRefused where there is anything in a database already."""
    with connect(alias) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace "
            "WHERE nspname NOT IN ('pg_catalog', 'information_schema') AND nspname NOT LIKE 'pg\\_toast%' "
            "AND relkind IN ('r', 'p', 'v', 'm', 'S')"
        ).fetchone()
    if row and row[0]:
        name = _name(alias)
        raise BackupRefused(
            f"The database {name} is not empty, and nothing in it is overwritten. Stop the product, put that "
            f"database aside (ALTER DATABASE {name} RENAME TO {name}_before), make an empty one "
            f"(CREATE DATABASE {name}), and restore again."
        )
