"""The database of keys holds what the crypto app made, and nothing else."""

import pytest
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from applications.crypto.router import KEYS_APP, newest_migrations

OURS = {"applications", "crypto", "lenders", "privacy"}
pytestmark = pytest.mark.django_db(databases=["default", "keys"])


def migrated(alias: str) -> set[str]:
    return {app for app, _ in MigrationRecorder(connections[alias]).applied_migrations()}


def test_database_of_keys_has_run_the_migrations_of_the_crypto_app_alone() -> None:
    assert migrated("keys") == {KEYS_APP}


def test_main_database_has_run_those_of_every_app() -> None:
    assert migrated("default") > OURS


@pytest.mark.parametrize("alias", ["default", "keys"])
def test_nothing_is_left_to_migrate(alias: str) -> None:
    executor = MigrationExecutor(connections[alias])
    assert executor.migration_plan(newest_migrations(executor.loader.graph, alias)) == []


def test_migration_of_the_crypto_app_that_is_missing_is_seen_in_the_database_of_keys() -> None:
    executor = MigrationExecutor(connections["keys"])
    last = newest_migrations(executor.loader.graph, "keys")[-1]
    MigrationRecorder(connections["keys"]).record_unapplied(*last)
    executor.loader.build_graph()
    assert [one.name for one, _ in executor.migration_plan([last])] == [last[1]]


def test_table_of_keys_is_in_its_own_database_alone() -> None:
    tables = {alias: set(connections[alias].introspection.table_names()) for alias in ("default", "keys")}
    assert "crypto_datakey" in tables["keys"] - tables["default"]
    assert "applications_application" in tables["default"] - tables["keys"]
