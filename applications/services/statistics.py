"""Improvement statistics: who got how far, under this month's pseudonym, unless the person objects."""

import secrets
from datetime import date, timedelta
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.db.models import Count, QuerySet
from django.utils import timezone

from applications.crypto import keyring
from applications.endings import At, due
from applications.models import DataSubject, Milestone, MilestoneReached, StatisticsMonth
from applications.personal import Category, Purpose
from applications.retention_rules import Retention
from applications.selectors.permission import refusal
from applications.services.housekeeping import KEY_OWNERS
from applications.services.operations import DAILY_JOBS

# How long after a month its pseudonyms can still be resolved, so that objections and erasures reach them.
RESOLVABLE = timedelta(days=31)
COUNTED = (Category.TRANSACTIONS,)


def count_on_commit(*, subject_id: UUID, milestone: Milestone) -> None:
    """Count a milestone once the transaction is committed; a failure to count fails nothing else."""

    def count() -> None:
        reached(subject_id=subject_id, milestone=milestone)

    transaction.on_commit(count, robust=True)


def reached(*, subject_id: UUID, milestone: Milestone) -> None:
    """Count a milestone once a person and month. Nothing is counted against an objection or a restriction."""
    with transaction.atomic():
        # The person's row first, as for whatever is written about a person: an erasure comes before or after.
        DataSubject.objects.select_for_update().get(pk=subject_id)
        if refusal(subject_id, Purpose.IMPROVE_SERVICE, categories=COUNTED) is not None:
            return
        month = _this_month()
        MilestoneReached.objects.bulk_create(
            [MilestoneReached(month=month, pseudonym=month.pseudonym_of(subject_id), milestone=milestone)],
            ignore_conflicts=True,
        )


def forget(subject: DataSubject) -> int:
    """Delete what was counted of a person and can still be found; how many rows."""
    return MilestoneReached.rows_of(subject).delete()[0]


def _this_month() -> StatisticsMonth:
    first = timezone.localdate().replace(day=1)
    known = StatisticsMonth.objects.filter(month=first).first()
    if known is not None:
        return known
    month = StatisticsMonth(id=uuid4(), month=first, secret=secrets.token_hex(32))
    try:
        with transaction.atomic(), keyring.key_of_a_new_owner(month.id):
            month.save(force_insert=True)
    except IntegrityError:  # another worker was quicker
        return StatisticsMonth.objects.get(month=first)
    return month


def rotate_pseudonyms() -> dict[str, int]:
    """Turn months gone by into numbers and destroy their keys; delete those past their period.

    The order in which rows came could be held against other rows, so none is left.
    """
    today = timezone.localdate()
    counts = {"months_sealed": 0, "months_deleted": 0}
    for month in StatisticsMonth.objects.filter(secret__isnull=False):
        if today > _end_of(month.month) + RESOLVABLE:
            _seal(month)
            counts["months_sealed"] += 1
    counts["months_deleted"] = due("milestones").delete()[0]
    return counts


def forgotten_months(at: At) -> QuerySet[StatisticsMonth]:
    """Months that were over long enough ago."""
    return StatisticsMonth.objects.filter(month__lt=at.before(Retention.USAGE).date().replace(day=1))


def _seal(month: StatisticsMonth) -> None:
    """The numbers first, and the secret with the rows: a crash before the key is destroyed loses nothing."""
    with transaction.atomic():
        reached_by = month.reached.values_list("milestone").annotate(Count("pk")).order_by("milestone")
        StatisticsMonth.objects.filter(pk=month.pk).update(totals=dict(reached_by), secret=None)
        month.reached.all().delete()
    keyring.destroy_key(month.pk)


def _end_of(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1) - timedelta(days=1)


KEY_OWNERS.append(StatisticsMonth)
DAILY_JOBS["rotate_pseudonyms"] = rotate_pseudonyms
