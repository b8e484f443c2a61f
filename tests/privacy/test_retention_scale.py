"""Among many rows what is due is found by an index, a chunk at a time."""

import json
from typing import Any

import pytest
from django.db import connection, transaction

from applications.endings import Ending, endings
from applications.models import RetentionRun
from applications.services.retention import CHUNK
from tests import retention, role
from tests.many_rows import fill

pytestmark = [pytest.mark.thorough, pytest.mark.django_db(databases=["default", "keys", "aside"])]
ROWS = 20_000
TAKEN = [one for one in endings() if one.end is not None]
# Registers and evidence among which almost nothing is ever over are small beside what they are looked for in.
LARGE = {"usage", "whereabouts", "sessions", "mails", "drafts", "applications", "people", "evidence"}


@pytest.fixture(scope="module")
def many(django_db_setup: None, django_db_blocker: Any) -> Any:
    """Rows of everything that grows with the people, once for all tests here."""
    with django_db_blocker.unblock(), transaction.atomic():
        models = [one.model for one in TAKEN if one.name in LARGE]
        fill(models, rows=ROWS)
        with role.superuser(), connection.cursor() as cursor:
            for name in ("applications_restriction", "applications_legalhold", "applications_contract"):
                cursor.execute(f"ANALYZE {name}")
        yield
        transaction.set_rollback(True)


def plan(ending: Ending) -> dict[str, Any]:
    due = ending.due(retention.at()).values_list(ending.clock, "pk")[:CHUNK]
    return json.loads(due.explain(format="json"))[0]["Plan"]


def scans(node: dict[str, Any]) -> list[tuple[str, str]]:
    found = [(node["Node Type"], node.get("Relation Name", ""))]
    for below in node.get("Plans", ()):
        found += scans(below)
    return found


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("ending", [one for one in TAKEN if one.name in LARGE], ids=lambda one: one.name)
def test_candidates_are_found_by_an_index(ending: Ending) -> None:
    table = ending.model._meta.db_table
    read = [kind for kind, name in scans(plan(ending)) if name == table]
    assert read
    assert "Seq Scan" not in read, scans(plan(ending))


def test_receipts_are_listed_by_their_index() -> None:
    assert [index.name for index in RetentionRun._meta.indexes] == ["retention_run_by_time"]
