"""Claiming what is due: each row one worker's for the length of a lease, no lender flooded or starved."""

import random
import secrets
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F, QuerySet
from django.utils import timezone

from applications.personal import Purpose
from applications.row_security import opened
from lenders.breaker import Circuit
from lenders.models import Breaker, Delivery, Lender
from lenders.purposes import SERVED, kinds_for
from lenders.selectors.queues import claimable
from lenders.states import DeliveryStatus

ATTEMPT_SECONDS = 10
LEASE = timedelta(seconds=ATTEMPT_SECONDS + 20)
SHORTEST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(minutes=10)


@dataclass(frozen=True)
class Claim:
    """A delivery that is this worker's until its lease ends."""

    delivery_id: UUID
    fence: int


def claim_due(*, limit: int, application_id: UUID | None = None) -> list[Claim]:
    """Claim deliveries that are due, oldest first, no more per lender than it may have in flight.

    Each purpose is claimed apart, because row security shows restricted people's rows to some of them alone;
    and in any order, so that the many of one (deletions when their time is over) do not hide those of others.
    A duplicate message finds nothing left to claim. Two workers never get the same row (SKIP LOCKED). What a
    person's right stops is not claimed: it stays due until the right is lifted, or is called off.
    """
    now = timezone.now()
    with transaction.atomic():
        found: list[Delivery] = []
        for purpose in random.sample(SERVED, len(SERVED)):
            with opened(purpose):
                found += _due(now, purpose, application_id, limit - len(found))
        rows = _within_caps(found, now)
        Delivery.objects.filter(pk__in=[row.pk for row in rows]).update(
            fence=F("fence") + 1, lease_until=now + LEASE
        )
    return [Claim(row.pk, row.fence + 1) for row in rows]


def _due(now: datetime, purpose: Purpose, application_id: UUID | None, limit: int) -> list[Delivery]:
    due = claimable(now, [purpose]).select_for_update(skip_locked=True, of=("self",)).order_by("due_at")
    if application_id is not None:
        return list(due.filter(submission__application_id=application_id)[:limit])
    waiting = Delivery.objects.filter(status=DeliveryStatus.DUE, due_at__lte=now, kind__in=kinds_for(purpose))
    return _some_of_each_lender(due, waiting, limit)


def _some_of_each_lender(due: QuerySet[Delivery], waiting: QuerySet[Delivery], limit: int) -> list[Delivery]:
    """Rows of every lender: the many that wait for one that hangs must not hide those of the others."""
    rows: list[Delivery] = []
    lenders = Lender.objects.filter(pk__in=waiting.values("lender")).order_by("?")
    for lender_id, cap in lenders.values_list("pk", "maximum_in_flight"):
        rows += due.filter(lender=lender_id)[: min(cap, limit - len(rows))]
    return rows


def _within_caps(rows: Sequence[Delivery], now: datetime) -> list[Delivery]:
    """Leave out what would put a lender over its cap: such rows simply stay due.

    A row past its deadline is given up, without a call: it needs no room.
    """
    # One worker at a time counts for a lender: two that counted at once would both fill its cap. New
    # submissions do not wait for this lock.
    lenders = list(
        Lender.objects.select_for_update(no_key=True)
        .filter(pk__in={row.lender_id for row in rows})
        .only("maximum_in_flight", "paused_at")
        .order_by("pk")
    )
    in_flight = defaultdict(
        int,
        Delivery.objects.filter(lender__in=lenders, status=DeliveryStatus.DUE, lease_until__gte=now)
        .values_list("lender")
        .annotate(Count("pk")),
    )
    caps = _caps(lenders, now)
    taken = []
    for row in rows:
        if row.deadline <= now:
            taken.append(row)
        elif in_flight[row.lender_id] < caps[row.lender_id]:
            in_flight[row.lender_id] += 1
            taken.append(row)
    return taken


def _caps(lenders: Sequence[Lender], now: datetime) -> dict[UUID, int]:
    """How many calls each may have at once: its own limit, unless it is paused or its breaker says less.

    To be read after what is in flight was counted: of a call that tries a lender out and ends in between, the
    outcome is seen here, so that a second one does not go out after it.
    """
    circuits = {one.pk: one.circuit for one in Breaker.objects.filter(pk__in=lenders)}
    return {
        one.pk: 0
        if one.paused_at is not None
        else circuits.get(one.pk, Circuit()).most_in_flight(now, one.maximum_in_flight)
        for one in lenders
    }


def give_back(claims: Sequence[Claim], *, code: str) -> None:
    """Nothing could be done under these claims, through no fault of their rows: due again after a pause.

    They do not count, or an outage would set everything aside. No attempt was written under their fences, so
    the next claims may have them.
    """
    now = timezone.now()
    for claim in claims:
        mine = Delivery.objects.filter(pk=claim.delivery_id, fence=claim.fence, status=DeliveryStatus.DUE)
        for created_at in mine.values_list("created_at", flat=True):
            pause = pause_during_outage(now - created_at)
            mine.update(fence=F("fence") - 1, lease_until=None, due_at=now + pause, error_code=code)


def pause_during_outage(waited: timedelta) -> timedelta:
    """At most as long again as a row has waited already: each look at a key that does not open is audited."""
    longest = min(max(waited, SHORTEST_PAUSE), LONGEST_PAUSE)
    return longest * (1 + secrets.randbelow(1000)) / 1000
