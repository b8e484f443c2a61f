"""What one person's copy and erasure cost, among few people and among many, in one run.

    python -m bench.erasing [few] [many]

Starts servers of its own and leaves nothing behind; 1,000 and 200,000 people if not told otherwise. The
person has an application at two lenders.
"""

import contextlib
import os
import statistics
import sys
import timeit
from collections.abc import Iterator

import django

from tests import services

running = contextlib.ExitStack()
services.start(running)
os.environ["DJANGO_SETTINGS_MODULE"] = "joinbaltic.settings"
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402

from applications.declarations import personal_fields  # noqa: E402
from applications.models import DataSubject  # noqa: E402
from privacy.datamap import doors  # noqa: E402
from privacy.models import Right, RightsRequest  # noqa: E402
from privacy.services import searching  # noqa: E402
from tests.clock import later  # noqa: E402
from tests.lenders import scene  # noqa: E402
from tests.many_rows import fill  # noqa: E402
from tests.privacy import rights  # noqa: E402

FEW, MANY, REPEAT = 1_000, 200_000, 9
FULL = (
    "Application", "Identification", "Consent", "Disclosure", "AuditEntry", "Submission", "Delivery",
    "Attempt", "Offer", "RightsRequest",
)  # fmt: skip


@contextlib.contextmanager
def people(number: int) -> Iterator[None]:
    """So many, in the tables that grow with them; gone afterwards."""
    models = {model.__name__: model for door in doors() for model in door.holders() if personal_fields(model)}
    with transaction.atomic():
        fill([models[name] for name in FULL], rows=number)
        yield
        transaction.set_rollback(True)


def somebody() -> DataSubject:
    application = scene.sent("atra", "leja")
    scene.taken_by_all(application)
    return application.subject


def copy(subject: DataSubject) -> RightsRequest:
    return rights.run(rights.ask(subject, Right.ACCESS))


def erase(subject: DataSubject) -> RightsRequest:
    approved = rights.approved(subject)
    with later(days=28):  # no lender answers here
        rights.run(approved)
    with later(days=28, minutes=11):
        request = rights.run(approved)
    if request.status != "completed":
        raise SystemExit(f"the erasure did not complete: {request.step} {request.trouble}")
    return request


def measure() -> dict[str, float]:
    """Seconds, the median of several people."""
    times: dict[str, list[float]] = {"copy": [], "erasure": []}
    for _person in range(REPEAT):
        subject = somebody()
        times["copy"].append(timeit.timeit(lambda: copy(subject), number=1))  # noqa: B023 - run at once
        times["erasure"].append(timeit.timeit(lambda: erase(subject), number=1))  # noqa: B023
    found = {name: statistics.median(some) for name, some in times.items()}
    found["daily search of all tables"] = timeit.timeit(searching.search_everything, number=1)
    return found


def main() -> None:
    few, many = (int(text) for text in sys.argv[1:3]) if len(sys.argv) > 2 else (FEW, MANY)
    for database in ("default", "keys"):
        call_command("migrate", database=database, verbosity=0)
    with transaction.atomic():
        scene.register(scene.NOWHERE, "atra", "leja")
        with people(few):
            measure()  # warm
            before = measure()
        with people(many):
            after = measure()
        transaction.set_rollback(True)
    for name, seconds in before.items():
        ratio = after[name] / seconds
        print(f"{name}: {seconds:.3f} s among {few:,}, {after[name]:.3f} s among {many:,}: {ratio:.2f}")


with running:
    main()
