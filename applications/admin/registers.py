"""The audit, the disclosures and the notices: registers to read."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from applications.admin.base import ReadOnlyAdmin, RecordedAdmin, short_id
from applications.models import AuditEntry, Disclosure, NoticeVersion
from applications.personal import Purpose


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("action", "at", "actor_kind", "short_actor", "object_type", "short_object")
    list_filter = ("actor_kind",)
    search_fields = ("=object_id", "=subject_id")
    search_help_text = _("An identifier, whole.")
    fields = readonly_fields = (
        "at", "action", "actor_kind", "actor_identifier", "subject_id", "object_type", "object_id", "detail",
    )  # fmt: skip

    @admin.display(description=_("identifier of who acted"), ordering="actor_identifier")
    def short_actor(self, entry: AuditEntry) -> str:
        return short_id(entry.actor_identifier)

    @admin.display(description=_("identifier of the row"), ordering="object_id")
    def short_object(self, entry: AuditEntry) -> str:
        return short_id(entry.object_id)


@admin.register(Disclosure)
class DisclosureAdmin(RecordedAdmin):
    purpose = Purpose.DATA_SUBJECT_RIGHTS
    list_display = ("at", "recipient_kind", "recipient_name", "purpose", "status", "application")
    list_filter = ("recipient_kind", "purpose")
    list_select_related = ("application",)
    fields = readonly_fields = (
        "at", "application", "recipient_kind", "recipient", "recipient_name", "purpose", "basis", "fields",
        "status",
    )  # fmt: skip


@admin.register(NoticeVersion)
class NoticeVersionAdmin(ReadOnlyAdmin):
    list_display = ("kind", "number", "language", "title", "published_at")
    list_filter = ("kind", "language")
    fields = readonly_fields = ("kind", "number", "language", "title", "published_at", "digest")
