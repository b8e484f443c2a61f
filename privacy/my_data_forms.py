"""Forms of a person's own pages about their data."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from applications.data_policy import OBJECTABLE
from applications.eea import EEA
from applications.file_fields import FilesField, FilesInput
from applications.flow import Step
from applications.form_fields import FORM_FIELDS, STATEMENT_LABEL
from applications.forms import EmailForm
from applications.models import Application
from applications.personal import Purpose
from applications.uploads import ACCEPTED, LARGEST_FILE, MEGABYTE
from applications.widgets import RadioField
from privacy.changes import Stored, as_stored
from privacy.models import OtherController
from privacy.selectors.my_requests import GROUNDS

LONGEST = 4000


class ErasureForm(forms.Form):
    """Nothing is ticked beforehand."""

    understood = forms.BooleanField(
        label=_("I understand that this cannot be undone."),
        error_messages={"required": _("Tick that you understand that this cannot be undone.")},
    )


class PassOnForm(forms.Form):
    """To whom the file is passed on: nothing is chosen and nothing ticked beforehand."""

    controller = forms.TypedChoiceField(
        label=_("To whom"),
        coerce=UUID,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose to whom your data are passed on.")},
    )
    instructed = forms.BooleanField(
        label=_("Pass what is in the file on to this company, in my name."),
        error_messages={"required": _("Tick that we are to pass your data on.")},
    )

    def __init__(self, controllers: Sequence[OtherController], data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        choices: list[tuple[str, str | Promise]] = [
            (str(one.pk), f"{one.recipient.name} ({EEA(one.recipient.country).label})") for one in controllers
        ]
        self.fields["controller"].choices = choices  # type: ignore[attr-defined]


def _words(**options: Any) -> forms.CharField:
    return forms.CharField(
        max_length=LONGEST, required=False, widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"max_length": _("Write at most %(limit_value)d characters.")}, **options,
    )  # fmt: skip


class RestrictionForm(forms.Form):
    """On which ground, and what the person says about it."""

    about = RadioField(
        label=_("Why should they only be stored?"),
        choices=list(GROUNDS.items()),
        required_text=_("Choose why."),
    )
    what = _words(
        label=_("What you want to say about it"), help_text=_("For example which data, and what is wrong.")
    )


class ObjectionForm(forms.Form):
    """To which use, and the person's own situation (GDPR Art. 21(1))."""

    about = RadioField(
        label=_("Which use do you object to?"),
        choices=[(purpose.value, purpose.label) for purpose in Purpose if purpose in OBJECTABLE],
        required_text=_("Choose the use that you object to."),
    )
    what = _words(
        label=_("What in your situation speaks against it"),
        help_text=_("You need not write anything. To advertising you can object without any reason."),
    )


class ReviewForm(forms.Form):
    """Which decision, and how the person sees it."""

    about = RadioField(
        label=_("Whose decision should a human being look at?"), choices=[],
        required_text=_("Choose the decision."),
    )  # fmt: skip
    what = _words(
        label=_("How you see it"),
        help_text=_("The lender gets it word for word. For example what it may not have known."),
    )

    def __init__(self, data: Any = None, *, choices: Sequence[tuple[str, str]]) -> None:
        super().__init__(data)
        self.fields["about"].choices = choices  # type: ignore[attr-defined]


class BesidesForm(forms.Form):
    """What goes along with a correction."""

    statement = _words(
        label=_("Or: a statement that completes it"),
        help_text=_(
            "Where nothing is wrong but something is missing. It stays with the application, and goes to "
            "the lenders that received it."
        ),
    )
    evidence = FilesField(
        label=_("Evidence, if you have any"), required=False,
        help_text=format_lazy(
            _("PDF, JPEG or PNG, {most} MB at most; several files if need be."), most=LARGEST_FILE // MEGABYTE
        ),
        widget=FilesInput(attrs={"accept": ",".join(ACCEPTED)}),
    )  # fmt: skip


class NewAddressForm(EmailForm):
    """The e-mail address that an account is to have; `stands` is the one it has."""

    def __init__(self, data: Any = None, *, stands: str) -> None:
        super().__init__(data)
        self.stands = stands
        self.fields["email"].label = _("Your new e-mail address")
        self.fields["email"].help_text = _("We will send a code to it, to see that it is yours.")

    def clean_email(self) -> str:
        address: str = self.cleaned_data["email"]
        if address == self.stands:
            raise forms.ValidationError(_("Your account has this address already."))
        return address


class CorrectionForm:
    """A step of the application with the values that stand, to be put right. Read by templates as a form is.

    What the person leaves as it stands is not judged: a document may have expired since.
    """

    def __init__(self, step: Step, answers: Mapping[str, Any], data: Any = None, files: Any = None) -> None:
        self.answers = answers
        self.values = step.form(data, answers=answers)
        self.besides = BesidesForm(data, files)
        if data is not None:
            self._judge(step)

    def _judge(self, step: Step) -> None:
        before = step.form.from_answers(self.answers).errors
        for name in set(self.values.errors) & set(before) - set(self.values.changed_data):
            del self.values.errors[name]
        unchanged = not self.values.changed_data and not self.besides.data.get("statement", "").strip()
        if unchanged and not self.errors:
            self.refuse(_("You have changed nothing yet: write what is right, or a statement."))

    def is_valid(self) -> bool:
        return self.values.is_bound and not self.errors

    def refuse(self, sentence: Any) -> None:
        """Say on top of the page why nothing was sent."""
        self.besides.add_error(None, str(sentence))

    def changes(self, application: Application) -> list[Stored]:
        """What is to be corrected, old and new."""
        changed: list[Stored] = [
            as_stored(
                application_id=application.pk, label=FORM_FIELDS[name].label, old=self.answers.get(name),
                new=self.values.cleaned_data[name],
            )
            for name in self.values.changed_data
        ]  # fmt: skip
        statement = self.besides.cleaned_data["statement"].strip()
        if statement:
            added = as_stored(application_id=application.pk, label=STATEMENT_LABEL, old=None, new=statement)
            changed.append(added)
        return changed

    # --- what templates read ---

    @property
    def errors(self) -> dict[str, Any]:
        return {**self.values.errors, **self.besides.errors}

    def non_field_errors(self) -> list[Any]:
        return [*self.values.non_field_errors(), *self.besides.non_field_errors()]

    def visible_fields(self) -> list[forms.BoundField]:
        return [*self.values.visible_fields(), *self.besides.visible_fields()]
