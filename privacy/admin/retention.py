"""The DPO's page of retention: what goes tomorrow and why, which periods hold, proposals, receipts."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from applications.actors import Actor
from applications.endings import Forecast, forecast
from applications.errors import IllegalTransition, Refusal
from applications.models import RetentionEdition, RetentionRun
from applications.retention_rules import RULES, Period, Retention, Rule, with_periods
from applications.selectors.periods import edition_of, in_force, periods_of
from applications.staff_site import AdminPage
from applications.views.staff_door import site
from applications.views.staff_proof import requires_fresh_proof
from privacy.admin.request_forms import day_field
from privacy.selectors.periods import notices_differ, undecided_editions
from privacy.services import periods as editions

PROPOSE, APPROVE = "applications.propose_retentionedition", "applications.approve_retentionedition"
RECEIPTS = 30


class PeriodsForm(forms.Form):
    """A number for each rule, in the unit that the rule counts in."""

    from_day = day_field(label=gettext_lazy("In force from"))
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, unit in _units():
            label = _("%(rule)s, days") if unit == "days" else _("%(rule)s, months")
            self.fields[name.value] = forms.IntegerField(min_value=1, label=label % {"rule": name.label})

    def periods(self) -> dict[Retention, Period]:
        return {name: Period(**{unit: self.cleaned_data[name.value]}) for name, unit in _units()}


def _units() -> Iterator[tuple[Retention, str]]:
    for name, rule in RULES.items():
        yield name, "days" if rule.days else "months" if rule.months else "most_months"


def _now_held() -> dict[str, Any]:
    """What the form begins with: what holds today."""
    rules = in_force().rules
    begun: dict[str, Any] = {name.value: getattr(rules[name], unit) for name, unit in _units()}
    return begun | {"from_day": timezone.localdate()}


@require_http_methods(["GET", "HEAD", "POST"])
def retention(request: HttpRequest) -> HttpResponse:
    """What tomorrow's run takes, and the periods; a proposal and its approval by POST."""
    if request.method == "POST":
        return decide(request)
    return _page(request, PeriodsForm(initial=_now_held()))


@requires_fresh_proof
def decide(request: HttpRequest) -> HttpResponse:
    """Propose, approve or drop. Whoever does is asked again who they are: deletion cannot be taken back."""
    deed = request.POST.get("deed")
    if not request.user.has_perm(APPROVE if deed == "approve" else PROPOSE):
        raise PermissionDenied
    actor, form = Actor.staff(request.user.pk), PeriodsForm(request.POST)
    try:
        if deed == "propose":
            if not form.is_valid():
                return _page(request, form)
            editions.propose(
                periods=form.periods(), from_day=form.cleaned_data["from_day"],
                reason=form.cleaned_data["reason"], actor=actor,
            )  # fmt: skip
        elif deed == "approve":
            editions.approve(number=_number(request), actor=actor)
        else:
            editions.drop(number=_number(request), actor=actor)
    except Refusal as refused:
        messages.error(request, str(refused.sentence))
        return _page(request, form) if deed == "propose" else redirect(RETENTION.url)
    return redirect(RETENTION.url)


def _number(request: HttpRequest) -> int:
    number = request.POST.get("number", "")
    if not number.isdecimal():
        raise IllegalTransition
    return int(number)


def _page(request: HttpRequest, form: PeriodsForm) -> HttpResponse:
    tomorrow = timezone.localdate() + timedelta(days=1)
    held = edition_of(tomorrow)
    context = {
        "tomorrow": tomorrow,
        "held": held,
        "forecast": list(_forecast(forecast(tomorrow), held.rules)),
        "undecided": [(edition, list(_changes(edition))) for edition in undecided_editions()],
        "notices_differ": notices_differ(),
        "form": form if request.user.has_perm(PROPOSE) else None,
        "may_approve": request.user.has_perm(APPROVE),
        "receipts": RetentionRun.objects.all()[:RECEIPTS],
    }
    return site.render(request, "privacy/admin/retention.html", title=RETENTION.title, **context)


def _forecast(
    found: list[Forecast], rules: Mapping[Retention, Rule]
) -> Iterator[tuple[Any, int, int, Any, Any]]:
    """As cells: what, how many go, how many are kept all the same, for how long, on which ground."""
    for one in found:
        rule = rules[one.ending.rule]
        yield one.ending.label, one.due, one.stopped, rule.text, rule.ground.label


def _changes(edition: RetentionEdition) -> Iterator[tuple[str, str, str]]:
    """What a proposal changes of what holds on its day: the rule, the period now, the period then."""
    before, after = edition_of(edition.from_day).rules, periods_of(edition)
    for name in Retention:
        if name in after and Period.of(before[name]) != after[name]:
            then = with_periods(after)[name]
            yield str(name.label), str(before[name].text), str(then.text)


RETENTION = site.register_page(
    AdminPage(
        "privacy", "retention", gettext_lazy("Retention: what goes, and when"), retention,
        "applications.view_retentionrun",
    )
)  # fmt: skip
