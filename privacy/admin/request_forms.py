"""What the officer writes when deciding about a request: one form a deed."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications.form_fields import EMAIL_LABEL, label_text
from applications.formats import date_text
from lenders.states import RetentionBasis
from privacy.changes import as_cleaned, correctable
from privacy.letter_facts import Delay
from privacy.models import Exception17, Outcome, RecipientNotice, Refusal, Result, Right, RightsRequest
from privacy.selectors.about import choices
from privacy.selectors.registers import subject_known_as
from privacy.selectors.requests import Keepable, applications_of, changes_of, keepable, last_change
from privacy.services.deciding import BY_STAFF
from privacy.services.requests import UNKNOWN, Kept
from privacy.services.restrictions import NOTICE
from privacy.states import RequestStatus

LONGEST = 4000


def day_field(**options: Any) -> forms.DateField:
    """A day, picked or typed as the browser has it."""
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    return forms.DateField(widget=widget, **options)


def words_field(**options: Any) -> forms.CharField:
    """Words of some length."""
    return forms.CharField(
        max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 6, "cols": 70}), **options
    )


class DeedForm(forms.Form):
    """Asks for nothing; `seen` is the change after which the page was opened."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, files: Any = None, *, about: RightsRequest) -> None:
        super().__init__(data, files, initial={"seen": last_change(about)})
        self.about = about

    @property
    def is_stale(self) -> bool:
        """Whether somebody has changed the request since the page was opened."""
        return bool(self.data.get("seen") != last_change(self.about))


class IdentifyForm(DeedForm):
    """How it was established who asks, and who it is where the request names nobody."""

    number = forms.CharField(
        label=gettext_lazy("Customer reference, account number or application number"), max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("Of the person who asks: the request names nobody yet."),
    )  # fmt: skip
    decision = words_field(
        label=gettext_lazy("How it was established"),
        help_text=gettext_lazy("What was shown or compared, and by whom. It is kept with the request."),
    )

    def __init__(self, data: Any = None, files: Any = None, *, about: RightsRequest) -> None:
        super().__init__(data, files, about=about)
        if about.subject_id is not None:
            del self.fields["number"]

    def clean_number(self) -> Any:
        """The person of this number."""
        subject = subject_known_as(self.cleaned_data["number"])
        if subject is None or subject.erased_at is not None:
            raise forms.ValidationError(_("Nobody is known by this number."))
        return subject


class SpecifyForm(DeedForm):
    """What a request is about that came in without saying it."""

    matter = forms.ChoiceField(label=gettext_lazy("What it is about"), widget=forms.RadioSelect)
    view = words_field(
        label=gettext_lazy("How the person sees it"), required=False,
        help_text=gettext_lazy("The lender gets it word for word: what the person wrote about its decision."),
    )  # fmt: skip

    def __init__(self, data: Any = None, files: Any = None, *, about: RightsRequest) -> None:
        super().__init__(data, files, about=about)
        self.fields["matter"].choices = choices(about)  # type: ignore[attr-defined]
        if about.right != Right.REVIEW:
            del self.fields["view"]


class CorrectionForm(DeedForm):
    """One value that is to be corrected, as the person wrote it in a letter; several one after the other."""

    application = forms.ChoiceField(label=gettext_lazy("Application"), required=False)
    answer = forms.ChoiceField(label=gettext_lazy("Which answer is wrong"))
    right_value = forms.CharField(
        label=gettext_lazy("What is right"), max_length=LONGEST,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy("As the person would write it into the form."),
    )  # fmt: skip

    def __init__(self, data: Any = None, files: Any = None, *, about: RightsRequest) -> None:
        super().__init__(data, files, about=about)
        sent = applications_of(about.subject_id) if about.subject_id else []
        own = [(str(one.pk), one.reference) for one in sent]
        none = ("", _("None: the e-mail address of the account"))
        self.fields["application"].choices = [*own, none]  # type: ignore[attr-defined]
        answers = [(label, label_text(label)) for label in correctable()]
        self.fields["answer"].choices = answers  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if ("answer" in given) and (given["answer"] == EMAIL_LABEL) == bool(given.get("application")):
            self.add_error("application", _("Only the e-mail address is of no application."))
        if {"answer", "right_value"} <= given.keys():
            try:
                given["new"] = as_cleaned(given["answer"], given["right_value"])
            except forms.ValidationError as error:
                self.add_error("right_value", error)
        return given


