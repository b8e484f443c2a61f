"""The role in which the product works. Tests work in it too; the few that need a superuser step out of it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections

ROLE = "joinbaltic_app"


def take() -> None:
    """From now on every connection is in the role."""
    for connection in connections.all():
        connection.close()
        connection.settings_dict["OPTIONS"]["options"] = f"-c role={ROLE}"


def leave() -> None:
    """From now on every connection is as it logged in."""
    for connection in connections.all():
        connection.close()
        connection.settings_dict["OPTIONS"].pop("options", None)


@contextmanager
def superuser(*aliases: str) -> Iterator[None]:
    """These connections (`default` alone, if none is named) as they logged in: no row security binds them."""
    before = {}
    for alias in aliases or ("default",):
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT current_setting('role')")
            before[alias] = cursor.fetchone()[0]
            cursor.execute("SET ROLE NONE")
    try:
        yield
    finally:
        for alias, role in before.items():
            if connections[alias].connection is not None and not connections[alias].needs_rollback:
                with connections[alias].cursor() as cursor:
                    cursor.execute("SELECT set_config('role', %s, false)", [role])
