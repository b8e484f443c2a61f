"""What ends on the privacy floor: registers, and what was written in them (`applications.endings`)."""

from collections.abc import Collection, Sequence
from datetime import date
from functools import partial
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from applications.endings import At, Counts, Ending
from applications.retention_rules import Retention
from applications.selectors.retention import nothing_stops
from applications.services.purging import purge, tree
from privacy import disclosure_states
from privacy.models import (
    AccessPackage,
    Arrival,
    DisclosureCase,
    DisclosureEvent,
    DisclosureFile,
    DisclosureRequest,
    DisclosureWords,
    Erasure,
    MailboxMessage,
    MessageFile,
    RequestFile,
    RequestWords,
    RightsRequest,
    SealedPackage,
)
from privacy.services.arrivals import expired_arrivals
from privacy.services.disclosure_words import ended_long_ago
from privacy.services.handing_over import expired_packages as expired_sealed_packages
from privacy.services.messages import settled_long_ago
from privacy.services.reminding import answered_long_ago, expired_packages
from privacy.states import OPEN

R = Retention


# --- what keeps others -------------------------------------------------------------------------------------
def open_requests(_today: date) -> tuple[QuerySet, str]:
    """A request of the person is open: what it is about stays until it is answered."""
    return RightsRequest.objects.filter(status__in=sorted(OPEN)), "subject"


def waiting_copies(today: date) -> tuple[QuerySet, str]:
    """A copy waits for the person, who was told until when: they open it on their own pages."""
    return AccessPackage.objects.filter(expires_at__date__gte=today), "request__subject"


def undecided_disclosures(_today: date) -> tuple[QuerySet, str]:
    """Somebody asks for the person's data, and it is not decided or not carried out yet."""
    return DisclosureCase.objects.filter(request__state__in=sorted(disclosure_states.OPEN)), "subject"


# --- registers ---------------------------------------------------------------------------------------------
def _words_are_gone(_at: At) -> Q:
    """Words go before the register does, with their keys; until then it says whose they are."""
    words = RequestWords.objects.filter(request=OuterRef("pk"))
    messages = MailboxMessage.objects.filter(request=OuterRef("pk"))
    return ~Exists(words) & ~Exists(messages)


def _something_stayed(ids: Collection[UUID], _at: At) -> set[UUID]:
    """Erasures of which something was set apart that has not gone yet."""
    kept = RightsRequest.objects.filter(pk__in=ids).exclude(kept=[]).values_list("pk", "kept")
    return {pk for pk, stayed in kept if any("erased_on" not in one for one in stayed)}


def _end_requests(ids: Sequence[UUID]) -> Counts:
    erasures = Erasure.objects.filter(request__in=ids).values_list("pk", flat=True)
    return purge(Erasure, list(erasures)) + purge(RightsRequest, ids)


def _nobody_stops_it(at: At) -> Q:
    """Nothing stops deletion for anybody whose data were asked for."""
    cases = DisclosureCase.objects.filter(request=OuterRef("pk"))
    return ~Q(Exists(cases.exclude(nothing_stops(at.day, person="subject", application="application"))))


def _letters_are_gone(at: At) -> Q:
    return _nobody_stops_it(at) & ~Q(Exists(DisclosureWords.objects.filter(request=OuterRef("pk"))))


def _letters_that_go(at: At) -> QuerySet[DisclosureRequest]:
    return ended_long_ago(at).filter(_nobody_stops_it(at))


ENDINGS = [
    Ending(
        name="requests", label=_("Requests of data subjects"), rule=R.REQUESTS, model=RightsRequest,
        clock="ended_at", end=_end_requests, unless=_words_are_gone, prepare=_something_stayed,
        covers=(RightsRequest, Erasure, *(branch.model for branch in tree(RightsRequest))),
    ),
    Ending(
        name="disclosure_requests", label=_("Requests for disclosure"), rule=R.EVIDENCE,
        model=DisclosureRequest, clock="ended_at", person=None, unless=_letters_are_gone,
        end=partial(purge, DisclosureRequest),
        covers=(
            DisclosureRequest, DisclosureCase, DisclosureEvent, DisclosureFile, SealedPackage,
        ),
    ),
    Ending(
        name="words", label=_("What was written in requests"), rule=R.ANSWERS, model=RightsRequest,
        rows=answered_long_ago, job="forget_words_of_requests",
        covers=(RequestWords, RequestFile, AccessPackage),
    ),
    Ending(
        name="packages", label=_("Copies that were handed out"), rule=R.ANSWERS, model=AccessPackage,
        person=None, rows=expired_packages, job="end_packages", covers=(AccessPackage,),
    ),
    Ending(
        name="messages", label=_("Messages of the mailbox"), rule=R.ANSWERS, model=MailboxMessage,
        person="request__subject", rows=settled_long_ago, job="forget_messages",
        covers=(MailboxMessage, MessageFile),
    ),
    Ending(
        name="letters", label=_("What was written in requests for disclosure"), rule=R.CLAIMS,
        model=DisclosureRequest, person=None, rows=_letters_that_go, job="forget_letters_of_disclosures",
        covers=(DisclosureWords, DisclosureFile),
    ),
    Ending(
        name="sealed", label=_("Sealed packages"), rule=R.ANSWERS, model=SealedPackage, person=None,
        rows=expired_sealed_packages, job="end_sealed_packages", covers=(SealedPackage,),
    ),
    Ending(
        name="arrivals", label=_("What other controllers passed on"), rule=R.DRAFT, model=Arrival,
        person=None, rows=expired_arrivals, job="end_arrivals", covers=(Arrival,),
    ),
]  # fmt: skip
