"""Applications of which nothing can come any more are closed: their time of being kept begins."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from applications.actors import SYSTEM
from applications.models import Application
from applications.selectors.permission import standing_restrictions
from applications.services.closing import end_application
from applications.services.locking import lock_subject
from applications.services.operations import DAILY_JOBS
from applications.states import ApplicationStatus
from lenders.models import Delivery, LenderWord, Offer, Submission
from lenders.states import (
    APPLICATION_LISTENS,
    OF_A_RIGHT,
    DeliveryStatus,
    OfferStatus,
    ReviewOutcome,
    SigningClaim,
    WordKind,
)

QUIET = timedelta(days=30)
"""So long after the last that could have come: who accepts on an offer's last day signs later, and the lender
says so later still."""


def close_finished() -> dict[str, int]:
    """Close every application that lies quiet."""
    counts = {"applications": 0}
    for application_id, subject_id in list(_finished(timezone.now()).values_list("pk", "subject_id")):
        counts["applications"] += _close(application_id, subject_id)
    return counts


def _close(application_id: UUID, subject_id: UUID) -> bool:
    with transaction.atomic():
        lock_subject(subject_id)
        application = _finished(timezone.now()).filter(pk=application_id).first()
        if application is None:
            return False
        end_application(application=application, to=ApplicationStatus.CLOSED, actor=SYSTEM)
    return True


def _finished(now: datetime) -> QuerySet[Application]:
    """Sent, without a contract, and no lender can answer, no offer be chosen, no review come out any more.

    Of somebody whose data are restricted nothing is decided: their clocks stand still.
    """
    since, mine = now - QUIET, {"application": OuterRef("pk")}
    submissions = Submission.objects.filter(**mine)
    offers = Offer.objects.filter(
        submission__application=OuterRef("pk"), status__in=[OfferStatus.OPEN, OfferStatus.SELECTED]
    )
    reviews = LenderWord.objects.filter(submission__application=OuterRef("pk"), kind=WordKind.REVIEW)
    to_be_told = Delivery.objects.filter(
        submission__application=OuterRef("pk"), status=DeliveryStatus.DUE
    ).exclude(kind__in=OF_A_RIGHT)
    return Application.objects.filter(
        ~Exists(submissions.filter(Q(late_until__gte=since) | Q(signing_claim=SigningClaim.OPEN))),
        ~Exists(offers.filter(valid_until__gte=since)),
        ~Exists(reviews.filter(outcome=ReviewOutcome.NONE, due_on__gte=timezone.localdate(now))),
        ~Exists(reviews.filter(answered_at__gte=since)),
        ~Exists(to_be_told),
        ~Exists(standing_restrictions().filter(subject=OuterRef("subject"))),
        status__in=APPLICATION_LISTENS,
        submitted_at__lt=since,
        subject__erased_at__isnull=True,
    )


DAILY_JOBS["close_finished_applications"] = close_finished
