"""A submission's state, moved by compare-and-set."""

from django.utils import timezone

from applications import live
from lenders.models import Submission
from lenders.states import SubmissionStatus, submission_sources


def move(submission: Submission, to: SubmissionStatus, *, error_code: str = "") -> bool:
    """Compare-and-set a submission's state and tell open pages; False when `to` cannot be reached."""
    moved = Submission.objects.filter(pk=submission.pk, status__in=submission_sources(to)).update(
        status=to, error_code=error_code, answered_at=timezone.now()
    )
    if moved:
        submission.status = to
        live.touch(submission.application_id)
    return bool(moved)
