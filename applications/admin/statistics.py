"""How far people get, month by month: numbers, no pseudonyms."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from applications.admin.base import ReadOnlyAdmin
from applications.models import Milestone, StatisticsMonth
from applications.selectors.statistics import months_with_counts


def _count(milestone: Milestone) -> Any:
    @admin.display(description=milestone.label)
    def column(month: StatisticsMonth) -> int:
        return getattr(month, milestone.value, 0)

    column.__name__ = milestone.value
    return column


COUNTS = tuple(_count(milestone) for milestone in Milestone)


@admin.register(StatisticsMonth)
class StatisticsMonthAdmin(ReadOnlyAdmin):
    """Numbers of people per milestone."""

    stays_small = True
    list_only = ("month", "totals")
    list_display = ("year_and_month", *COUNTS)
    list_display_links = None
    fields = readonly_fields = ("year_and_month", *COUNTS)

    def get_queryset(self, request: HttpRequest) -> QuerySet[StatisticsMonth]:
        return months_with_counts()

    @admin.display(description=_("month"), ordering="month")
    def year_and_month(self, month: StatisticsMonth) -> str:
        return f"{month.month:%Y-%m}"
