"""Lists of the admin over 50,000 rows: PostgreSQL finds each page in an index, whatever the page and filter.

A list that is registered anew is in these tests, unless it says that it stays small and is named here.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection, models, transaction
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.plugin import DjangoDbBlocker

from applications.admin.lists import KeysetChangeList, ListAdmin
from applications.crypto.fields import BlindIndex, encrypted_fields
from applications.models import StaffUser
from tests import factories, role
from tests.many_rows import fill
from tests.privacy import dpo

pytestmark = [pytest.mark.slow, pytest.mark.django_db(databases=["default", "keys", "aside"])]
ROWS, MIDDLE = 50_000, 25_000
# Of a common choice PostgreSQL may read the order's own index and leave out what was not chosen; of a rare
# one it may read all there is and sort that. Either is its own choice, and a small part of the table.
MOST_ROWS_READ, MOST_ROWS_SORTED = 1_000, 500
# Registers kept by hand, and what comes with each lender, notice, letter, month or member of staff.
SMALL = {
    "applications.contact", "applications.mandate", "applications.noticeversion", "applications.recipient",
    "applications.staffuser", "applications.statisticsmonth", "applications.training", "lenders.lender",
    "privacy.assessment", "privacy.breach", "privacy.lettertemplate", "privacy.othercontroller",
}  # fmt: skip
LISTS: dict[str, ListAdmin] = {
    model._meta.label_lower: page
    for model, page in admin.site._registry.items()
    if model._meta.label_lower not in SMALL
}
SEARCHES = {
    "lenders.deletionnotice": ["submission__id", "id"],
    "lenders.delivery": ["submission__id", "id"],
    "lenders.lenderword": ["submission__id", "id"],
    "lenders.submission": ["application__reference", "id"],
    "applications.application": ["reference"],
    "applications.auditentry": ["subject_id", "object_id"],
    "applications.consent": ["subject__customer_reference", "application__reference"],
    "applications.objection": ["subject__customer_reference"],
    "applications.restriction": ["subject__customer_reference"],
    "privacy.disclosurerequest": ["reference"],
    "privacy.rightsrequest": ["reference"],
}
every_list = pytest.mark.parametrize("page", LISTS.values(), ids=LISTS)


@pytest.fixture(scope="module")
def full_tables(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Full tables for all tests here: each of them is a savepoint in this transaction."""
    with django_db_blocker.unblock():
        with transaction.atomic():
            factories.root()
            fill([page.model for page in LISTS.values()], rows=ROWS)
            yield
            transaction.set_rollback(True)
        with role.superuser(), connection.cursor() as cursor:
            cursor.execute("VACUUM FULL")  # indexes as well: the forensic tests read every byte


@pytest.fixture
def staff(full_tables: None, db: None) -> Client:
    return factories.sign_in_staff(Client(), StaffUser.objects.get(username="root"))


# --- what is asked of each list ------------------------------------------------------------------------
def opened(page: ListAdmin, *, user: str = "root", **query: str) -> Any:
    """The list itself, without the page around it, as the account sees it; root sees it all."""
    request = RequestFactory().get("/", query)
    request.user = StaffUser.objects.get(username=user)
    return page.get_changelist_instance(request)


def address(page: ListAdmin) -> str:
    return reverse(f"admin:{page.opts.app_label}_{page.opts.model_name}_changelist")


def places(rows: models.QuerySet[Any]) -> list[dict[str, str]]:
    """The first page, and the pages on both sides of the row in the middle."""
    pk = rows.values_list("pk", flat=True)[MIDDLE]
    return [{}, {"p": f"after.{pk}"}, {"p": f"before.{pk}"}]


def choices(changes: KeysetChangeList) -> list[dict[str, str]]:
    """Every choice of every filter, as the links of the page have them."""
    found = []
    for spec in changes.filter_specs:
        for choice in spec.choices(changes):
            query = RequestFactory().get(f"/{choice['query_string']}").GET.dict()
            if query:
                found.append(query)
    return found


def searches(page: ListAdmin) -> list[str]:
    row = page.model._default_manager.order_by("-pk")
    return [str(row.values_list(path, flat=True)[MIDDLE]) for path in SEARCHES.get(page.opts.label_lower, [])]


