"""What the tests run against: real PostgreSQL and Redis, and an environment that Django accepts.

The servers are started once per test run, by the process that hands out the tests; the workers of
pytest-xdist find the addresses in the environment they inherit, and take a Redis database each.
TEST_DATABASE_URL with TEST_KEYS_DATABASE_URL, and TEST_REDIS_URL, replace the embedded servers.
"""

import base64
import contextlib
import os
import secrets
import time
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connections

from joinbaltic import embedded
from joinbaltic.embedded_places import client_programs
from tests import role

VAR = Path(__file__).resolve().parent.parent / "var" / "test"
ADDRESSES = ("DATABASE_URL", "KEYS_DATABASE_URL", "REDIS_URL")
REDIS_DATABASES = 64
SETTLED_SECONDS = 60  # a younger directory may belong to a run that is about to claim it


def secret_environment() -> dict[str, str]:
    """Secrets of one test run, and all that is not an address of a server."""

    def key() -> str:
        return base64.b64encode(secrets.token_bytes(32)).decode()

    return {
        "ENVIRONMENT": "test",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "MASTER_KEYS": f"epoch1:{key()}",
        "INDEX_KEYS": f"1:{key()}",
        "PORTABILITY_KEYS": f"key1:{key()}",
        "SANDBOX_SECRET": f"whsec_{key()}",
        "PUBLIC_URL": "http://127.0.0.1:8000",
        "ALLOWED_HOSTS": "127.0.0.1,localhost,testserver",
        "POSTGRES_PROGRAMS": str(client_programs()),
    }


def given_environment() -> dict[str, str]:
    """Addresses of servers the caller wants used."""
    return {name: os.environ[f"TEST_{name}"] for name in ADDRESSES if os.environ.get(f"TEST_{name}")}


def start(stack: contextlib.ExitStack) -> None:
    """Complete os.environ, starting what nobody gave; the stack ends it."""
    given = given_environment()
    clear_abandoned()
    directory = VAR / f"{os.getpid()}-{secrets.token_hex(4)}"
    running = stack.enter_context(
        embedded.services(
            directory,
            postgres="DATABASE_URL" not in given,
            redis="REDIS_URL" not in given,
            durable=False,
        )
    )
    os.environ.update(secret_environment() | {"VAR_DIR": str(directory)} | running.environment | given)


def clear_abandoned() -> None:
    """End the servers of test runs that were killed, and delete what they left."""
    for directory in VAR.glob("*-*"):
        with contextlib.suppress(embedded.AlreadyRunningError, FileNotFoundError):
            if time.time() - directory.stat().st_mtime > SETTLED_SECONDS:
                embedded.remove(directory)


def take_redis_database(worker: str) -> None:
    """Give the xdist worker gw0, gw1, ... the Redis database 1, 2, ...: FLUSHDB empties one's own."""
    number = int(worker.removeprefix("gw")) % (REDIS_DATABASES - 1) + 1
    os.environ["REDIS_URL"] = f"{os.environ['REDIS_URL'].rpartition('/')[0]}/{number}"


def process_environment() -> dict[str, str]:
    """os.environ with the databases that Django made for the tests in place of those they were made from."""
    names = {"DATABASE_URL": "default", "KEYS_DATABASE_URL": "keys"}
    return (
        os.environ
        | {"DATABASE_ROLE": role.ROLE, "ERASURE_LEDGER": settings.ERASURE_LEDGER}
        | {
            variable: urlsplit(os.environ[variable])
            ._replace(path=f"/{connections[alias].settings_dict['NAME']}")
            .geturl()
            for variable, alias in names.items()
        }
    )
