"""How requests stand, in numbers, and the register as a file: codes and days, nothing of anybody."""

import csv
import io
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from applications.attachments import attachment
from applications.charts import Chart, Series
from applications.formats import number_text
from applications.staff_site import AdminPage
from applications.views.staff_door import site
from privacy.models import Refusal, Right
from privacy.record_formats import harmless
from privacy.selectors import request_numbers as reader
from privacy.selectors.request_numbers import Standing
from privacy.states import RequestStatus

PERMISSION = "privacy.view_requests_dashboard"


@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """Open, soon due, overdue; how long answers take; by article and by outcome."""
    today = timezone.localdate()
    rows = [(str(right.label), _cells(reader.standing(today, right))) for right in Right]
    return site.render(
        request, "privacy/admin/requests_dashboard.html", title=DASHBOARD.title,
        figures=_figures(reader.standing(today)), by_right=rows, outcomes=_outcomes(), chart=_chart(),
        download=REGISTER, may_list=request.user.has_perm("privacy.view_rightsrequest"),
    )  # fmt: skip


def _figures(standing: Standing) -> list[dict[str, Any]]:
    return [
        {"name": _("Still open"), "number": number_text(standing.open)},
        {"name": _("Due within a week"), "number": number_text(standing.due_soon)},
        {"name": _("Overdue"), "number": number_text(standing.overdue), "amiss": standing.overdue > 0},
        {"name": _("Median days to the answer"), "number": _days(standing)},
    ]


def _cells(standing: Standing) -> list[str]:
    numbers = (standing.open, standing.due_soon, standing.overdue, standing.answered)
    return [*map(number_text, numbers), _days(standing)]


def _days(standing: Standing) -> str:
    return "–" if standing.days is None else f"{standing.days:g}"


def _outcomes() -> list[tuple[str, str]]:
    found = reader.outcomes(timezone.localdate())
    return [(_outcome(status, why), number_text(number)) for (status, why), number in found.items()]


def _outcome(status: str, why: str) -> str:
    state = str(RequestStatus(status).label)
    return f"{state}: {Refusal(why).label}" if why else state


def _chart() -> Chart:
    months = reader.by_month(timezone.localdate())
    return Chart(
        name="requests",
        title=_("Requests by month"),
        description=_("Two columns for each of the last twelve months: how many came in and how many ended."),
        heading=_("Month"),
        labels=[f"{month:%Y-%m}" for month, _came, _ended in months],
        series=[
            Series(_("Requests that came in"), [came for _month, came, _ended in months]),
            Series(_("Ended requests"), [ended for _month, _came, ended in months]),
        ],
    )


@require_safe
def register_as_csv(request: HttpRequest) -> HttpResponse:
    """The register as a file for spreadsheets: these know UTF-8 by its byte order mark."""
    written = io.StringIO()
    lines = csv.writer(written, lineterminator="\r\n")
    lines.writerows([harmless(cell) for cell in line] for line in reader.register())
    return attachment("\ufeff" + written.getvalue(), "requests.csv", "text/csv")


DASHBOARD = site.register_page(
    AdminPage(
        "privacy", "requests", gettext_lazy("How requests of data subjects stand"), dashboard, PERMISSION
    )
)
REGISTER = site.register_page(
    AdminPage("privacy", "requests.csv", gettext_lazy("The register as CSV"), register_as_csv, PERMISSION,
              listed=False)
)  # fmt: skip
