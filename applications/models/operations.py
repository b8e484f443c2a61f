"""Facts about the running system that must survive Redis: heartbeats and the last success of daily jobs."""

from django.db import models

from applications.personal import NotPersonal


class WorkerHeartbeat(models.Model):
    """A worker process that sweeps. Readiness asks whether any beat lately."""

    worker = models.CharField(primary_key=True, max_length=120)
    beat_at = models.DateTimeField()

    not_personal = NotPersonal("a process of ours", "worker", "beat_at")

    def __str__(self) -> str:
        return self.worker


class DailyJob(models.Model):
    """When a daily job last succeeded: a job that was missed is caught up, not forgotten."""

    name = models.CharField(primary_key=True, max_length=60)
    started_at = models.DateTimeField(null=True)
    last_success = models.DateTimeField(null=True)
    last_counts = models.JSONField(default=dict)

    not_personal = NotPersonal(
        "a job of ours, with counts", "name", "started_at", "last_success", "last_counts"
    )

    def __str__(self) -> str:
        return self.name
