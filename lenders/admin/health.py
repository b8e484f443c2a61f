"""The health of lenders, and the page on which one is paused and resumed."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from applications.actors import Actor
from applications.charts import Chart, Series, Shape
from applications.collation import latvian_key
from applications.errors import Refusal
from applications.staff_site import AdminPage
from applications.views.staff_door import site
from applications.views.staff_proof import requires_fresh_proof
from lenders.attention import health_flags
from lenders.breaker import BreakerState
from lenders.models import Lender
from lenders.outcomes import in_words
from lenders.selectors.health import LenderHealth, lender_health
from lenders.services.pausing import pause, resume
from lenders.states import PauseReason


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Every lender: the calls of the last hour, its breaker, what waits; what is wrong stands first."""
    now = timezone.now()
    found = lender_health(now)
    rows = [
        {
            "health": one,
            "amiss": one.state is not BreakerState.CLOSED,
            "until": one.circuit.open_until if one.state is BreakerState.OPEN else None,
            "tokens": max(0, int(one.tokens)),
        }
        for one in found
    ]
    faults = [(one.lender, in_words(code), number) for one in found for code, number in one.faults]
    return site.render(
        request, "admin/lenders/health.html", title=HEALTH.title, rows=rows, now=now, chart=_chart(found),
        faults=faults, wrong=health_flags(), pausing=PAUSING if PAUSING.is_open_to(request) else None,
    )  # fmt: skip


def _chart(found: list[LenderHealth]) -> Chart:
    return Chart(
        name="asked",
        title=_("Calls of the last hour, by lender"),
        description=_("A bar for each lender: the calls of the last hour by what came of them."),
        heading=_("Lender"),
        labels=[one.lender.name for one in found],
        series=[
            Series(_("Answered"), [one.answered for one in found]),
            Series(_("Failed"), [one.failed for one in found]),
            Series(_("No outcome yet"), [one.other for one in found]),
        ],
        shape=Shape.BARS,
    )


# --- pausing ----------------------------------------------------------------------------------------------
class PauseForm(forms.Form):
    """Which lender, and why."""

    lender = forms.ChoiceField(label=gettext_lazy("Lender"))
    reason = forms.ChoiceField(
        label=gettext_lazy("Reason"), choices=PauseReason.choices, widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        awake = Lender.objects.filter(paused_at__isnull=True).values_list("slug", "name")
        self.fields["lender"].choices = sorted(awake, key=lambda one: latvian_key(one[1]))  # type: ignore[attr-defined]


@requires_fresh_proof
@require_http_methods(["GET", "HEAD", "POST"])
def pausing(request: HttpRequest) -> HttpResponse:
    """Say what a pause means, and pause or resume a lender."""
    if "resume" in request.POST:
        return _resumed(request)
    form = PauseForm(request.POST or None, initial={"lender": request.GET.get("lender", "")})
    if form.is_valid():
        lender = Lender.objects.get(slug=form.cleaned_data["lender"])
        return _paused(request, lender, PauseReason(form.cleaned_data["reason"]))
    paused = sorted(Lender.objects.filter(paused_at__isnull=False), key=lambda one: latvian_key(one.name))
    return site.render(
        request, "admin/lenders/pausing.html", title=PAUSING.title, form=form, paused=paused, back=HEALTH.url
    )


def _paused(request: HttpRequest, lender: Lender, reason: PauseReason) -> HttpResponse:
    try:
        pause(lender=lender, reason=reason, actor=Actor.staff(request.user.pk))
    except Refusal as refusal:  # somebody else was quicker
        messages.error(request, str(refusal.sentence))
    else:
        messages.success(request, _("%(lender)s is paused.") % {"lender": lender.name})
    return redirect(HEALTH.url)


def _resumed(request: HttpRequest) -> HttpResponse:
    for lender in Lender.objects.filter(slug=request.POST["resume"]):
        try:
            resume(lender=lender, actor=Actor.staff(request.user.pk))
        except Refusal as refusal:
            messages.error(request, str(refusal.sentence))
        else:
            messages.success(request, _("%(lender)s is asked again.") % {"lender": lender.name})
    return redirect(HEALTH.url)


HEALTH = site.register_page(
    AdminPage(
        "lenders", "health", gettext_lazy("Health of lenders"), health, "lenders.view_queues",
        flags=health_flags,
    )
)  # fmt: skip
PAUSING = site.register_page(
    AdminPage(
        "lenders", "pausing", gettext_lazy("Pause and resume lenders"), pausing, "lenders.pause_lender",
        listed=False,
    )
)  # fmt: skip
