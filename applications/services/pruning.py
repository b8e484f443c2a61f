"""The beginning of the audit goes when it was kept for its time: whole segments, up to a published head.

What is left can still be checked: the chain begins with the digest of the last entry that went, which is
known outside the database as well (services.sealing).
"""

from django.db import transaction
from django.db.models import Min, QuerySet

from applications.endings import At, today
from applications.models import AuditCut, AuditEntry
from applications.retention_rules import Retention
from applications.selectors.retention import standing_holds
from applications.services.operations import DAILY_JOBS
from applications.services.sealing import Head, current_cut, published_heads

CHUNK = 5000


def prune() -> dict[str, int]:
    """Cut the chain where its time is over, and delete what lies before. What is cut short goes next time."""
    head = _last_over(today())
    if head is not None:
        AuditCut.objects.create(sequence=head.sequence, digest=head.digest)
    cut, counts = current_cut(), {"entries": 0}
    if cut is None:
        return counts
    old = AuditEntry.objects.filter(sequence__lte=cut.sequence).order_by("sequence")
    while chunk := list(old.values_list("pk", flat=True)[:CHUNK]):
        with transaction.atomic():
            counts["entries"] += AuditEntry.objects.filter(pk__in=chunk).delete()[0]
    return counts


def prunable(at: At) -> QuerySet[AuditEntry]:
    """The entries that go."""
    head = _last_over(at) or current_cut()
    return AuditEntry.objects.filter(sequence__lte=head.sequence if head else 0)


def _last_over(at: At) -> Head | None:
    """The newest head that was published so long ago, if it is newer than the last cut and still stands.

    A hold on somebody keeps the segments in which they are named.
    """
    before = at.before(Retention.AUDIT)
    named = AuditEntry.objects.filter(
        subject_id__in=standing_holds(at.day).values("subject"), sequence__isnull=False
    )
    first_held = named.aggregate(first=Min("sequence"))["first"]
    cut = current_cut()
    old = [
        head
        for head in published_heads()
        if head.published_at is not None
        and head.published_at < before
        and (cut is None or head.sequence > cut.sequence)
        and (first_held is None or head.sequence < first_held)
    ]
    newest = max(old, key=lambda head: head.sequence, default=None)
    if newest is None:
        return None
    entry = AuditEntry.objects.filter(sequence=newest.sequence).first()
    # one that is not what was published is for verify_audit to tell of, and nothing is deleted
    return newest if entry is not None and bytes(entry.digest or b"") == newest.digest else None


DAILY_JOBS["prune_audit"] = prune
