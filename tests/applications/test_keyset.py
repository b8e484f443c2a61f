"""Pages by key: every row once and in order, either way; a wrong address leads to the first page."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from unittest import mock
from uuid import UUID

import pytest
from django.contrib import admin
from django.core.management import call_command
from django.db import connection, transaction
from django.http import QueryDict
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from applications.admin.keyset import Key
from applications.admin.lists import KeysetChangeList, ListAdmin
from applications.models import AuditEntry, NoticeVersion, StaffUser, StatisticsMonth
from lenders.models import Lender, Submission
from lenders.states import SubmissionStatus
from privacy.models import Breach
from tests import factories
from tests.many_rows import fill
from tests.privacy import dpo, elsewhere

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])
MOMENTS = [datetime(2026, 11, day, tzinfo=UTC) for day in (1, 2, 3)]
COLUMNS = ("last_login", "date_joined", "is_active", "username")
GROWING = [page for page in admin.site._registry.values() if not page.stays_small]  # type: ignore[attr-defined]


class Accounts(ListAdmin):
    """Accounts in an order of one's choice: some moments are missing, and some the same."""

    stays_small = True
    list_display = COLUMNS
    actions: Any = None

    def __init__(self, ordering: tuple[str, ...], per_page: int) -> None:
        self.ordering, self.list_per_page = ordering, per_page
        super().__init__(StaffUser, admin.site)

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return True

    def page(self, query: dict[str, str]) -> Any:
        return self.get_changelist_instance(RequestFactory().get("/", query))


def to(changes: KeysetChangeList, rel: str) -> dict[str, str] | None:
    """Where a link below the list leads."""
    found = [link.url for link in changes.pager_links if link.rel == rel]
    return dict(QueryDict(found[0].removeprefix("?")).items()) if found else None


def walk(accounts: Accounts, rel: str, query: dict[str, str] | None) -> Iterator[KeysetChangeList]:
    """Every page from this one on."""
    while query is not None:
        yield (changes := accounts.page(query))
        query = to(changes, rel)


accounts_of_staff = st.lists(
    st.tuples(st.sampled_from([None, *MOMENTS]), st.sampled_from(MOMENTS[:2]), st.booleans()), max_size=12
)
orders = st.lists(st.sampled_from(COLUMNS), unique=True, max_size=4).flatmap(
    lambda names: st.tuples(*(st.sampled_from([name, f"-{name}"]) for name in names))
)


@given(rows=accounts_of_staff, ordering=orders, per_page=st.integers(1, 5))
@hypothesis_settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_walk_meets_every_row_once_and_in_order(
    rows: list[Any], ordering: tuple[str, ...], per_page: int
) -> None:
    with transaction.atomic():
        for number, (last_login, joined, active) in enumerate(rows):
            facts = {"last_login": last_login, "date_joined": joined, "is_active": active}
            StaffUser.objects.create(username=f"{number * 7 % 12:02}", **facts)
        accounts = Accounts(ordering, per_page)
        expected = list(StaffUser.objects.order_by(*Key.of(StaffUser, ordering).ordering))
        forth = list(walk(accounts, "next", {}))
        assert [row for page in forth for row in page.result_list] == expected
        assert {len(page.result_list) for page in forth[:-1]} <= {per_page}
        back = list(walk(accounts, "prev", to(forth[-1], "prev")))
        left_behind = expected[: len(expected) - len(forth[-1].result_list)]
        assert [row for page in reversed(back) for row in page.result_list] == left_behind
        transaction.set_rollback(True)


def test_order_that_is_not_total_ends_in_the_primary_key() -> None:
    assert Key.of(StaffUser, ["-last_login"]).ordering == ["-last_login", "-id"]
    assert Key.of(StaffUser, ["last_login", "-pk"]).ordering == ["last_login", "id"]
    assert Key.of(StaffUser, ["username", "last_login"]).ordering == ["username"]
    assert Key.of(StaffUser, []).ordering == ["-id"]


# --- the links below a list ------------------------------------------------------------------------------
@pytest.fixture
def root() -> Client:
    return factories.sign_in_staff(Client(), factories.root())


def list_of(model: str) -> str:
    return reverse(f"admin:{model}_changelist")


MOST = SubmissionStatus.values[-1]  # the state of most rows that are made here
SUBMISSIONS, AUDIT = list_of("lenders_submission"), list_of("applications_auditentry")


