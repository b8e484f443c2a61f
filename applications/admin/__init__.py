"""The ground floor in the Django admin: people's rows are read, registers are kept."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from applications.admin import door, security_signals
from applications.admin.applications import ApplicationAdmin
from applications.admin.processing import ConsentAdmin, ObjectionAdmin, RestrictionAdmin
from applications.admin.recipients import RecipientAdmin
from applications.admin.registers import AuditEntryAdmin, DisclosureAdmin, NoticeVersionAdmin
from applications.admin.staff import StaffGroupAdmin, StaffUserAdmin
from applications.admin.statistics import StatisticsMonthAdmin

admin.site.site_header = admin.site.site_title = _("JO1N Baltic financing: staff")

__all__ = [
    "ApplicationAdmin", "AuditEntryAdmin", "ConsentAdmin", "DisclosureAdmin", "NoticeVersionAdmin",
    "ObjectionAdmin", "RecipientAdmin", "RestrictionAdmin", "StaffGroupAdmin", "StaffUserAdmin",
    "StatisticsMonthAdmin", "door", "security_signals",
]  # fmt: skip
