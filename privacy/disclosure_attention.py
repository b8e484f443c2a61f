"""Which requests for disclosure wait for somebody: flags for the page of what needs attention."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils import timezone

from applications.formats import date_text
from applications.staff_site import Flag
from privacy.disclosure_states import OPEN, DisclosureState
from privacy.disclosure_texts import waits_for
from privacy.models import DisclosureRequest
from privacy.services.secrecy import waiting_to_be_told

SOON = timedelta(days=14)


def disclosures_to_decide(_now: datetime) -> Iterator[Flag]:
    """Open ones, the one that wants its answer first before all others."""
    waiting = DisclosureRequest.objects.filter(state__in=sorted(OPEN - {DisclosureState.SEALED}))
    for one in waiting.order_by("answer_by", "received_at"):
        wanted = f" ({date_text(one.answer_by)})" if one.answer_by else ""
        yield Flag(f"{one}: {waits_for(one)}{wanted}", _page_of(one))


def packages_to_settle(_now: datetime) -> Iterator[Flag]:
    """Sealed, and nobody has said whether it was handed over."""
    for one in DisclosureRequest.objects.filter(state=DisclosureState.SEALED).order_by("sealed_at"):
        yield Flag(f"{one}: {waits_for(one)}", _page_of(one))


def secrecy_ends_soon(now: datetime) -> Iterator[Flag]:
    """On their day people learn of it, unless somebody looks again and the law still forbids it."""
    today = timezone.localdate(now)
    ending = DisclosureRequest.objects.filter(hidden_until__gt=today, hidden_until__lte=today + SOON)
    for one in ending.order_by("hidden_until"):
        if one.hidden_until is not None:
            yield Flag(f"{one}: {date_text(one.hidden_until)}", _page_of(one))


def people_to_tell(_now: datetime) -> Iterator[Flag]:
    """Their day has come, and the daily job has not told them."""
    for one in waiting_to_be_told():
        yield Flag(str(one), _page_of(one))


def _page_of(request: DisclosureRequest) -> str:
    return reverse("admin:privacy_disclosurerequest_change", args=[request.pk])
