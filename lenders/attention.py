"""What on the lenders floor's pages waits for staff: read from the queues and from what failed."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from applications.collation import latvian_key
from applications.formats import age_text, number_text
from applications.machinery import Machinery, machinery, troubles
from applications.staff_site import Flag
from lenders.breaker import BreakerState, Circuit
from lenders.models import Lender
from lenders.selectors.for_staff import WaitingCount, waiting_counts
from lenders.selectors.queues import LenderQueue, lender_queues
from lenders.selectors.sleepers import slow_ones

DUE_WITHIN = timedelta(minutes=5)
TIME_TO_RENEW = timedelta(days=30)
"""Before a certificate ends: a lender has to take the new one into its own settings."""


def queue_flags() -> list[Flag]:
    """What is wrong with the queues and with those who work on them; nothing when all is well."""
    now = timezone.now()
    return flags_of(machinery(now), lender_queues(now), now)


def flags_of(running: Machinery, queues: Sequence[LenderQueue], now: datetime) -> list[Flag]:
    """The same of what was read already; each leads to its part of the page."""
    here = reverse("admin:lenders_queues")
    wrong = [Flag(one.sentence, f"{here}#{one.part}") for one in troubles(running, now)]
    return wrong + [Flag(sentence, f"{here}#lenders") for sentence in queues_that_stand(queues, now)]


def queues_that_stand(queues: Sequence[LenderQueue], now: datetime) -> Iterator[str]:
    """A sentence for each lender whose oldest due delivery nobody takes up."""
    for queue in queues:
        if queue.since is not None and now - queue.since > DUE_WITHIN:
            yield _("%(lender)s: due and not taken up: %(n)s. The oldest waits: %(age)s.") % {
                "lender": queue.lender.name,
                "n": number_text(queue.due),
                "age": age_text(now - queue.since),
            }


def waiting_flags() -> list[Flag]:
    """What failed or was set aside, and waits for somebody: one for each reason and lender."""
    now, there = timezone.now(), reverse("admin:lenders_waiting")
    return [Flag(waiting_text(one, now), f"{there}#{one.waits}") for one in waiting_counts(now)]


def waiting_text(one: WaitingCount, now: datetime) -> str:
    """How many, why, and since when the oldest waits."""
    return _("%(lender)s: %(why)s: %(n)s. The oldest waits: %(age)s.") % {
        "lender": one.lender_name,
        "why": one.waits.label,
        "n": number_text(one.number),
        "age": age_text(now - one.since),
    }


def health_flags() -> list[Flag]:
    """Lenders that are not asked as usual (paused, left alone, being tried out), or soon cannot be."""
    now, there = timezone.now(), f"{reverse('admin:lenders_health')}#lenders"
    slow = sorted(slow_ones().select_related("breaker"), key=lambda one: latvian_key(one.name))
    wrong = [Flag(sentence, there) for lender in slow for sentence in _troubles(lender, now)]
    ending = Lender.objects.filter(active=True, certificate_until__lt=now + TIME_TO_RENEW)
    return wrong + [_ends(lender, now) for lender in ending.order_by("certificate_until")]


def _ends(lender: Lender, now: datetime) -> Flag:
    """That our certificate is to be renewed at a lender, or has ended."""
    until = lender.certificate_until
    assert until is not None  # noqa: S101 - filtered by it; narrows the type
    said = (
        _("%(lender)s: our certificate for it ended on %(day)s, so nothing can be sent.")
        if until < now
        else _("%(lender)s: our certificate for it ends on %(day)s. Agree on a new one.")
    )
    day = date_format(timezone.localdate(until), "SHORT_DATE_FORMAT")
    return Flag(
        said % {"lender": lender.name, "day": day}, reverse("admin:lenders_lender_change", args=[lender.pk])
    )


def _troubles(lender: Lender, now: datetime) -> Iterator[str]:
    name = {"lender": lender.name}
    if lender.paused_at is not None:
        yield _("%(lender)s is paused: %(why)s") % (name | {"why": lender.get_paused_reason_display()})
    circuit = lender.breaker.circuit if hasattr(lender, "breaker") else Circuit()
    if circuit.state(now) is BreakerState.OPEN and circuit.open_until is not None:
        until = timezone.localtime(circuit.open_until)
        yield _("%(lender)s fails and is left alone until %(time)s.") % (name | {"time": f"{until:%H:%M:%S}"})
    elif circuit.state(now) is BreakerState.HALF_OPEN:
        yield _("%(lender)s failed and is being tried out.") % name
