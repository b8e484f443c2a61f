"""The form, step by step; every step is kept as it is saved."""

from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from applications import flow
from applications.choices import PepStatus
from applications.errors import (
    AlreadySent,
    FormTooOld,
    IllegalTransition,
    NotAsked,
    ProcessingRefused,
    Refusal,
)
from applications.models import Application
from applications.panels import draft_panels
from applications.personal import Purpose
from applications.selectors.people import FORM_CATEGORIES, answers, applications_of, draft_of
from applications.selectors.permission import refusal
from applications.services.drafts import open_draft, save_answers
from applications.views.guard import ConsumerRequest, actor_of, consumer_required, posted_in_vain

WORK = Purpose.HANDLE_APPLICATIONS
SHOW = Purpose.DATA_SUBJECT_RIGHTS


@consumer_required
@require_http_methods(["GET", "HEAD"])
def resume(request: ConsumerRequest) -> HttpResponse:
    """Where a consumer goes on: the open draft, the applications sent, or a first draft."""
    subject_id = request.consumer.subject_id
    if isinstance(refusal(subject_id, WORK, categories=FORM_CATEGORIES), ProcessingRefused):
        return redirect("applications:account")  # which says why
    draft = draft_of(subject_id, purpose=WORK)
    if draft is None and applications_of(subject_id, purpose=WORK):
        return redirect("applications:account")
    if draft is None:
        draft = open_draft(subject_id=subject_id, language=get_language() or "lv", actor=actor_of(request))
    missing = flow.first_incomplete(answers(draft, purpose=WORK))
    return redirect("applications:check") if missing is None else redirect("applications:step", missing.slug)


@consumer_required
@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: ConsumerRequest) -> HttpResponse:
    """Open a new draft, for a consumer who has sent an application before. The address alone opens none."""
    if request.method != "POST":
        return redirect("applications:account")
    open_draft(
        subject_id=request.consumer.subject_id, language=get_language() or "lv", actor=actor_of(request)
    )
    return redirect("applications:resume")


def _in_vain(request: HttpRequest, slug: str) -> HttpResponse:
    """The session ended, or the post may come from another site: nothing is saved, nothing typed is lost."""
    current = _step(slug)
    session = getattr(request, "consumer", None)
    if session is None:
        return _without_session(request, current)
    draft = draft_of(session.subject_id, purpose=SHOW)
    given = answers(draft, purpose=SHOW) if draft else {}
    return _refused(request, current, given, FormTooOld(), status=HTTPStatus.FORBIDDEN)


@consumer_required
@posted_in_vain(_in_vain)
@require_http_methods(["GET", "HEAD", "POST"])
def step(request: ConsumerRequest, slug: str) -> HttpResponse:
    """One step: show what was answered, keep what is answered now."""
    current = _step(slug)
    draft = draft_of(request.consumer.subject_id, purpose=WORK)
    if draft is None:
        return _without_draft(request, current)
    given = answers(draft, purpose=WORK)
    if not current.shown(given):
        return _not_asked(request, current, given)
    editing = "change" in request.GET
    form = _form(request, current, given)
    if request.method == "POST" and form.is_valid():
        try:
            save_answers(application=draft, answers=form.cleaned_data, actor=actor_of(request))
        except IllegalTransition:  # it was sent in another tab this very moment
            return _without_draft(request, current)
        return _after(current, given | form.cleaned_data, editing=editing)
    context = _context(current, given, form, editing=editing)
    context["panels"] = draft_panels.rendered(request, request.consumer.subject)
    return render(request, "applications/step.html", context)


def _without_draft(request: ConsumerRequest, current: flow.Step) -> HttpResponse:
    """An answer that comes after the application was sent is refused, and said to be."""
    if request.method != "POST":
        return redirect("applications:resume")
    sent = applications_of(request.consumer.subject_id, purpose=SHOW)
    why = AlreadySent() if sent else IllegalTransition()
    return _refused(request, current, {}, why, status=HTTPStatus.CONFLICT)


def _not_asked(request: HttpRequest, current: flow.Step, given: dict[str, Any]) -> HttpResponse:
    """The page was open while an answer in another tab took its question away."""
    if request.method != "POST":
        return redirect("applications:resume")
    return _refused(request, current, given, NotAsked(), status=HTTPStatus.CONFLICT)


def _refused(
    request: HttpRequest, current: flow.Step, given: dict[str, Any], why: Refusal, *, status: HTTPStatus
) -> HttpResponse:
    """Nothing is saved and nothing typed is lost: the page keeps it, and says why."""
    form, asked = _typed(request, current, given)
    form.add_error(None, str(why.sentence))
    context = _context(current, asked, form, editing="change" in request.GET)
    context["already_sent"] = isinstance(why, AlreadySent)
    return render(request, "applications/step.html", context, status=status)


def _typed(request: HttpRequest, current: flow.Step, given: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The form as it was posted, checked, and the answers under which it was asked."""
    # It may have been asked under other answers than are known now: a relation that was typed was asked for.
    asked = given | ({"pep_status": PepStatus.FAMILY_MEMBER} if "pep_relation" in request.POST else {})
    form = _form(request, current, asked)
    form.is_valid()
    return form, asked


def _step(slug: str) -> flow.Step:
    try:
        return flow.step_by_slug(slug)
    except KeyError:
        raise Http404 from None


def _form(request: HttpRequest, current: flow.Step, given: dict[str, Any]) -> Any:
    return current.form(request.POST if request.method == "POST" else None, answers=given)


def _context(current: flow.Step, given: dict[str, Any], form: Any, *, editing: bool) -> dict[str, Any]:
    position, total = flow.position(current, given) if current.shown(given) else (None, None)
    before = flow.previous_step(current, given)
    back = reverse("applications:step", args=[before.slug]) if before else reverse("applications:home")
    return {
        "step": current,
        "form": form,
        "position": position,
        "total": total,
        "editing": editing,
        "previous_url": reverse("applications:check") if editing else back,
    }


def _after(current: flow.Step, given: dict[str, Any], *, editing: bool) -> HttpResponse:
    """The next step; back to the summary when a single answer was changed and nothing new is asked."""
    following = flow.first_incomplete(given) if editing else flow.next_step(current, given)
    return (
        redirect("applications:check") if following is None else redirect("applications:step", following.slug)
    )


def _without_session(request: HttpRequest, current: flow.Step) -> HttpResponse:
    """The page keeps what was typed, and says how to go on."""
    form, asked = _typed(request, current, {})  # nobody is known here, so no answer either
    context = _context(current, asked, form, editing="change" in request.GET) | {"session_ended": True}
    return render(request, "applications/step.html", context, status=HTTPStatus.FORBIDDEN)


@consumer_required
@require_http_methods(["GET", "HEAD"])
def check(request: ConsumerRequest) -> HttpResponse:
    """Check your answers: everything given so far, each with a way to change it."""
    draft: Application | None = draft_of(request.consumer.subject_id, purpose=WORK)
    if draft is None:
        return redirect("applications:resume")
    given = answers(draft, purpose=WORK)
    missing = flow.first_incomplete(given)
    if missing is not None:
        return redirect("applications:step", missing.slug)
    sections = [
        {
            "title": section.step.title,
            "rows": section.rows,
            "change_url": reverse("applications:step", args=[section.step.slug]) + "?change",
        }
        for section in flow.check_sections(given)
    ]
    context = {"sections": sections, "send_url": reverse("lenders:send"), "email": draft.subject.email}
    return render(request, "applications/check.html", context)
