"""Until when what we hold is kept, and why: the grounds of the pure rules, read off the rows.

What the person is shown (`kept_of_application`, `kept_of_account`) and what the run takes
(`applications.endings`) follow from the same facts; a test holds the two against each other.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils import timezone

from applications.models import (
    Application,
    Communication,
    Complaint,
    Consent,
    ConsumerSession,
    DataSubject,
    Image,
    LegalHold,
    MarketingMessage,
    MarketingPreference,
    PublicProfile,
    ThirdPartyRecord,
)
from applications.personal import Purpose
from applications.retention_rules import Clock, Ground, Kept, Retention, Standing, kept_until
from applications.selectors.periods import rules_in_force
from applications.selectors.permission import standing_restrictions
from applications.states import ApplicationStatus

# Rows of matters that are open on a day, with the path to their person. Floors above add theirs.
MATTERS: list[Callable[[date], tuple[QuerySet, str]]] = [
    lambda _today: (Complaint.objects.filter(closed_at__isnull=True), "subject"),
]


def standing_holds(today: date) -> QuerySet[LegalHold]:
    """Legal holds that stand on a day."""
    return LegalHold.objects.filter(Q(until__isnull=True) | Q(until__gte=today), lifted_at__isnull=True)


def nothing_stops(today: date, *, person: str, application: str | None = None, whole: bool = False) -> Q:
    """The condition on rows that neither a hold, a restriction nor an open matter stops their deletion.

    `person` and `application` are the paths from the row. A hold on one application stops what is of it, and
    whatever is done to the whole person.
    """
    holds = standing_holds(today).filter(subject=OuterRef(person))
    if not whole:
        counts = Q(application__isnull=True)
        if application is not None:
            counts |= Q(application=OuterRef(application))
        holds = holds.filter(counts)
    restricted = standing_restrictions().filter(subject=OuterRef(person))
    condition = ~Q(Exists(holds)) & ~Q(Exists(restricted))
    for matter in MATTERS:
        rows, path = matter(today)
        condition &= ~Q(Exists(rows.filter(**{path: OuterRef(person)})))
    return condition


def has_open_matter(subject_id: UUID) -> bool:
    found = (matter(timezone.localdate()) for matter in MATTERS)
    return any(rows.filter(**{path: subject_id}).exists() for rows, path in found)


# --- until when ------------------------------------------------------------------------------------------
def kept_of_application(application: Application) -> Kept:
    """Until when the data of an application are kept, or, once they are gone, what is left of it."""
    stops = _stops(application.subject_id, application=application.pk)
    grounds = list(_grounds(application, has_open_matter(application.subject_id)))
    return _still_here(kept_until(grounds, rules=rules_in_force(), **stops))


def kept_of_account(subject: DataSubject) -> Kept:
    """Until when the account is kept: whatever is longest of the contract and of what needs the account."""
    grounds = [_account(subject)]
    matter = has_open_matter(subject.pk)
    for application in Application.objects.filter(subject=subject, emptied_at__isnull=True):
        grounds += _grounds(application, matter)
    grounds += [*_matters(subject, matter), *_on_consent(subject)]
    return _still_here(kept_until(grounds, rules=rules_in_force(), **_stops(subject.pk)))


def _still_here(kept: Kept) -> Kept:
    """What is over goes with the next run, or waits for a lender to be told: of a day that has passed nobody
    reads while it is here.
    """
    today = timezone.localdate()
    return replace(kept, until=today) if kept.over(today) else kept


def _grounds(application: Application, matter: bool) -> Iterator[Standing]:
    if application.status == ApplicationStatus.DRAFT:
        yield Standing(Retention.DRAFT, _day(application.saved_at))
    elif application.emptied_at is not None:
        yield Standing(Retention.EVIDENCE, _day(application.closed_at))
    else:
        yield Standing(Retention.APPLICATION, _day(application.closed_at))
    if matter:
        yield Standing(Retention.CLAIMS, None)


def _account(subject: DataSubject) -> Standing:
    """The contract to use the solution, or the time after it; without one, the use of the account."""
    sent = Application.objects.filter(subject=subject).exclude(status=ApplicationStatus.DRAFT)
    if sent.exists():
        open_ones = sent.filter(closed_at__isnull=True)
        ended = None if open_ones.exists() else _day(sent.aggregate(at=Max("closed_at"))["at"])
        return Standing(Retention.ACCOUNT, ended)
    used = ConsumerSession.objects.filter(subject=subject).aggregate(at=Max("last_seen_at"))["at"]
    last = _day(max(filter(None, [used, subject.created_at])))
    return Standing(Retention.ACCOUNT, last, clock=Clock.LAST_USE, ground=Ground.PURPOSE)


def _matters(subject: DataSubject, matter: bool) -> Iterator[Standing]:
    """What needs the account for longer: it is sealed for the person whom the account names."""
    if matter:
        yield Standing(Retention.CLAIMS, None)
    for rows, at in (
        (Complaint.objects.filter(closed_at__isnull=False), "closed_at"),
        (Communication.objects.all(), "closed_at"),
        (Communication.objects.filter(closed_at__isnull=True), "at"),
        (PublicProfile.objects.all(), "seen_at"),
    ):
        last = rows.filter(subject=subject).aggregate(at=Max(at))["at"]
        if last is not None:
            yield Standing(Retention.CLAIMS, _day(last))
    told = ThirdPartyRecord.objects.filter(subject=subject).aggregate(at=Max("received_at"))["at"]
    if told is not None:
        yield Standing(Retention.APPLICATION, _day(told))


def _on_consent(subject: DataSubject) -> Iterator[Standing]:
    wanted, withdrawn = live_consents(subject).exists(), _withdrawn(subject)
    if wanted:
        yield Standing(Retention.MARKETING, None)
    for model, at in ((MarketingPreference, "decided_at"), (MarketingMessage, "at")):
        last = model._default_manager.filter(subject=subject).aggregate(at=Max(at))["at"]
        if last is not None:
            yield Standing(Retention.MARKETING, None if wanted else _day(max(last, withdrawn or last)))
    for given_at in Image.objects.filter(subject=subject).values_list("given_at", flat=True):
        yield Standing(Retention.IMAGES, _day(withdrawn), _day(given_at))


def _withdrawn(subject: DataSubject) -> datetime | None:
    """When the last consent to be shown in public was withdrawn; None while one stands."""
    if live_consents(subject).exists():
        return None
    at: datetime | None = withdrawn_consents(subject).aggregate(at=Max("withdrawn_at"))["at"]
    return at


def withdrawn_consents(person: Any) -> QuerySet[Consent]:
    return Consent.objects.filter(subject=person, purpose=Purpose.INFORM_PUBLIC, withdrawn_at__isnull=False)


def live_consents(person: Any) -> QuerySet[Consent]:
    """Consents of a person to be told of services: images are shown and offers sent on these."""
    return Consent.objects.filter(subject=person, purpose=Purpose.INFORM_PUBLIC, withdrawn_at__isnull=True)


def _stops(subject_id: UUID, *, application: UUID | None = None) -> dict[str, Any]:
    holds = standing_holds(timezone.localdate()).filter(subject=subject_id)
    if application is not None:
        holds = holds.filter(Q(application__isnull=True) | Q(application=application))
    days = list(holds.values_list("until", flat=True))
    return {
        "held": None in days,
        "held_until": max((day for day in days if day is not None), default=None),
        "restricted": standing_restrictions().filter(subject=subject_id).exists(),
    }


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else timezone.localdate(moment)
