"""Word to the recipients (GDPR Art. 19): everybody who had the data is told, and what came of it is kept.

Who is to be told is gathered before anything is destroyed, and stays with the request: names of companies
and our numbers of submissions, which say nothing of the person once the person's rows are gone.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from applications.actors import SYSTEM
from applications.each_app import of_each_app
from applications.formats import date_text
from applications.personal import RecipientKind
from applications.recipients import CameOf, News, Received, RecipientDoor
from applications.selectors.secrecy import told
from lenders.adapters.base import AnyAnswer, Deleted, Retained
from lenders.models import DeletionNotice, Submission
from lenders.recipients import RECIPIENTS as LENDERS
from lenders.states import RetentionBasis
from privacy.models import Outcome, RecipientNotice, Right, RightsRequest
from privacy.rights.base import Part, Wait

ANSWERS_WITHIN = timedelta(days=3)
"""How long an erasure waits for the answer of a recipient that was told."""
TOLD_WITHIN = timedelta(days=10)
"""How long it waits for one that cannot be reached; then staff tell it."""
LAST_DAYS = 5
"""So near its last day a request waits for no recipient, but for"""
AT_LEAST = timedelta(minutes=10)
"""in which those that can be reached are told."""


def doors() -> list[RecipientDoor]:
    """The doors to recipients of the floors below."""
    return list(of_each_app("recipients", "RECIPIENTS").values())


def recipients_of(subject_id: UUID) -> list[tuple[RecipientDoor, Received]]:
    """Everybody who had data of a person, each with the door that leads there."""
    return [(door, received) for door in doors() for received in door.of(subject_id)]


def preview(subject_id: UUID, *, to_the_person: bool = False) -> Part:
    """Who will be told, and how; the person does not learn yet of whom the law keeps secret."""
    lines = [
        (one.name, one.kind.label, date_text(timezone.localdate(one.last_at)))
        for _door, one in recipients_of(subject_id)
        if not (to_the_person and one.is_hidden)
    ]
    return Part(
        _("Recipients that are told"),
        lines,
        (_("recipient"), _("kind"), _("last received on")),
        note="" if lines else _("Nobody has received anything."),
    )


def tell(request: RightsRequest, news: News | None = None) -> None:
    """Gather whom the data went to, and tell each one that can be told by an interface: these news, or to
    erase. Safe to repeat.
    """
    for _door, received in recipients_of(request.person.pk):
        RecipientNotice.objects.get_or_create(
            request=request, kind=received.kind, recipient=received.recipient, reference=received.reference,
            defaults={"name": received.name, "hidden_until": received.hidden_until},
        )  # fmt: skip
    for door in doors():
        if news is None:
            door.ask_to_erase(request.person.pk, actor=SYSTEM)
        else:
            door.tell(request.person.pk, news, actor=SYSTEM)
    refresh(request)


def is_complete(request: RightsRequest) -> bool:
    """Whether everybody who has data now is on the list already."""
    known = set(request.told.values_list("kind", "recipient", "reference"))
    return all(
        (str(one.kind), one.recipient, one.reference) in known
        for _door, one in recipients_of(request.person.pk)
    )


def is_handing_out(subject_id: UUID) -> bool:
    """Whether data of the person are on their way to somebody at this moment."""
    return any(door.is_handing_out(subject_id) for door in doors())


def refresh(request: RightsRequest) -> None:
    """Take over what the floors below learned since."""
    for door, received in recipients_of(request.person.pk):
        noted = request.told.filter(
            kind=received.kind, recipient=received.recipient, reference=received.reference
        )
        _note(noted, door.came_of(received.reference, matter=_matter(request)))


def _matter(request: RightsRequest) -> UUID | None:
    """What recipients know the news by; of an erasure there is one for all times."""
    return None if request.right == Right.ERASURE else request.pk


def must_wait(request: RightsRequest, *, since: datetime) -> bool:
    """Whether somebody is still to be told, or may answer an erasure soon; never beyond what the legal clock
    allows.
    """
    now = timezone.now()
    if request.clock.days_left(timezone.localdate(now)) <= LAST_DAYS:
        return now < since + AT_LEAST and request.told.filter(outcome=Outcome.WAITING).exists()
    if request.told.filter(outcome=Outcome.WAITING).exists():
        return now < since + TOLD_WITHIN
    if request.right != Right.ERASURE:
        return False
    return request.told.filter(outcome=Outcome.TOLD, told_at__gt=now - ANSWERS_WITHIN).exists()


def leave_to_staff(request: RightsRequest) -> None:
    """Those that could not be reached are told by staff: no interface tells them once the rows are gone.

    Where an application stays, its lenders are still told through theirs (follow_what_stays).
    """
    stays = Submission.objects.exclude(subject=request.subject)
    waiting = request.told.filter(outcome=Outcome.WAITING)
    waiting.exclude(reference__in=stays.values("pk")).update(outcome=Outcome.BY_HAND)


def wait_for(request: RightsRequest, *, since: datetime) -> Wait | None:
    """How long to wait for recipients, or None when there is nothing to wait for any more; then those that
    could not be reached are told by staff.
    """
    refresh(request)
    if must_wait(request, since=since):
        return Wait("recipients", pause_since(since))
    request.told.filter(outcome=Outcome.WAITING).update(outcome=Outcome.BY_HAND)
    return None


def told_since(request: RightsRequest) -> datetime:
    """When recipients began to be told: the last time that the step before was done."""
    done = request.events.filter(what="step_done").order_by("-at", "-pk").values_list("at", flat=True)
    return done.first() or request.received_at


def pause_since(moment: datetime) -> timedelta:
    """Before recipients are looked at again: most answer within seconds, and the others take days."""
    waited = timezone.now() - moment
    return min(max(waited / 4, timedelta(seconds=3)), timedelta(minutes=10))


def follow_what_stays() -> dict[str, int]:
    """Take over what lenders answered since about applications that stayed after an erasure, and what became
    of those that were still to be told when their person ended a restriction.
    """
    stayed = Q(
        request__right=Right.ERASURE,
        outcome__in=[Outcome.WAITING, Outcome.TOLD],
        reference__in=DeletionNotice.objects.values("submission"),
    )
    taken_back = Q(
        request__right=Right.RESTRICTION, outcome=Outcome.WAITING, request__subject__erased_at__isnull=True
    )
    open_ones = RecipientNotice.objects.filter(
        stayed | taken_back, kind=RecipientKind.LENDER, by_staff=False, request__ended_at__isnull=False
    )
    counts = {"recipients": 0}
    for notice in open_ones.select_related("request"):
        came = LENDERS.came_of(notice.reference, matter=_matter(notice.request))
        _note(RecipientNotice.objects.filter(pk=notice.pk), came)
        counts["recipients"] += 1
    return counts


def _note(noted: QuerySet[RecipientNotice], came: CameOf) -> None:
    """What a door knows of one recipient; what staff wrote down is not overwritten. One that the news do not
    concern is on nobody's list.
    """
    if came.untouched:
        noted.filter(by_staff=False).delete()
        return
    outcome = Outcome.WAITING
    if came.deleted:
        outcome = Outcome.DELETED
    elif came.basis:
        outcome = Outcome.RETAINED
    elif came.answered_at is not None:
        outcome = Outcome.ACKNOWLEDGED
    elif came.told_at is not None:
        outcome = Outcome.TOLD
    elif came.by_hand:
        outcome = Outcome.BY_HAND
    noted.filter(by_staff=False).update(
        outcome=outcome, basis=came.basis, until=came.until, told_at=came.told_at,
        answered_at=came.answered_at,
    )  # fmt: skip


def late_word(slug: str, submission_id: UUID, answer: AnyAnswer) -> bool | None:
    """A lender answers after the erasure: its word on the request to delete is noted (lenders.erased)."""
    notices = RecipientNotice.objects.filter(
        kind=RecipientKind.LENDER, recipient=slug, reference=submission_id, request__right=Right.ERASURE
    )
    if not notices.exists():
        return None
    if not isinstance(answer, Deleted | Retained):
        return False
    kept = isinstance(answer, Retained)
    # what was deleted stays deleted
    notices.exclude(outcome=Outcome.DELETED).update(
        outcome=Outcome.RETAINED if kept else Outcome.DELETED,
        basis=answer.basis if isinstance(answer, Retained) else "",
        until=answer.until if isinstance(answer, Retained) else None,
        answered_at=timezone.now(),
        by_staff=False,
    )
    return True


def prove(request: RightsRequest, *, to_the_person: bool = False) -> Part:
    """Who was told when, and what came of it; the person does not learn yet of whom the law keeps secret."""
    notices = told(request.told.all()) if to_the_person else request.told.all()
    return Part(
        _("Recipients"),
        [
            (
                one.name,
                RecipientKind(one.kind).label,
                outcome_text(one),
                _day(one.told_at),
                _day(one.answered_at),
            )
            for one in notices.order_by("name", "reference")
        ],
        (_("recipient"), _("kind"), _("what came of it"), _("told"), _("answered")),
        note="" if notices.exists() else _("Nobody had received anything."),
    )


def outcome_text(notice: RecipientNotice) -> str:
    """What came of telling one recipient, as words."""
    text = str(Outcome(notice.outcome).label)
    if notice.outcome == Outcome.RETAINED and notice.basis:
        text = f"{text}: {RetentionBasis(notice.basis).label}"
        if notice.until:
            text = _("%(text)s, until %(day)s") % {"text": text, "day": date_text(notice.until)}
    return text


def _day(moment: datetime | None) -> str:
    return date_text(timezone.localdate(moment)) if moment else ""
