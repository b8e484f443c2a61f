"""The pages on which the officer acts: each shows first what will happen, and does it once.

A page that was opened before somebody else's change does nothing, and says so.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from applications.attachments import attachment
from applications.errors import Refusal
from applications.views.staff_door import site
from applications.views.staff_proof import requires_fresh_proof
from privacy.admin.desk import Desk, View, actor_of
from privacy.admin.request_deeds import DEEDS, Deed
from privacy.admin.request_forms import DeedForm, ToldForm
from privacy.models import Outcome, RecipientNotice, RequestFile, RightsRequest
from privacy.rights.base import Part
from privacy.rights.registry import module_of
from privacy.selectors.requests import words_of
from privacy.services.deciding import record_told, reveal_file, reveal_words
from privacy.services.running import try_now
from privacy.states import RequestStatus

WORK = "privacy.work_requests"
ENDINGS = {"application/pdf": ".pdf", "image/jpeg": ".jpg", "application/json": ".json"}


def _facts(asked: RightsRequest, deed: Deed, form: DeedForm) -> Mapping[str, Any]:
    return {"preview": _preview(asked, deed, form), "exceptions": getattr(form, "exceptions", ())}


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


DESK = Desk(
    RightsRequest, permission=WORK, related="subject", template="privacy/admin/request_deed.html",
    facts=_facts,
)  # fmt: skip


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
        return DESK.back(asked)
    try:
        given = asked.files.get(pk=UUID(request.POST.get("file", "")))
    except (ValueError, RequestFile.DoesNotExist):
        raise Http404 from None
    found = reveal_file(file_id=given.pk, actor=actor_of(request))
    return attachment(bytes(found.content or b""), f"{asked.reference}{ENDINGS[found.media_type]}")


# --- while it is carried out --------------------------------------------------------------------------------
def again(request: HttpRequest, asked: RightsRequest) -> HttpResponse:
    """Try the next step at once."""
    if request.method == "POST":
        if asked.status not in (RequestStatus.APPROVED, RequestStatus.RUNNING):
            return DESK.stale(request, asked)
        try_now(request_id=asked.pk, actor=actor_of(request))
        messages.success(request, _("The next step is tried within a minute."))
    return DESK.back(asked)


def told(request: HttpRequest, asked: RightsRequest) -> HttpResponse:
    """Write down what came of telling one recipient by hand."""
    if request.method != "POST":
        return DESK.back(asked)
    form = ToldForm(request.POST)
    if not form.is_valid():
        sentences = [str(one) for errors in form.errors.values() for one in errors]
        return DESK.refused(request, asked, " ".join(sentences))
    given = form.cleaned_data
    notice = RecipientNotice.objects.filter(pk=given["notice"], request=asked).first()
    if notice is None or notice.outcome != given["was"]:
        return DESK.stale(request, asked)
    try:
        record_told(
            notice_id=notice.pk, outcome=Outcome(given["outcome"]), basis=given["basis"],
            until=given["until"], actor=actor_of(request),
        )  # fmt: skip
    except Refusal as refusal:
        return DESK.refused(request, asked, refusal.sentence)
    messages.success(request, _("Written down: %(recipient)s.") % {"recipient": notice.name})
    return DESK.back(asked)


VIEWS: Mapping[str, View] = {
    **{deed.name: DESK.page_of(deed) for deed in DEEDS},
    "words": DESK.page(words),
    "file": DESK.page(file),
    "again": DESK.page(again),
    "told": DESK.page(told),
}
"""The end of an address → its page."""
