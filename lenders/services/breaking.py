"""What a call tells of its lender: its breaker, and the budget of second tries, kept for all workers.

A breaker's row is locked by whoever changes it, until that transaction ends; a transaction changes the row of
one lender alone, so nobody waits in a circle. While a lender answers and its budget is full nothing is
written.
"""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Greatest, Least
from django.utils import timezone

from applications import live
from applications.models import DataSubject
from lenders.adapters.errors import ErrorCode
from lenders.breaker import (
    LONGEST_DEBT,
    SAY_NOTHING,
    THEIR_FAULTS,
    TOKENS,
    TOKENS_PER_ANSWER,
    BreakerState,
    wait_for_token,
)
from lenders.models import Breaker, Submission
from lenders.selectors.sleepers import slow_ones, tokens_left
from lenders.states import SubmissionStatus

log = structlog.get_logger(__name__)


def note_call(lender_id: UUID, fault: ErrorCode | None) -> None:
    """Note how a call ended, in the transaction that records it; `fault` is None for a usable answer."""
    if fault in THEIR_FAULTS:
        _failed(lender_id)
    elif fault not in SAY_NOTHING:
        _answered(lender_id)


def _answered(lender_id: UUID) -> None:
    changing = Breaker.objects.filter(pk=lender_id).exclude(failures=0, tokens__gte=TOKENS)
    found = changing.select_related("lender").first()
    if found is None:
        return
    now = timezone.now()
    changing.update(
        failures=0,
        open_until=None,
        tokens=Least(Value(TOKENS), tokens_left(now) + Value(TOKENS_PER_ANSWER)),
        tokens_at=now,
    )
    if found.open_until is not None:
        log.info("breaker.closed", lender=found.lender.slug)


@transaction.atomic
def _failed(lender_id: UUID) -> None:
    breaker, now = _locked(lender_id)
    after = breaker.circuit.after_failure(now, jitter=secrets.randbelow(1000) / 1000)
    if after == breaker.circuit:
        return
    Breaker.objects.filter(pk=lender_id).update(failures=after.failures, open_until=after.open_until)
    if after.open_until is not None and after.state(now) is BreakerState.OPEN:
        seconds = round((after.open_until - now).total_seconds())
        log.warning("breaker.opened", lender=breaker.lender.slug, seconds=seconds)


def take_token(lender_id: UUID) -> timedelta:
    """Take a token for a second try; how long that one waits for it. Must run inside a transaction.

    A token that is not there is owed: each that waits is put behind the one before it.
    """
    _breaker, now = _locked(lender_id)
    Breaker.objects.filter(pk=lender_id).update(
        tokens=Greatest(Value(-LONGEST_DEBT), tokens_left(now) - Value(1.0)), tokens_at=now
    )
    return wait_for_token(Breaker.objects.values_list("tokens", flat=True).get(pk=lender_id))


def _locked(lender_id: UUID) -> tuple[Breaker, datetime]:
    """The lender's row, made with its first failure, and locked; and the moment since which it is."""
    rows = Breaker.objects.select_for_update(of=("self",)).select_related("lender")
    return rows.get_or_create(pk=lender_id)[0], timezone.now()


def let_pages_go() -> int:
    """Pages stop waiting for lenders that are not asked; how many did, at most 200 at once.

    They say that it takes longer, and what comes later is told by mail.
    """
    waiting = Submission.objects.filter(
        lender__in=slow_ones(),
        status=SubmissionStatus.QUEUED,
        page_wait_until__gt=timezone.now(),
        subject__erased_at__isnull=True,
    )
    released = 0
    for found in waiting.order_by("late_until")[:200]:
        with transaction.atomic():
            DataSubject.objects.select_for_update().get(pk=found.subject_id)
            if waiting.filter(pk=found.pk).update(page_wait_until=timezone.now()):
                released += 1
                live.touch(found.application_id)
    return released
