"""What it costs to let many people go, beside the database's own cascade and Django's, in one run.

    python -m bench.purging [people]

Starts servers of its own and leaves nothing behind; 100,000 people if not told otherwise, each with ten rows.
The run looks at the grounds, holds whom it takes, destroys the keys and writes its receipt; the cascades only
delete. The database's own runs twice: over the product's tables, with every foreign key declared ON DELETE
CASCADE for the while, and over bare copies of the six that hold something, at which nothing else points.
"""

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import django

from tests import services

running = contextlib.ExitStack()
services.start(running)
os.environ["DJANGO_SETTINGS_MODULE"] = "joinbaltic.settings"
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, connections, transaction  # noqa: E402

from applications.models import (  # noqa: E402
    AccountNote,
    ConsumerSession,
    DataSubject,
    OwnedBySubject,
    PaymentMethod,
    RetentionChunk,
    UsageEvent,
    Whereabouts,
)
from applications.services import retention  # noqa: E402
from tests.many_rows import fill  # noqa: E402

PEOPLE = 100_000
ROWS: tuple[tuple[type[OwnedBySubject], int], ...] = (
    (UsageEvent, 3), (Whereabouts, 3), (ConsumerSession, 1), (AccountNote, 1), (PaymentMethod, 2),
)  # fmt: skip
OLD = "now() - interval '300 days'"
"""Past the period of the account, within those of what hangs on it: everything goes with the people."""


def people(number: int) -> None:
    """So many accounts that nobody has used for long, each with ten rows; and their keys."""
    with connection.cursor() as cursor:
        fill([DataSubject, *(model for model, _times in ROWS)], rows=number)
        cursor.execute(f"UPDATE applications_datasubject SET created_at = {OLD}, erased_at = NULL")  # noqa: S608
        for model, times in ROWS:
            fill_rows(cursor, model, number, times)
    with connections["keys"].cursor() as cursor:
        cursor.execute(
            "INSERT INTO crypto_datakey (owner_id, epoch, wrapped, created_at) "
            "SELECT md5('applications.DataSubject' || i)::uuid, 'bench', "
            "decode(md5('a' || i) || md5('b' || i), 'hex'), now() FROM generate_series(1, %s) AS i",
            [number],
        )


def fill_rows(cursor: Any, model: type[OwnedBySubject], number: int, times: int) -> None:
    table = model._meta.db_table
    columns = [field.column for field in model._meta.concrete_fields]
    for copy in range(1, times):
        chosen = ", ".join(f"md5(id::text || {copy})::uuid" if one == "id" else f'"{one}"' for one in columns)
        listed = ", ".join(f'"{one}"' for one in columns)
        cursor.execute(f"INSERT INTO {table} ({listed}) SELECT {chosen} FROM {table} LIMIT {number}")  # noqa: S608
    fields = model._meta.concrete_fields
    moments = [one.column for one in fields if one.get_internal_type() == "DateTimeField"]
    changed = ", ".join(f"{one} = {OLD}" for one in moments)
    if changed:
        cursor.execute(f"UPDATE {table} SET {changed}")  # noqa: S608


@contextlib.contextmanager
def undone() -> Iterator[None]:
    """Whatever was deleted inside is there again afterwards: each way of deleting finds the same rows."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    tidy()


def tidy() -> None:
    """As autovacuum leaves it: what the rows were before costs nobody time."""
    for database in ("default", "keys"):
        with connections[database].cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def by_the_orm(number: int) -> None:
    """Django reads every row and deletes it, a thousand people at a time."""
    while chunk := list(DataSubject.objects.values_list("pk", flat=True)[:1000]):
        DataSubject.objects.filter(pk__in=chunk).delete()
    assert not UsageEvent.objects.exists()


CASCADING = """
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
    format('ALTER TABLE %s ADD CONSTRAINT %I %s ON DELETE CASCADE NOT VALID', conrelid::regclass, conname,
        replace(pg_get_constraintdef(oid), ' DEFERRABLE INITIALLY DEFERRED', ''))
FROM pg_constraint WHERE contype = 'f' AND conrelid::regclass::text ~ '^(applications|lenders|privacy)_'
"""


def let_the_database_cascade() -> None:
    with connection.cursor() as cursor:
        cursor.execute(CASCADING)
        for drop, add in cursor.fetchall():
            cursor.execute(drop)
            cursor.execute(add)


def by_the_database(number: int) -> None:
    """One statement; the foreign keys do the rest."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM applications_datasubject")


def by_the_database_alone(number: int) -> None:
    """The same of the bare tables."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM bare_person")


def make_bare_tables() -> None:
    """The same people and rows, with nothing else that points at them."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bare_person (LIKE applications_datasubject INCLUDING ALL)")
        cursor.execute("INSERT INTO bare_person SELECT * FROM applications_datasubject")
        for number, (model, _times) in enumerate(ROWS):
            table = model._meta.db_table
            cursor.execute(f"CREATE TABLE bare_{number} (LIKE {table} INCLUDING ALL)")
            cursor.execute(f"INSERT INTO bare_{number} SELECT * FROM {table}")  # noqa: S608
            cursor.execute(
                f"ALTER TABLE bare_{number} ADD FOREIGN KEY (subject_id) REFERENCES bare_person "
                "ON DELETE CASCADE"
            )


def by_the_run(number: int) -> None:
    """The retention run as it is every night."""
    retention.run()
    gone = sum(len(owners) for owners in RetentionChunk.objects.values_list("owners", flat=True))
    assert gone == number, gone
    assert not UsageEvent.objects.exists()


def seconds(way: Callable[[int], None], number: int) -> float:
    began = time.perf_counter()
    way(number)
    return time.perf_counter() - began


def main() -> None:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE
    for database in ("default", "keys"):
        call_command("migrate", database=database, verbosity=0)
    with transaction.atomic():
        people(number)
    make_bare_tables()
    tidy()
    found = {}
    with undone():
        found["ORM cascade"] = seconds(by_the_orm, number)
    with undone():
        let_the_database_cascade()
        found["database cascade"] = seconds(by_the_database, number)
    with undone():
        found["database cascade, bare tables"] = seconds(by_the_database_alone, number)
    found["the run"] = seconds(by_the_run, number)
    for name, took in found.items():
        print(f"{name}: {took:.1f} s for {number:,} people with ten rows each")
    for name in list(found)[:-1]:
        print(f"the run / {name}: {found['the run'] / found[name]:.2f}")


with running:
    main()