class WeighForm(DeedForm):
    """Whether an objection stands, and the grounds if it does not."""

    result = forms.ChoiceField(
        label=gettext_lazy("Decision"), widget=forms.RadioSelect,
        choices=[(one.value, one.label) for one in (Result.STANDS, Result.OVERRULED)],
    )  # fmt: skip
    reasons = words_field(
        label=gettext_lazy("The compelling grounds"), required=False,
        help_text=gettext_lazy("The person reads them in the answer. Needed where they override it."),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("result") == Result.OVERRULED and not given.get("reasons", "").strip():
            self.add_error("reasons", _("Write down why: the decision has to be explained."))
        return given


class EndForm(DeedForm):
    """On which day a restriction ends, and why."""

    on = day_field(label=gettext_lazy("Ends on"))
    reasons = words_field(
        label=gettext_lazy("Why it ends"), help_text=gettext_lazy("The person reads it in the letter.")
    )

    def clean_on(self) -> date:
        on: date = self.cleaned_data["on"]
        soonest = timezone.localdate() + NOTICE
        if on < soonest:
            sentence = _("The person is told at least a week before: on %(day)s at the soonest.")
            raise forms.ValidationError(sentence % {"day": date_text(soonest)})
        return on


class RefuseForm(DeedForm):
    """Why not: the reasons that the state allows, and words for those that need explaining."""

    why = forms.ChoiceField(label=gettext_lazy("Reason"), widget=forms.RadioSelect)
    reasons = words_field(
        label=gettext_lazy("What you add in your own words"), required=False,
        help_text=gettext_lazy("The person reads it in the answer, below the reason."),
    )  # fmt: skip

    def __init__(self, data: Any = None, files: Any = None, *, about: RightsRequest) -> None:
        super().__init__(data, files, about=about)
        nobody_known = about.status == RequestStatus.IDENTITY_CHECK
        possible = [one for one in Refusal if (one in UNKNOWN) == nobody_known]
        self.fields["why"].choices = [(one.value, one.label) for one in possible]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("why") not in {None, *UNKNOWN} and not given.get("reasons", "").strip():
            self.add_error("reasons", _("Write down why: the decision has to be explained."))
        return given


class ExtendForm(DeedForm):
    """Why more time is needed: only complexity and the number of requests count (GDPR Art. 12(3))."""

    why = forms.ChoiceField(label=gettext_lazy("Reason"), choices=Delay.choices, widget=forms.RadioSelect)
    reasons = words_field(
        label=gettext_lazy("What you add in your own words"), required=False,
        help_text=gettext_lazy("The person reads it in the answer, below the reason."),
    )  # fmt: skip


class KeepForm(forms.Form):
    """Whether one application stays after the erasure, on which ground and until when."""

    stays = forms.BooleanField(label=gettext_lazy("Stays"), required=False)
    ground = forms.ChoiceField(label=gettext_lazy("Exception"), choices=Exception17.choices, required=False)
    until = day_field(label=gettext_lazy("Until"), required=False)

    def __init__(self, data: Any, *, keepable: Keepable) -> None:
        initial = {"ground": Exception17.CLAIMS, "until": keepable.until}
        super().__init__(data, prefix=keepable.application.reference, initial=initial)
        self.keepable = keepable

    def clean_until(self) -> date | None:
        until: date | None = self.cleaned_data["until"]
        if self.cleaned_data.get("stays") and (until is None or until <= timezone.localdate()):
            raise forms.ValidationError(_("What stays needs a day in the future, on which it goes."))
        return until

    def kept(self) -> Kept:
        given = self.cleaned_data
        ground = Exception17(given["ground"] or Exception17.CLAIMS)
        return Kept(self.keepable.application.pk, ground, given["until"])


class ApproveForm(DeedForm):
    """What an erasure leaves: a row for each application that may have to stay; what is not corrected."""

    left = forms.TypedMultipleChoiceField(
        label=gettext_lazy("What stays as it is"), coerce=int, required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Tick what is right as it stands. Leave all unticked to correct all."),
    )  # fmt: skip
    reasons = words_field(
        label=gettext_lazy("Why it stays"), required=False,
        help_text=gettext_lazy("The person reads it in the answer."),
    )  # fmt: skip

    def __init__(self, data: Any = None, files: Any = None, *, about: RightsRequest) -> None:
        super().__init__(data, files, about=about)
        found = self._keepable()
        self.exceptions = [KeepForm(data, keepable=one) for one in found]
        if about.right == Right.RECTIFICATION:
            changes = changes_of(about)
            named = [(place, label_text(one["label"])) for place, one in enumerate(changes)]
            self.fields["left"].choices = named  # type: ignore[attr-defined]
        else:
            del self.fields["left"], self.fields["reasons"]

    def _keepable(self) -> list[Keepable]:
        if self.about.right != Right.ERASURE or self.about.subject_id is None:
            return []
        return keepable(self.about.subject_id, timezone.localdate())

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        valid = [one.is_valid() for one in self.exceptions]  # each is to say what it lacks
        if not all(valid):
            raise forms.ValidationError(_("Look at what is to stay: something is missing there."))
        left = given.get("left", ())
        if left and len(left) == len(changes_of(self.about)):
            self.add_error("left", _("If nothing is corrected, refuse the request."))
        if left and not given.get("reasons", "").strip():
            self.add_error("reasons", _("Write down why: the decision has to be explained."))
        return given | {"kept": tuple(self._kept())}

    def _kept(self) -> Iterator[Kept]:
        return (one.kept() for one in self.exceptions if one.cleaned_data["stays"])


class ToldForm(forms.Form):
    """What staff know of a recipient that no interface told, or that answered in another way."""

    notice = forms.UUIDField(widget=forms.HiddenInput)
    was = forms.CharField(widget=forms.HiddenInput, required=False)
    outcome = forms.ChoiceField(
        label=gettext_lazy("What came of it"),
        choices=[(one.value, one.label) for one in Outcome if one in BY_STAFF],
    )
    basis = forms.ChoiceField(
        label=gettext_lazy("Ground for keeping"), required=False,
        choices=[("", gettext_lazy("None: it keeps nothing")), *RetentionBasis.choices],
    )  # fmt: skip
    until = day_field(label=gettext_lazy("Kept until"), required=False)

    def __init__(self, data: Any = None, *, about: RecipientNotice | None = None) -> None:
        initial = {"notice": about.pk, "was": about.outcome, "outcome": Outcome.TOLD} if about else {}
        super().__init__(data, initial=initial, auto_id=f"id_{about.pk}_%s" if about else "id_%s")

    def clean(self) -> dict[str, Any]:
        """A ground belongs to what is kept, and to nothing else."""
        given = super().clean() or {}
        if (given.get("outcome") == Outcome.RETAINED) != bool(given.get("basis")):
            raise forms.ValidationError(_("Give the ground where the data are kept, and only there."))
        return given
