"""The pages on which the officer acts: each shows first what will happen, and does it once.

A page that was opened before somebody else's change does nothing, and says so.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from applications.actors import Actor
from applications.errors import Refusal
from applications.personal import Purpose
from applications.row_security import opened
from applications.selectors.permission import restricted_use
from applications.services import audit
from applications.views.staff_door import SEE_AND_POST, site
from applications.views.staff_proof import ask_again, requires_fresh_proof
from privacy.admin.request_deeds import DEEDS, Deed
from privacy.admin.request_forms import DeedForm, ToldForm
from privacy.models import Outcome, RecipientNotice, RightsRequest
from privacy.rights.base import Part
from privacy.rights.registry import module_of
from privacy.selectors.requests import words_of
from privacy.services.deciding import record_told, reveal_file, reveal_words
from privacy.services.running import try_now
from privacy.states import RequestStatus

WORK = "privacy.work_requests"
PURPOSE = Purpose.DATA_SUBJECT_RIGHTS
ENDINGS = {"application/pdf": ".pdf", "image/jpeg": ".jpg", "application/json": ".json"}
View = Callable[[HttpRequest, UUID], HttpResponse]
PageOfARequest = Callable[[HttpRequest, RightsRequest], HttpResponse]


def worked(view: PageOfARequest) -> View:
    """A page about one request, for those who work on requests."""

    @require_http_methods(SEE_AND_POST)
    @wraps(view)
    def guarded(request: HttpRequest, id: UUID) -> HttpResponse:
        if not request.user.has_perm(WORK):
            raise PermissionDenied
        asked = RightsRequest.objects.select_related("subject").filter(pk=id).first()
        if asked is None:
            raise Http404
        with opened(PURPOSE, person=asked.subject_id):
            _note_restricted_use(request, asked)
            response = view(request, asked)
            return response.render() if isinstance(response, TemplateResponse) else response

    return guarded


def _note_restricted_use(request: HttpRequest, asked: RightsRequest) -> None:
    use = restricted_use(asked.subject_id, PURPOSE) if asked.subject_id is not None else {}
    if use:
        audit.record(
            actor=actor_of(request), action="rightsrequest.worked", subject_id=asked.subject_id, row=asked,
            **use,
        )  # fmt: skip


def back(asked: RightsRequest) -> HttpResponse:
    """To the page of the request."""
    return redirect("admin:privacy_rightsrequest_change", asked.pk)


def actor_of(request: HttpRequest) -> Actor:
    return Actor.staff(request.user.pk)


def refused(request: HttpRequest, asked: RightsRequest, sentence: object) -> HttpResponse:
    """Nothing was done, and why; back at the page as it is now."""
    messages.error(request, str(sentence))
    return back(asked)


def stale(request: HttpRequest, asked: RightsRequest) -> HttpResponse:
    sentence = _(
        "This request was changed after you had opened the page, so nothing was done. Look at it as it is "
        "now."
    )
    return refused(request, asked, sentence)


# --- the deeds ------------------------------------------------------------------------------------------
def page_of_a_deed(deed: Deed) -> View:
    """The page that shows what a deed would do, and its button."""

    def page(request: HttpRequest, asked: RightsRequest) -> HttpResponse:
        if request.method != "POST":
            if not deed.possible(asked):
                return refused(request, asked, _("This is not possible in the state of the request."))
            return _confirmation(request, asked, deed, deed.form(about=asked))
        if deed.is_final(asked) and (asking := ask_again(request)):
            return asking
        form = deed.form(request.POST, about=asked)
        if form.is_stale or not deed.possible(asked):
            return stale(request, asked)
        if not form.is_valid() or "look" in request.POST:
            return _confirmation(request, asked, deed, form)
        return _do(request, asked, deed, form.cleaned_data)

    return worked(page)


def _do(request: HttpRequest, asked: RightsRequest, deed: Deed, given: Mapping[str, Any]) -> HttpResponse:
    try:
        deed.do(asked, given, actor_of(request))
    except Refusal as refusal:
        return refused(request, asked, refusal.sentence)
    messages.success(request, str(deed.done))
    return back(asked)


def _confirmation(request: HttpRequest, asked: RightsRequest, deed: Deed, form: DeedForm) -> HttpResponse:
    return site.render(
        request, "privacy/admin/request_deed.html", title=deed.label, subtitle=asked.reference, asked=asked,
        deed=deed, form=form, tells=deed.tells(asked), preview=_preview(asked, deed, form),
        exceptions=getattr(form, "exceptions", ()), final=deed.is_final(asked),
    )  # fmt: skip


def _preview(asked: RightsRequest, deed: Deed, form: DeedForm) -> list[Part]:
    """What would be done, with the exceptions as they are ticked now; nothing of it is saved."""
    if not deed.shows_preview:
        return []
    if form.is_bound and form.is_valid():
        asked.kept = [
            {"application": str(one.application), "ground": one.ground, "until": one.until.isoformat()}
            for one in form.cleaned_data.get("kept", ())
        ]
    return list(module_of(asked.right).preview(asked))


# --- what was written -------------------------------------------------------------------------------------
@requires_fresh_proof
def words(request: HttpRequest, asked: RightsRequest) -> HttpResponse:
    """What the person wrote and where they are answered: first the button, then, written down, the words."""
    written: list[tuple[str, str]] | None = None
    if request.method == "POST":
        reveal_words(request_id=asked.pk, actor=actor_of(request))
        written = words_of(asked)
    return site.render(
        request, "privacy/admin/request_words.html", title=_("What was written"), subtitle=asked.reference,
        asked=asked, written=written, files=list(asked.files.order_by("given_at")) if written else (),
    )  # fmt: skip


@requires_fresh_proof
def file(request: HttpRequest, asked: RightsRequest) -> HttpResponse:
    """A file that the person gave, to save: written down before, and never shown in the browser."""
    if request.method != "POST":
        return back(asked)
    given = asked.files.filter(pk__in=request.POST.getlist("file")[:1]).first()
    if given is None:
        raise Http404
    found = reveal_file(file_id=given.pk, actor=actor_of(request))
    return HttpResponse(
        bytes(found.content or b""),
        content_type="application/octet-stream",
        headers={
            "Content-Disposition": f'attachment; filename="{asked.reference}{ENDINGS[found.media_type]}"',
            "X-Content-Type-Options": "nosniff",
        },
    )


# --- while it is carried out --------------------------------------------------------------------------------
def again(request: HttpRequest, asked: RightsRequest) -> HttpResponse:
    """Try the next step at once."""
    if request.method == "POST":
        if asked.status not in (RequestStatus.APPROVED, RequestStatus.RUNNING):
            return stale(request, asked)
        try_now(request_id=asked.pk, actor=actor_of(request))
        messages.success(request, _("The next step is tried within a minute."))
    return back(asked)


def told(request: HttpRequest, asked: RightsRequest) -> HttpResponse:
    """Write down what came of telling one recipient by hand."""
    if request.method != "POST":
        return back(asked)
    form = ToldForm(request.POST)
    if not form.is_valid():
        sentences = [str(one) for errors in form.errors.values() for one in errors]
        return refused(request, asked, " ".join(sentences))
    given = form.cleaned_data
    notice = RecipientNotice.objects.filter(pk=given["notice"], request=asked).first()
    if notice is None or notice.outcome != given["was"]:
        return stale(request, asked)
    try:
        record_told(
            notice_id=notice.pk, outcome=Outcome(given["outcome"]), basis=given["basis"],
            until=given["until"], actor=actor_of(request),
        )  # fmt: skip
    except Refusal as refusal:
        return refused(request, asked, refusal.sentence)
    messages.success(request, _("Written down: %(recipient)s.") % {"recipient": notice.name})
    return back(asked)


VIEWS: Mapping[str, View] = {
    **{deed.name: page_of_a_deed(deed) for deed in DEEDS},
    "words": worked(words),
    "file": worked(file),
    "again": worked(again),
    "told": worked(told),
}
"""The end of an address → its page."""