@pytest.mark.parametrize(("rows", "per_page", "links"), [(0, 3, 0), (1, 3, 0), (3, 3, 0), (4, 3, 1)])
def test_list_on_one_page_has_no_links(rows: int, per_page: int, links: int) -> None:
    for number in range(rows):
        StaffUser.objects.create(username=str(number))
    page = Accounts((), per_page).page({})
    assert (len(page.result_list), len(page.pager_links)) == (min(rows, per_page), links)


def test_list_by_time_leads_to_newer_and_older_rows(root: Client) -> None:
    fill([Submission], rows=120)
    first = root.get(SUBMISSIONS).context["cl"]
    second = root.get(SUBMISSIONS, to(first, "next")).context["cl"]
    third = root.get(SUBMISSIONS, to(second, "next"))
    assert [link.label for link in first.pager_links] == ["Vecākas"]
    assert [link.label for link in second.pager_links] == ["Pašas jaunākās", "Jaunākas", "Vecākas"]
    assert [link.label for link in third.context["cl"].pager_links] == ["Pašas jaunākās", "Jaunākas"]
    assert '<nav class="pager" aria-label="Šī saraksta lapas">' in third.text


def test_filter_search_and_order_stay_with_every_page() -> None:
    for number in range(5):
        StaffUser.objects.create(username=f"agent-{number}", is_active=number != 2)

    class Filtered(Accounts):
        list_filter = ("is_active",)
        search_fields = ("username",)

    accounts = Filtered((), 2)
    query = {"is_active__exact": "1", "q": "agent", "o": "-3"}
    pages = [*walk(accounts, "next", query)]
    assert [[row.username for row in page.result_list] for page in pages] == [
        ["agent-4", "agent-3"], ["agent-1", "agent-0"],
    ]  # fmt: skip
    assert to(pages[1], "prev") == {**query, "p": f"before.{pages[1].result_list[0].pk}"}


def test_another_filter_begins_at_the_first_page() -> None:
    for number in range(5):
        StaffUser.objects.create(username=str(number))

    class Filtered(Accounts):
        list_filter = ("is_active",)

    accounts = Filtered((), 2)
    second = accounts.page(to(accounts.page({}), "next") or {})
    links = [choice["query_string"] for choice in second.filter_specs[0].choices(second)]
    assert [link for link in links if "p=" in link] == []


def test_row_that_left_the_filter_still_marks_its_place(root: Client) -> None:
    fill([Submission], rows=120)
    first = root.get(SUBMISSIONS, {"status__exact": MOST}).context["cl"]
    Submission.objects.filter(pk=first.result_list[-1].pk).update(status="queued")
    beyond = Submission.objects.filter(status=MOST).order_by("-created_at", "-id")[49:99]
    assert root.get(SUBMISSIONS, to(first, "next")).context["cl"].result_list == list(beyond)


SMALL = [page for page in admin.site._registry.values() if page.stays_small]  # type: ignore[attr-defined]


@pytest.mark.parametrize("page", SMALL, ids=lambda page: page.opts.label_lower)
def test_small_list_has_pages_as_well(page: ListAdmin, root: Client) -> None:
    call_command("load_demo_registers")
    fill([NoticeVersion, Lender], rows=2)
    for number in (1, 2):
        dpo.mandate(name=f"partner-{number}")
        StatisticsMonth.objects.create(month=date(2026, number, 1))
        Breach.objects.create(noticed_at=MOMENTS[number], what_happened="x", categories=[])
        elsewhere.controller(f"controller-{number}")
    address = list_of(f"{page.opts.app_label}_{page.opts.model_name}")
    with mock.patch.object(type(page), "list_per_page", 1):
        first = root.get(address).context["cl"]
        second = root.get(address, to(first, "next")).context["cl"]
        back = root.get(address, to(second, "prev")).context["cl"]
    assert first.result_list == back.result_list != second.result_list


def test_place_is_told_by_a_primary_key_alone(root: Client) -> None:
    StaffUser.objects.bulk_create(StaffUser(username=f"agent-{n}") for n in range(60))
    page = root.get(list_of("applications_staffuser")).context["cl"]
    assert to(page, "next") == {"p": f"after.{page.result_list[-1].pk}"}


# --- wrong addresses -------------------------------------------------------------------------------------
def shortly(query: object) -> str:
    return str(query)[:40]


