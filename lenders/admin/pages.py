"""Work pages: the queues and who works on them, what waits for staff, how lenders answer."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from applications.actors import Actor
from applications.charts import Chart, Series, Shape
from applications.errors import Refusal
from applications.formats import age_text, day_text
from applications.machinery import machinery
from applications.selectors.statistics import sent_per_day
from applications.staff_site import AdminPage
from applications.views.staff_door import site
from lenders.admin.sending import RETRY, send_again
from lenders.attention import DUE_WITHIN, flags_of, queue_flags, waiting_flags
from lenders.models import Submission
from lenders.selectors.answers import Answer, answers_by_lender
from lenders.selectors.for_staff import MOST, Waits, waiting_counts, waiting_submissions
from lenders.selectors.queues import LenderQueue, lender_queues
from lenders.services.contracts import see_to_claim
from lenders.services.restating import see_to_figures

DAYS = 30


def _age(moment: datetime | None, now: datetime) -> str:
    return "" if moment is None else age_text(now - moment)


# --- the queues -------------------------------------------------------------------------------------------
@require_safe
def queues(request: HttpRequest) -> HttpResponse:
    """What is due at each lender, who works on it, and what is wrong."""
    now = timezone.now()
    found, running = lender_queues(now), machinery(now)
    rows = [
        {
            "queue": one,
            "age": _age(one.since, now),
            "stands": one.since is not None and now - one.since > DUE_WITHIN,
        }
        for one in found
    ]
    context = {
        "wrong": [*flags_of(running, found, now), *(waiting_flags() if WAITING.is_open_to(request) else [])],
        "rows": rows,
        "chart": _due_chart(found),
        "machinery": running,
        "workers": [(one, age_text(one.age)) for one in running.workers],
        "mail_age": _age(running.outbox.since, now),
        "unsealed_age": _age(running.unsealed.since, now),
        "now": now,
    }
    return site.render(request, "admin/lenders/queues.html", title=QUEUES.title, **context)


def _due_chart(found: Sequence[LenderQueue]) -> Chart:
    return Chart(
        name="due",
        title=_("Deliveries that wait, by lender"),
        description=_("A bar for each lender: what could be sent now, what is on its way, and what waits."),
        heading=_("Lender"),
        labels=[one.lender.name for one in found],
        series=[
            Series(_("Due now"), [one.due for one in found]),
            Series(_("On its way"), [one.in_flight for one in found]),
            Series(_("Tried again later"), [one.later for one in found]),
            Series(_("Held back"), [one.held for one in found]),
        ],
        shape=Shape.BARS,
    )


# --- what waits for staff ---------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
def waiting(request: HttpRequest) -> HttpResponse:
    """What failed, was set aside or has no answer; its buttons send again, or note that it was seen to."""
    may_send = request.user.has_perm(RETRY)
    if request.method == "POST":
        if not may_send:
            raise PermissionDenied
        return _seen_to(request) if "seen" in request.POST else _sent_again(request)
    now = timezone.now()
    lines = waiting_submissions(now)
    numbers = {waits: sum(one.number for one in waiting_counts(now) if one.waits is waits) for waits in Waits}
    groups = [
        {
            "waits": waits,
            "number": number,
            "more": max(0, number - MOST),
            "lines": [(one, _age(one.since, now)) for one in lines if one.waits is waits],
            "ticks": waits.has_a_button,
        }
        for waits, number in numbers.items()
        if number
    ]
    return site.render(
        request, "admin/lenders/waiting.html", title=WAITING.title, groups=groups, may_send=may_send,
        may_record=request.user.has_perm("lenders.view_deletionnotice"),
        may_tell=request.user.has_perm("lenders.view_lenderword"),
    )  # fmt: skip


SEE_TO: dict[str, Callable[..., bool]] = {Waits.SIGNED: see_to_claim, Waits.RESTATED: see_to_figures}


def _seen_to(request: HttpRequest) -> HttpResponse:
    """Of those that were ticked it is known what holds: of the contract, of the figures."""
    ids = [one for one in map(_uuid, request.POST.getlist("submission")[:MOST]) if one]
    see_to = SEE_TO.get(request.POST["seen"])
    seen = 0
    for submission_id in ids:
        with suppress(Refusal, Submission.DoesNotExist):
            seen += bool(see_to and see_to(submission_id=submission_id, actor=Actor.staff(request.user.pk)))
    if seen:
        messages.success(request, _("Taken off the list."))
    else:
        messages.warning(request, _("Tick at least one submission."))
    return redirect(WAITING.url)


def _sent_again(request: HttpRequest) -> HttpResponse:
    """Those that were ticked, or all that the page showed."""
    named = request.POST.getlist("shown" if "all" in request.POST else "submission")
    chosen = Submission.objects.filter(pk__in=[one for one in map(_uuid, named[:MOST]) if one])
    if not chosen:
        messages.warning(request, _("Tick at least one submission."))
    send_again(request, chosen.order_by("created_at"), lacks_it="lacks_it" in request.POST)
    return redirect(WAITING.url)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


# --- how lenders answer -----------------------------------------------------------------------------------
@require_safe
def answers(request: HttpRequest) -> HttpResponse:
    """Applications sent a day, and what came of them at each lender."""
    today = timezone.localdate()
    first = today - timedelta(days=DAYS - 1)
    since = datetime.combine(first, time.min, timezone.get_current_timezone())
    found = answers_by_lender(since=since)
    by_lender = Chart(
        name="answers",
        title=_("Answers by lender"),
        description=_("A bar for each lender: its submissions of these days by what came of them."),
        heading=_("Lender"),
        labels=[one.name for one in found],
        series=[Series(str(answer.label), [one.numbers[answer] for one in found]) for answer in Answer],
        shape=Shape.BARS,
    )
    medians = ["" if one.median is None else age_text(one.median) for one in found]
    rows = [(*row, median) for row, median in zip(by_lender.rows, medians, strict=True)]
    sent = sent_per_day(first=first, last=today)
    by_day = Chart(
        name="sent",
        title=_("Applications sent a day"),
        description=_("A column for each of the last 30 days, today included."),
        heading=_("Day"),
        labels=[day_text(day) for day, _number in sent],
        series=[Series(_("Applications sent"), [number for _day, number in sent])],
    )
    return site.render(
        request, "admin/lenders/answers.html", title=ANSWERS.title, by_day=by_day, by_lender=by_lender,
        rows=rows,
    )  # fmt: skip


def _page(
    slug: str, title: Any, view: Callable[[HttpRequest], HttpResponse], permission: str, **options: Any
) -> AdminPage:
    return site.register_page(AdminPage("lenders", slug, title, view, f"lenders.{permission}", **options))


QUEUES = _page("queues", gettext_lazy("Queues"), queues, "view_queues", flags=queue_flags)
WAITING = _page(
    "waiting", gettext_lazy("Submissions that wait for staff"), waiting, "view_submission",
    flags=waiting_flags,
)  # fmt: skip
ANSWERS = _page("answers", gettext_lazy("How lenders answer"), answers, "view_answers")
