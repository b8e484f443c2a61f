"""Which database holds what: data keys in `keys`, everything they decrypt elsewhere."""

from typing import Any

from django.db import models

KEYS_DATABASE = "keys"
KEYS_APP = "crypto"


def newest_migrations(graph: Any, database: str) -> list[tuple[str, str]]:
    """The last migrations of what a database holds. Those of the other apps would do nothing in `keys`, and
    take as long as in the main one."""
    found: list[tuple[str, str]] = graph.leaf_nodes(KEYS_APP if database == KEYS_DATABASE else None)
    return found


class KeysRouter:
    """Keeps data keys and the data under them in two databases, so that a backup never holds both."""

    def db_for_read(self, model: type[models.Model], **hints: Any) -> str | None:
        return KEYS_DATABASE if model._meta.app_label == KEYS_APP else None

    def db_for_write(self, model: type[models.Model], **hints: Any) -> str | None:
        return self.db_for_read(model, **hints)

    def allow_relation(self, one: models.Model, other: models.Model, **hints: Any) -> bool | None:
        apps = {one._meta.app_label, other._meta.app_label}
        return False if KEYS_APP in apps and len(apps) > 1 else None

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return (db == KEYS_DATABASE) == (app_label == KEYS_APP)
