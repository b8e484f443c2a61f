"""Forms of a person's own pages about their data."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from applications.eea import EEA
from privacy.models import OtherController


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
