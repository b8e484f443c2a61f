"""Which requests of data subjects wait for somebody: flags for the page of what needs attention."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from applications.staff_site import Flag
from privacy.models import Erasure, RightsRequest
from privacy.request_texts import pace, trouble_text
from privacy.selectors import request_numbers as register
from privacy.selectors.requests import letters_to_hand_over


def overdue_requests(now: datetime) -> Iterator[Flag]:
    """Open beyond their last day (GDPR Art. 12(3))."""
    return _by_the_clock(register.overdue(timezone.localdate(now)), now)


def requests_due_soon(now: datetime) -> Iterator[Flag]:
    """Open, with the last day within a week."""
    return _by_the_clock(register.due_soon(timezone.localdate(now)), now)


def requests_in_trouble(_now: datetime) -> Iterator[Flag]:
    """Begun, and in need of somebody."""
    for one in register.in_trouble():
        yield Flag(f"{one.reference}: {trouble_text(one)}", _page_of(one))


def recipients_to_tell(_now: datetime) -> Iterator[Flag]:
    """Recipients that no interface could tell of an erasure (GDPR Art. 19)."""
    for notice in register.to_be_told():
        words = _("%(recipient)s, for %(number)s") % {
            "recipient": notice.name, "number": notice.request.reference,
        }  # fmt: skip
        yield Flag(words, f"{_page_of(notice.request)}#recipients")


def left_by_erasures(_now: datetime) -> Iterator[Flag]:
    """Erasures after which the daily search through all tables found something."""
    for one in Erasure.objects.exclude(residue=[]).exclude(certified_at=None).select_related("request"):
        yield Flag(f"{one.request.reference}: {', '.join(one.residue)}", f"{_page_of(one.request)}#proof")


def letters_waiting(_now: datetime) -> Iterator[Flag]:
    """Letters that no mail could bring."""
    for one in letters_to_hand_over().values():
        yield Flag(one.reference, f"{_page_of(one)}#letters")


def _by_the_clock(requests: Iterable[RightsRequest], now: datetime) -> Iterator[Flag]:
    for one in requests:
        _pace, words = pace(one, timezone.localdate(now))
        yield Flag(f"{one.reference}: {words}", _page_of(one))


def _page_of(request: RightsRequest) -> str:
    return reverse("admin:privacy_rightsrequest_change", args=[request.pk])
