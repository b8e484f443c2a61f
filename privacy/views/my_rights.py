"""A person's own pages for what they can ask beside a copy and erasure: each after a code mailed just now."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from applications import flow
from applications.errors import IllegalTransition
from applications.models import Application, Restriction
from applications.personal import Purpose
from applications.selectors.people import answers, applications_of, own_application
from applications.states import ApplicationStatus
from applications.uploads import Upload
from applications.views.fresh_code import fresh_code_required
from applications.views.guard import ConsumerRequest, actor_of, posted_in_vain
from lenders.selectors.reviews import reviews_of
from privacy.changes import Stored
from privacy.models import Identity, Right, RightsRequest, Way
from privacy.my_data_forms import CorrectionForm, ObjectionForm, RestrictionForm, ReviewForm
from privacy.rights.papers import as_zip, papers_of
from privacy.selectors.about import reviewable_choices
from privacy.selectors.my_requests import objections_of, restrictions_of
from privacy.services import requests
from privacy.services.objections import take_back
from privacy.services.restrictions import end_own

RIGHTS = Purpose.DATA_SUBJECT_RIGHTS
EVERY = ["GET", "HEAD", "POST"]


def ask(
    request: ConsumerRequest, right: Right, *, about: str = "", text: str = "",
    changes: Sequence[Stored] = (), files: Sequence[Upload] = (),
) -> RightsRequest:  # fmt: skip
    """Enter what a person asks for on these pages, where they have just shown who they are."""
    subject = request.consumer.subject
    return requests.receive(
        right=right, way=Way.OWN_PAGES, language=get_language() or "lv", actor=actor_of(request), about=about,
        text=text, changes=changes, files=files, subject_id=subject.pk, identity=Identity.FRESH_CODE,
        contact=subject.verified_email,
    )  # fmt: skip


def file_answer(content: bytes | str, kind: str, name: str) -> HttpResponse:
    """A file to save, never to be shown."""
    return HttpResponse(
        content,
        content_type=f"{kind}; charset=utf-8" if isinstance(content, str) else kind,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
        },
    )


# --- only stored ------------------------------------------------------------------------------------------
def _restriction_in_vain(request: HttpRequest) -> HttpResponse:
    return _typed_in_vain(request, "privacy/my_restriction.html", RestrictionForm(request.POST))


def _objection_in_vain(request: HttpRequest) -> HttpResponse:
    return _typed_in_vain(request, "privacy/my_objection.html", ObjectionForm(request.POST))


@fresh_code_required
@posted_in_vain(_restriction_in_vain)
@require_http_methods(EVERY)
def restriction(request: ConsumerRequest) -> HttpResponse:
    """What a restriction does, those that stand, and the form."""
    form = RestrictionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        ask(request, Right.RESTRICTION, about=given["about"], text=given["what"])
        return redirect("my_data:index")
    context = {"form": form, "standing": restrictions_of(request.consumer.subject)}
    return render(request, "privacy/my_restriction.html", context)


@fresh_code_required
@require_http_methods(EVERY)
def end_restriction(request: ConsumerRequest, restriction_id: UUID) -> HttpResponse:
    """The person ends a restriction of their own."""
    if request.method == "POST":
        subject = request.consumer.subject
        try:
            end_own(restriction_id=restriction_id, subject_id=subject.pk, actor=actor_of(request))
        except Restriction.DoesNotExist:
            raise Http404 from None
    return redirect("my_data:restriction")


# --- not for this -----------------------------------------------------------------------------------------
@fresh_code_required
@posted_in_vain(_objection_in_vain)
@require_http_methods(EVERY)
def objection(request: ConsumerRequest) -> HttpResponse:
    """The uses that one can object to, the objections that stand, and the form."""
    form = ObjectionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        ask(request, Right.OBJECTION, about=given["about"], text=given["what"])
        return redirect("my_data:index")
    context = {"form": form, "standing": objections_of(request.consumer.subject)}
    return render(request, "privacy/my_objection.html", context)


@fresh_code_required
@require_http_methods(EVERY)
def take_objection_back(request: ConsumerRequest, about: str) -> HttpResponse:
    """The person takes an objection back."""
    if about not in Purpose.values:
        raise Http404
    if request.method == "POST":
        subject = request.consumer.subject
        take_back(subject_id=subject.pk, purpose=Purpose(about), actor=actor_of(request))
    return redirect("my_data:objection")


# --- a human being ----------------------------------------------------------------------------------------
def _review_in_vain(request: HttpRequest) -> HttpResponse:
    """Nobody is known here, so no decision is named; what was typed is kept."""
    about = request.POST.get("about", "")
    form = ReviewForm(request.POST, choices=[(about, _("The decision that you chose"))] if about else [])
    return _typed_in_vain(request, "privacy/my_review.html", form)


@fresh_code_required
@posted_in_vain(_review_in_vain)
@require_http_methods(EVERY)
def review(request: ConsumerRequest) -> HttpResponse:
    """The decisions that can be reviewed, the form, and what lenders answered."""
    subject_id = request.consumer.subject_id
    choices = reviewable_choices(subject_id)
    form = ReviewForm(request.POST if request.method == "POST" else None, choices=choices)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        ask(request, Right.REVIEW, about=given["about"], text=given["what"])
        return redirect("my_data:index")
    context = {"form": form if choices else None, "reviews": reviews_of(subject_id)}
    return render(request, "privacy/my_review.html", context)


# --- put right --------------------------------------------------------------------------------------------
@fresh_code_required
@require_safe
def corrections(request: ConsumerRequest) -> HttpResponse:
    """What stands in each application that was sent, part by part, each with a way to have it corrected."""
    found = applications_of(request.consumer.subject_id, purpose=RIGHTS)
    sent = [
        {"application": one, "sections": flow.check_sections(answers(one, purpose=RIGHTS))}
        for one in found
        if one.status != ApplicationStatus.DRAFT
    ]
    context = {"sent": sent, "has_draft": len(sent) < len(found)}
    return render(request, "privacy/my_corrections.html", context)


def _correction_in_vain(request: HttpRequest, application_id: UUID, slug: str) -> HttpResponse:
    """Nobody is known here, so nothing that stands is shown; what was typed is."""
    form = CorrectionForm(_step(slug), {}, request.POST, request.FILES)
    return _typed_in_vain(request, "privacy/my_correction.html", form, step=_step(slug))


@fresh_code_required
@posted_in_vain(_correction_in_vain)
@require_http_methods(EVERY)
def correction(request: ConsumerRequest, application_id: UUID, slug: str) -> HttpResponse:
    """One part of an application: as it stands, and as it should be."""
    step, application = _step(slug), _own_application(request, application_id)
    given = answers(application, purpose=RIGHTS)
    posted = request.method == "POST"
    form = CorrectionForm(step, given, request.POST if posted else None, request.FILES if posted else None)
    status = HTTPStatus.OK
    if posted and form.is_valid():
        try:
            ask(
                request, Right.RECTIFICATION, about=f"{application.reference}/{slug}",
                changes=form.changes(application), files=form.besides.cleaned_data["evidence"],
            )  # fmt: skip
        except IllegalTransition as refused:
            form.refuse(refused.sentence)
            status = HTTPStatus.CONFLICT
        else:
            return redirect("my_data:index")
    stands = step.form(answers=given)
    context = {
        "form": form,
        "step": step,
        "application": application,
        "rows": [(str(field.label), stands.display(name)) for name, field in stands.fields.items()],
    }
    return render(request, "privacy/my_correction.html", context, status=status)


def _step(slug: str) -> flow.Step:
    try:
        return flow.step_by_slug(slug)
    except KeyError:
        raise Http404 from None


def _own_application(request: ConsumerRequest, application_id: UUID) -> Application:
    found = own_application(
        subject_id=request.consumer.subject_id, application_id=application_id, purpose=RIGHTS
    )
    if (
        found is None or found.status == ApplicationStatus.DRAFT
    ):  # in a draft the person puts right what they like
        raise Http404
    return found


def _typed_in_vain(request: HttpRequest, template: str, form: Any, **context: Any) -> HttpResponse:
    """The session ended, or its code is not fresh: nothing is sent, nothing typed is lost."""
    form.is_valid()
    shown = {"form": form, "session_ended": True, **context}
    return render(request, template, shown, status=HTTPStatus.FORBIDDEN)


# --- to complain ------------------------------------------------------------------------------------------
@fresh_code_required
@require_http_methods(EVERY)
def complain(request: ConsumerRequest, request_id: UUID) -> HttpResponse:
    """Have the papers put together about an earlier request."""
    if request.method == "POST":
        ask(request, Right.COMPLAINT, about=_own_request(request, request_id).reference)
    return redirect("my_data:index")


@fresh_code_required
@require_safe
def papers(request: ConsumerRequest, request_id: UUID) -> HttpResponse:
    """The papers, to read."""
    document = _papers(request, request_id)
    return render(request, "privacy/my_papers.html", {"papers": document, "request_id": request_id})


@fresh_code_required
@require_safe
def papers_file(request: ConsumerRequest, request_id: UUID) -> HttpResponse:
    """The papers as a file, to send on."""
    return file_answer(as_zip(_papers(request, request_id)), "application/zip", "papers.zip")


def _papers(request: ConsumerRequest, request_id: UUID) -> dict[str, Any]:
    found = papers_of(_own_request(request, request_id))
    if found is None:
        raise Http404
    return found


def _own_request(request: ConsumerRequest, request_id: UUID) -> RightsRequest:
    found = RightsRequest.objects.filter(pk=request_id, subject=request.consumer.subject_id).first()
    if found is None:
        raise Http404
    return found
