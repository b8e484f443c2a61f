"""The end of a restriction: by the person at any time, by us after the person was told (GDPR Art. 18(3))."""

from datetime import date, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from applications.actors import SYSTEM, Actor
from applications.errors import IllegalTransition
from applications.models import MailStatus, Restriction
from applications.recipients import News, NewsKind
from applications.selectors.permission import standing_restrictions
from applications.services import processing
from applications.services.operations import DAILY_JOBS
from privacy.models import Letter, LetterKind, Result, Right, RightsRequest
from privacy.rights import notification
from privacy.services.letters import send_letter
from privacy.services.moves import move, note
from privacy.states import RequestStatus

NOTICE = timedelta(days=7)
"""So long before a restriction ends its person is told, at the least: time to ask for another one."""


def standing_of(request: RightsRequest) -> Restriction | None:
    """The restriction that a request led to, while it stands."""
    if request.right != Right.RESTRICTION or request.subject_id is None:
        return None
    return standing_restrictions().filter(subject=request.subject_id, ground=request.about).first()


def announce_end(*, request_id: UUID, on: date, reasons: str, actor: Actor) -> None:
    """Tell the person that a restriction ends on a day, and why; until then it stands.

    Raises IllegalTransition where it does not stand, or for a day that is too near.
    """
    with transaction.atomic():
        request = RightsRequest.objects.select_for_update(no_key=True).get(pk=request_id)
        restriction = standing_of(request)
        if restriction is None or on < timezone.localdate() + NOTICE:
            raise IllegalTransition
        processing.announce_end(restriction_id=restriction.pk, on=on, actor=actor)
        send_letter(
            request=request, kind=LetterKind.RESTRICTION_ENDS, actor=actor, facts={"ends_on": on},
            words=reasons,
        )  # fmt: skip
        note(request, "end_announced", actor)


def end_own(*, restriction_id: UUID, subject_id: UUID, actor: Actor) -> None:
    """The person ends a restriction of their own; recipients are told once none stands any more. Where it has
    ended already nothing changes.

    Raises Restriction.DoesNotExist for one that is not this person's, SubjectErased.
    """
    _lift(Restriction.objects.get(pk=restriction_id, subject_id=subject_id), actor)


def lift_announced() -> dict[str, int]:
    """Lift the restrictions whose last day has come, but for those of which nobody could be told yet."""
    counts = {"restrictions": 0, "untold": 0}
    due = standing_restrictions().filter(ends_on__lte=timezone.localdate())
    for restriction in due.order_by("ends_on", "pk"):
        if not _is_told(restriction):
            counts["untold"] += 1
        elif _lift(restriction, SYSTEM, ends_on=restriction.ends_on):
            counts["restrictions"] += 1
    return counts


def _is_told(restriction: Restriction) -> bool:
    """Whether the last letter about its end went out by mail, or was handed over."""
    told = Letter.objects.filter(
        request__subject=restriction.subject_id,
        request__right=Right.RESTRICTION,
        request__about=restriction.ground,
        template__kind=LetterKind.RESTRICTION_ENDS,
        written_at__gte=restriction.since,
    )
    last = told.select_related("mail").order_by("-written_at").first()
    if last is None or last.handed_over_at is not None:
        return last is not None
    return last.mail is not None and last.mail.status == MailStatus.SENT


def _lift(restriction: Restriction, actor: Actor, *, ends_on: date | None = None) -> bool:
    """Lift a restriction that stands, and still ends on that day where one is given; whether it did."""
    with transaction.atomic():
        request = (
            RightsRequest.objects.select_for_update(no_key=True)
            .filter(
                subject=restriction.subject_id,
                right=Right.RESTRICTION,
                about=restriction.ground,
                status__in=[RequestStatus.RUNNING, RequestStatus.COMPLETED],
            )
            .order_by("-ended_at")  # the one that runs first
            .first()
        )
        if not processing.lift_restriction(restriction_id=restriction.pk, actor=actor, ends_on=ends_on):
            return False
        if not standing_restrictions().filter(subject=restriction.subject_id).exists():
            news = News(NewsKind.RESTRICTION_LIFTED, request.pk if request else restriction.pk)
            for door in notification.doors():
                door.tell(restriction.subject_id, news, actor=actor)
        if request is not None:
            note(request, "restriction_lifted", actor)
            if request.status == RequestStatus.RUNNING:  # there is nothing left of it to be carried out
                notification.refresh(request)
                move(request, RequestStatus.COMPLETED, actor, why=Result.TAKEN_BACK, result=Result.TAKEN_BACK)
    return True


DAILY_JOBS["lift_restrictions"] = lift_announced