# --- how PostgreSQL answers ----------------------------------------------------------------------------
def plans(statements: CaptureQueriesContext) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Each statement with the steps of its plan."""
    with connection.cursor() as cursor:
        for one in statements.captured_queries:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {one['sql']}")
            found = cursor.fetchone()[0]
            plan = json.loads(found) if isinstance(found, str) else found
            yield one["sql"], list(steps(plan[0]["Plan"]))


def steps(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from steps(inner)


def rows_read(plan: list[dict[str, Any]]) -> float:
    """Rows taken up from tables, those included that were left out again."""
    scans = [step for step in plan if "Relation Name" in step]
    left_out = ("Rows Removed by Filter", "Rows Removed by Index Recheck")
    return sum(
        step["Actual Loops"] * (step["Actual Rows"] + sum(step.get(name, 0) for name in left_out))
        for step in scans
    )


def most_sorted(plan: list[dict[str, Any]]) -> float:
    """The rows that a step of the plan puts in order."""
    return max((step["Plans"][0]["Actual Rows"] for step in plan if "Sort" in step["Node Type"]), default=0)


def faults(statements: CaptureQueriesContext) -> list[str]:
    """What a page does to tables that grow and should not."""
    growing = {page.opts.db_table for page in LISTS.values()} | {"applications_datasubject"}
    found = []
    for sql, plan in plans(statements):
        scanned = [
            step for step in plan if step["Node Type"] == "Seq Scan" and step["Relation Name"] in growing
        ]
        if scanned or rows_read(plan) > MOST_ROWS_READ or most_sorted(plan) > MOST_ROWS_SORTED:
            found.append(f"{rows_read(plan)} rows read, {most_sorted(plan)} sorted: {sql}")
    return found


# --- the tests -----------------------------------------------------------------------------------------
def test_every_list_is_read_by_key() -> None:
    assert {label for label, page in LISTS.items() if page.stays_small} == set()
    for page in admin.site._registry.values():
        assert isinstance(page, ListAdmin)
        assert page.date_hierarchy is None  # it asks for the years of all rows


@every_list
def test_every_search_is_tried_below(page: ListAdmin) -> None:
    assert {f"={path}" for path in SEARCHES.get(page.opts.label_lower, [])} == set(page.search_fields)


@every_list
def test_pages_are_found_in_an_index(page: ListAdmin, full_tables: None) -> None:
    changes = opened(page)
    for order in (
        {},
        *({"o": f"{sign}{column}"} for column in sorted_columns(changes) for sign in ("", "-")),
    ):
        for place in places(opened(page, **order).queryset):
            with CaptureQueriesContext(
                connection,
            ) as statements:
                assert len(opened(page, **order, **place).result_list) == page.list_per_page
            assert faults(statements) == [], (order, place)


def sorted_columns(changes: KeysetChangeList) -> list[int]:
    return [n for n, name in enumerate(changes.list_display) if name in (changes.sortable_by or ())]


@every_list
def test_pages_of_every_filter_are_found_in_an_index(page: ListAdmin, full_tables: None) -> None:
    changes = opened(page)
    for query in choices(changes):
        for place in places(changes.queryset):
            with CaptureQueriesContext(connection) as statements:
                opened(page, **query, **place)
            assert faults(statements) == [], (query, place)


def test_list_of_an_external_partner_is_found_by_the_mandate(full_tables: None) -> None:
    page = LISTS["applications.application"]
    cases = opened(page).queryset[MIDDLE : MIDDLE + 3]
    dpo.mandate(*page.model._default_manager.filter(pk__in=[case.pk for case in cases]), name="partner")
    for query in ({}, {"status__exact": "closed"}):
        with CaptureQueriesContext(connection) as statements:
            assert len(opened(page, user="partner", **query).result_list) == 3
        assert faults(statements) == [], query


@every_list
def test_searches_look_values_up(page: ListAdmin, full_tables: None) -> None:
    for text in searches(page):
        with CaptureQueriesContext(connection) as statements:
            assert opened(page, q=text).result_list, text
        assert faults(statements) == [], text


@every_list
def test_no_page_counts_rows_or_skips_over_them(page: ListAdmin, staff: Client) -> None:
    changes = opened(page)
    queries = [*places(changes.queryset), *choices(changes)[:1], *({"q": text} for text in searches(page))]
    for query in queries:
        with CaptureQueriesContext(connection) as statements:
            assert staff.get(address(page), query).status_code == 200
        for one in statements.captured_queries:
            assert not re.search(r"\bCOUNT\(|\bOFFSET\b", one["sql"], re.IGNORECASE), (query, one["sql"])


@pytest.mark.parametrize("page", admin.site._registry.values(), ids=lambda page: page.opts.label_lower)
def test_no_list_reads_an_encrypted_column(page: ListAdmin, full_tables: None) -> None:
    with CaptureQueriesContext(connection) as statements:
        changes = opened(page)
        for spec in changes.filter_specs:
            list(spec.choices(changes))
    read = {
        f"{model._meta.label}.{field.name}"
        for model in {page.model, *(field.related_model for field in page.opts.fields if field.is_relation)}
        for field in {
            *encrypted_fields(model),
            *(one for one in model._meta.fields if isinstance(one, BlindIndex)),
        }
        for one in statements.captured_queries
        if f'"{model._meta.db_table}"."{field.column}"' in one["sql"]
    }
    assert read == set()
