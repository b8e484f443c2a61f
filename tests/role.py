"""The role in which the product works. Tests work in it too; the few that need a superuser step out of it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections

ROLE = "joinbaltic_app"


def take() -> None:
    """From now on every connection is in the role."""
    for connection in connections.all():
        connection.close()
        connection.settings_dict["OPTIONS"]["assume_role"] = ROLE


def leave() -> None:
    """From now on every connection is as it logged in."""
    for connection in connections.all():
        connection.close()
        connection.settings_dict["OPTIONS"].pop("assume_role", None)


@contextmanager
def superuser(alias: str = "default") -> Iterator[None]:
    """The connection as it logged in: it owns the tables, and no row security binds it."""
    with connections[alias].cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        try:
            yield
        finally:
            if not connections[alias].needs_rollback:
                cursor.execute(f"SET ROLE {ROLE}")
