"""The DPO's page of legal holds: which stand, placing one, lifting one."""

from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from applications.actors import Actor
from applications.errors import Refusal
from applications.models import Application, HoldGround, LegalHold
from applications.references import as_stored
from applications.selectors.retention import standing_holds
from applications.services import holds as service
from applications.staff_site import AdminPage
from applications.views.staff_door import site
from applications.views.staff_proof import requires_fresh_proof
from privacy.admin.request_forms import day_field
from privacy.selectors.registers import subject_known_as

PLACE, LIFT = "applications.add_legalhold", "applications.change_legalhold"


class HoldForm(forms.Form):
    """On whom, why, by which case, until when. An application's number holds that application alone."""

    number = forms.CharField(
        label=gettext_lazy("Customer reference, account number or application number"), max_length=20
    )
    ground = forms.ChoiceField(label=gettext_lazy("Ground"), choices=HoldGround.choices)
    case_number = forms.CharField(
        label=gettext_lazy("Case number"), max_length=64, help_text=LegalHold.case_number.field.help_text
    )
    until = day_field(label=gettext_lazy("Last day; empty: until it is lifted"), required=False)

    def clean_number(self) -> str:
        number = as_stored(self.cleaned_data["number"])
        if subject_known_as(number) is None:
            raise ValidationError(_("Nobody is known by this number."))
        return number

    def clean_until(self) -> date | None:
        until: date | None = self.cleaned_data["until"]
        if until is not None and until < timezone.localdate():
            raise ValidationError(_("This day is over."))
        return until


@require_http_methods(["GET", "HEAD", "POST"])
def holds(request: HttpRequest) -> HttpResponse:
    """Which holds stand. One is placed or lifted by POST."""
    if request.method == "POST":
        return change(request)
    return _page(request, HoldForm())


@requires_fresh_proof
def change(request: HttpRequest) -> HttpResponse:
    """Place or lift; whoever lifts one lets data go for good, and is asked again who they are."""
    lifted = request.POST.get("lift")
    if not request.user.has_perm(LIFT if lifted else PLACE):
        raise PermissionDenied
    actor = Actor.staff(request.user.pk)
    if lifted:
        try:
            service.lift(hold_id=UUID(lifted), actor=actor)
        except (ValueError, LegalHold.DoesNotExist):
            raise Http404 from None
        return redirect(HOLDS.url)
    form = HoldForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    try:
        _place(form.cleaned_data, actor)
    except Refusal as refused:
        messages.error(request, str(refused.sentence))
        return _page(request, form)
    return redirect(HOLDS.url)


def _place(data: dict[str, Any], actor: Actor) -> None:
    subject = subject_known_as(data["number"])
    assert subject is not None  # noqa: S101 - the form has found them
    application = Application.objects.filter(reference=data["number"]).first()
    service.place(
        subject_id=subject.pk, application_id=application.pk if application else None, ground=data["ground"],
        case_number=data["case_number"], until=data["until"], actor=actor,
    )  # fmt: skip


def _page(request: HttpRequest, form: HoldForm) -> HttpResponse:
    standing = standing_holds(timezone.localdate()).select_related("subject", "application")
    context = {
        "standing": standing.order_by("-placed_at"),
        "form": form if request.user.has_perm(PLACE) else None,
        "may_lift": request.user.has_perm(LIFT),
    }
    return site.render(request, "privacy/admin/holds.html", title=HOLDS.title, **context)


HOLDS = site.register_page(
    AdminPage("privacy", "legal-holds", gettext_lazy("Legal holds"), holds, "applications.view_legalhold")
)
