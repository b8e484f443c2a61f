"""What row security costs: the same reads in the product's role and as a superuser, whom it does not bind.

    python -m bench.second_wall [rows]

Starts servers of its own and leaves nothing behind; 50,000 rows if not told otherwise, of as many people, one
in a hundred of whom is restricted.
"""

import contextlib
import os
import statistics
import sys
import timeit
from collections.abc import Callable
from typing import Any

import django

from tests import services

running = contextlib.ExitStack()
services.start(running)
os.environ["DJANGO_SETTINGS_MODULE"] = "joinbaltic.settings"
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.db.models import F  # noqa: E402

from applications.models import Restriction  # noqa: E402
from lenders.models import Submission  # noqa: E402
from tests import role  # noqa: E402
from tests.many_rows import fill  # noqa: E402

ROWS, ROUNDS, LOOKS = 50_000, 15, 300


def reads(keys: list[Any]) -> dict[str, Callable[[], Any]]:
    """Nothing is decrypted: what is compared is the database's work and the way to it."""
    return {
        "list": lambda: list(Submission.objects.values_list("pk", "status")),
        "count": Submission.objects.count,
        "page of 100": lambda: [
            list(Submission.objects.order_by("pk").values_list("pk")[:100]) for _again in range(20)
        ],
        "one row by its key": lambda: [Submission.objects.filter(pk=key).first() for key in keys],
    }


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    for database in ("default", "keys"):
        call_command("migrate", database=database, verbosity=0)
    with transaction.atomic():
        fill([Submission, Restriction], rows=rows)
        Restriction.objects.update(lifted_at=F("since"))
        some = Restriction.objects.order_by("pk").values("pk")[: rows // 100]
        Restriction.objects.filter(pk__in=some).update(lifted_at=None)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE applications_restriction, lenders_submission")
        compare(reads(list(Submission.objects.values_list("pk", flat=True)[:LOOKS])))
        transaction.set_rollback(True)


def compare(measured: dict[str, Callable[[], Any]]) -> None:
    for name, read in measured.items():
        ratios = []
        for _round in range(ROUNDS):
            without = timeit.timeit(read, number=1)
            with connection.cursor() as cursor:
                cursor.execute(f"SET ROLE {role.ROLE}")
                behind = timeit.timeit(read, number=1)
                cursor.execute("SET ROLE NONE")
            ratios.append(behind / without)
        print(f"{name}: {statistics.median(ratios):.2f} times what it costs without")


with running:
    main()
