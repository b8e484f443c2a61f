"""The form by which the officer enters a request that came by letter, by phone or in person.

Whose request it is, is looked up by exactly what the person gave, proposed, and confirmed by the officer.
"""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from dateutil.relativedelta import relativedelta
from django import forms
from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from applications.actors import Actor
from applications.crypto.reading import unless_destroyed
from applications.errors import Refusal, TooManySearches
from applications.models import DataSubject
from applications.selectors.finding import Found
from applications.services.finding import find
from applications.views.staff_door import SEE_AND_POST, site
from privacy.admin.request_forms import day_field, words_field
from privacy.models import Right, RightsRequest, Way
from privacy.services.receiving import receive

ADD = "privacy.add_rightsrequest"
SALT = "privacy.request_intake"
NOBODY = "nobody"
NOON = time(12)
NOWHERE = gettext_lazy("Where nobody is named, an address for the answer is needed.")


class IntakeForm(forms.Form):
    """What came in, when, from whom as far as anybody knows, and where they are answered."""

    right = forms.ChoiceField(
        label=gettext_lazy("What is asked for"), choices=Right.choices, widget=forms.RadioSelect
    )
    received_on = day_field(
        label=gettext_lazy("Day on which it came"),
        help_text=gettext_lazy("The legal clock starts there: one month from the day after."),
    )
    language = forms.ChoiceField(label=gettext_lazy("Language of the answer"), choices=settings.LANGUAGES)
    known_by = forms.CharField(
        label=gettext_lazy("Whose data: a number of ours, e-mail address, personal code or phone number"),
        max_length=254, required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy(
            "Whole, as it was given. Whoever is found is told that they were looked up. Leave it empty where "
            "nobody is named: it can be established later who asks."
        ),
    )  # fmt: skip
    contact = forms.EmailField(
        label=gettext_lazy("E-mail address for the answer"), max_length=254, required=False,
        help_text=gettext_lazy("Leave it empty where the address on file is to be used."),
    )  # fmt: skip
    what = words_field(
        label=gettext_lazy("What was written or said"), required=False,
        help_text=gettext_lazy("It is encrypted, and goes when the request has been answered."),
    )  # fmt: skip

    def clean_received_on(self) -> date:
        day: date = self.cleaned_data["received_on"]
        today = timezone.localdate()
        if day > today:
            raise forms.ValidationError(_("This day is still to come."))
        if day < today - relativedelta(years=1):
            raise forms.ValidationError(_("This is more than a year ago: look at the year once more."))
        return day

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not self.errors and not given["known_by"].strip() and not given["contact"]:
            self.add_error("contact", str(NOWHERE))
        return given


class PersonForm(forms.Form):
    """Which of the people who were found it is; each is named by a signed mark, so that none is guessed."""

    person = forms.ChoiceField(label=gettext_lazy("Whose request it is"), widget=forms.RadioSelect)

    def __init__(self, data: Any = None, *, found: Sequence[Found] = ()) -> None:
        super().__init__(data)
        people = [(_signer().sign(str(one.subject.pk)), _described(one)) for one in found]
        choices = [*people, (NOBODY, _("None of them: it is not known yet who asks"))]
        self.fields["person"].choices = choices  # type: ignore[attr-defined]


@require_http_methods(SEE_AND_POST)
def page(request: HttpRequest) -> HttpResponse:
    """First what came in; then, where somebody is named, whose it is; then the request stands."""
    if not request.user.has_perm(ADD):
        raise PermissionDenied
    initial = {"received_on": timezone.localdate(), "language": settings.LANGUAGE_CODE}
    form = IntakeForm(request.POST or None, initial=initial)
    if not form.is_valid():
        return _form(request, form)
    chosen = request.POST.get("person", "")
    if form.cleaned_data["known_by"].strip() and not chosen:
        return _proposed(request, form)
    if chosen == NOBODY and not form.cleaned_data["contact"]:
        form.add_error("contact", str(NOWHERE))
        return _proposed(request, form)
    try:
        subject_id = UUID(_signer().unsign(chosen)) if chosen not in ("", NOBODY) else None
    except signing.BadSignature:
        return _proposed(request, form)
    return _enter(request, form, subject_id)


def _signer() -> signing.Signer:
    return signing.Signer(salt=SALT)


def _proposed(request: HttpRequest, form: IntakeForm) -> HttpResponse:
    """The people who are known by exactly what was given: looked up in an entry of the audit."""
    try:
        found = find(text=form.cleaned_data["known_by"], actor=Actor.staff(request.user.pk))
    except TooManySearches as refused:
        form.add_error("known_by", str(refused.sentence))
        return _form(request, form)
    if not found:
        sentence = _("Nobody is known by exactly this. Check it, or leave it empty and give an address.")
        form.add_error("known_by", sentence)
        return _form(request, form)
    return _form(request, form, PersonForm(found=found))


def _described(one: Found) -> str:
    numbers = ", ".join(application.reference for application in one.applications)
    words = _("Customer %(number)s, found by %(by)s") % {"number": one.subject, "by": one.by.label}
    return f"{words} ({numbers})" if numbers else words


def _enter(request: HttpRequest, form: IntakeForm, subject_id: UUID | None) -> HttpResponse:
    given = form.cleaned_data
    try:
        asked = receive(
            right=Right(given["right"]), way=Way.OFFICER, language=given["language"], subject_id=subject_id,
            contact=given["contact"] or _on_file(subject_id), text=given["what"].strip(),
            received_at=moment_of(given["received_on"]), actor=Actor.staff(request.user.pk),
        )  # fmt: skip
    except Refusal as refused:
        form.add_error(None, str(refused.sentence))
        return _form(request, form)
    _say_so(request, asked)
    return redirect("admin:privacy_rightsrequest_change", asked.pk)


def _on_file(subject_id: UUID | None) -> str:
    """The person's own address: a letter that goes there tells nothing to anybody else."""
    if subject_id is None:
        return ""
    return unless_destroyed(DataSubject.objects.get(pk=subject_id), "email") or ""


def _say_so(request: HttpRequest, asked: RightsRequest) -> None:
    if asked.events.filter(what="asked_again").exists():
        sentence = _(
            "The same person has this request open already. That it was asked for once more is written down, "
            "and what was written is added to it; day, language and address stay as they are."
        )
        messages.warning(request, sentence)
    else:
        messages.success(request, _("The request is entered: %(number)s.") % {"number": asked.reference})


def moment_of(day: date) -> datetime:
    """When it came: now, or in the middle of an earlier day."""
    if day == timezone.localdate():
        return timezone.now()
    return timezone.make_aware(datetime.combine(day, NOON))


def _form(request: HttpRequest, form: IntakeForm, person: PersonForm | None = None) -> HttpResponse:
    title = _("Add %s") % RightsRequest._meta.verbose_name
    return site.render(request, "privacy/admin/request_intake.html", title=title, form=form, person=person)
