"""On what people decided their data may be processed: consents, restrictions, objections. To read."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from applications.admin.base import RecordedAdmin
from applications.models import Consent, Objection, Restriction
from applications.personal import Purpose


class DecisionAdmin(RecordedAdmin):
    """What a person decided is read to carry it out, whatever else it stops."""

    purpose = Purpose.DATA_SUBJECT_RIGHTS


@admin.register(Consent)
class ConsentAdmin(DecisionAdmin):
    list_display = ("given_at", "subject", "application", "purpose", "withdrawn_at")
    list_filter = ("purpose", ("withdrawn_at", admin.EmptyFieldListFilter))
    list_select_related = ("subject", "application")
    list_only = (
        "given_at", "subject__customer_reference", "application__reference", "purpose", "withdrawn_at",
    )  # fmt: skip
    ordering = ("-given_at",)
    search_fields = ("=subject__customer_reference", "=application__reference")
    search_help_text = _("A whole customer reference or application number.")
    fields = readonly_fields = (
        "subject", "application", "purpose", "wording", "language", "given_at", "withdrawn_at",
    )  # fmt: skip


@admin.register(Restriction)
class RestrictionAdmin(DecisionAdmin):
    list_display = ("since", "subject", "ground", "ends_on", "lifted_at")
    list_filter = ("ground", ("lifted_at", admin.EmptyFieldListFilter))
    list_select_related = ("subject",)
    list_only = ("since", "subject__customer_reference", "ground", "ends_on", "lifted_at")
    ordering = ("-since",)
    search_fields = ("=subject__customer_reference",)
    search_help_text = _("A whole customer reference.")
    fields = readonly_fields = ("subject", "ground", "since", "ends_on", "lifted_at")


@admin.register(Objection)
class ObjectionAdmin(DecisionAdmin):
    list_display = ("made_at", "subject", "purpose", "overruled_at", "withdrawn_at")
    list_filter = ("purpose",)
    list_select_related = ("subject",)
    list_only = ("made_at", "subject__customer_reference", "purpose", "overruled_at", "withdrawn_at")
    ordering = ("-made_at",)
    search_fields = ("=subject__customer_reference",)
    search_help_text = _("A whole customer reference.")
    fields = readonly_fields = ("subject", "purpose", "made_at", "overruled_at", "withdrawn_at")
