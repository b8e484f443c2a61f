"""Telling open pages that an application changed: a number in Redis, nothing else.

A publication that is lost heals at the page's next heartbeat, so a Redis that is down is only logged.
"""

from functools import partial
from typing import Any
from uuid import UUID

import redis
import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F

from applications.models import Application

log = structlog.get_logger(__name__)

CHANNEL_PREFIX = "application:"
# A visitor may be waiting: a Redis that is away or hangs is given up on at once.
CONNECTION: dict[str, Any] = {"socket_timeout": 1, "socket_connect_timeout": 1, "max_connections": 50}
_pool = redis.ConnectionPool.from_url(settings.REDIS_URL, **CONNECTION)


def channel(application_id: UUID) -> str:
    """The Redis channel of one application."""
    return f"{CHANNEL_PREFIX}{application_id}"


def touch(application_id: UUID) -> None:
    """Raise the application's version and, once that is committed, tell the pages that show it."""
    Application.objects.filter(pk=application_id).update(version=F("version") + 1)
    transaction.on_commit(partial(_publish, application_id))


def _publish(application_id: UUID) -> None:
    version = Application.objects.values_list("version", flat=True).filter(pk=application_id).first()
    try:
        redis.Redis(connection_pool=_pool).publish(channel(application_id), str(version))
    except redis.RedisError as error:
        log.warning("live.publish_failed", code=type(error).__name__)
