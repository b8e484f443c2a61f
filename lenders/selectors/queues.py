"""What waits to be sent, lender by lender: the rows that workers claim, and those they must leave alone."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Min, Q, QuerySet

from applications.collation import latvian_key
from applications.personal import Purpose
from applications.row_security import storing
from applications.selectors.permission import permitted
from applications.states import ApplicationStatus
from lenders.models import Delivery, Lender
from lenders.purposes import SERVED, kinds_for
from lenders.selectors.sleepers import sleepers
from lenders.states import DeliveryKind, DeliveryStatus

# While a choice stands no other lender is handed any of these, and none is given up: the chosen one may still
# decline, and this one may have had it from a worker that died.
HANDED_OVER = (DeliveryKind.APPLICATION, DeliveryKind.SUPPLEMENT)
ANOTHER_CHOSEN = Q(kind__in=HANDED_OVER, submission__application__status=ApplicationStatus.CHOSEN)
LATELY = timedelta(hours=1)


@dataclass(frozen=True)
class LenderQueue:
    """How one lender's queue stands: numbers of deliveries.

    due        could be claimed this moment; `since` when the oldest of them is due
    in_flight  held by a worker
    later      due at a later time: the pause before the next try, or before it is asked again
    held       left alone: a right of the person or a choice stands in the way, or the lender is not asked now
    done, given_up  in the last hour
    """

    lender: Lender
    due: int
    since: datetime | None
    in_flight: int
    later: int
    held: int
    done: int
    given_up: int


def claimable(now: datetime, purposes: Collection[Purpose] = SERVED) -> QuerySet[Delivery]:
    """What a worker may claim: due, held by nobody. The rows that stop a selector stop a claim: restricted,
    objected to, consent withdrawn. What waits for a choice or for its lender is left until its deadline."""
    may = Q()
    for purpose in purposes:
        allowed = permitted(purpose, application="submission__application")
        may |= Q(kind__in=kinds_for(purpose)) & allowed
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    due = Delivery.objects.filter(may, free, status=DeliveryStatus.DUE, due_at__lte=now)
    return due.exclude(ANOTHER_CHOSEN, deadline__gt=now).exclude(lender__in=sleepers(now), deadline__gt=now)


@storing()  # numbers alone
def lender_queues(now: datetime) -> list[LenderQueue]:
    """Every lender's queue, by name. Read from the indexes of what is due and of what ended lately."""
    live = _by_lender(
        Delivery.objects.filter(status=DeliveryStatus.DUE),
        all=Count("pk"),
        in_flight=Count("pk", filter=Q(lease_until__gte=now)),
        later=Count("pk", filter=Q(due_at__gt=now) & (Q(lease_until__isnull=True) | Q(lease_until__lt=now))),
    )
    due = _by_lender(claimable(now), n=Count("pk"), since=Min("due_at"))
    ended = _by_lender(
        Delivery.objects.filter(finished_at__gt=now - LATELY),
        done=Count("pk", filter=Q(status=DeliveryStatus.DONE)),
        given_up=Count("pk", filter=~Q(status=DeliveryStatus.DONE)),
    )
    return [
        LenderQueue(
            lender=lender,
            due=due[lender.pk].get("n", 0),
            since=due[lender.pk].get("since"),
            in_flight=live[lender.pk].get("in_flight", 0),
            later=live[lender.pk].get("later", 0),
            held=_left(live[lender.pk], due[lender.pk]),
            done=ended[lender.pk].get("done", 0),
            given_up=ended[lender.pk].get("given_up", 0),
        )
        for lender in sorted(Lender.objects.all(), key=lambda one: latvian_key(one.name))
    ]


def _by_lender(rows: QuerySet[Delivery], **numbers: Any) -> Mapping[UUID, dict[str, Any]]:
    found: dict[UUID, dict[str, Any]] = defaultdict(dict)
    for one in rows.order_by().values("lender_id").annotate(**numbers):
        found[one["lender_id"]] = dict(one)
    return found


def _left(live: Mapping[str, int], due: Mapping[str, int]) -> int:
    """What is neither claimed nor claimable, now or later; two readings of a moving queue may disagree."""
    counted = live.get("in_flight", 0) + live.get("later", 0) + due.get("n", 0)
    return max(0, live.get("all", 0) - counted)
