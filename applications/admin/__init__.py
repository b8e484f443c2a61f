"""The ground floor in the Django admin: people's rows are read, registers are kept."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from applications.admin import door, people, security_signals
from applications.admin.applications import ApplicationAdmin
from applications.admin.processing import ConsentAdmin, ObjectionAdmin, RestrictionAdmin
from applications.admin.recipients import RecipientAdmin
from applications.admin.registers import AuditEntryAdmin, DisclosureAdmin, NoticeVersionAdmin
from applications.admin.role_conditions import MandateAdmin, TrainingAdmin
from applications.admin.staff import StaffUserAdmin
from applications.admin.statistics import StatisticsMonthAdmin

admin.site.site_header = admin.site.site_title = _("JO1N Baltic financing: staff")

__all__ = [
    "ApplicationAdmin", "AuditEntryAdmin", "ConsentAdmin", "DisclosureAdmin", "MandateAdmin",
    "NoticeVersionAdmin", "ObjectionAdmin", "RecipientAdmin", "RestrictionAdmin", "StaffUserAdmin",
    "StatisticsMonthAdmin", "TrainingAdmin", "door", "people", "security_signals",
]  # fmt: skip
