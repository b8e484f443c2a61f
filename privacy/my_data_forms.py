"""Forms of a person's own pages about their data."""

from django import forms
from django.utils.translation import gettext_lazy as _


class ErasureForm(forms.Form):
    """Nothing is ticked beforehand."""

    understood = forms.BooleanField(
        label=_("I understand that this cannot be undone."),
        error_messages={"required": _("Tick that you understand that this cannot be undone.")},
    )
