"""A lender needs more: the person gives it, or does not want to, or is told by mail that they are asked."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from applications import live
from applications.actors import Actor
from applications.doorbell import ring_on_commit
from applications.errors import IllegalTransition
from applications.models import DataSubject, MailKind
from applications.selectors.permission import permitted, require
from applications.services import audit
from applications.services.locking import lock_subject
from applications.states import ApplicationStatus
from lenders.errors import AsksForElse, MayNotReceiveNow, NothingAsked
from lenders.models import Submission, Supplement
from lenders.selectors.more_page import UNANSWERED, asked_for, can_be_answered
from lenders.services import supplied_files
from lenders.services.fan_out import DISPATCH_TASK, new_delivery, restart_clocks
from lenders.services.moves import move
from lenders.services.payload import PURPOSE
from lenders.services.supplied_files import GivenFile
from lenders.services.telling import tell_by_mail
from lenders.states import Asking, DeliveryKind, SubmissionStatus


def give(
    *,
    submission_id: UUID,
    subject_id: UUID,
    answers: Mapping[str, Any],
    files: Sequence[GivenFile],
    actor: Actor,
) -> None:
    """Pass exactly what a lender asks for on to it, and to no other: answers by label, and files.

    The application's own answers stay as they were sent. Raises IllegalTransition when it was given already
    or the lender has decided, NothingAsked when its time is over, AsksForElse when this is not what it asks
    for now, SubjectErased, MayNotReceiveNow or a ProcessingRefused when nothing may be passed on.
    """
    with transaction.atomic():
        submission = _asking(submission_id, subject_id)
        require(subject_id, PURPOSE, application_id=submission.application_id)
        if not submission.lender.fit_to_receive:
            raise MayNotReceiveNow
        if answers.keys() | {one.label for one in files} != set(asked_for(submission)):
            raise AsksForElse
        if not move(submission, SubmissionStatus.PENDING):
            raise IllegalTransition
        Submission.objects.filter(pk=submission.pk).update(asking=Asking.NOTHING)
        restart_clocks(submission)
        supplement = Supplement(subject_id=subject_id, submission=submission)
        supplement.keep(answers)
        supplement.save(force_insert=True)
        supplied_files.keep(supplement, files)
        new_delivery(submission, DeliveryKind.SUPPLEMENT).save(force_insert=True)
        audit.record(actor=actor, action="supplement.given", subject_id=subject_id, row=supplement)
        ring_on_commit(DISPATCH_TASK, submission.application_id)


def refuse(*, submission_id: UUID, subject_id: UUID, actor: Actor) -> None:
    """The person does not want to give it: they are asked no more, and may still change your mind.

    The lender is told nothing. Raises IllegalTransition, NothingAsked or SubjectErased.
    """
    with transaction.atomic():
        submission = _asking(submission_id, subject_id)
        refused = Submission.objects.filter(pk=submission.pk, asking__in=UNANSWERED)
        if refused.update(asking=Asking.REFUSED):
            audit.record(actor=actor, action="supplement.refused", subject_id=subject_id, row=submission)
            live.touch(submission.application_id)


def _asking(submission_id: UUID, subject_id: UUID) -> Submission:
    """The person's own submission whose lender needs more, held until the transaction ends."""
    lock_subject(subject_id)
    submission = (
        Submission.objects.select_for_update(of=("self",))
        .select_related("application", "lender__recipient")
        .filter(pk=submission_id, subject_id=subject_id)
        .first()
    )
    if submission is None:
        raise NothingAsked
    if submission.status != SubmissionStatus.ACTION_REQUIRED:
        raise IllegalTransition
    if not can_be_answered(submission):
        raise NothingAsked
    return submission


def ask_by_mail() -> int:
    """Write to whoever has not answered a lender by the time their page waits no more; how many there were.

    Nobody is asked for what could not be passed on: `give` would refuse it.
    """
    now = timezone.now()
    unanswered = Submission.objects.filter(
        permitted(PURPOSE, application="application"),
        status=SubmissionStatus.ACTION_REQUIRED,
        asking=Asking.OPEN,
        page_wait_until__lt=now,
        late_until__gt=now,
        deletion__isnull=True,
        application__status=ApplicationStatus.SUBMITTED,
        subject__erased_at__isnull=True,
    )
    asked = 0
    rows = unanswered.select_related("application__subject", "lender")
    for found in rows.order_by("page_wait_until")[:200]:
        with transaction.atomic():
            DataSubject.objects.select_for_update().get(pk=found.subject_id)
            if unanswered.filter(pk=found.pk).update(asking=Asking.MAILED):
                asked += 1
                tell_by_mail(found, MailKind.MORE_NEEDED)
    return asked
