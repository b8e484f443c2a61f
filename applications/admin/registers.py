"""The audit, the disclosures and the notices: registers to read."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from applications.actors import ActorKind
from applications.admin.base import ReadOnlyAdmin, RecordedAdmin, short_id
from applications.models import AuditEntry, Disclosure, NoticeVersion
from applications.personal import Purpose

IDENTIFY = "applications.identify_in_audit"
IDENTIFIERS = {"subject_id", "object_id", "short_object", "=object_id", "=subject_id"}
# Details that are identifiers of people's rows.
IDENTIFYING_DETAILS = {"owners", "row_id"}


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("action", "at", "actor_kind", "short_actor", "object_type", "short_object")
    list_only = ("at", "action", "actor_kind", "actor_identifier", "object_type", "object_id")
    list_filter = ("actor_kind",)
    search_fields = ("=object_id", "=subject_id")
    search_help_text = _("An identifier, whole.")
    fields = readonly_fields = (
        "at", "action", "actor_kind", "actor", "subject_id", "object_type", "object_id", "detail",
    )  # fmt: skip

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        entry = super().get_object(request, object_id, from_field)
        if entry is not None and not request.user.has_perm(IDENTIFY):
            entry.detail = {
                name: what for name, what in entry.detail.items() if name not in IDENTIFYING_DETAILS
            }
        return entry

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Whose entry it is, and of which row about them, is for those who may know whom it is about."""
        return self._for(request, super().get_fields(request, obj))

    def get_list_display(self, request: HttpRequest) -> Any:
        return self._for(request, super().get_list_display(request))

    def get_search_fields(self, request: HttpRequest) -> Any:
        return self._for(request, super().get_search_fields(request))

    def _for(self, request: HttpRequest, names: Any) -> list[Any]:
        may = request.user.has_perm(IDENTIFY)
        return [name for name in names if may or name not in IDENTIFIERS]

    @admin.display(description=_("identifier of who acted"))
    def actor(self, entry: AuditEntry) -> str:
        """A consumer is told by whom the entry is about."""
        return "" if entry.actor_kind == ActorKind.CONSUMER else entry.actor_identifier

    @admin.display(description=_("identifier of who acted"))
    def short_actor(self, entry: AuditEntry) -> str:
        return short_id(self.actor(entry))

    @admin.display(description=_("identifier of the row"))
    def short_object(self, entry: AuditEntry) -> str:
        return short_id(entry.object_id)


@admin.register(Disclosure)
class DisclosureAdmin(RecordedAdmin):
    purpose = Purpose.DATA_SUBJECT_RIGHTS
    list_display = ("at", "recipient_kind", "recipient_name", "purpose", "status", "application")
    list_filter = ("recipient_kind", "purpose")
    list_select_related = ("application",)
    list_only = ("at", "recipient_kind", "recipient_name", "purpose", "status", "application__reference")
    fields = readonly_fields = (
        "at", "application", "recipient_kind", "recipient", "recipient_name", "purpose", "basis", "fields",
        "status", "hidden_until",
    )  # fmt: skip


@admin.register(NoticeVersion)
class NoticeVersionAdmin(ReadOnlyAdmin):
    stays_small = True
    list_display = list_only = ("kind", "number", "language", "title", "published_at")
    list_filter = ("kind", "language")
    fields = readonly_fields = ("kind", "number", "language", "title", "published_at", "digest")
