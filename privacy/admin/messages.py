"""The officer's list of messages to the privacy mailbox, and the page of each.

The words are shown after the look is written down; files are handed out as bytes and shown by no page.
Nothing is done about a message before the officer says so.
"""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications.admin.base import RecordedAdmin
from applications.attachments import attachment
from applications.errors import Refusal
from applications.formats import date_text
from applications.personal import Purpose
from applications.views.staff_door import site
from applications.views.staff_proof import requires_fresh_proof
from privacy.admin.desk import Desk, actor_of
from privacy.admin.message_forms import AddForm, AsideForm, RequestForm
from privacy.admin.request_actions import WORK
from privacy.mail_reading import file_name
from privacy.message_attention import reading_text, waits_text
from privacy.models import MailboxMessage, MessageFile, MessageState, Right, WhyAside
from privacy.request_texts import Text, moment
from privacy.services import messages as service
from privacy.services.messages import Seen

PREFIX = "privacy_mailboxmessage"
Facts = Mapping[str, Any]
DESK = Desk(MailboxMessage, permission=WORK, related="request")


# --- the deeds ---------------------------------------------------------------------------------------------
def _enter(request: HttpRequest, message: MailboxMessage, given: Facts) -> HttpResponse:
    asked = service.enter_as_request(
        message_id=message.pk, right=Right(given["right"]), language=given["language"],
        contact=given["contact"], subject_id=given["person"], actor=actor_of(request),
    )  # fmt: skip
    messages.success(request, _("The message is with the request %(number)s.") % {"number": asked.reference})
    return redirect("admin:privacy_rightsrequest_change", asked.pk)


def _add(request: HttpRequest, message: MailboxMessage, given: Facts) -> HttpResponse:
    asked = service.add_to_request(
        message_id=message.pk, request_id=given["number"].pk, actor=actor_of(request)
    )
    messages.success(request, _("The message is with the request %(number)s.") % {"number": asked.reference})
    return redirect("admin:privacy_rightsrequest_change", asked.pk)


def _put_aside(request: HttpRequest, message: MailboxMessage, given: Facts) -> HttpResponse:
    service.set_aside(message_id=message.pk, why=WhyAside(given["why"]), actor=actor_of(request))
    messages.success(request, _("The message is set aside."))
    return redirect(f"admin:{PREFIX}_changelist")


DEEDS: Mapping[str, tuple[Text, type[forms.Form], Callable[..., HttpResponse]]] = {
    "request": (gettext_lazy("This is a request"), RequestForm, _enter),
    "add": (gettext_lazy("It belongs to an open request"), AddForm, _add),
    "aside": (gettext_lazy("Not a request"), AsideForm, _put_aside),
}
"""The value of the button → its words, its form, what it does."""


# --- the pages ---------------------------------------------------------------------------------------------
@requires_fresh_proof
def words(request: HttpRequest, message: MailboxMessage) -> HttpResponse:
    """First a button; then, written down, the words, with what can be done about them."""
    if request.method != "POST":
        return _words(request, message, None)
    deed = request.POST.get("deed", "")
    seen = service.look(message_id=message.pk, actor=actor_of(request))
    if deed not in DEEDS:
        return _words(request, message, seen)
    form = DEEDS[deed][1](request.POST, seen=seen)  # type: ignore[call-arg]
    if not form.is_valid():
        return _words(request, message, seen, {deed: form})
    try:
        return DEEDS[deed][2](request, message, form.cleaned_data)
    except Refusal as refused:
        return DESK.refused(request, message, refused.sentence)


def _words(
    request: HttpRequest,
    message: MailboxMessage,
    seen: Seen | None,
    tried: Mapping[str, forms.Form] | None = None,
) -> HttpResponse:
    deeds = []
    if seen is not None and message.state == MessageState.NEW:
        for name, (label, form, _do) in DEEDS.items():
            deeds.append({"name": name, "label": label, "form": (tried or {}).get(name) or form(seen=seen)})  # type: ignore[call-arg]
    return site.render(
        request, "privacy/admin/message_words.html", title=_("What was written"), message=message,
        listed=capfirst(MailboxMessage._meta.verbose_name_plural),
        delivered=moment(message.delivered_at), seen=seen, files=_files(seen), deeds=deeds,
    )  # fmt: skip


def _files(seen: Seen | None) -> list[dict[str, Any]]:
    if seen is None:
        return []
    return [{"id": pk, "name": name, "size": filesizeformat(size)} for pk, name, size in seen.words.files]


@requires_fresh_proof
def file(request: HttpRequest, message: MailboxMessage) -> HttpResponse:
    """One file, as bytes that no browser opens by itself."""
    if request.method != "POST":
        return DESK.back(message)
    try:
        name, content = service.hand_out(
            file_id=UUID(request.POST.get("file", "")), message_id=message.pk, actor=actor_of(request)
        )
    except (ValueError, MessageFile.DoesNotExist):
        raise Http404 from None
    return attachment(content, file_name(name))


@admin.register(MailboxMessage)
class MailboxMessageAdmin(RecordedAdmin):
    """Those that wait first, the oldest of them first: their clock runs."""

    purpose = Purpose.DATA_SUBJECT_RIGHTS
    change_form_template = "privacy/admin/message.html"
    list_display = ("delivered", "state", "waits", "belongs_to", "settled_at")
    list_only = ("delivered_at", "state", "settled_at", "why_aside", "request__reference")
    list_select_related = ("request",)
    list_filter = ("state",)
    ordering = ("-settled_at", "delivered_at")
    fields = readonly_fields = ("state",)

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(f"<uuid:id>/{name}/", self.admin_site.admin_view(DESK.page(view)), name=f"{PREFIX}_{name}")
            for name, view in (("words", words), ("file", file))
        ]
        return [*own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Above the list: how the reading of the mailbox goes, and how much was dropped."""
        return super().changelist_view(request, {"subtitle": reading_text(), **(extra_context or {})})

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        message: MailboxMessage = kwargs["obj"]
        found = {"message": message, "facts": _facts(message), "works": request.user.has_perm(WORK)}
        return super().render_change_form(request, context | found, *args, **kwargs)

    @admin.display(description=gettext_lazy("delivered"))
    def delivered(self, message: MailboxMessage) -> str:
        return moment(message.delivered_at)

    @admin.display(description=gettext_lazy("the clock"))
    def waits(self, message: MailboxMessage) -> str:
        return waits_text(message, timezone.now()) if message.state == MessageState.NEW else ""

    @admin.display(description=gettext_lazy("request"))
    def belongs_to(self, message: MailboxMessage) -> str:
        return str(message.request or message.get_why_aside_display())


def _facts(message: MailboxMessage) -> list[tuple[str, str]]:
    facts = [
        (_("Delivered"), moment(message.delivered_at)),
        (_("State"), str(message.get_state_display())),
        (_("Files"), str(message.files.count())),
    ]
    if message.state == MessageState.NEW:
        facts.append((_("Should it be a request"), waits_text(message, timezone.now())))
    if message.settled_at is not None:
        facts.append((_("Decided"), date_text(timezone.localdate(message.settled_at))))
    if message.why_aside:
        facts.append((_("Why"), str(message.get_why_aside_display())))
    remarks = {
        _(
            "It could not be taken apart: it is attached as a whole, to be opened with care."
        ): message.unreadable,
        _("It was larger than what is taken over: its files are missing. Ask for them."): message.cut,
        _("It says of itself that a machine made it."): message.by_machine,
    }
    return facts + [(_("Remark"), sentence) for sentence, holds in remarks.items() if holds]
