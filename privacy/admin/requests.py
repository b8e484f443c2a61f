"""The officer's queue of requests, and the page of each with everything that is needed to decide."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from applications.admin.base import RecordedAdmin
from applications.formats import date_text
from applications.personal import Purpose
from privacy.admin import request_copy, request_intake, request_letter
from privacy.admin.request_actions import VIEWS, WORK
from privacy.admin.request_page import everything_about
from privacy.models import RightsRequest
from privacy.request_texts import pace, waits_for

PREFIX = "privacy_rightsrequest"


class OpenFilter(admin.SimpleListFilter):
    """Open or ended, told apart by the moment of the end: the queue's own index has it."""

    title = _("open or ended")
    parameter_name = "ended"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("no", _("Still open")), ("yes", _("Ended requests"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.value()
        if chosen is None:
            return queryset
        known = any(chosen == value for value, _name in self.lookup_choices)
        return queryset.filter(ended_at__isnull=chosen == "no") if known else queryset.none()


@admin.register(RightsRequest)
class RightsRequestAdmin(RecordedAdmin):
    """Open ones first, by their last day. What is done about one goes through the pages of its deeds."""

    purpose = Purpose.DATA_SUBJECT_RIGHTS
    change_form_template = "privacy/admin/request.html"
    list_display = (
        "reference", "clock", "right", "status", "waits_for", "last_day", "received_at", "identity",
    )  # fmt: skip
    list_only = (
        "reference", "right", "status", "due_on", "received_on", "received_at", "extended_at", "paused_days",
        "paused_on", "ended_at", "identity", "step", "trouble",
    )  # fmt: skip
    list_filter = (OpenFilter, "right", "status")
    search_fields = ("=reference",)
    search_help_text = _("The whole number of a request, for example R-7K2M9-QRT4X.")
    ordering = ("-ended_at", "due_on")
    fields = readonly_fields = ("reference", "right", "status")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("privacy.add_rightsrequest"))

    def get_urls(self) -> list[URLPattern]:
        pages = {**VIEWS, "copy": request_copy.page, "letter": request_letter.page}
        own = [
            path(f"<uuid:id>/{name}/", self.admin_site.admin_view(view), name=f"{PREFIX}_{name}")
            for name, view in pages.items()
        ]
        return [*own, *super().get_urls()]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """The form by which a request is entered that came in another way."""
        return request_intake.page(request)

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        found = everything_about(kwargs["obj"], works=request.user.has_perm(WORK))
        found["may_open"] = request.user.has_perm("applications.view_application")
        return super().render_change_form(request, context | found, *args, **kwargs)

    @admin.display(description=_("last day"))
    def last_day(self, asked: RightsRequest) -> str:
        if asked.ended_at is not None:
            return date_text(asked.due_on)
        return date_text(asked.clock.due_on(timezone.localdate()))

    @admin.display(description=_("the clock"))
    def clock(self, asked: RightsRequest) -> SafeString:
        how, words = pace(asked, timezone.localdate())
        return format_html('<span class="clock {}">{}</span>', how.value, words)

    @admin.display(description=_("waits for"))
    def waits_for(self, asked: RightsRequest) -> str:
        return waits_for(asked)
