"""Among many rows what is due is found by an index, a chunk at a time."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from applications.endings import Ending, endings
from applications.many_ids import one_of
from applications.models import DataSubject, RetentionRun
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


def read_of(node: dict[str, Any], table: str) -> int:
    """How many rows of a table a plan that was carried out looked at, those that it then left out as well."""
    mine = 0
    if node.get("Relation Name") == table:
        looked_at = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
        mine = round(looked_at * node["Actual Loops"])
    return mine + sum(read_of(below, table) for below in node.get("Plans", ()))


@pytest.mark.usefixtures("many")
def test_chunk_reads_its_own_people_even_where_few_are_expected_to_be_over() -> None:
    """After most accounts came to their end at once, which the samples of the table do not tell yet."""
    people = next(one for one in TAKEN if one.name == "people")
    DataSubject.objects.update(created_at=retention.at().begins - timedelta(days=900), erased_at=None)
    ids = list(DataSubject.objects.order_by("pk").values_list("pk", flat=True)[:100])
    asked = people.due(retention.at()).filter(one_of("pk", ids, DataSubject)).order_by("pk")
    done = json.loads(asked.values_list("pk").explain(format="json", analyze=True))[0]["Plan"]
    assert read_of(done, DataSubject._meta.db_table) <= 2 * len(ids)


def test_receipts_are_listed_by_their_index() -> None:
    assert [index.name for index in RetentionRun._meta.indexes] == ["retention_run_by_time"]
