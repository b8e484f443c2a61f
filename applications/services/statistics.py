"""Improvement statistics: who got how far, under this month's pseudonym, unless the person objects."""

import secrets
from datetime import date, timedelta
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.utils import timezone

from applications.crypto import keyring
from applications.models import Milestone, MilestoneReached, StatisticsMonth
from applications.personal import Purpose
from applications.retention_rules import RULES, Retention
from applications.selectors.permission import refusal
from applications.services.housekeeping import KEY_OWNERS
from applications.services.operations import DAILY_JOBS

# How long after a month its pseudonyms can still be resolved, so that objections and erasures reach them.
RESOLVABLE = timedelta(days=31)


def count_on_commit(*, subject_id: UUID, milestone: Milestone) -> None:
    """Count a milestone once the transaction is committed; a failure to count fails nothing else."""

    def count() -> None:
        reached(subject_id=subject_id, milestone=milestone)

    transaction.on_commit(count, robust=True)


def reached(*, subject_id: UUID, milestone: Milestone) -> None:
    """Count a milestone once a person and month. Nothing is counted against an objection or a restriction."""
    if refusal(subject_id, Purpose.IMPROVE_SERVICE) is not None:
        return
    month = _this_month()
    MilestoneReached.objects.bulk_create(
        [MilestoneReached(month=month, pseudonym=month.pseudonym_of(subject_id), milestone=milestone)],
        ignore_conflicts=True,
    )


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
    """Destroy the keys of months gone by, so that nobody can be found in them; delete the oldest."""
    today = timezone.localdate()
    counts = {"months_sealed": 0, "months_deleted": 0}
    for month in StatisticsMonth.objects.filter(secret__isnull=False, month__lt=_months_before(today, 1)):
        if today > _end_of(month.month) + RESOLVABLE:
            keyring.destroy_key(month.id)
            counts["months_sealed"] += StatisticsMonth.objects.filter(pk=month.pk).update(secret=None)
    oldest = _months_before(today, RULES[Retention.USAGE].months)
    counts["months_deleted"] = StatisticsMonth.objects.filter(month__lt=oldest).delete()[0]
    return counts


def _months_before(today: date, months: int) -> date:
    """The first day of the month that lies `months` before today's."""
    years, month = divmod(today.year * 12 + today.month - 1 - months, 12)
    return date(years, month + 1, 1)


def _end_of(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1) - timedelta(days=1)


KEY_OWNERS.append(StatisticsMonth)
DAILY_JOBS["rotate_pseudonyms"] = rotate_pseudonyms
