"""How far people get, month by month: numbers, no pseudonyms."""

from datetime import date
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from applications.admin.base import ReadOnlyAdmin
from applications.charts import Chart, Series
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
    """Numbers of people per milestone: the last year as a drawing, every month in the list."""

    change_list_template = "admin/applications/statisticsmonth/change_list.html"
    stays_small = True
    list_only = ("month", "totals")
    list_display = ("year_and_month", *COUNTS)
    list_display_links = None
    fields = readonly_fields = ("year_and_month", *COUNTS)

    def get_queryset(self, request: HttpRequest) -> QuerySet[StatisticsMonth]:
        return months_with_counts()

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {"chart": last_year(timezone.localdate())})

    @admin.display(description=_("month"), ordering="month")
    def year_and_month(self, month: StatisticsMonth) -> str:
        return f"{month.month:%Y-%m}"


def last_year(today: date) -> Chart:
    """People per milestone in this month and the eleven before, months without anybody included."""
    this = 12 * today.year + today.month - 1
    months = [date(number // 12, number % 12 + 1, 1) for number in range(this - 11, this + 1)]
    known = {row.month: row for row in months_with_counts().filter(month__gte=months[0])}
    return Chart(
        name="people",
        title=gettext("People by month"),
        description=gettext(
            "Four columns for each of the last twelve months: how many people opened a draft, sent the "
            "application, received an offer and chose one. The list below says the same in numbers."
        ),
        heading=gettext("Month"),
        labels=[f"{month:%Y-%m}" for month in months],
        series=[
            Series(str(one.label), [getattr(known.get(month), one.value, 0) for month in months])
            for one in Milestone
        ],
    )
