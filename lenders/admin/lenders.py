"""Lenders to look at; they are registered by a service, because their secrets are."""

from django.contrib import admin

from applications.admin.base import ReadOnlyAdmin
from lenders.models import Lender


@admin.register(Lender)
class LenderAdmin(ReadOnlyAdmin):
    stays_small = True
    list_display = list_only = ("name", "slug", "adapter", "active", "paused_at")
    fields = readonly_fields = (
        "name", "slug", "adapter", "base_url", "allowed_hosts", "active", "paused_at", "paused_reason",
        "requested_fields",
        "minimum_amount_cents", "maximum_amount_cents", "minimum_term_months", "maximum_term_months",
        "page_wait_seconds", "late_window_hours", "maximum_in_flight",
    )  # fmt: skip
