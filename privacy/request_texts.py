"""A request in words for whoever works on it: what happened, what comes next, how much time is left."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from applications.formats import date_text
from privacy.letter_facts import Delay
from privacy.models import Identity, LetterKind, Outcome, Refusal, RequestEvent, Result, RightsRequest, Way
from privacy.request_clock import Reminder
from privacy.states import RequestStatus

Text = str | Promise
S = RequestStatus
SOON = 7
"""So many days before its last day a request is soon due."""

STEPS: Mapping[str, Text] = {
    "collect": gettext_lazy("Everything that is held is collected"),
    "look_through": gettext_lazy("What may be about somebody else is looked through"),
    "release": gettext_lazy("The copy is released"),
    "hand_over": gettext_lazy("The file is passed on, where the person asked for it"),
    "answer": gettext_lazy("The person is answered"),
    "ledger": gettext_lazy("The erasure is entered in the ledger"),
    "tell": gettext_lazy("Recipients are told"),
    "wait": gettext_lazy("Recipients have time to answer"),
    "close": gettext_lazy("Nothing new is written about the person"),
    "destroy_key": gettext_lazy("The person's key is destroyed"),
    "delete_rows": gettext_lazy("Rows and files are deleted"),
    "search": gettext_lazy("What may be left is searched for"),
    "certify": gettext_lazy("The erasure is certified and the person is told"),
    "correct": gettext_lazy("The values are corrected wherever they stand"),
    "tell_corrected": gettext_lazy("Recipients are told of the correction"),
    "answer_correction": gettext_lazy("The person is told what was corrected"),
    "restrict": gettext_lazy("The data are only stored from now on"),
    "tell_restricted": gettext_lazy("Recipients are told of the restriction"),
    "answer_restriction": gettext_lazy("The person is told of the restriction"),
    "wait_for_recipients": gettext_lazy("Recipients are being told"),
    "stop": gettext_lazy("The use that is objected to stops"),
    "weigh": gettext_lazy("It is weighed whether compelling grounds override the objection"),
    "answer_objection": gettext_lazy("The person is told what came of the objection"),
    "put_together": gettext_lazy("The papers for a complaint are put together"),
    "hand_out": gettext_lazy("The papers are handed out"),
    "pass_on": gettext_lazy("The wish for a review is passed on to the lender"),
    "wait_for_lender": gettext_lazy("The lender has time to answer"),
    "answer_review": gettext_lazy("The person is told what the lender answered"),
}
"""The steps of every right by their names."""

WAITS: Mapping[str, Text] = {
    "third_persons": gettext_lazy("Values that may be about somebody else wait for your decision"),
    "recipients": gettext_lazy("Recipients are being told, or have not answered yet"),
    "handing_out": gettext_lazy("Something is on its way to a lender this moment"),
    "access_first": gettext_lazy("The person's request for access is answered first"),
    "held": gettext_lazy("A legal hold stands: what it is about must not be erased"),
    "passing_on": gettext_lazy("The file is on its way to another controller"),
    "ledger": gettext_lazy("The erasure ledger beside the backups has to take the entry first"),
    "residue": gettext_lazy("Something was left of the person; see where, and remove it"),
    "weighing": gettext_lazy("You: decide whether compelling grounds override the objection"),
    "lender": gettext_lazy("The lender has not answered about the review yet"),
}
"""Why a step may have to wait."""

HAPPENED: Mapping[str, Text] = {
    "received": gettext_lazy("Came in"),
    "asked_again": gettext_lazy("The same was asked for once more"),
    "written_to": gettext_lazy("A message was added to it"),
    "identity_check": gettext_lazy("Asked who it is; the clock stands still"),
    "assessed": gettext_lazy("It is known who asks"),
    "approved": gettext_lazy("Approved"),
    "running": gettext_lazy("Begun"),
    "completed": gettext_lazy("Completed"),
    "refused": gettext_lazy("Refused"),
    "withdrawn": gettext_lazy("Request withdrawn"),
    "extended": gettext_lazy("Two more months were taken"),
    "letter": gettext_lazy("A letter was written"),
    "letter_to_hand_over": gettext_lazy("A letter waits to be handed over"),
    "letter_handed_over": gettext_lazy("A letter was handed over"),
    "step_done": gettext_lazy("Done"),
    "step_failed": gettext_lazy("Failed, and is tried again"),
    "waits": gettext_lazy("Waits"),
    "tried_again": gettext_lazy("To be tried again at once"),
    "reminded": gettext_lazy("A reminder was sent"),
    "to_be_passed_on": gettext_lazy("The person instructed us to pass the file on"),
    "passed_on": gettext_lazy("The file arrived at another controller"),
    "not_passed_on": gettext_lazy("The file could not be passed on"),
    "copy_opened": gettext_lazy("The person opened the copy"),
    "released": gettext_lazy("Values that may be about somebody else were released"),
    "withheld": gettext_lazy("Values that may be about somebody else were withheld"),
    "recipient_noted": gettext_lazy("What became of a recipient was written down"),
    "specified": gettext_lazy("It was written down what the request is about"),
    "weighed": gettext_lazy("It was weighed"),
    "end_announced": gettext_lazy("The person was told when the restriction ends"),
    "restriction_lifted": gettext_lazy("The restriction was lifted"),
    "stay_ended": gettext_lazy("What had stayed was erased"),
    "erased": gettext_lazy("The person was erased"),
}
"""What can happen to a request; what is not here is shown as its code."""


REASONS: Mapping[str, Mapping[str, Text]] = {
    "received": dict(Way.choices),
    "assessed": dict(Identity.choices),
    "refused": dict(Refusal.choices),
    "withdrawn": {"erased": HAPPENED["erased"], Result.ASKED_ANEW: Result.ASKED_ANEW.label},
    "completed": {"erased": HAPPENED["erased"], Result.TAKEN_BACK: Result.TAKEN_BACK.label},
    "weighed": dict(Result.choices),
    "extended": dict(Delay.choices),
    "letter": dict(LetterKind.choices),
    "letter_to_hand_over": dict(LetterKind.choices),
    "letter_handed_over": dict(LetterKind.choices),
    "step_done": STEPS,
    "waits": WAITS,
    "reminded": dict(Reminder.choices),
    "recipient_noted": dict(Outcome.choices),
}
"""What happened → why, by the codes of its kind."""


def event_text(event: RequestEvent) -> str:
    """What happened, and why."""
    what = str(HAPPENED.get(event.what, event.what))
    why = REASONS.get(event.what, {}).get(event.why, event.why)
    return f"{what}: {why}" if why else what


def trouble_text(request: RightsRequest) -> str:
    """Why the request does not go on; empty where it does."""
    if not request.trouble:
        return ""
    known = WAITS.get(request.trouble)
    if known is not None:
        return str(known)
    return _("The step failed (%(code)s) and is tried again") % {"code": request.trouble}


def waits_for(request: RightsRequest) -> str:
    """Whom or what a request waits for; empty once it has ended."""
    if request.status == S.RUNNING:
        return trouble_text(request) or str(STEPS.get(request.step, request.step))
    words = {
        S.RECEIVED: _("You: it is to be established who asks"),
        S.IDENTITY_CHECK: _("The person: to show who they are"),
        S.ASSESSED: _("You: it is to be decided"),
        S.APPROVED: _("The software: it is begun within a minute"),
    }
    return words.get(RequestStatus(request.status), "")


class Pace(Enum):
    """How a request stands in time; the value is the class of its badge."""

    GOING = "going"
    SOON = "running"
    OVERDUE = "overdue"
    STANDING = "standing"
    IN_TIME = "told_in_time"
    LATE = "told_late"


def pace(request: RightsRequest, today: date) -> tuple[Pace, str]:
    """The badge of the legal clock: how it stands, and in words."""
    if request.ended_at is not None:
        in_time = timezone.localdate(request.ended_at) <= request.due_on
        return (Pace.IN_TIME, _("Ended in time")) if in_time else (Pace.LATE, _("Ended late"))
    if request.paused_on is not None:
        return Pace.STANDING, _("Stands still")
    left = request.clock.days_left(today)
    if left < 0:
        return Pace.OVERDUE, left_text(left)
    return (Pace.SOON if left <= SOON else Pace.GOING), left_text(left)


def left_text(left: int) -> str:
    """How many days are left of a month that may be over."""
    if left < 0:
        return ngettext("Overdue by %(n)d day", "Overdue by %(n)d days", -left) % {"n": -left}
    if left == 0:
        return _("Last day today")
    return ngettext("%(n)d day left", "%(n)d days left", left) % {"n": left}


def clock_lines(request: RightsRequest, today: date) -> list[tuple[str, str]]:
    """The legal clock in words (GDPR Art. 12(3) and (6))."""
    due_on = request.due_on if request.ended_at else request.clock.due_on(today)
    lines = [(_("Day of receipt"), date_text(request.received_on)), (_("Last day"), date_text(due_on))]
    if request.extended_at is not None:
        lines.append((_("Extended on"), date_text(timezone.localdate(request.extended_at))))
    elif request.ended_at is None:
        lines.append((_("Two more months"), _extension(request, today)))
    if request.paused_on is not None:
        lines.append((_("Stands still since"), date_text(request.paused_on)))
    if request.paused_days:
        lines.append((_("Days given back for waiting"), str(request.paused_days)))
    if request.ended_at is not None:
        lines.append((_("Ended on"), date_text(timezone.localdate(request.ended_at))))
    return lines


def _extension(request: RightsRequest, today: date) -> str:
    if not request.clock.may_be_extended(today):
        return _("cannot be taken any more: the first month is over")
    return _("can be announced until %(day)s") % {"day": date_text(request.clock.due_on(today))}


def moment(at: datetime | None) -> str:
    """A moment of Riga as text; empty where there is none."""
    return date_format(timezone.localtime(at), "DATETIME_FORMAT") if at else ""
