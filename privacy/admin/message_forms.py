"""What the officer writes when deciding about a message: one form a deed, filled in with proposals."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.core import signing
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications.references import as_stored
from privacy.mail_proposals import ProposedRight, language_of, proposed_rights
from privacy.models import Right, RightsRequest, WhyAside
from privacy.selectors.messages import ProposedPerson
from privacy.services.messages import Seen
from privacy.states import OPEN

SALT = "privacy.messages"
NOBODY = "nobody"


class RequestForm(forms.Form):
    """The message asks for a right: for which, whose it is, where the answer goes."""

    right = forms.ChoiceField(
        label=gettext_lazy("What is asked for"), choices=Right.choices, widget=forms.RadioSelect
    )
    person = forms.ChoiceField(label=gettext_lazy("Whose request it is"), widget=forms.RadioSelect)
    contact = forms.EmailField(
        label=gettext_lazy("E-mail address for the answer"), max_length=254,
        help_text=gettext_lazy("The sender's, unless the message names another one."),
    )  # fmt: skip
    language = forms.ChoiceField(label=gettext_lazy("Language of the answer"), choices=settings.LANGUAGES)

    def __init__(self, data: Any = None, *, seen: Seen) -> None:
        words = seen.words
        rights = proposed_rights(words.as_text)
        initial = {
            "right": rights[0].right if len(rights) == 1 else None,
            "contact": words.sender,
            "language": language_of(words.as_text, otherwise=settings.LANGUAGE_CODE),
        }
        super().__init__(data, initial=initial, prefix="request")
        self.fields["right"].help_text = _because(rights)
        people = [(_signer().sign(str(one.subject.pk)), _described(one)) for one in seen.people]
        nobody = (
            _("None of them: it is not known yet who asks") if people else _("It is not known yet who asks")
        )
        self.fields["person"].choices = [*people, (NOBODY, nobody)]  # type: ignore[attr-defined]

    def clean_person(self) -> UUID | None:
        """The person who was ticked; None for nobody known."""
        chosen: str = self.cleaned_data["person"]
        return None if chosen == NOBODY else UUID(_signer().unsign(chosen))


class AddForm(forms.Form):
    """The message belongs to a request that is open."""

    number = forms.CharField(
        label=gettext_lazy("Number of the request"), max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, seen: Seen) -> None:
        initial = {"number": seen.requests[0].request.reference} if len(seen.requests) == 1 else {}
        super().__init__(data, initial=initial, prefix="add")
        self.fields["number"].help_text = "; ".join(
            f"{one.request.reference} ({one.request.get_right_display()}): {one.because}"
            for one in seen.requests
        )

    def clean_number(self) -> RightsRequest:
        found = RightsRequest.objects.filter(
            reference=as_stored(self.cleaned_data["number"]), status__in=OPEN
        ).first()
        if found is None:
            raise forms.ValidationError(_("No open request has this number."))
        return found


class AsideForm(forms.Form):
    """The message asks for no right."""

    why = forms.ChoiceField(label=gettext_lazy("Reason"), choices=WhyAside.choices, widget=forms.RadioSelect)

    def __init__(self, data: Any = None, *, seen: Seen) -> None:
        super().__init__(data, prefix="aside")


def _signer() -> signing.Signer:
    return signing.Signer(salt=SALT)


def _because(rights: Sequence[ProposedRight]) -> str:
    """Which rights the words point to, with the words."""
    if not rights:
        return _("No word of the message says which right it is.")
    lines = [f"{one.right.label}: {', '.join(f'“{word}”' for word in one.because)}" for one in rights]
    return _("Words in the message: %(words)s") % {"words": "; ".join(lines)}


def _described(one: ProposedPerson) -> str:
    """The customer's number and why; the numbers of applications unless a right of the person stands in the
    way.
    """
    words = _("Customer %(number)s: %(because)s") % {"number": one.subject, "because": one.because}
    if one.found.stopped:
        return f"{words}. {one.found.stopped}"
    numbers = ", ".join(application.reference for application in one.found.applications)
    return f"{words} ({numbers})" if numbers else words
