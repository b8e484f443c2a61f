"""What one hanging lender costs the others: how long their answers take with and without it, in one run.

    python -m bench.hanging_lender [seconds a run] [applications a second] [rounds]

Starts servers of its own, a worker as in production, and eight lenders that answer in 200 ms over real HTTP;
leaves nothing behind. From the sending of an application to each answer on record, of the seven others:

none hangs       the base
one hangs        the eighth never answers: its calls run into their time limit, its breaker opens
breaker held     the same while its breaker is closed again and again: the caps alone protect the others
"""

import asyncio
import contextlib
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import django
from aiohttp import ClientSession

from lenders.sandbox import app as sandbox_app
from lenders.sandbox.runner import SandboxServer
from lenders.sandbox.secrets import SANDBOX_LENDERS, secret_of
from tests import services

ROOT = Path(__file__).resolve().parents[1]
EIGHT = tuple(replace(SANDBOX_LENDERS[0], slug=f"lender{n}", name=f"Lender {n}") for n in range(1, 9))
HANGING, OTHERS = EIGHT[0].slug, [lender.slug for lender in EIGHT[1:]]
SHAPES = ("none hangs", "one hangs", "breaker held")
HANGS_SECONDS = 30
running = contextlib.ExitStack()


def start_servers() -> None:
    """PostgreSQL, Redis and the lenders; everything else finds them in the environment."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "joinbaltic.settings"
    services.start(running)
    sandbox_app.SANDBOX_LENDERS = EIGHT  # type: ignore[misc]
    sandbox_app.LENDERS = {lender.slug: lender for lender in EIGHT}
    sandbox = running.enter_context(SandboxServer(secret=os.environ["SANDBOX_SECRET"]))
    os.environ["SANDBOX_URL"] = sandbox.url


if __name__ == "__main__":
    start_servers()
    django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connections, transaction  # noqa: E402

from applications.actors import SYSTEM  # noqa: E402
from applications.crypto.keyring import data_key_scope  # noqa: E402
from joinbaltic import commands  # noqa: E402
from lenders.adapters.base import Credentials  # noqa: E402
from lenders.models import Breaker, Delivery, Submission  # noqa: E402
from lenders.services.register import register_lender  # noqa: E402
from tests.factories import IN_ORDER  # noqa: E402
from tests.lenders import scene  # noqa: E402


def prepare() -> None:
    for database in ("default", "keys"):
        call_command("migrate", database=database, verbosity=0)
    url = os.environ["SANDBOX_URL"]
    for lender in EIGHT:
        register_lender(
            slug=lender.slug, name=lender.name, adapter="join", base_url=f"{url}/{lender.slug}",
            allowed_hosts=[url.removeprefix("http://")], requested_fields=list(lender.requested_fields),
            minimum_amount_cents=lender.minimum_amount_cents,
            maximum_amount_cents=lender.maximum_amount_cents,
            minimum_term_months=lender.minimum_term_months, maximum_term_months=lender.maximum_term_months,
            recipient=IN_ORDER, actor=SYSTEM,
            credentials=Credentials(signing=(secret_of(os.environ["SANDBOX_SECRET"], lender.slug),)),
        )  # fmt: skip


@contextlib.contextmanager
def worker() -> Iterator[None]:
    with open(os.devnull, "wb") as nothing:
        process = subprocess.Popen(
            [sys.executable, *commands.PROCESSES["worker"]], cwd=ROOT, stdout=nothing, stderr=nothing
        )
    try:
        yield
    finally:
        process.kill()
        process.wait()


def order(**fault: Any) -> None:
    """Tell the sandbox how the first lender behaves from now on."""

    async def post() -> None:
        async with (
            ClientSession() as session,
            session.post(f"{os.environ['SANDBOX_URL']}/_faults", json={"slug": HANGING, **fault}) as reply,
        ):
            assert reply.status == 200

    asyncio.run(post())


@contextlib.contextmanager
def breaker_held() -> Iterator[None]:
    """Its breaker is closed whenever it has opened."""
    over = threading.Event()

    def hold() -> None:
        while not over.wait(0.1):
            Breaker.objects.filter(open_until__isnull=False).update(failures=0, open_until=None)
        connections.close_all()

    thread = threading.Thread(target=hold)
    thread.start()
    yield
    over.set()
    thread.join()


def run(shape: str, *, seconds: float, rate: float) -> list[float]:
    """Send at this rate for so long; milliseconds from sending to each answer of the others."""
    with data_key_scope():
        drafts = [scene.draft_for(scene.new_session()[0]) for _ in range(int(seconds * rate))]
    hangs = shape != "none hangs"
    order(fault="hang", seconds=HANGS_SECONDS, times=-1 if hangs else 0)
    with breaker_held() if shape == "breaker held" else contextlib.nullcontext():
        started = time.monotonic()
        for number, draft in enumerate(drafts):
            time.sleep(max(0.0, started + number / rate - time.monotonic()))
            with data_key_scope():
                scene.send(draft, [lender.slug for lender in EIGHT])
        mine = Submission.objects.filter(application__in=drafts)
        answered = mine.filter(lender__slug__in=OTHERS, status="offered")
        scene.until(lambda: answered.count() == len(drafts) * len(OTHERS), seconds=60)
    took = [one.answered_at - one.created_at for one in answered]
    order(fault="hang", times=0)
    with transaction.atomic():  # the next run begins with nothing due and nothing known
        Delivery.objects.filter(status="due").update(status="failed", lease_until=None)
        Breaker.objects.all().delete()
    time.sleep(11 if hangs else 1)  # calls that still hang have run into their limit
    return [one.total_seconds() * 1000 for one in took]


def p95(times: list[float]) -> float:
    return quantiles(times, n=20)[-1]


def main() -> int:
    seconds, rate, rounds = (
        float(given) for given in (*sys.argv[1:], *("20", "1", "4")[len(sys.argv) - 1 :])
    )
    prepare()
    found: dict[str, list[list[float]]] = {shape: [] for shape in SHAPES}
    with worker():
        run(SHAPES[0], seconds=4, rate=rate)  # warms the worker
        for number in range(int(rounds)):
            for shape in random.sample(SHAPES, len(SHAPES)):
                found[shape].append(run(shape, seconds=seconds, rate=rate))
                print(f"round {number + 1}, {shape:14} p95 {p95(found[shape][-1]):8.0f} ms", flush=True)
    base = median(map(p95, found[SHAPES[0]]))
    for shape in SHAPES:
        middle, late = (median(map(of, found[shape])) for of in (median, p95))
        print(f"{shape:14} p50 {middle:6.0f} ms  p95 {late:6.0f} ms  x {late / base:.2f}")
    return 0


if __name__ == "__main__":
    with running:
        sys.exit(main())
