"""Requests on their way, made as people and officers make them: through the services."""

from typing import Any

from applications.actors import Actor
from applications.form_fields import STATEMENT_LABEL
from applications.models import Application, DataSubject, RestrictionGround
from applications.personal import Purpose
from applications.row_security import storing
from applications.selectors.people import answers
from applications.services import ledger
from lenders.models import LenderWord, Submission
from lenders.services.words import record_word_answer
from lenders.states import ReviewOutcome
from privacy.changes import as_stored
from privacy.models import Identity, Right, RightsRequest, Way
from privacy.services import receiving, requests, running
from privacy.services.deciding import is_weighed, weigh
from privacy.services.requests import Kept
from privacy.states import RequestStatus

OFFICER = Actor.staff(1)


def ask(
    subject: DataSubject,
    right: Right = Right.ERASURE,
    *,
    about: str = "",
    identity: Identity = Identity.FRESH_CODE,
    **written: Any,
) -> RightsRequest:
    """Somebody asks with a fresh code."""
    return receiving.receive(
        right=right, way=Way.OWN_PAGES, language="lv", actor=Actor.consumer(subject.pk), about=about,
        subject_id=subject.pk, identity=identity, contact=subject.verified_email, **written,
    )  # fmt: skip


def approved(
    subject: DataSubject, right: Right = Right.ERASURE, *, kept: tuple[Kept, ...] = ()
) -> RightsRequest:
    """The same, approved: of a copy that is not for anybody to decide."""
    request = ask(subject, right, **wish(subject, right))
    if request.status == RequestStatus.ASSESSED:
        requests.approve(request_id=request.pk, actor=OFFICER, kept=kept)
    return current(request)


@storing()  # of a restricted person too
def wish(subject: DataSubject, right: Right) -> dict[str, Any]:
    """What somebody may ask for: a plausible wish for every right."""
    if right == Right.OBJECTION:
        return {"about": Purpose.IMPROVE_SERVICE}
    if right == Right.RESTRICTION:
        return {"about": RestrictionGround.ACCURACY}
    if right == Right.COMPLAINT:
        return {"about": _earlier(subject).reference}
    if right == Right.RECTIFICATION:
        return _correction(subject)
    if right == Right.REVIEW:
        submission = Submission.objects.filter(subject=subject).order_by("lender__slug").first()
        return {"about": str(submission.pk if submission else subject.pk)}
    return {}


def _earlier(subject: DataSubject) -> RightsRequest:
    """A request to complain about; there is always one."""
    found = RightsRequest.objects.filter(subject=subject).exclude(right=Right.COMPLAINT).first()
    return found or ask(subject, Right.OBJECTION, about=Purpose.INFORM_PUBLIC)


def _correction(subject: DataSubject) -> dict[str, Any]:
    """Another surname and a statement, in the last application that was sent."""
    application = Application.objects.filter(subject=subject, submitted_at__isnull=False).latest(
        "submitted_at"
    )
    old = answers(application, purpose=Purpose.DATA_SUBJECT_RIGHTS)["surname"]
    changes = (
        as_stored(application_id=application.pk, label="identification.surname", old=old, new="Jaunā"),
        as_stored(application_id=application.pk, label=STATEMENT_LABEL, old=None, new="Mainīju uzvārdu."),
    )
    return {"about": f"{application.reference}/name", "changes": changes}


def decided(request: RightsRequest) -> RightsRequest:
    """With what the officer or a lender has to decide on the way, if it is at that point."""
    request = run(request)
    if is_weighed(request):
        weigh(request_id=request.pk, overruled=False, reasons="", actor=OFFICER)
    if request.step == "wait_for_lender":
        word = LenderWord.objects.get(matter=request.pk)
        record_word_answer(
            word_id=word.pk, outcome=ReviewOutcome.UPHELD, explanation="Looked at.", actor=OFFICER
        )
    return current(request)


def run(request: RightsRequest) -> RightsRequest:
    """As far as it goes now, whatever pause was due, and with what other sweeps do; what became of it."""
    RightsRequest.objects.filter(pk=request.pk).update(next_try_at=None)
    running.run(request.pk)
    if current(request).trouble == "ledger" and ledger.write():
        return run(request)
    return current(request)


def current(request: RightsRequest) -> RightsRequest:
    return RightsRequest.objects.select_related("subject").get(pk=request.pk)


def events(request: RightsRequest) -> list[str]:
    """What happened, with why."""
    found = request.events.order_by("at", "pk").values_list("what", "why")
    return [f"{what}: {why}" if why else what for what, why in found]


def done(
    subject: DataSubject, right: Right, *, about: str = "", identity: Identity = Identity.FRESH_CODE,
    **written: Any,
) -> RightsRequest:  # fmt: skip
    """Asked for, and carried out as far as it goes by itself."""
    return run(ask(subject, right, about=about, identity=identity, **written))


def letters(request: RightsRequest) -> list[str]:
    """The kinds of the letters that were written, in order."""
    return list(request.letters.order_by("written_at").values_list("template__kind", flat=True))
