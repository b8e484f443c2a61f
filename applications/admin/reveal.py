"""The page on which a member of staff has one person shown: first the reason, then, for minutes, the values.

What may be shown is kept in the session, for one application at a time: another one, the end of the time or
the end of the session hides it.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications.admin.base import refused_page
from applications.errors import CaseRefused, OutsideMandate, ReasonRefused, Refusal
from applications.models import Application
from applications.personal import Category, Purpose
from applications.selectors.revealed import REVEALABLE, reasons_against, reasons_of, revealed_person
from applications.selectors.staff import mandate_over
from applications.services.revealing import Look, check_case, note_refused, reveal
from applications.views.staff_door import site
from applications.views.staff_proof import ask_again

SHOWN_FOR = timedelta(minutes=5)
KEY = "revealed"


class LookForm(forms.Form):
    """Why, on which case, and how much of the person."""

    purpose = forms.ChoiceField(label=gettext_lazy("Reason"), widget=forms.RadioSelect)
    case = forms.CharField(
        label=gettext_lazy("Case number"), max_length=40,
        help_text=gettext_lazy("Of the call, complaint or request that you work on. It names nobody."),
    )  # fmt: skip
    categories = forms.TypedMultipleChoiceField(
        label=gettext_lazy("What you need to see"), coerce=Category, widget=forms.CheckboxSelectMultiple,
        choices=[(one.value, one.label) for one in REVEALABLE], initial=[Category.IDENTIFICATION],
        help_text=gettext_lazy("Tick no more than the case needs. The person sees what you ticked, and why."),
    )  # fmt: skip

    def __init__(self, *args: Any, reasons: list[Purpose], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["purpose"].choices = [(one.value, one.label) for one in reasons]  # type: ignore[attr-defined]

    def clean_case(self) -> str:
        try:
            return check_case(self.cleaned_data["case"])
        except CaseRefused as refused:
            raise forms.ValidationError(str(refused.sentence)) from refused

    def look(self) -> Look:
        given = self.cleaned_data
        return Look(Purpose(given["purpose"]), given["case"], tuple(dict.fromkeys(given["categories"])))


@dataclass(frozen=True)
class Shown:
    """What this session may see for a few minutes: these categories of this application's person."""

    application_id: UUID
    purpose: Purpose
    categories: tuple[Category, ...]
    until: float
    mandate: str  # the id of a partner's; "" for our own people

    @classmethod
    def in_session(cls, request: HttpRequest) -> Self | None:
        kept = request.session.get(KEY)
        if kept is None or kept["until"] <= timezone.now().timestamp():
            return None
        categories = tuple(map(Category, kept["categories"]))
        purpose = Purpose(kept["purpose"])
        return cls(UUID(kept["application"]), purpose, categories, kept["until"], kept["mandate"])

    @property
    def seconds_left(self) -> int:
        return max(1, round(self.until - timezone.now().timestamp()))


def reveal_page(request: HttpRequest, application: Application) -> HttpResponse:
    """Ask, show, hide. The caller has seen to the permission."""
    shown = Shown.in_session(request)
    if request.method == "POST":
        if "hide" in request.POST:
            _forget(request)
            messages.success(request, _("The person is masked again."))
            return redirect("admin:applications_application_changelist")
        return ask_again(request) or _ask(request, application, sent=True)
    if shown is not None and shown.application_id == application.pk:
        return _show(request, application, shown)
    return _ask(request, application)


def _ask(request: HttpRequest, application: Application, *, sent: bool = False) -> HttpResponse:
    """The form, or what stands in the way of every reason that this reader could have."""
    against = reasons_against(application.subject_id, reasons_of(request.user))  # type: ignore[arg-type]
    reasons = [purpose for purpose, refused in against.items() if refused is None]
    if not reasons:
        return _refused(request, application, next(iter(against.values()), None) or ReasonRefused())
    form = LookForm(request.POST if sent else None, reasons=reasons)
    if form.is_valid():
        return _reveal(request, application, form.look())
    stopped = sorted({str(refused.sentence) for refused in against.values() if refused})
    return site.render(
        request, "admin/applications/application/reveal.html", title=_("See who it is"), form=form,
        application=application, minutes=SHOWN_FOR // timedelta(minutes=1), stopped=stopped,
    )  # fmt: skip


def _reveal(request: HttpRequest, application: Application, look: Look) -> HttpResponse:
    try:
        mandate = reveal(application=application, look=look, reader=request.user)  # type: ignore[arg-type]
    except Refusal as refused:
        return refused_page(request, refused)
    request.session[KEY] = {
        "application": str(application.pk), "purpose": look.purpose, "categories": list(look.categories),
        "until": (timezone.now() + SHOWN_FOR).timestamp(), "mandate": str(mandate.pk) if mandate else "",
    }  # fmt: skip
    return redirect(request.path)


def _show(request: HttpRequest, application: Application, shown: Shown) -> HttpResponse:
    try:
        if shown.purpose not in reasons_of(request.user):  # type: ignore[arg-type]
            raise ReasonRefused
        mandate = mandate_over(request.user, application.pk)  # type: ignore[arg-type]
        if shown.mandate != (str(mandate.pk) if mandate else ""):  # another company's is another disclosure
            raise OutsideMandate
        person = revealed_person(application, categories=shown.categories, purpose=shown.purpose)
    except Refusal as refused:  # a right of the person came in between, or the role with this reason went
        _forget(request)
        return _refused(request, application, refused, purpose=shown.purpose)
    page = site.render(
        request, "admin/applications/application/revealed.html", title=_("Who it is"), person=person,
        application=application, purpose=shown.purpose,
        until=timezone.localtime(timezone.now() + timedelta(seconds=shown.seconds_left)),
    )  # fmt: skip
    # The limit is the point of the page (WCAG 2.2.1 allows what is essential); it works without scripts.
    page["Refresh"] = str(shown.seconds_left)
    return page


def _refused(
    request: HttpRequest, application: Application, refused: Refusal, *, purpose: Purpose | None = None
) -> HttpResponse:
    note_refused(application=application, reader=request.user, refused=refused, purpose=purpose)  # type: ignore[arg-type]
    return refused_page(request, refused)


def _forget(request: HttpRequest) -> None:
    request.session.pop(KEY, None)
