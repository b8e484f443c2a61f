"""Sending again what failed, from a list or from the page of what waits: the same deed, the same words."""

from collections.abc import Iterable

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import ngettext

from applications.actors import Actor
from applications.errors import Refusal
from lenders.models import Submission
from lenders.services.retrying import retry

RETRY = "lenders.retry_submission"


def send_again(request: HttpRequest, submissions: Iterable[Submission]) -> None:
    """Queue each again and say so; one that cannot be is named with the reason, and nothing happens to it."""
    queued = 0
    for submission in submissions:
        try:
            retry(submission_id=submission.pk, actor=Actor.staff(request.user.pk))
        except Refusal as refusal:
            which = f"{submission.application.reference}, {submission.lender.name}"
            messages.error(request, f"{which}: {refusal.sentence}")
        else:
            queued += 1
    if queued:
        sentence = ngettext("%(n)d submission is on its way.", "%(n)d submissions are on their way.", queued)
        messages.success(request, sentence % {"n": queued})
