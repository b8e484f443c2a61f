"""Asking again: lenders that do not call back are asked how an application stands, ever more seldom.

The pause is half the time since the lender was last told something, from two seconds to an hour: what is
decided at once is known at once, and what takes days is not asked for a thousand times. Asked about are

queued, pending, unknown  until answers no longer count (`late_until`)
offered                   the same, where the lender says that more offers may follow
selected                  for the contract or a late refusal, until the offer's validity is over and a week
                          more; at least every six hours, for signing takes days
action_required           never: the lender waits for the person. What they send is answered, and after that
                          answer it is asked again; what it did meanwhile it says then

Every other state is an end, or waits for the person: an offer that was taken back meanwhile is refused when
it is chosen. A failed question is no failure of the submission.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max
from django.utils import timezone

from lenders.adapters import ADAPTERS
from lenders.models import Delivery, Offer, Submission
from lenders.services.fan_out import new_delivery
from lenders.states import (
    APPLICATION_LISTENS,
    OPEN_TO_ANSWERS,
    DeliveryKind,
    DeliveryStatus,
    OfferStatus,
    SubmissionStatus,
)

S = SubmissionStatus

SHORTEST_PAUSE, LONGEST_PAUSE = timedelta(seconds=2), timedelta(hours=1)
LONGEST_PAUSE_WHILE_SIGNING = timedelta(hours=6)
TIME_TO_SIGN = timedelta(days=7)
"""After the offer's validity: who accepts on its last day signs later, and the bank says so later still."""
UNDECIDED = frozenset({S.QUEUED, S.PENDING, S.UNKNOWN})
TELLS = frozenset({DeliveryKind.APPLICATION, DeliveryKind.SUPPLEMENT, DeliveryKind.CHOICE})


def plan(submission: Submission) -> None:
    """Queue the next question, where the lender is one to be asked and there is something to learn.

    Called under the person's lock, when an answer was recorded or a question came to nothing.
    """
    adapter = ADAPTERS.get(submission.lender.adapter)
    if adapter is None or not adapter.abilities.is_polled:
        return
    until = _asked_until(submission)
    if until is None:
        return
    signing = submission.status == S.SELECTED
    longest = LONGEST_PAUSE_WHILE_SIGNING if signing else LONGEST_PAUSE
    due_at = next_time(timezone.now(), _last_told(submission), longest=longest)
    waits = Delivery.objects.filter(**_live(submission)).exists()
    if due_at <= until and not waits and submission.subject.erased_at is None:
        _queue(submission, due_at)


def ask_now(submission: Submission) -> None:
    """Ask what the lender knows of a submission: one question, brought forward where it waits."""
    now = timezone.now()
    if not Delivery.objects.filter(**_live(submission)).update(due_at=now):
        _queue(submission, now)


def next_time(now: datetime, since: datetime, *, longest: timedelta = LONGEST_PAUSE) -> datetime:
    """When to ask again, at `now`, about what the lender was told at `since`."""
    return now + min(max((now - since) / 2, SHORTEST_PAUSE), longest)


def nothing_to_learn(submission: Submission) -> bool:
    """Whether no answer to a question asked now could change anything."""
    if submission.status == S.SELECTED:
        return False
    listens = submission.application.status in APPLICATION_LISTENS and timezone.now() <= submission.late_until
    return not listens or submission.status not in OPEN_TO_ANSWERS | {S.OFFERED}


def _asked_until(submission: Submission) -> datetime | None:
    if submission.status == S.SELECTED:
        chosen = Offer.objects.filter(submission=submission, status=OfferStatus.SELECTED)
        valid_until = chosen.values_list("valid_until", flat=True).first()
        return None if valid_until is None else valid_until + TIME_TO_SIGN
    partial = submission.status == S.OFFERED and submission.more_to_come
    open_still = submission.status in UNDECIDED or partial
    return submission.late_until if open_still and not nothing_to_learn(submission) else None


def _last_told(submission: Submission) -> datetime:
    told = Delivery.objects.filter(submission=submission, kind__in=TELLS)
    last: datetime | None = told.aggregate(last=Max("created_at"))["last"]
    return last or submission.created_at


def _live(submission: Submission) -> Mapping[str, Any]:
    return {"submission": submission, "kind": DeliveryKind.INQUIRY, "status": DeliveryStatus.DUE}


def _queue(submission: Submission, due_at: datetime) -> None:
    inquiry = new_delivery(submission, DeliveryKind.INQUIRY)
    inquiry.due_at = due_at
    inquiry.deadline = max(inquiry.deadline, due_at + timedelta(hours=1))
    inquiry.save(force_insert=True)
