"""Facts about the running system: who works, which daily jobs ran, what is not sealed yet."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min

from applications.models import AuditEntry, DailyJob, LedgerEntry, WorkerHeartbeat


@dataclass(frozen=True)
class Unsealed:
    """Entries that have no place in a chain outside yet, and since when the oldest has none."""

    number: int
    since: datetime | None


def heartbeats() -> list[WorkerHeartbeat]:
    """Workers that gave a sign of life in the last hour, the latest first."""
    return list(WorkerHeartbeat.objects.order_by("-beat_at", "worker")[:100])


def daily_jobs() -> dict[str, DailyJob]:
    """What is known of each daily job, by its name."""
    return {job.name: job for job in DailyJob.objects.all()}


def unsealed() -> Unsealed:
    """Read from the index of what is to be sealed."""
    found = AuditEntry.objects.filter(digest__isnull=True).aggregate(n=Count("pk"), since=Min("at"))
    return Unsealed(found["n"], found["since"])


def unwritten() -> Unsealed:
    """Entries of the erasure ledger that its file does not have yet, from their index."""
    found = LedgerEntry.objects.filter(written_at__isnull=True).aggregate(n=Count("pk"), since=Min("at"))
    return Unsealed(found["n"], found["since"])
