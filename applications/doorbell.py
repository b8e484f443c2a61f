"""Ringing the workers. A ring that is lost costs seconds, not data: the sweep finds the rows."""

from functools import partial
from typing import Any

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import LimitExceeded, OperationalError
from kombu.pools import producers

log = structlog.get_logger(__name__)

# A visitor is waiting: a broker that is away or hangs is given up on at once. The workers' own connections
# are patient, which settings say.
IMPATIENT = {"socket_timeout": 1, "socket_connect_timeout": 1, "max_retries": 0}


def ring_on_commit(task: str, *arguments: Any) -> None:
    """Once the transaction is committed, send `task` (its dotted name) with UUIDs or nothing as arguments."""
    transaction.on_commit(partial(_ring, task, arguments))


def _ring(task: str, arguments: tuple[Any, ...]) -> None:
    try:
        connection = current_app.connection(transport_options=IMPATIENT)
        with producers[connection].acquire(block=True, timeout=1) as producer:
            current_app.send_task(
                task, args=[str(argument) for argument in arguments], producer=producer, retry=False
            )
    except (OperationalError, LimitExceeded, OSError) as error:
        log.warning("doorbell.silent", task=task, code=type(error).__name__)
