"""A person's own pages for what they can ask beside a copy and erasure: each after a code mailed just now."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from applications import flow
from applications.attachments import attachment
from applications.errors import IllegalTransition
from applications.models import Application, Restriction
from applications.personal import Purpose
from applications.selectors.people import answers, applications_of, own_application
from applications.states import ApplicationStatus
from applications.views.fresh_code import fresh_code_required
from applications.views.guard import ConsumerRequest, actor_of, posted_in_vain
from lenders.selectors.reviews import reviews_of
from privacy.models import Identity, Right, RightsRequest, Way
from privacy.my_data_forms import CorrectionForm, ObjectionForm, RestrictionForm, ReviewForm
from privacy.rights.papers import as_zip, papers_of
from privacy.selectors.about import reviewable_choices
from privacy.selectors.my_requests import objections_of, restrictions_of
from privacy.services import receiving
from privacy.services.objections import take_back
from privacy.services.restrictions import end_own

RIGHTS = Purpose.DATA_SUBJECT_RIGHTS
EVERY = ["GET", "HEAD", "POST"]


def ask(request: ConsumerRequest, right: Right, **written: Any) -> RightsRequest:
    """Enter what a person asks for on these pages, where they have just shown who they are; `written` as
    receiving.receive has it.
    """
    subject = request.consumer.subject
    return receiving.receive(
        right=right, way=Way.OWN_PAGES, language=get_language() or "lv", actor=actor_of(request),
        subject_id=subject.pk, identity=Identity.FRESH_CODE, contact=subject.verified_email, **written,
    )  # fmt: skip


# --- a form that asks -------------------------------------------------------------------------------------
def _page(
    request: ConsumerRequest, right: Right, form: Any, template: str, *, column: str = "text", **context: Any
) -> HttpResponse:  # fmt: skip
    """The form of a right; what is posted, and in order, is asked for. `column` is where the words go."""
    if form is not None and form.is_bound and form.is_valid():
        ask(request, right, about=form.cleaned_data["about"], **{column: form.cleaned_data["what"]})
        return redirect("my_data:index")
    return render(request, template, {"form": form, **context})


def _posted(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


# --- only stored ------------------------------------------------------------------------------------------
RESTRICTION = "privacy/my_restriction.html"


def _restriction_in_vain(request: HttpRequest) -> HttpResponse:
    return typed_in_vain(request, RESTRICTION, RestrictionForm(request.POST))


@fresh_code_required
@posted_in_vain(_restriction_in_vain)
@require_http_methods(EVERY)
def restriction(request: ConsumerRequest) -> HttpResponse:
    """What a restriction does, those that stand, and the form."""
    standing = restrictions_of(request.consumer.subject)
    form = RestrictionForm(_posted(request))
    return _page(request, Right.RESTRICTION, form, RESTRICTION, standing=standing)


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
OBJECTION = "privacy/my_objection.html"


def _objection_in_vain(request: HttpRequest) -> HttpResponse:
    return typed_in_vain(request, OBJECTION, ObjectionForm(request.POST))


@fresh_code_required
@posted_in_vain(_objection_in_vain)
@require_http_methods(EVERY)
def objection(request: ConsumerRequest) -> HttpResponse:
    """The uses that one can object to, the objections that stand, and the form."""
    standing = objections_of(request.consumer.subject)
    return _page(request, Right.OBJECTION, ObjectionForm(_posted(request)), OBJECTION, standing=standing)


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
REVIEW = "privacy/my_review.html"


def _review_in_vain(request: HttpRequest) -> HttpResponse:
    """Nobody is known here, so no decision is named; what was typed is kept."""
    about = request.POST.get("about", "")
    form = ReviewForm(request.POST, choices=[(about, _("The decision that you chose"))] if about else [])
    return typed_in_vain(request, REVIEW, form)


@fresh_code_required
@posted_in_vain(_review_in_vain)
@require_http_methods(EVERY)
def review(request: ConsumerRequest) -> HttpResponse:
    """The decisions that can be reviewed, the form, and what lenders answered."""
    subject_id = request.consumer.subject_id
    choices = reviewable_choices(subject_id)
    form = ReviewForm(_posted(request), choices=choices) if choices else None
    return _page(request, Right.REVIEW, form, REVIEW, column="view", reviews=reviews_of(subject_id))


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
    context = {
        "sent": sent,
        "has_draft": len(sent) < len(found),
        "address": request.consumer.subject.verified_email,
    }
    return render(request, "privacy/my_corrections.html", context)


def _correction_in_vain(request: HttpRequest, application_id: UUID, slug: str) -> HttpResponse:
    """Nobody is known here, so nothing that stands is shown; what was typed is."""
    form = CorrectionForm(_step(slug), {}, request.POST, request.FILES)
    return typed_in_vain(request, "privacy/my_correction.html", form, step=_step(slug))


@fresh_code_required
@posted_in_vain(_correction_in_vain)
@require_http_methods(EVERY)
def correction(request: ConsumerRequest, application_id: UUID, slug: str) -> HttpResponse:
    """One part of an application: as it stands, and as it should be."""
    step, application = _step(slug), _own_application(request, application_id)
    given = answers(application, purpose=RIGHTS)
    form = CorrectionForm(step, given, _posted(request), request.FILES or None)
    status = HTTPStatus.OK
    if form.is_valid():
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


def typed_in_vain(request: HttpRequest, template: str, form: Any, **context: Any) -> HttpResponse:
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
    return attachment(as_zip(_papers(request, request_id)), "papers.zip", "application/zip")


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
