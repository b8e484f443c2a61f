"""What a rotation of master keys costs a data key, beside what cannot be spared, in one run.

    python -m bench.rewrapping [keys]

Starts servers of its own and leaves nothing behind; 50,000 data keys if not told otherwise. Beside the
rotation stand the same unwrapping and wrapping in memory alone, and the same writing alone: one UPDATE a
chunk of values that lie ready.
"""

import contextlib
import os
import sys
import timeit
from collections.abc import Callable
from uuid import uuid4

import django

from tests import services

running = contextlib.ExitStack()
services.start(running)
os.environ["DJANGO_SETTINGS_MODULE"] = "joinbaltic.settings"
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402
from django.test import override_settings  # noqa: E402

from applications.crypto import rewrapping  # noqa: E402
from applications.crypto.models import DataKey  # noqa: E402
from applications.crypto.providers import LocalMasterKeys  # noqa: E402
from applications.crypto.rewrapping import CHUNK, rewrap  # noqa: E402

KEYS, ROUNDS = 50_000, 5
UPDATE = """
    UPDATE crypto_datakey AS key SET epoch = %s, wrapped = fresh.wrapped
    FROM unnest(%s::uuid[], %s::bytea[]) AS fresh (owner_id, wrapped) WHERE key.owner_id = fresh.owner_id
"""
Stored = list[tuple[object, str, bytes]]


def fill(number: int) -> None:
    provider = LocalMasterKeys()
    epoch = provider.current_epoch()
    made = [
        DataKey(owner_id=one, epoch=epoch, wrapped=provider.wrap(epoch, os.urandom(32), one))
        for one in (uuid4() for _ in range(number))
    ]
    DataKey.objects.bulk_create(made, batch_size=5000)


def stored() -> Stored:
    rows = DataKey.objects.order_by("owner_id").values_list("owner_id", "epoch", "wrapped")
    return [(owner_id, epoch, bytes(wrapped or b"")) for owner_id, epoch, wrapped in rows]


def in_memory(rows: Stored) -> None:
    provider = LocalMasterKeys()
    to = provider.current_epoch()
    for owner_id, epoch, wrapped in rows:
        provider.wrap(to, provider.unwrap(epoch, wrapped, owner_id), owner_id)  # type: ignore[arg-type]


def updates(rows: Stored) -> None:
    for at in range(0, len(rows), CHUNK):
        owners, epochs, wrapped = map(list, zip(*rows[at : at + CHUNK], strict=True))
        with connections["keys"].cursor() as cursor:
            cursor.execute(UPDATE, [epochs[0] + "+", owners, wrapped])


def seconds(work: Callable[[], object]) -> float:
    with connections["keys"].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE crypto_datakey")
    return timeit.timeit(work, number=1)


def main() -> None:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else KEYS
    for database in ("default", "keys"):
        call_command("migrate", database=database, verbosity=0)
    ring = dict(settings.MASTER_KEYS)
    fill(number)
    times: dict[str, list[float]] = {
        "the rotation": [],
        "in memory alone": [],
        "one UPDATE a chunk alone": [],
    }
    for step in range(ROUNDS):
        ring[f"bench{step}"] = os.urandom(32)
        with override_settings(MASTER_KEYS=ring):
            rows = stored()
            times["in memory alone"].append(seconds(lambda: in_memory(rows)))  # noqa: B023 - run at once
            times["the rotation"].append(seconds(rewrap))
            if rewrapping.left_outside(f"bench{step}"):
                raise SystemExit("the rotation is not complete")
            rows = stored()
            times["one UPDATE a chunk alone"].append(seconds(lambda: updates(rows)))  # noqa: B023
            DataKey.objects.update(epoch=f"bench{step}")
    base = min(times["the rotation"])
    for name, found in times.items():
        rate = number / min(found)
        print(f"{name:28} {rate:9,.0f} keys/s  the rotation takes x {base / min(found):.1f}")


with running:
    main()
