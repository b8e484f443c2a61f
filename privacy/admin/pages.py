"""The DPO's pages: what needs attention, the record of processing, the flow of data, one person's rows."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from applications.actors import Actor
from applications.attachments import attachment
from applications.errors import NoticeChanged
from applications.staff_site import AdminPage
from applications.views.staff_door import site
from applications.views.staff_proof import requires_fresh_proof
from privacy.attention import flags, groups
from privacy.flow import facts, flow_of_data
from privacy.flow_drawing import drawing
from privacy.notices import NoticeTextError, publish_texts
from privacy.record import Section, record_of_processing
from privacy.record_formats import as_csv, as_json
from privacy.selectors.registers import notices_wait, subject_known_as
from privacy.services.registers import explain_person

PUBLISH = "privacy.publish_notices"


# --- what needs attention -------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
def attention(request: HttpRequest) -> HttpResponse:
    """What waits for the DPO; its button publishes the notices."""
    may_publish = request.user.has_perm(PUBLISH)
    if request.method == "POST":
        if not may_publish:
            raise PermissionDenied
        return publish(request)
    context = {"groups": groups(), "can_publish": may_publish and notices_wait()}
    return site.render(request, "privacy/admin/attention.html", title=ATTENTION.title, **context)


@requires_fresh_proof
def publish(request: HttpRequest) -> HttpResponse:
    """What is published is public for good: whoever does it is asked again who they are."""
    _publish(request)
    return redirect(ATTENTION.url)


def _publish(request: HttpRequest) -> None:
    try:
        published = publish_texts(actor=Actor.staff(request.user.pk))
    except NoticeTextError as error:
        messages.error(request, str(error))
    except NoticeChanged as error:
        messages.error(request, str(error.sentence))
    else:
        sentence = ngettext("%(n)d text was published.", "%(n)d texts were published.", len(published))
        messages.success(request, sentence % {"n": len(published)})


# --- the record of processing ---------------------------------------------------------------------------
def _record() -> list[Section]:
    return record_of_processing(with_register=True, today=timezone.localdate())


@require_safe
def record(request: HttpRequest) -> HttpResponse:
    """The record of processing (GDPR Art. 30(1)) with the recipients by name."""
    tables = [
        {"section": one, "rows": [[row[key] for key in one.columns] for row in one.rows]} for one in _record()
    ]
    return site.render(
        request, "privacy/admin/record.html", title=RECORD.title, tables=tables,
        downloads=[RECORD_AS_CSV, RECORD_AS_JSON],
    )  # fmt: skip


@require_safe
def record_as_csv(request: HttpRequest) -> HttpResponse:
    """The record as a file for spreadsheets: these know UTF-8 by its byte order mark."""
    return attachment("\ufeff" + as_csv(_record()), "record-of-processing.csv", "text/csv")


@require_safe
def record_as_json(request: HttpRequest) -> HttpResponse:
    """The record as a file for programs."""
    return attachment(as_json(_record()), "record-of-processing.json", "application/json")


# --- the flow of data -----------------------------------------------------------------------------------
@require_safe
def flow(request: HttpRequest) -> HttpResponse:
    """The flow of data as a drawing, and the same as a table."""
    description = _(
        "Categories of data are on the left, kinds of recipients on the right. A line means that data of the "
        "category may go to such a recipient. The table below says the same."
    )
    svg = drawing(flow_of_data(), title=str(FLOW.title), description=description)
    return site.render(request, "privacy/admin/flow.html", title=FLOW.title, drawing=svg, **facts())


# --- one person's rows ----------------------------------------------------------------------------------
class PersonForm(forms.Form):
    """Who is meant, by a number."""

    number = forms.CharField(
        label=gettext_lazy("Customer reference, account number or application number"), max_length=20
    )


@require_http_methods(["GET", "HEAD", "POST"])
def explanation(request: HttpRequest) -> HttpResponse:
    """Which kinds of rows are held about a person, on which grounds; no values. Asked for by POST, so that
    the number stands in no address and no log."""
    form = PersonForm(request.POST or None)
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        subject = subject_known_as(form.cleaned_data["number"])
        if subject is None:
            form.add_error("number", _("Nobody is known by this number."))
        else:
            held = explain_person(subject=subject, actor=Actor.staff(request.user.pk))
            context |= {"customer": str(subject), "held": held}
    return site.render(request, "privacy/admin/explanation.html", title=EXPLANATION.title, **context)


def _page(
    slug: str, title: Any, view: Callable[[HttpRequest], HttpResponse], permission: str, **options: Any
) -> AdminPage:
    return site.register_page(AdminPage("privacy", slug, title, view, f"privacy.{permission}", **options))


ATTENTION = _page(
    "attention", gettext_lazy("Data protection: what needs attention"), attention, "view_attention",
    flags=flags,
)  # fmt: skip
RECORD = _page("record-of-processing", gettext_lazy("Record of processing"), record, "view_record")
RECORD_AS_CSV = _page("record-of-processing.csv", "CSV", record_as_csv, "view_record", listed=False)
RECORD_AS_JSON = _page("record-of-processing.json", "JSON", record_as_json, "view_record", listed=False)
FLOW = _page("flow", gettext_lazy("Flow of data"), flow, "view_flow")
EXPLANATION = _page("explain", gettext_lazy("Explain a person's data"), explanation, "explain_person")
