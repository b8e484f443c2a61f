"""Putting copies back into empty databases, and what is missing. Nothing is done before all is checked."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.models import Count

from applications.crypto.confirming import fits
from applications.crypto.models import DataKey
from applications.crypto.providers import can_open
from applications.crypto.router import newest_migrations
from applications.services.housekeeping import people_without_keys
from joinbaltic.backups import manifest, postgres
from joinbaltic.backups.errors import BackupRefused
from joinbaltic.backups.manifest import DUMP, Kind, Manifest


@dataclass(frozen=True)
class Restored:
    """What was put back, and what has to be known of it."""

    copies: Sequence[Manifest]
    to_migrate: Sequence[str]
    without_keys: int = 0
    unopenable: int = 0


def restore(*, main: Path | None, keys: Path | None) -> Restored:
    """Put copies back: of the main database, of the keys, or of both. Each is there whole, or not at all.

    Raises BackupRefused.
    """
    wanted = [(Kind.KEYS, keys), (Kind.MAIN, main)]
    copies = [(_checked(kind, folder), folder) for kind, folder in wanted if folder]
    if not copies:
        raise BackupRefused("Name a copy: --from for the main database, --keys for the keys.")
    for copy, _folder in copies:
        postgres.refuse_unless_empty(copy.kind.alias)
    for copy, folder in copies:
        connections[copy.kind.alias].close()
        postgres.make_role(copy.kind.alias)  # copies name it, and have none
        # One transaction: a restoration that is cut short leaves the database as empty as it was.
        arguments = ["--exit-on-error", "--single-transaction", "--no-owner", str(folder / DUMP)]
        postgres.run("pg_restore", arguments, alias=copy.kind.alias)
    to_migrate = _to_migrate()
    done = [copy for copy, _folder in copies]
    if to_migrate:
        return Restored(done, to_migrate)
    return Restored(done, to_migrate, len(people_without_keys()), _unopenable())


def _checked(kind: Kind, folder: Path) -> Manifest:
    found = manifest.read(folder)
    if found.kind is not kind:
        raise BackupRefused(f"{folder} is a copy of the other database.")
    manifest.check(folder, found)
    for app, name in MigrationLoader(None).graph.leaf_nodes():
        if max(found.migrations.get(app, [""])) > name:  # they are numbered
            raise BackupRefused(
                f"{folder} was made by a newer version of the product: restore it with {found.product}."
            )
    return found


def _to_migrate() -> list[str]:
    """The databases that are older than this version of the product."""
    found = []
    for kind in Kind:
        executor = MigrationExecutor(connections[kind.alias])
        if executor.migration_plan(newest_migrations(executor.loader.graph, kind.alias)):
            found.append(kind.alias)
    return found


def _unopenable() -> int:
    """How many keys are wrapped by a master key that is not among MASTER_KEYS, or is another one there."""
    live = DataKey.objects.using(Kind.KEYS.alias).filter(wrapped__isnull=False)
    epochs = live.order_by("epoch").values_list("epoch").annotate(number=Count("pk"))
    return sum(number for epoch, number in epochs if not (can_open(epoch) and fits(epoch)))
