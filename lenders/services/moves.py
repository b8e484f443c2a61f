"""A submission's state, moved by compare-and-set."""

from django.utils import timezone

from applications import live
from lenders.models import Submission
from lenders.states import SubmissionStatus, submission_sources


def move(submission: Submission, to: SubmissionStatus, *, error_code: str = "") -> bool:
    """Compare-and-set a submission's state and tell open pages; False when `to` cannot be reached.

    Whether more offers may come was said of the state before.
    """
    moved = Submission.objects.filter(pk=submission.pk, status__in=submission_sources(to)).update(
        status=to, error_code=error_code, answered_at=timezone.now(), more_to_come=False
    )
    if moved:
        submission.status, submission.more_to_come = to, False
        live.touch(submission.application_id)
    return bool(moved)
