"""Liveness and readiness: 200 when applications can be taken and sent on, else 503 with the missing part."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from applications.models import WorkerHeartbeat
from applications.services import operations
from joinbaltic import health

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])
ROOT = Path(__file__).resolve().parents[2]
NOWHERE = "postgres://nobody:nothing@127.0.0.1:1/nothing"
ASK = """
import json, django
django.setup()
from django.test import Client
print(json.dumps({path: [answer.status_code, answer.json()] for path in ("/livez", "/readyz")
                  for answer in [Client().get(path)]}))
"""


def ready(client: Client) -> tuple[int, dict[str, str]]:
    response = client.get("/readyz")
    return response.status_code, response.json()


def test_process_that_answers_is_alive(client: Client) -> None:
    response = client.get("/livez")
    assert (response.status_code, response.json()) == (200, {"status": "alive"})


def test_ready_when_databases_and_a_worker_are_there(client: Client) -> None:
    operations.beat()
    status, parts = ready(client)
    fine = dict.fromkeys(("database", "keys", "ledger", "worker", "redis"), "ok")
    assert (status, parts) == (200, {"status": "ready"} | fine)


def test_not_ready_without_a_worker(client: Client) -> None:
    status, parts = ready(client)
    assert (status, parts["status"], parts["worker"]) == (503, "not ready", "no worker is sweeping")


def test_not_ready_in_a_role_that_passes_row_security_by(
    client: Client, superuser: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "_migrated", set())
    assert ready(client)[1]["database"] == "its role passes row security by"


def test_not_ready_when_the_last_worker_stopped_beating(client: Client) -> None:
    operations.beat()
    late = timezone.now() - health.HEARTBEAT_FRESH - timedelta(seconds=1)
    WorkerHeartbeat.objects.update(beat_at=late)
    assert ready(client)[0] == 503


def test_ready_without_redis_which_is_reported(client: Client, settings: Any) -> None:
    operations.beat()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    status, parts = ready(client)
    assert (status, parts["redis"]) == (200, "unreachable")


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_health_is_kept_by_no_cache_and_answers_to_reading_alone(client: Client, path: str) -> None:
    assert "no-store" in client.get(path)["Cache-Control"]
    assert client.head(path).status_code in {200, 503}
    assert client.post(path).status_code == 405


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_health_tells_no_secret(client: Client, path: str) -> None:
    answer = client.get(path).content.decode()
    assert "@" not in answer
    assert "://" not in answer


@pytest.mark.slow
@pytest.mark.parametrize(("variable", "part"), [("DATABASE_URL", "database"), ("KEYS_DATABASE_URL", "keys")])
def test_not_ready_when_a_database_is_away(variable: str, part: str) -> None:
    answer = subprocess.run(
        [sys.executable, "-c", ASK], cwd=ROOT, env=os.environ | {variable: NOWHERE}, text=True,
        capture_output=True, check=False,
    )  # fmt: skip
    answers = json.loads(answer.stdout.splitlines()[-1])
    assert answers["/livez"][0] == 200
    assert answers["/readyz"][0] == 503
    assert answers["/readyz"][1][part] == "unreachable"


@pytest.mark.slow
def test_not_ready_while_migrations_are_missing() -> None:
    """The database that the tests' own were made from has no table at all."""
    answer = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=ROOT,
        env=dict(os.environ),
        text=True,
        capture_output=True,
        check=False,
    )
    status, parts = json.loads(answer.stdout.splitlines()[-1])["/readyz"]
    assert (status, parts["database"]) == (503, "migrations are missing")
