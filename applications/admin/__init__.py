"""The ground floor in the Django admin: everything is read, nothing is typed over."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from applications.admin.applications import ApplicationAdmin
from applications.admin.registers import AuditEntryAdmin, DisclosureAdmin, NoticeVersionAdmin
from applications.admin.staff import StaffUserAdmin

admin.site.site_header = admin.site.site_title = _("JO1N Baltic financing: staff")

__all__ = ["ApplicationAdmin", "AuditEntryAdmin", "DisclosureAdmin", "NoticeVersionAdmin", "StaffUserAdmin"]
