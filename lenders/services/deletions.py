"""Lenders that received an application which came to nothing at them are asked to delete it, once each.

The request discloses nothing: it carries our number of the submission and the reason.
"""

from collections.abc import Collection
from datetime import date, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from applications import live
from applications.actors import SYSTEM, Actor, ActorKind
from applications.doorbell import ring_on_commit
from applications.endings import At
from applications.services import audit
from applications.services.locking import lock_subject
from lenders.errors import NotAcknowledged
from lenders.models import DeletionNotice, Delivery, Submission
from lenders.selectors.deletions import data_left, left_for, takes_deletions, told_by_interface
from lenders.services import words
from lenders.services.fan_out import DISPATCH_TASK, new_delivery
from lenders.states import (
    OF_A_RIGHT,
    Acknowledgement,
    DeletionReason,
    DeliveryKind,
    DeliveryStatus,
    RetentionBasis,
    SigningClaim,
    SubmissionStatus,
    acknowledgement_sources,
)

TELLING = timedelta(days=7)
"""So long an application waits for its lenders to be told before what we hold of it goes: whole days, so that
the hour of a run makes no difference."""


def ask_to_delete(*, submission: Submission, reason: DeletionReason, actor: Actor) -> DeletionNotice | None:
    """Ask a submission's lender to delete what it received; the request, which there is only one of.

    None where nothing left for this lender. Where its interface takes no such request, staff are to ask. It
    has to be made before an erasure: of an erased person nothing is sent. Raises SubjectErased.
    """
    with transaction.atomic():
        lock_subject(submission.subject_id)
        known = DeletionNotice.objects.filter(submission=submission).first()
        if known is not None or not data_left(submission):
            return known
        notice = DeletionNotice.objects.create(
            subject_id=submission.subject_id,
            submission=submission,
            lender_id=submission.lender_id,
            reason=reason,
        )
        audit.record(
            actor=actor,
            action="deletion.requested",
            subject_id=submission.subject_id,
            row=notice,
            reason=reason,
        )
        if takes_deletions(submission.lender):
            new_delivery(submission, DeliveryKind.DELETION).save(force_insert=True)
            ring_on_commit(DISPATCH_TASK, submission.application_id)
        live.touch(submission.application_id)
    return notice


def ask_all_to_delete(*, application_id: UUID, reason: DeletionReason, actor: Actor) -> None:
    """Ask every lender that received an application, but one with which its contract was signed, or may have
    been, as it says and staff have yet to find out: what that one keeps, it keeps for the contract.
    """
    submissions = Submission.objects.filter(application=application_id).select_related("lender")
    received = submissions.exclude(status=SubmissionStatus.CONTRACT_SIGNED)
    for submission in received.exclude(signing_claim=SigningClaim.OPEN).order_by("pk"):
        ask_to_delete(submission=submission, reason=reason, actor=actor)


def tell_before_the_end(application_ids: Collection[UUID]) -> None:
    """The time for which these applications are kept is over: their lenders are asked to delete them as well.

    Must run inside a transaction that holds their people.
    """
    untold = _untold().filter(application__in=application_ids)
    for submission in untold.select_related("lender").order_by("pk"):
        ask_to_delete(submission=submission, reason=DeletionReason.RETENTION_OVER, actor=SYSTEM)


def waits_to_be_told(at: At) -> Q:
    """The condition on an application that it waits: while a lender is being told, for TELLING at most, and
    while something is on its way to one; in a forecast also for one that the run will ask.
    """
    mine = {"submission__application": OuterRef("pk"), "status": DeliveryStatus.DUE}
    told_now = Q(kind__in=OF_A_RIGHT, created_at__gte=at.begins - TELLING + timedelta(days=1))
    under_way = Delivery.objects.filter(Q(lease_until__gte=timezone.now()) | told_now, **mine)
    if not at.foreseen:
        return Q(Exists(under_way))
    will_be_asked = _untold().filter(application=OuterRef("pk"), lender__adapter__in=told_by_interface())
    return Q(Exists(under_way)) | Q(Exists(will_be_asked))


def _untold() -> QuerySet[Submission]:
    """Where something left, or may have, and nobody was asked yet: but for a lender that keeps it for the
    contract that was signed, or may have been.
    """
    left = left_for(OuterRef("application"), OuterRef("lender__slug"))
    found = Submission.objects.filter(Exists(left), deletion__isnull=True)
    found = found.exclude(status=SubmissionStatus.CONTRACT_SIGNED)
    return found.exclude(signing_claim=SigningClaim.OPEN)


def take_back_by_hand(submission: Submission) -> None:
    """The same where no delivery finds it out, because staff are to ask: they have nothing to ask about."""
    asked = DeletionNotice.objects.filter(submission=submission).exists()
    if asked and not takes_deletions(submission.lender) and not data_left(submission):
        take_back(submission)


def take_back(submission: Submission) -> None:
    """Nothing had left after all, so nothing was asked."""
    DeletionNotice.objects.filter(submission=submission, acknowledgement=Acknowledgement.NONE).delete()
    live.touch(submission.application_id)


def acknowledge(
    *,
    submission: Submission,
    to: Acknowledgement,
    basis: str = "",
    until: date | None = None,
    actor: Actor,
) -> str:
    """Note what a lender answered; what came of it, as a code. The same again changes nothing, and what was
    deleted stays deleted. Must run inside a transaction that holds the person's row.
    """
    standing = DeletionNotice.objects.filter(submission=submission)
    same = (
        Q(acknowledgement=to, basis=basis, until=until)
        if until
        else Q(acknowledgement=to, basis=basis, until__isnull=True)
    )
    changed = standing.filter(~same, acknowledgement__in=acknowledgement_sources(to)).update(
        acknowledgement=to,
        basis=basis,
        until=until,
        acknowledged_at=timezone.now(),
        recorded_by_staff=actor.kind == ActorKind.STAFF,
    )
    if not changed:
        return "duplicate" if standing.filter(same).exists() else "out_of_place"
    _end_asking(submission)
    if to == Acknowledgement.DELETED:
        words.take_back(submission)  # what is gone is corrected no more
    audit.record(
        actor=actor, action="deletion.acknowledged", subject_id=submission.subject_id, row=standing.get(),
        acknowledgement=to, basis=basis, until=until.isoformat() if until else None,
    )  # fmt: skip
    live.touch(submission.application_id)
    return "taken"


def record_answer(
    *, notice_id: UUID, to: Acknowledgement, basis: str, until: date | None, actor: Actor
) -> None:
    """Staff note what a lender answered in another way than by its interface.

    Raises NotAcknowledged for an answer that does not follow from the one that stands, SubjectErased.
    """
    with transaction.atomic():
        notice = DeletionNotice.objects.get(pk=notice_id)
        lock_subject(notice.subject_id)
        submission = Submission.objects.get(pk=notice.submission_id)
        outcome = "out_of_place"
        if to != Acknowledgement.NONE and (to == Acknowledgement.RETAINED) == bool(basis):
            until = until if to == Acknowledgement.RETAINED else None
            outcome = acknowledge(
                submission=submission, to=to, basis=RetentionBasis(basis) if basis else "", until=until,
                actor=actor,
            )  # fmt: skip
        if outcome == "out_of_place":
            raise NotAcknowledged


def _end_asking(submission: Submission) -> None:
    """Who has answered is not asked again. What a worker holds ends by itself."""
    now = timezone.now()
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    Delivery.objects.filter(
        free, submission=submission, kind=DeliveryKind.DELETION, status=DeliveryStatus.DUE
    ).update(status=DeliveryStatus.DONE, finished_at=now, lease_until=None)
