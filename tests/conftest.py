"""Services for every test. Django is configured only after the environment is complete."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import django
import hypothesis
import pytest
from django.db import connections
from django.test import override_settings
from django.utils import translation

# Before anything of the product is imported: the addresses of a running `make run` are not for tests. The
# workers of pytest-xdist have inherited those that are.
if "PYTEST_XDIST_WORKER" not in os.environ:
    os.environ["DATABASE_URL"] = ""
os.environ["DJANGO_SETTINGS_MODULE"] = "joinbaltic.settings"

from tests import browser, role, services

# How long an example may take is nobody's assertion: a machine that is busy would fail it.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

JOURNEYS = Path(__file__).parent / "journeys"
ARCHITECTURE = Path(__file__).parent / "architecture"
running = contextlib.ExitStack()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Start the servers; a worker of pytest-xdist inherits their addresses instead."""
    worker = getattr(config, "workerinput", None)
    if worker:
        services.take_redis_database(worker["workerid"])
    else:
        services.start(running)
    django.setup()
    if not worker and getattr(config.option, "numprocesses", None):
        # A worker that finds it reads the settings before it has a Redis database of its own.
        del os.environ["DJANGO_SETTINGS_MODULE"]


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    running.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of tests/journeys drives a browser, and test_development starts whole products as these do; what
    else is slow in tests/architecture starts servers and kills them. The markers keep them out of
    `make test-fast`, and out of each other's way.
    """
    for item in items:
        starts_products = item.path.name == "test_development.py" and item.get_closest_marker("slow")
        if JOURNEYS in item.path.parents or starts_products:
            item.add_marker(pytest.mark.journey)
        if ARCHITECTURE in item.path.parents and item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.alone)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """Whoever logs in makes and drops the databases; in between, tests work in the role of the product.

    Django drops the test databases without a thought for the second connection to one of them.
    """
    role.take()
    yield
    role.leave()
    connections["aside"].close()


@pytest.fixture(autouse=True, scope="session")
def _append_only_tables_are_emptied_between_tests() -> Iterator[None]:
    """After a test that commits, Django truncates every table; the triggers of append-only tables refuse.
    Only whoever logged in, a superuser, can pass them by, for one transaction, and sees every row. A
    truncated table is made anew with all its indexes, and few hold anything: these are emptied, without
    their triggers and foreign keys."""
    operations = type(connections["default"].ops)

    def sql_flush(self: Any, style: Any, tables: list[str], **_options: Any) -> list[str]:
        with role.superuser(self.connection.alias), self.connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(f"(SELECT '{one}' FROM \"{one}\" LIMIT 1)" for one in tables))  # noqa: S608
            filled = [row[0] for row in cursor.fetchall()]
        emptied = [f'DELETE FROM "{one}"' for one in filled]  # noqa: S608 - names of tables
        return ["SET LOCAL ROLE NONE", "SET LOCAL session_replication_role = replica", *emptied]

    with mock.patch.object(operations, "sql_flush", sql_flush):
        yield


@pytest.fixture
def superuser() -> Iterator[None]:
    """The test works as whoever logged in, where it does what the product itself may not."""
    with role.superuser("default", "keys"):
        yield


@pytest.fixture(autouse=True, scope="session")
def _quick_passwords() -> Iterator[None]:
    with override_settings(PASSWORD_HASHERS=["tests.hashers.QuickHasher"]):
        yield


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser's program. Without one a journey is skipped, and under CI=true it fails."""
    path = browser.find()
    if path is None and os.environ.get("CI") == "true":
        pytest.fail(browser.MISSING)
    if path is None:
        pytest.skip(browser.MISSING)
    return path


@pytest.fixture
def process_environment(transactional_db: None) -> dict[str, str]:
    """The environment for a process of the product (a worker, a web server) that is to see the databases of
    this very test. Ask for `transactional_db` with both databases in your marker: what a test does not commit
    no other process sees."""
    return services.process_environment()


@pytest.fixture(autouse=True)
def _ledger_of_its_own(settings: Any) -> None:
    """Each test has an erasure ledger of its own, as it has databases of its own, and nobody looks whether
    one was set back: who tests that looks again (tests/restoring.py)."""
    from applications.selectors import set_back  # noqa: PLC0415 - needs settings

    settings.ERASURE_LEDGER = f"{os.environ['VAR_DIR']}/ledgers/{secrets.token_hex(8)}.jsonl"
    set_back.look.until, set_back.look.found = float("inf"), None


@pytest.fixture(autouse=True)
def _latvian() -> None:
    """Each test begins in the product's own language, whatever page the one before it looked at."""
    translation.activate("lv")
