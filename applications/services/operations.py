"""Heartbeats, and daily jobs that catch up."""

from collections.abc import Callable
from datetime import timedelta

import structlog
from django.db.models import Q
from django.utils import timezone

from applications.models import DailyJob, WorkerHeartbeat
from applications.sweeper import worker_name

log = structlog.get_logger(__name__)

HEARTBEAT_KEPT = timedelta(hours=1)
DAY = timedelta(hours=20)  # a daily job is due again after this long, whatever the hour it last ran

RETRY_AFTER = timedelta(minutes=15)

DAILY_JOBS: dict[str, Callable[[], dict[str, int]]] = {}


def beat() -> None:
    """Note that this worker is alive and sweeping."""
    now = timezone.now()
    WorkerHeartbeat.objects.update_or_create(worker=worker_name(), defaults={"beat_at": now})
    WorkerHeartbeat.objects.filter(beat_at__lt=now - HEARTBEAT_KEPT).delete()


def rest() -> None:
    """This worker stops: readiness is not to count on it."""
    WorkerHeartbeat.objects.filter(worker=worker_name()).delete()


def run_due_daily_jobs() -> None:
    """Run each daily job whose last success is a day old; a failed one is tried again a little later."""
    for name, job in DAILY_JOBS.items():
        if not _claim(name):
            continue
        try:
            counts = job()
        except Exception:
            log.exception("daily_job.failed", job=name)
            continue
        DailyJob.objects.filter(name=name).update(last_success=timezone.now(), last_counts=counts)
        log.info("daily_job.done", job=name, count=sum(counts.values()))


def _claim(name: str) -> bool:
    """Whether this worker is to run the job now: it is due, and nobody started it lately."""
    now = timezone.now()
    DailyJob.objects.get_or_create(name=name)
    due = Q(last_success__isnull=True) | Q(last_success__lt=now - DAY)
    free = Q(started_at__isnull=True) | Q(started_at__lt=now - RETRY_AFTER)
    return bool(DailyJob.objects.filter(due, free, name=name).update(started_at=now))
