"""What the officer writes when deciding about a request: one form a deed."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lenders.states import RetentionBasis
from privacy.letter_facts import Delay
from privacy.models import Exception17, Outcome, RecipientNotice, Refusal, Right, RightsRequest
from privacy.selectors.registers import subject_known_as
from privacy.selectors.requests import Keepable, keepable, last_change
from privacy.services.deciding import BY_STAFF
from privacy.services.requests import UNKNOWN, Kept
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

    def __init__(self, data: Any = None, *, about: RightsRequest) -> None:
        super().__init__(data, initial={"seen": last_change(about)})
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

    def __init__(self, data: Any = None, *, about: RightsRequest) -> None:
        super().__init__(data, about=about)
        if about.subject_id is not None:
            del self.fields["number"]

    def clean_number(self) -> Any:
        """The person of this number."""
        subject = subject_known_as(self.cleaned_data["number"])
        if subject is None or subject.erased_at is not None:
            raise forms.ValidationError(_("Nobody is known by this number."))
        return subject


class RefuseForm(DeedForm):
    """Why not: the reasons that the state allows, and words for those that need explaining."""

    why = forms.ChoiceField(label=gettext_lazy("Reason"), widget=forms.RadioSelect)
    reasons = words_field(
        label=gettext_lazy("What you add in your own words"), required=False,
        help_text=gettext_lazy("The person reads it in the answer, below the reason."),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, about: RightsRequest) -> None:
        super().__init__(data, about=about)
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
    """What an erasure leaves: a row for each application that may have to stay."""

    def __init__(self, data: Any = None, *, about: RightsRequest) -> None:
        super().__init__(data, about=about)
        found = self._keepable()
        self.exceptions = [KeepForm(data, keepable=one) for one in found]

    def _keepable(self) -> list[Keepable]:
        if self.about.right != Right.ERASURE or self.about.subject_id is None:
            return []
        return keepable(self.about.subject_id, timezone.localdate())

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        valid = [one.is_valid() for one in self.exceptions]  # each is to say what it lacks
        if not all(valid):
            raise forms.ValidationError(_("Look at what is to stay: something is missing there."))
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
