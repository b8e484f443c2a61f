"""What a lender that needs more asks a person for: what may be passed to it, and while it can take it."""

from uuid import UUID

from django.utils import timezone

from applications.data_policy import NotInPolicy, require_allowed
from applications.form_fields import FORM_FIELDS, mark_of
from applications.personal import Purpose, RecipientKind
from applications.selectors.permission import refusal, require
from applications.states import ApplicationStatus
from lenders.adapters import ADAPTERS
from lenders.models import Submission
from lenders.states import Asking, SubmissionStatus

KEYWORD = FORM_FIELDS["keyword"].label  # for the chosen lender alone, with the choice
UNANSWERED = (Asking.OPEN, Asking.MAILED)


def asked_for(submission: Submission) -> tuple[str, ...]:
    """The labels that the person can be asked for here; none where the lender takes nothing afterwards."""
    adapter = ADAPTERS.get(submission.lender.adapter)
    if adapter is None or not adapter.abilities.takes_supplement:
        return ()
    return tuple(label for label in submission.needs if may_be_passed(label))


def may_be_passed(label: str) -> bool:
    """Whether the data map gives this to lenders, other than with a choice."""
    try:
        require_allowed([mark_of(label)], Purpose.PASS_TO_LENDERS, RecipientKind.LENDER)
    except (KeyError, NotInPolicy):
        return False
    return label != KEYWORD


def can_be_answered(submission: Submission) -> bool:
    """Whether what the person gives now would still reach the lender and count."""
    return (
        submission.status == SubmissionStatus.ACTION_REQUIRED
        and submission.application.status == ApplicationStatus.SUBMITTED
        and submission.late_until > timezone.now()
        and not hasattr(submission, "deletion")  # who was asked to delete gets nothing more
        and bool(asked_for(submission))
    )


def own_submission(
    *, subject_id: UUID, application_id: UUID, submission_id: UUID, purpose: Purpose
) -> Submission | None:
    """A submission of this consumer's own application. Raises SubjectErased or a ProcessingRefused."""
    require(subject_id, purpose)
    return (
        Submission.objects.select_related("application", "lender__recipient")
        .filter(pk=submission_id, subject_id=subject_id, application_id=application_id)
        .first()
    )


def open_requests(subject_id: UUID, *, purpose: Purpose) -> list[Submission]:
    """What lenders ask this person for and wait for, the most pressing first; none that nobody may pass on.

    Raises SubjectErased or a ProcessingRefused.
    """
    require(subject_id, purpose)
    found = (
        Submission.objects.filter(
            subject_id=subject_id, status=SubmissionStatus.ACTION_REQUIRED, asking__in=UNANSWERED
        )
        .select_related("application", "lender")
        .order_by("late_until")
    )
    return [
        submission
        for submission in found
        if can_be_answered(submission)
        and refusal(subject_id, Purpose.PASS_TO_LENDERS, application_id=submission.application_id) is None
    ]