WRONG = [
    {"p": "2"}, {"p": "x"}, {"p": "after."}, {"p": "after.x"}, {"p": "beside.1"}, {"p": "before.1\0"},
    {"p": f"after.{UUID(int=1)}"}, {"p": "after." + "9" * 5000}, {"o": "99"}, {"o": "-"}, {"o": "1"},
    {"o": "5.1"}, {"o": "x"}, {"o": "9" * 5000}, {"o": "--5"}, {"o": "0"}, {"status__exact": "\0"},
    {"unknown": "1"}, {"error_code__contains": "x"}, {"created_at__gte": "2026-01-01"},
    {"lender__id__exact": "x"}, {"needs__0__regex": "("}, {"q": "\0"},
]  # fmt: skip


@pytest.mark.parametrize("query", WRONG, ids=shortly)
def test_wrong_address_leads_to_the_first_page(root: Client, query: dict[str, str]) -> None:
    fill([Lender], rows=2)
    response = root.get(SUBMISSIONS, query)
    assert (response.status_code, response.headers.get("Location")) == (302, f"{SUBMISSIONS}?e=1")
    assert root.get(response["Location"]).status_code == 200


@pytest.mark.parametrize("key", ["x", "1.5", "9" * 30, "-1", "1" * 5000, str(UUID(int=0))], ids=shortly)
def test_wrong_number_of_a_row_leads_to_the_first_page(root: Client, key: str) -> None:
    assert root.get(AUDIT, {"p": f"after.{key}"}).headers.get("Location") == f"{AUDIT}?e=1"


@pytest.mark.parametrize(
    "query",
    [{"e": "1"}, {"all": ""}, {"_facets": "1"}, {"_popup": "1"}, {"_to_field": "id"}, {"q": " "},
     {"q": "'"}, {"p": ""}, {"status__exact": "x"}, {"o": ""}, {"q": "x" * 5000}],
    ids=shortly,
)  # fmt: skip
def test_odd_address_opens_a_page(root: Client, query: dict[str, str]) -> None:
    assert root.get(SUBMISSIONS, query).status_code == 200


def test_row_that_is_gone_leads_to_the_first_page(root: Client) -> None:
    fill([Submission], rows=120)
    link = to(root.get(SUBMISSIONS).context["cl"], "next")
    assert link
    Submission.objects.filter(pk=link["p"].partition(".")[2]).delete()
    assert root.get(SUBMISSIONS, link).headers["Location"] == f"{SUBMISSIONS}?e=1"


# --- search ----------------------------------------------------------------------------------------------
def test_whole_value_is_found_in_whatever_case_it_was_typed(root: Client) -> None:
    application = factories.sent_application(factories.subject())
    for text in (application.reference, f" {application.reference.lower()} "):
        for model in ("applications_application", "lenders_submission", "applications_consent"):
            assert root.get(list_of(model), {"q": text}).context["cl"].result_list, (model, text)
    assert root.get(SUBMISSIONS, {"q": application.reference[:-1]}).context["cl"].result_list == []


def test_person_is_found_in_the_audit_by_the_identifier(root: Client) -> None:
    application = factories.sent_application(factories.subject())
    mine = AuditEntry.objects.filter(subject_id=application.subject_id).count()
    assert mine
    for text in (
        str(application.subject_id),
        str(application.subject_id).upper(),
        application.subject_id.hex,
    ):
        assert len(root.get(AUDIT, {"q": text}).context["cl"].result_list) == mine


# --- queries ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("page", GROWING, ids=lambda page: page.opts.label_lower)
def test_list_asks_as_much_for_twenty_rows_as_for_two(page: ListAdmin, root: Client) -> None:
    asked = []
    for rows in (3, 23):
        with transaction.atomic():
            fill([page.model], rows=rows)
            with CaptureQueriesContext(connection) as statements:
                found = root.get(list_of(f"{page.opts.app_label}_{page.opts.model_name}"))
            assert len(found.context["cl"].result_list) >= rows * 0.8
            asked.append(len(statements))
            transaction.set_rollback(True)
    assert asked[0] == asked[1]


def test_growing_list_is_sorted_by_what_an_index_has_in_order(root: Client) -> None:
    fill([Submission], rows=10)
    page = root.get(SUBMISSIONS, {"o": "5"}).context["cl"]
    times = [row.created_at for row in page.result_list]
    assert times == sorted(times)
    assert list(page.sortable_by) == ["created_at"]
