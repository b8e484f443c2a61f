"""Liveness and readiness, as JSON for load balancers and people."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any

import redis
from django.conf import settings
from django.db import Error, connections
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from applications.crypto.router import newest_migrations
from applications.models import WorkerHeartbeat
from applications.selectors import set_back

HEARTBEAT_FRESH = timedelta(seconds=30)
_migrated: set[str] = set()  # once up to date, a process's databases stay so


@never_cache
@require_safe
def livez(_request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "alive"})


@never_cache
@require_safe
def readyz(_request: HttpRequest) -> JsonResponse:
    """200 when applications can be taken in and sent on; 503 with the part that is missing.

    Redis is reported and not required: without it applications are still taken, and workers find them by
    sweeping.
    """
    parts = {
        "database": _database("default"),
        "keys": _database("keys"),
        "ledger": _ledger(),
        "worker": _worker(),
        "redis": _redis(),
    }
    ready = all(state == "ok" for part, state in parts.items() if part != "redis")
    return JsonResponse(
        {"status": "ready" if ready else "not ready", **parts},
        status=HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE,
    )


def _database(alias: str) -> str:
    try:
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT 1")
        if alias not in _migrated:
            executor = MigrationExecutor(connections[alias])
            if executor.migration_plan(newest_migrations(executor.loader.graph, alias)):
                return "migrations are missing"
            if passes_row_security_by(connections[alias]):
                return "its role passes row security by"
            _migrated.add(alias)
    except Error:
        return "unreachable"
    return "ok"


def _ledger() -> str:
    found = set_back.refused()
    return "ok" if found is None else found.sentence


def passes_row_security_by(connection: Any) -> bool:
    """Whether PostgreSQL would show this connection what it is to hide (applications.row_security)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        return bool(cursor.fetchone()[0])


def _worker() -> str:
    try:
        beats = WorkerHeartbeat.objects.filter(beat_at__gt=timezone.now() - HEARTBEAT_FRESH).exists()
    except Error:
        return "unknown"
    return "ok" if beats else "no worker is sweeping"


def _redis() -> str:
    try:
        redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1).ping()
    except redis.RedisError:
        return "unreachable"
    return "ok"
