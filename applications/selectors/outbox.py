"""Outgoing mail as a queue: what a worker may send now, and how it stands."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q, QuerySet

from applications.models import TO_WHOEVER_ASKED, MailStatus, OutboundMail
from applications.personal import Category, Purpose
from applications.selectors.permission import permitted

WRITE, WRITTEN = Purpose.SERVE_CUSTOMERS, (Category.COMMUNICATIONS,)


@dataclass(frozen=True)
class Outbox:
    """Numbers of messages: due now (the oldest `since`), due later, and held back by a right of the person;
    `again` of the later ones were tried before."""

    due: int
    since: datetime | None
    later: int
    held: int
    again: int


def sendable(now: datetime) -> QuerySet[OutboundMail]:
    """What a worker may send: due, and stopped by no right of its person. What goes to whoever asked for it
    is not stopped by any."""
    may = Q(kind__in=TO_WHOEVER_ASKED) | permitted(WRITE, subject="owner_id", categories=WRITTEN)
    return OutboundMail.objects.filter(may, status=MailStatus.QUEUED, due_at__lte=now)


def outbox(now: datetime) -> Outbox:
    """Read from the index of what is queued; what was sent is not counted."""
    due = sendable(now).aggregate(n=Count("pk"), since=Min("due_at"))
    later = Q(due_at__gt=now)
    queued = OutboundMail.objects.filter(status=MailStatus.QUEUED).aggregate(
        all=Count("pk"),
        later=Count("pk", filter=later),
        again=Count("pk", filter=later & ~Q(error_code="")),
    )
    held = max(0, queued["all"] - queued["later"] - due["n"])
    return Outbox(due["n"], due["since"], queued["later"], held, queued["again"])
