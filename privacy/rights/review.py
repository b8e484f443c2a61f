"""Review by a human being (GDPR Art. 22(3), Directive (EU) 2023/2225 Art. 18(8)): no decision is taken here,
so the person's wish is passed on to the lender that took one, with a last day for its answer.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import ClassVar

from django.utils import timezone
from django.utils.translation import gettext as _

from applications.actors import SYSTEM
from applications.formats import date_text
from lenders.errors import NotReviewable
from lenders.models import Submission
from lenders.selectors.reviews import Review, reviews_of
from lenders.services.words import ask_for_review
from privacy.models import LetterKind, Refusal, Result, RightsRequest
from privacy.request_texts import moment
from privacy.rights.base import Done, Part, Wait
from privacy.rights.notification import LAST_DAYS, pause_since
from privacy.services.letters import send_letter


class HumanReview:
    STEPS: ClassVar[Sequence[str]] = ("pass_on", "wait_for_lender", "answer_review")

    def preview(self, request: RightsRequest) -> Sequence[Part]:
        """Which lender is asked about which application."""
        submission = _submission(request)
        if submission is None:
            return []
        line = (submission.lender.name, submission.application.reference, submission.get_status_display())
        columns = (_("lender"), _("application"), _("how it stands"))
        note = _("The lender gets the person's own words, and answers within a month.")
        return [Part(_("What the lender is asked"), [line], columns, note)]

    def execute(self, request: RightsRequest) -> Done | Wait:
        done: Done | Wait = getattr(self, request.step)(request)
        return done

    def pass_on(self, request: RightsRequest) -> Done:
        """Where there is nothing (more) to review, the answer says so."""
        submission = _submission(request)
        view = request.words.view or ""
        if submission is not None:
            with suppress(NotReviewable):
                ask_for_review(submission_id=submission.pk, matter=request.pk, view=view, actor=SYSTEM)
                return Done()
        request.result = Result.NOTHING
        request.save(update_fields=["result"])
        return Done(then="answer_review")

    def wait_for_lender(self, request: RightsRequest) -> Done | Wait:
        """For its answer, but not beyond what our own clock allows: then the person is told how it stands."""
        review = review_of(request)
        in_time = request.clock.days_left(timezone.localdate()) > LAST_DAYS
        if review is not None and not review.outcome and in_time:
            return Wait("lender", pause_since(review.asked_at))
        return Done()

    def answer_review(self, request: RightsRequest) -> Done:
        if request.result == Result.NOTHING:
            send_letter(
                request=request, kind=LetterKind.REFUSED, actor=SYSTEM, facts={"why": Refusal.EXCEPTION}
            )
            return Done()
        review = review_of(request)
        answered = review is not None and review.outcome
        kind = LetterKind.REVIEWED if answered else LetterKind.REVIEW_PASSED_ON
        send_letter(request=request, kind=kind, actor=SYSTEM)
        return Done()

    def prove(self, request: RightsRequest) -> Sequence[Part]:
        """When the lender was asked and told, until when it answers, and what it answered."""
        review = review_of(request)
        if review is None:
            return []
        lines = [
            (_("lender"), review.lender_name),
            (_("application"), review.application_reference),
            (_("asked"), moment(review.asked_at)),
            (_("told"), moment(review.told_at)),
            (_("answer due"), date_text(review.due_on)),
            (_("outcome"), str(review.outcome.label) if review.outcome else str(review.state.label)),
            (_("answered"), moment(review.answered_at)),
        ]
        return [Part(_("The review"), [line for line in lines if line[1]])]


def review_of(request: RightsRequest) -> Review | None:
    """The review that a request led to; None before, and for somebody who was erased."""
    if request.subject is None or request.subject.erased_at is not None:
        return None
    found = (one for one in reviews_of(request.subject.pk) if one.matter == request.pk)
    return next(found, None)


def _submission(request: RightsRequest) -> Submission | None:
    """The person's own, which the request is about."""
    if not request.about or request.subject_id is None:
        return None
    rows = Submission.objects.filter(pk=request.about, subject=request.subject_id)
    return rows.select_related("lender", "application").first()
