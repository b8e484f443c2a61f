"""The role in which the product works. Tests work in it too; the few that need a superuser step out of it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from django.db import connections

from applications.row_security import APPLICATION_ROLE as ROLE
from applications.row_security import as_logged_in


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
    with ExitStack() as stack:
        for alias in aliases or ("default",):
            stack.enter_context(as_logged_in(connections[alias]))
        yield
