"""From one sent application to one submission and one due delivery per lender."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F, Q
from django.utils import timezone

from applications.actors import Actor
from applications.doorbell import ring_on_commit
from applications.models import Application
from applications.personal import Category, Purpose
from applications.selectors.people import answers
from lenders.errors import NotEligible
from lenders.models import Delivery, Lender, LenderNotAsked, LenderWord, Submission
from lenders.routing import NotAsked, why_not_asked
from lenders.selectors.send_page import wanted
from lenders.states import DeliveryKind, DeliveryStatus, SubmissionStatus

# What decides who can be asked: the credit wanted, and the age.
WANTED = frozenset({Category.LOAN, Category.IDENTIFICATION})
DISPATCH_TASK = "lenders.tasks.dispatch"
AN_HOUR = timedelta(hours=1)
PATIENCE = {
    DeliveryKind.CHOICE: timedelta(days=1),  # of a lender that is paused, or whose papers lapsed, meanwhile
    DeliveryKind.DELETION: timedelta(days=30),  # in which a person is answered (GDPR Art. 12(3))
    DeliveryKind.WORD: timedelta(days=30),  # the same
}


def fan_out(*, application: Application, recipients: Mapping[str, Sequence[str]], actor: Actor) -> None:
    """Write one submission per ticked lender, and why each other one is not asked, in the transaction that
    sends the application.

    `recipients` are slugs with the fields that each lender needed when the consumer saw the page. Raises
    NotEligible when a lender does not exist, needs other fields now, or cannot be asked.
    """
    asked, left = _divided(application, recipients)
    now = timezone.now()
    submissions = Submission.objects.bulk_create(
        Submission(
            subject_id=application.subject_id,
            application=application,
            lender=lender,
            requested_fields=lender.requested_fields,
            **clocks_of(lender, now),
        )
        for lender in asked
    )
    Delivery.objects.bulk_create(
        new_delivery(submission, DeliveryKind.APPLICATION) for submission in submissions
    )
    LenderNotAsked.objects.bulk_create(
        LenderNotAsked(
            subject_id=application.subject_id, application=application, lender=lender, because=reason.value
        )
        for lender, reason in left.items()
    )
    ring_on_commit(DISPATCH_TASK, application.pk)


def _divided(
    application: Application, recipients: Mapping[str, Sequence[str]]
) -> tuple[list[Lender], dict[Lender, NotAsked]]:
    """Every lender of the solution: those to ask, and the others with the reason."""
    given = answers(application, purpose=Purpose.HANDLE_APPLICATIONS, categories=WANTED)
    request = wanted(given, application.language)
    asked, left = [], {}
    for lender in Lender.objects.select_related("recipient"):
        reason = why_not_asked(lender, request)
        if lender.slug not in recipients:
            left[lender] = reason or NotAsked.NOT_TICKED
        elif reason or list(recipients[lender.slug]) != lender.requested_fields:
            raise NotEligible
        else:
            asked.append(lender)
    if len(asked) != len(recipients):
        raise NotEligible
    return asked, left


def clocks_of(lender: Lender, now: datetime) -> dict[str, datetime]:
    """Until when the page waits for a lender that is asked now, and until when a late answer counts."""
    page_wait_until = now + timedelta(seconds=lender.page_wait_seconds)
    return {
        "page_wait_until": page_wait_until,
        "late_until": page_wait_until + timedelta(hours=lender.late_window_hours),
    }


def restart_clocks(submission: Submission) -> None:
    """The lender is asked anew: the page waits again, and an answer counts for as long as it would have."""
    clocks = clocks_of(submission.lender, timezone.now())
    submission.page_wait_until = clocks["page_wait_until"]
    submission.late_until = max(submission.late_until, clocks["late_until"])
    submission.save(update_fields=["page_wait_until", "late_until"])


def put_clocks_on(*, subject_id: UUID, paused: timedelta) -> None:
    """Give what could not be sent for `paused` its time back, and whoever could not answer a lender; ring."""
    due = Delivery.objects.filter(subject_id=subject_id, status=DeliveryStatus.DUE)
    asked = Q(subject=subject_id, status=SubmissionStatus.ACTION_REQUIRED)
    submissions = Submission.objects.filter(asked | Q(pk__in=due.values("submission")))
    applications = set(submissions.values_list("application_id", flat=True))
    submissions.update(page_wait_until=F("page_wait_until") + paused, late_until=F("late_until") + paused)
    due.update(deadline=F("deadline") + paused)
    for application_id in applications:
        ring_on_commit(DISPATCH_TASK, application_id)


def new_delivery(submission: Submission, kind: DeliveryKind, *, word: LenderWord | None = None) -> Delivery:
    """An unsaved delivery, due now, of this `word` where it is one. It is tried until the submission's late
    window closes, and no shorter than PATIENCE says.
    """
    now = timezone.now()
    patience = PATIENCE.get(kind, AN_HOUR)
    return Delivery(
        subject_id=submission.subject_id,
        submission=submission,
        lender_id=submission.lender_id,
        kind=kind,
        word=word,
        due_at=now,
        deadline=max(submission.late_until, now + patience),
    )
