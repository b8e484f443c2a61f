"""Lenders are told of a right of the person, beside the request to delete: of a correction, of a restriction
and its end (GDPR Art. 19), of a request that a human being reviews a decision (Art. 22(3)).

Each lender once for each matter: what is said twice changes nothing. Of an erased person nothing is told.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from dateutil.relativedelta import relativedelta
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from applications import live
from applications.actors import Actor, ActorKind
from applications.doorbell import ring_on_commit
from applications.form_fields import ANSWER_LABELS, STATEMENT_LABEL
from applications.recipients import Change
from applications.row_security import opened
from applications.selectors.permission import require
from applications.services import audit
from applications.services.locking import lock_subject
from applications.working_days import months_after
from lenders.adapters.base import Noted, Reviewed
from lenders.errors import NotAnsweredSo, NothingToRetry, NotReviewable
from lenders.models import Delivery, LenderWord, Submission
from lenders.purposes import PURPOSES
from lenders.selectors.deletions import data_left
from lenders.selectors.reviews import can_be_reviewed
from lenders.selectors.words import holders, received_labels, takes_words
from lenders.services import disclosures
from lenders.services.fan_out import DISPATCH_TASK, new_delivery, restart_clocks
from lenders.services.moves import move
from lenders.states import (
    APPLICATION_LISTENS,
    REOPENED_BY_REVIEW,
    DeliveryKind,
    DeliveryStatus,
    ReviewOutcome,
    SubmissionStatus,
    WordKind,
    review_sources,
)

REVIEWED_WITHIN = 1
"""Calendar months in which a lender answers a request for review, as we answer a person (GDPR Art. 12(3))."""
LONGEST_REVIEW = 3
"""Calendar months beyond which no day that it names counts: the same with its one extension."""
LONGEST_VIEW = 4000


@opened(PURPOSES[DeliveryKind.WORD])
def tell_rectified(*, subject_id: UUID, matter: UUID, changes: Sequence[Change], actor: Actor) -> None:
    """Tell each lender the new values of what it had received, and nothing else; a statement that completes
    (`STATEMENT_LABEL`) whoever received anything of that application.

    Raises SubjectErased, KeyError for a label that no answer of the form has.
    """
    if unknown := {change.label for change in changes} - ANSWER_LABELS - {STATEMENT_LABEL}:
        raise KeyError(*unknown)
    with transaction.atomic():
        lock_subject(subject_id)
        for submission in holders(subject_id):
            of_it = [one for one in changes if one.application_id in (None, submission.application_id)]
            received = received_labels(submission)
            values = {one.label: one.value for one in of_it if one.label in received & ANSWER_LABELS}
            statement = "\n\n".join(str(one.value) for one in of_it if one.label == STATEMENT_LABEL)
            if values or statement:
                _say(submission, WordKind.RECTIFIED, matter, actor, values=values, text=statement)


@opened(PURPOSES[DeliveryKind.WORD])
def tell_restriction(*, subject_id: UUID, matter: UUID, lifted: bool, actor: Actor) -> None:
    """Tell each lender that the use of the data is restricted, or is not any more. Raises SubjectErased."""
    kind = WordKind.RESTRICTION_LIFTED if lifted else WordKind.RESTRICTED
    with transaction.atomic():
        lock_subject(subject_id)
        for submission in holders(subject_id):
            _say(submission, kind, matter, actor)


@opened(PURPOSES[DeliveryKind.WORD])
def ask_for_review(*, submission_id: UUID, matter: UUID, view: str, actor: Actor) -> LenderWord:
    """Ask a lender that a human being reviews its refusal, or the price that it computed; `view` is how the
    person sees it, in their words, or "".

    Raises SubjectErased, NotReviewable where there is nothing (more) to review or the view is too long.
    """
    with transaction.atomic():
        subject_id = Submission.objects.values_list("subject_id", flat=True).get(pk=submission_id)
        lock_subject(subject_id)
        submission = Submission.objects.select_related("lender", "application").get(pk=submission_id)
        known = LenderWord.objects.filter(submission=submission, kind=WordKind.REVIEW, matter=matter).first()
        if known is not None:
            return known
        if len(view) > LONGEST_VIEW or not can_be_reviewed(submission):
            raise NotReviewable
        due_on = months_after(timezone.localdate(), REVIEWED_WITHIN)
        return _say(submission, WordKind.REVIEW, matter, actor, text=view.strip(), due_on=due_on)


def _say(
    submission: Submission,
    kind: WordKind,
    matter: UUID,
    actor: Actor,
    *,
    values: Mapping[str, Any] | None = None,
    text: str = "",
    due_on: date | None = None,
) -> LenderWord:
    """The one word of a matter to one lender; staff tell it where no interface can."""
    known = LenderWord.objects.filter(submission=submission, kind=kind, matter=matter).first()
    if known is not None:
        return known
    word = LenderWord(
        subject_id=submission.subject_id, submission=submission, lender_id=submission.lender_id, kind=kind,
        matter=matter, text=text or None, due_on=due_on,
    )  # fmt: skip
    word.keep(values or {})
    word.save(force_insert=True)
    audit.record(
        actor=actor, action="word.asked", subject_id=submission.subject_id, row=word, kind=kind,
        labels=list(word.labels),
    )  # fmt: skip
    if takes_words(submission.lender):
        _queue(word)
    live.touch(submission.application_id)
    return word


def _queue(word: LenderWord) -> None:
    new_delivery(word.submission, DeliveryKind.WORD, word=word).save(force_insert=True)
    ring_on_commit(DISPATCH_TASK, word.submission.application_id)


def take_back(submission: Submission) -> None:
    """Nothing had left after all, or all of it is deleted: there is nobody to tell. A review is asked for all
    the same.
    """
    untold = LenderWord.objects.filter(submission=submission, told_at__isnull=True)
    untold.exclude(kind=WordKind.REVIEW).delete()
    live.touch(submission.application_id)


def take_back_by_hand(submission: Submission) -> None:
    """The same where no delivery finds it out, because staff are to tell."""
    untold = LenderWord.objects.filter(submission=submission, told_at__isnull=True)
    if untold.exists() and not takes_words(submission.lender) and not data_left(submission):
        take_back(submission)


# --- what lenders answer ---


def take_answer(submission: Submission, answer: Noted | Reviewed, actor: Actor) -> str:
    """Note what a lender answered to a word; what came of it, as a code. The same again changes nothing. Must
    run inside a transaction that holds the person's row.
    """
    word = LenderWord.objects.filter(pk=answer.notice_id, submission=submission).first()
    if word is None:
        return "out_of_place"
    if isinstance(answer, Noted):
        return _noted(word, answer.until, actor)
    if word.kind != WordKind.REVIEW:
        return "out_of_place"
    return _answered(word, ReviewOutcome(answer.outcome), answer.explanation, actor)


def _noted(word: LenderWord, until: date | None, actor: Actor) -> str:
    """It knows of the word; of a review it may name another last day than ours, earlier or later."""
    news = word.acknowledged_at is None
    if until is not None and word.kind == WordKind.REVIEW and not word.outcome:
        asked_on = timezone.localdate(word.asked_at)
        named = min(max(until, timezone.localdate()), asked_on + relativedelta(months=LONGEST_REVIEW))
        news, word.due_on = news or named != word.due_on, named
    if not news:
        return "duplicate"
    _know(word, actor)
    audit.record(
        actor=actor, action="word.acknowledged", subject_id=word.subject_id, row=word, kind=word.kind,
        due_on=word.due_on.isoformat() if word.due_on else None,
    )  # fmt: skip
    return "taken"


def _answered(word: LenderWord, outcome: ReviewOutcome, explanation: str, actor: Actor) -> str:
    """What came of a review. Once it was changed it stays so, and a refusal may still become a review."""
    if word.outcome == outcome:
        return "duplicate"
    if ReviewOutcome(word.outcome) not in review_sources(outcome):
        return "out_of_place"
    word.outcome, word.explanation, word.answered_at = outcome, explanation, timezone.now()
    _know(word, actor)
    audit.record(
        actor=actor, action="word.answered", subject_id=word.subject_id, row=word, kind=word.kind,
        outcome=outcome,
    )  # fmt: skip
    if outcome == ReviewOutcome.CHANGED:
        _reopen(word.submission)
    return "taken"


def _know(word: LenderWord, actor: Actor, *, answers: bool = True) -> None:
    """The lender knows the word, however that came about: it is told no more, and what it says is let go."""
    now = timezone.now()
    word.told_at = word.told_at or now
    word.acknowledged_at = word.acknowledged_at or (now if answers else None)
    word.recorded_by_staff = actor.kind == ActorKind.STAFF
    word.forget()
    word.save()
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)  # what a worker holds ends by itself
    Delivery.objects.filter(free, word=word, status=DeliveryStatus.DUE).update(
        status=DeliveryStatus.DONE, finished_at=now, lease_until=None
    )
    live.touch(word.submission.application_id)


def _reopen(submission: Submission) -> None:
    """The decision was changed: another offer comes on the ordinary way, and is waited for as a first one."""
    asked_to_delete = hasattr(submission, "deletion")
    if asked_to_delete or submission.application.status not in APPLICATION_LISTENS:
        return
    restart_clocks(submission)
    if submission.status in REOPENED_BY_REVIEW:
        Submission.objects.filter(pk=submission.pk).update(decline_reason=None)
        move(submission, SubmissionStatus.PENDING)


# --- what staff do ---


@opened(PURPOSES[DeliveryKind.WORD])
def record_word_answer(*, word_id: UUID, outcome: ReviewOutcome, explanation: str, actor: Actor) -> None:
    """Staff told a lender in another way than by its interface, and note that, or what it answered since:
    `outcome` and `explanation` of a review, where it has answered.

    Raises NotAnsweredSo for an answer that does not follow from the one that stands, SubjectErased.
    """
    explanation = explanation.strip()
    with transaction.atomic():
        word = _held(word_id)
        if bool(outcome) != bool(explanation) or (outcome and word.kind != WordKind.REVIEW):
            raise NotAnsweredSo
        if word.told_at is None:
            disclosures.made_by_hand(word)
        elif not outcome:
            raise NotAnsweredSo
        if not outcome:
            _know(word, actor, answers=False)
            audit.record(
                actor=actor, action="word.told", subject_id=word.subject_id, row=word, kind=word.kind
            )
        elif _answered(word, outcome, explanation, actor) != "taken":
            raise NotAnsweredSo


@opened(PURPOSES[DeliveryKind.WORD])
def tell_again(*, word_id: UUID, actor: Actor) -> None:
    """Queue a word that could not be told again; one that waits for its next try is brought forward.

    Raises NothingToRetry, SubjectErased.
    """
    with transaction.atomic():
        word = _held(word_id)
        require(word.subject_id, PURPOSES[DeliveryKind.WORD])
        if word.told_at is not None or not takes_words(word.submission.lender):
            raise NothingToRetry
        audit.record(actor=actor, action="word.retried", subject_id=word.subject_id, row=word, kind=word.kind)
        waiting = Delivery.objects.filter(word=word, status=DeliveryStatus.DUE)
        if not waiting.update(due_at=timezone.now()):
            _queue(word)


def _held(word_id: UUID) -> LenderWord:
    """A word whose person's row is held until the transaction ends. Raises SubjectErased."""
    lock_subject(LenderWord.objects.values_list("subject_id", flat=True).get(pk=word_id))
    return LenderWord.objects.select_related("submission__lender", "submission__application").get(pk=word_id)
