"""The page on which a person gives a lender what it needs to decide, or says that they do not want to."""

from contextlib import suppress
from http import HTTPStatus
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from applications.errors import FormTooOld, IllegalTransition, Refusal
from applications.form_fields import EMAIL_LABEL
from applications.models import Application
from applications.personal import Purpose
from applications.selectors.people import answers
from applications.selectors.permission import refusal
from applications.views.guard import ConsumerRequest, actor_of, consumer_required, posted_in_vain
from lenders.errors import NothingAsked
from lenders.models import Submission
from lenders.more_form import TOO_MUCH_TOGETHER, MoreForm
from lenders.selectors.more_page import asked_for, can_be_answered, may_be_passed, own_submission
from lenders.services.supplementing import give, refuse
from lenders.states import Asking
from lenders.views.offers import SHOW, own_sent_application

ASKED = "asked"  # in the form: what was asked for, for when nobody is known who could be asked


def _in_vain(request: HttpRequest, application_id: UUID, submission_id: UUID) -> HttpResponse | None:
    """The session ended, or the token is old: nothing is passed on, nothing typed is lost."""
    if getattr(request, "consumer", None) is None:
        return _without_session(request)
    owner = cast("ConsumerRequest", request)
    application, submission = _own(owner, application_id, submission_id)
    if "refuse" in request.POST or not can_be_answered(submission):
        return None
    form = _form(owner, application, submission)
    form.refuse(str(FormTooOld.sentence))
    context = _context(application, submission, form)
    return render(request, "lenders/more.html", context, status=HTTPStatus.FORBIDDEN)


def _without_session(request: HttpRequest) -> HttpResponse | None:
    """Nobody is known here: the page tells neither the lender nor an answer that was not typed just now."""
    asked = [label for label in request.POST.getlist(ASKED) if may_be_passed(label)]
    form = MoreForm(asked, answers={}, data=request.POST, files=request.FILES)
    if not form.parts:
        return None
    form.is_valid()
    context = {"form": form, "asked": asked}
    return render(request, "lenders/more_kept.html", context, status=HTTPStatus.FORBIDDEN)


@consumer_required
@posted_in_vain(_in_vain)
@require_http_methods(["GET", "HEAD", "POST"])
def more(request: ConsumerRequest, application_id: UUID, submission_id: UUID) -> HttpResponse:
    """Show what the lender asks for; on POST, pass it on, or note that the person does not want to."""
    application, submission = _own(request, application_id, submission_id)
    back = redirect("lenders:offers", application.pk)
    if not can_be_answered(submission):  # given already, decided, or too late: the page of offers says which
        return back
    if "refuse" in request.POST:
        with suppress(IllegalTransition, NothingAsked):  # nothing is left that could be refused
            refuse(submission_id=submission.pk, subject_id=submission.subject_id, actor=actor_of(request))
        return back
    form = _form(request, application, submission)
    status = HTTPStatus.OK
    if request.method == "POST" and form.is_valid():
        try:
            _give(request, application, submission, form)
        except IllegalTransition:  # a second press finds it given
            return back
        except Refusal as why:
            form.refuse(str(why.sentence))
            status = HTTPStatus.CONFLICT
        else:
            return back
    context = _context(application, submission, form)
    return render(request, "lenders/more.html", context, status=status)


def _own(
    request: ConsumerRequest, application_id: UUID, submission_id: UUID
) -> tuple[Application, Submission]:
    application = own_sent_application(request, application_id)
    submission = own_submission(
        subject_id=request.consumer.subject_id,
        application_id=application_id,
        submission_id=submission_id,
        purpose=SHOW,
    )
    if submission is None:
        raise Http404
    return application, submission


def _form(request: ConsumerRequest, application: Application, submission: Submission) -> MoreForm:
    posted = request.method == "POST"
    form = MoreForm(
        asked_for(submission),
        answers=answers(application, purpose=SHOW),
        data=request.POST if posted else None,
        files=request.FILES if posted else None,
    )
    if posted and form.documents is not None and _files_were_left_out(request):
        form.refuse(str(TOO_MUCH_TOGETHER))
    return form


def _files_were_left_out(request: ConsumerRequest) -> bool:
    """The body was too large to be held in memory, where alone files of people may be."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    return length.isdecimal() and int(length) > settings.FILE_UPLOAD_MAX_MEMORY_SIZE


def _give(request: ConsumerRequest, application: Application, submission: Submission, form: MoreForm) -> None:
    email = {EMAIL_LABEL: application.subject.verified_email}
    give(
        submission_id=submission.pk,
        subject_id=submission.subject_id,
        answers=form.answers | (email if EMAIL_LABEL in asked_for(submission) else {}),
        files=form.files,
        actor=actor_of(request),
    )


def _context(application: Application, submission: Submission, form: MoreForm) -> dict[str, Any]:
    stopped = refusal(application.subject_id, Purpose.PASS_TO_LENDERS, application_id=application.pk)
    return {
        "application": application,
        "submission": submission,
        "lender_name": submission.lender.name,
        "form": form,
        "asked": asked_for(submission),
        "email": application.subject.verified_email if EMAIL_LABEL in asked_for(submission) else "",
        "until": submission.late_until,
        "refused": submission.asking == Asking.REFUSED,
        "stopped": stopped.sentence if stopped else "",
    }
