"""What the admin pages of this product share."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.html import format_html

SHOWN_OF_AN_ID = 8


def short_id(identifier: Any) -> str:
    """The beginning of a long identifier, for a column of a list; all of it is on the row's own page."""
    text = str(identifier)
    if len(text) <= 2 * SHOWN_OF_AN_ID:
        return text
    return format_html('<span title="{}">{}…</span>', text, text[:SHOWN_OF_AN_ID])


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows are looked at, not edited: services are the only writers. Lists do not count the whole table."""

    show_full_result_count = False
    list_per_page = 50
    actions: Any = None

    class Media:
        css = {"all": ["joinbaltic/admin-tables.css"]}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class ReadOnlyInline(admin.TabularInline):
    """Rows below their parent, to look at."""

    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False
