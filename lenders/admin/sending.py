"""Sending again what failed, from a list or from the page of what waits: the same deed, the same words."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from applications.actors import Actor
from applications.errors import Refusal
from lenders.models import Submission
from lenders.services.retrying import retry

RETRY = "lenders.retry_submission"
AT_ONCE = 500  # a request is no place for more; a few milliseconds each
NAMED = 20


def send_again(request: HttpRequest, submissions: QuerySet[Submission], *, lacks_it: bool = False) -> None:
    """Queue each again, as many as a request has time for; those that cannot be are named, and why.

    `lacks_it` says that the lenders were asked, and have not received them.
    """
    chosen = list(submissions.select_related("application", "lender")[: AT_ONCE + 1])
    refused = [line for one in chosen[:AT_ONCE] if (line := _refusal(one, request, lacks_it=lacks_it))]
    for line in refused[:NAMED]:
        messages.error(request, line)
    if (left_out := len(refused) - NAMED) > 0:
        sentence = ngettext(
            "%(n)d more could not be sent again.", "%(n)d more could not be sent again.", left_out
        )
        messages.error(request, sentence % {"n": left_out})
    if queued := len(chosen[:AT_ONCE]) - len(refused):
        sentence = ngettext("%(n)d submission is on its way.", "%(n)d submissions are on their way.", queued)
        messages.success(request, sentence % {"n": queued})
    if len(chosen) > AT_ONCE:
        rest = _("Only the first %(n)d were taken. Send the others again from the list.")
        messages.warning(request, rest % {"n": AT_ONCE})


def _refusal(submission: Submission, request: HttpRequest, *, lacks_it: bool) -> str:
    """Queue one again, or say why not; then nothing happens to it."""
    try:
        retry(submission_id=submission.pk, actor=Actor.staff(request.user.pk), lacks_it=lacks_it)
    except Refusal as refusal:
        return f"{submission.application.reference}, {submission.lender.name}: {refusal.sentence}"
    return ""
