"""The pages on which a request for disclosure is worked: each shows what will happen, and does it once."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from applications.attachments import attachment
from applications.crypto.keyring import data_key_scope
from applications.crypto.reading import unless_destroyed
from applications.errors import Refusal
from applications.personal import Purpose
from applications.services.finding import find
from applications.views.staff_door import SEE_AND_POST, site
from applications.views.staff_proof import requires_fresh_proof
from privacy.admin.desk import Desk, View, actor_of
from privacy.admin.disclosure_deeds import DEEDS, WORK, permission_for
from privacy.admin.disclosure_forms import CasesForm, FindForm, IntakeForm, named_cases
from privacy.admin.request_actions import ENDINGS
from privacy.admin.request_deeds import Deed
from privacy.admin.request_intake import moment_of
from privacy.disclosure_states import DisclosureState
from privacy.disclosure_texts import preview
from privacy.models import DisclosureFile, DisclosureRequest, DisclosureWords
from privacy.services import disclosing, handing_over
from privacy.services.disclosure_words import hand_out_letter, reveal_letter

ADD = "privacy.add_disclosurerequest"


def _facts(asked: DisclosureRequest, deed: Deed, _form: Any) -> Mapping[str, Any]:
    return {"preview": preview(asked) if deed.shows_preview else []}


DESK = Desk(
    DisclosureRequest, permission=WORK, related="recipient", purpose=Purpose.INFORM_AUTHORITIES,
    template="privacy/admin/disclosure_deed.html", facts=_facts,
)  # fmt: skip


# --- entering it, and whose data it is about ---------------------------------------------------------------
@require_http_methods(SEE_AND_POST)
def intake(request: HttpRequest) -> HttpResponse:
    """The form by which a request is entered."""
    if not request.user.has_perm(ADD):
        raise PermissionDenied
    sent = request.method == "POST"
    initial = {"received_on": timezone.localdate()}
    form = IntakeForm(request.POST, request.FILES) if sent else IntakeForm(initial=initial)
    if form.is_valid():
        try:
            received_at = moment_of(form.cleaned_data["received_on"])
            asked = disclosing.enter(received_at=received_at, actor=actor_of(request), **form.facts())
        except Refusal as refusal:
            form.add_error(None, str(refusal.sentence))
        else:
            messages.success(request, _("The request is entered: %(number)s.") % {"number": asked.reference})
            return DESK.back(asked)
    title = _("Add %s") % DisclosureRequest._meta.verbose_name
    return site.render(request, "privacy/admin/disclosure_intake.html", title=title, form=form)


def name(request: HttpRequest, asked: DisclosureRequest) -> HttpResponse:
    """Whose data it is about: looked up by exactly what the letter gives, proposed, and ticked."""
    if asked.state != DisclosureState.RECEIVED:
        return DESK.refused(request, asked, _("This is not possible in the state of the request."))
    form, cases = FindForm(request.POST if "known_by" in request.POST else None), None
    if "case" in request.POST:
        return _name(request, asked)
    if form.is_valid():
        try:
            found = find(text=form.cleaned_data["known_by"], actor=actor_of(request), matter=asked.pk)
        except Refusal as refusal:
            form.add_error("known_by", str(refusal.sentence))
        else:
            cases = CasesForm(found=found, request=asked) if found else None
            if not found:
                form.add_error("known_by", _("Nobody is known by exactly this."))
    return site.render(
        request, "privacy/admin/disclosure_case.html", title=_("Whose data"), subtitle=asked.reference,
        asked=asked, form=form, cases=cases,
    )  # fmt: skip


def _name(request: HttpRequest, asked: DisclosureRequest) -> HttpResponse:
    try:
        wanted = named_cases(request.POST.getlist("case"), asked)
    except signing.BadSignature:
        raise PermissionDenied from None
    for subject_id, application_id in wanted:
        try:
            disclosing.name_case(
                request_id=asked.pk, subject_id=subject_id, application_id=application_id,
                actor=actor_of(request),
            )  # fmt: skip
        except Refusal as refusal:
            return DESK.refused(request, asked, refusal.sentence)
    return DESK.back(asked)


def drop(request: HttpRequest, asked: DisclosureRequest) -> HttpResponse:
    """It is not about them after all."""
    if request.method == "POST":
        case = asked.cases.filter(pk__in=request.POST.getlist("case")[:1]).first()
        try:
            if case is not None:
                disclosing.drop_case(request_id=asked.pk, case_id=case.pk, actor=actor_of(request))
        except Refusal as refusal:
            return DESK.refused(request, asked, refusal.sentence)
    return DESK.back(asked)


# --- what was written, and what is handed over -------------------------------------------------------------
@requires_fresh_proof
def words(request: HttpRequest, asked: DisclosureRequest) -> HttpResponse:
    """What they wrote: first the button, then, written down, the words."""
    written = None
    if request.method == "POST":
        written = _written(reveal_letter(request_id=asked.pk, actor=actor_of(request)))
    return site.render(
        request, "privacy/admin/disclosure_words.html", title=_("What was written"), subtitle=asked.reference,
        asked=asked, written=written, files=list(asked.files.order_by("pk")) if written else (),
    )  # fmt: skip


@data_key_scope()
def _written(row: DisclosureWords | None) -> list[tuple[str, str]]:
    names = ("asker_case", "asker_contact", "their_reasons", "our_reasons")
    values = [(DisclosureWords._meta.get_field(one).verbose_name, one) for one in names]  # type: ignore[union-attr]
    found = [(words, unless_destroyed(row, one) if row else None) for words, one in values]
    return [(str(words), str(value)) for words, value in found if value]


@requires_fresh_proof
def letter(request: HttpRequest, asked: DisclosureRequest) -> HttpResponse:
    """Their letter, to save: written down before, and never shown in the browser."""
    if request.method != "POST":
        return DESK.back(asked)
    try:
        found = hand_out_letter(
            file_id=UUID(request.POST.get("file", "")), request_id=asked.pk, actor=actor_of(request)
        )
    except (ValueError, DisclosureFile.DoesNotExist):
        raise Http404 from None
    ending = ENDINGS.get(found.media_type, ".bin")
    return attachment(bytes(found.content or b""), f"{asked.reference}-letter{ending}")


@requires_fresh_proof
def package(request: HttpRequest, asked: DisclosureRequest) -> HttpResponse:
    """The sealed file, as bytes: a fresh proof each time, and an entry of the audit."""
    if request.method != "POST":
        return DESK.back(asked)
    try:
        content = handing_over.take(request_id=asked.pk, actor=actor_of(request))
    except Refusal as refusal:
        return DESK.refused(request, asked, refusal.sentence)
    return attachment(content, f"{asked.reference}.zip.p7m")


VIEWS: Mapping[str, View] = {
    **{deed.name: DESK.page_of(deed, permission=permission_for(deed)) for deed in DEEDS},
    **{view.__name__: DESK.page(view) for view in (name, drop, words, letter, package)},
}
"""The end of an address → its page."""
