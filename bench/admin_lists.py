"""What a page of the admin's lists costs, beside the same page made by Django's own list, in one run.

    python -m bench.admin_lists [rows]

Needs the environment of the product (settings, a reachable database, which has to let it set
session_replication_role); a million rows a table if not told otherwise. Leaves nothing in the database, which
needs a few gigabytes meanwhile.
"""

import os
import sys
import timeit
from collections.abc import Callable
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "joinbaltic.settings")
django.setup()

from django.contrib import admin  # noqa: E402
from django.contrib.admin.views.main import ChangeList  # noqa: E402
from django.db import models, transaction  # noqa: E402
from django.test import RequestFactory  # noqa: E402
from django.utils import timezone  # noqa: E402

from applications import staff_session  # noqa: E402
from applications.admin.lists import ListAdmin  # noqa: E402
from applications.models import Application, AuditEntry, StaffUser  # noqa: E402
from lenders.models import Submission  # noqa: E402
from tests import factories  # noqa: E402
from tests.many_rows import fill  # noqa: E402

ROWS, NAME = 1_000_000, "benchmark"
LISTS = (Application, Submission, AuditEntry)


class DjangosList(ListAdmin):
    """Mixed in before one of our pages: its list is as Django has it, but for the rows a page."""

    list_only = None
    change_list_template = None
    show_full_result_count = True
    show_facets = admin.ShowFacets.ALLOW

    def get_changelist(self, request: Any, **kwargs: Any) -> type[ChangeList]:
        return ChangeList

    get_sortable_by = admin.ModelAdmin.get_sortable_by
    get_search_results = admin.ModelAdmin.get_search_results


def pages(model: type[models.Model]) -> tuple[ListAdmin, ListAdmin]:
    """Our page of these rows, and the one that Django would have made of it."""
    ours: Any = admin.site._registry[model]
    theirs = type("Theirs", (DjangosList, type(ours)), {})
    return ours, theirs(model, admin.site)


def request(query: dict[str, str]) -> Any:
    """What somebody asks who may see it all, and came in through the door just now."""
    made: Any = RequestFactory().get("/", query)
    now = timezone.now().timestamp()
    made.user = StaffUser.objects.get(username=NAME)
    made.session = {staff_session.PROOF: {"factor": "", "since": now, "seen": now, "proved": now}}
    return made


def opening(page: ListAdmin, query: dict[str, str]) -> Callable[[], None]:
    def run() -> None:
        response: Any = page.changelist_view(request(query))
        assert response.status_code == 200
        response.render()

    return run


def best(*runs: Callable[[], None], repeat: int = 9) -> list[float]:
    """The shortest time of each, in seconds; they take turns, so that noise meets all alike."""
    times = [[timeit.timeit(run, number=1) for run in runs] for _ in range(repeat)]
    return [min(column) for column in zip(*times, strict=True)]


def compare(model: type[models.Model]) -> None:
    ours, theirs = pages(model)
    changes: Any = ours.get_changelist_instance(request({}))
    middle = changes.queryset.count() // 2 // ours.list_per_page * ours.list_per_page
    before = changes.queryset.values_list("pk", flat=True)[middle - 1]
    deep = {"p": f"after.{before}"}, {"p": str(middle // ours.list_per_page + 1)}
    for what, (our_query, their_query) in {"first": ({}, {}), "middle": deep}.items():
        we, they = best(opening(ours, our_query), opening(theirs, their_query))
        name = f"{model._meta.verbose_name_plural}, {what} page"
        print(f"{name:36} {they * 1e3:9.1f} ms {we * 1e3:9.1f} ms   x {they / we:.1f}")


def main() -> int:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with transaction.atomic():
        factories.root(NAME)
        fill(LISTS, rows=rows)
        print(f"{f'{rows:,} rows a table':36} {'Django':>12} {'ours':>12}")
        for model in LISTS:
            compare(model)
        transaction.set_rollback(True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
