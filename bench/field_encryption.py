"""What field encryption costs, as ratios measured in one run.

    python -m bench.field_encryption

Needs the environment of the product (settings, a reachable database); leaves nothing in the database.
"""

import os
import sys
import timeit
from collections.abc import Callable
from uuid import uuid4

import django
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "joinbaltic.settings")
django.setup()

from django.db import connection, models, transaction  # noqa: E402

from applications.crypto.envelope import seal, unseal  # noqa: E402
from applications.crypto.fields import EncryptedText  # noqa: E402
from applications.crypto.scope import data_key_scope, open_ciphers  # noqa: E402

FIELDS = 20
ROWS = 1000
TEXT = "x" * 28
LABEL = "identification.phone"


def table(name: str, make: Callable[[int], models.Field]) -> type[models.Model]:
    """A model of a UUID key, an owner and twenty fields; it belongs to no app that is installed."""
    body = {f"field_{number}": make(number) for number in range(FIELDS)}
    body |= {
        "id": models.UUIDField(primary_key=True, default=uuid4),
        "owner_id": models.UUIDField(),
        "__module__": __name__,
        "Meta": type("Meta", (), {"app_label": "bench"}),
    }
    return type(name, (models.Model,), body)


Plain = table("Plain", lambda number: models.BinaryField())
Ours = table("Ours", lambda number: EncryptedText(label=f"bench.field_{number}"))
NAMES = [f"field_{number}" for number in range(FIELDS)]


def best(*runs: Callable[[], object], number: int, repeat: int = 15) -> list[float]:
    """The shortest time of each, in seconds a call; they take turns, so that noise meets all alike."""
    times = [[timeit.timeit(run, number=number) / number for run in runs] for _ in range(repeat)]
    return [min(column) for column in zip(*times, strict=True)]


def per_field() -> None:
    cipher, row_id, owner_id = AESGCM(os.urandom(32)), uuid4(), uuid4()
    plain = TEXT.encode()
    bound = b"additional data of the usual length: a label of a field and two UUIDs"
    field = Ours._meta.get_field("field_0")
    row = Ours(owner_id=owner_id)

    def raw() -> bytes:
        nonce = os.urandom(12)
        return cipher.decrypt(nonce, cipher.encrypt(nonce, plain, None), None)

    def stored() -> bytes:
        nonce = os.urandom(12)
        kept = nonce + cipher.encrypt(nonce, plain, bound)
        return cipher.decrypt(kept[:12], kept[12:], bound)

    def ours() -> str:
        sealed = seal(cipher, TEXT.encode(), label=LABEL, row_id=row_id, owner_id=owner_id)
        return unseal(cipher, sealed, label=LABEL, row_id=row_id, owner_id=owner_id).decode()

    def attribute() -> str:
        row.field_0 = TEXT
        row.field_0 = field.pre_save(row, False)
        return row.field_0

    with data_key_scope():
        open_ciphers()[owner_id.int] = cipher
        base, kept, sealed, whole = best(raw, stored, ours, attribute, number=2000, repeat=40)
    say("AES-GCM alone, encrypt + decrypt", base, base, "µs")
    say("the same with additional data, nonce kept", kept, base, "µs")
    say("envelope: text, binding, seal + unseal", sealed, base, "µs")
    say("model attribute: assign, save, load, read", whole, base, "µs")


def load() -> None:
    owner_id = uuid4()
    with data_key_scope():
        open_ciphers()[owner_id.int] = AESGCM(os.urandom(32))
        for model, value in ((Plain, TEXT.encode()), (Ours, TEXT)):
            made = [model(owner_id=owner_id, **dict.fromkeys(NAMES, value)) for _ in range(ROWS)]
            model.objects.bulk_create(made, batch_size=200)

        def read(model: type[models.Model], names: list[str]) -> Callable[[], object]:
            return lambda: [getattr(row, name) for row in model.objects.all() for name in names]

        runs = [read(Plain, NAMES), read(Ours, []), read(Ours, NAMES[:3]), read(Ours, NAMES)]
        base, *times = best(*runs, number=1, repeat=7)
    say(f"load {ROWS} rows x {FIELDS} bytea fields, ORM", base, base, "ms")
    for name, time in zip(("none read", "three read", "all read"), times, strict=True):
        say(f"the same encrypted, {name}", time, base, "ms")
    with connection.cursor() as cursor:
        columns = " + ".join(f"octet_length({name})" for name in NAMES)
        cursor.execute(f"SELECT avg({columns}) FROM bench_ours")  # noqa: S608 - names from this file
        stored = float(cursor.fetchone()[0])
    print(f"{'stored bytes / plain bytes':45} {stored / (FIELDS * len(TEXT)):>9.2f}")


def say(what: str, seconds: float, base: float, unit: str) -> None:
    scale = {"µs": 1e6, "ms": 1e3}[unit]
    print(f"{what:45} {seconds * scale:9.2f} {unit}  x {seconds / base:.2f}")


def main() -> int:
    per_field()
    with transaction.atomic():
        with connection.schema_editor() as editor:
            editor.create_model(Plain)
            editor.create_model(Ours)
        load()
        transaction.set_rollback(True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
