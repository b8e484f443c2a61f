"""The send page's form: which lenders, and what the consumer agrees to: no agreement is ticked beforehand."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lenders.models import Lender

PASS_ON_WORDING = _(
    "I ask JO1N Baltic to pass my application to the lenders that I ticked, "
    "so that they can assess it and make offers."
)
TERMS_WORDING = _("I accept the terms of use.")


class SendForm(forms.Form):
    """Lenders can be unticked one by one; the two agreements must be ticked by the consumer's own hand."""

    shown = forms.CharField(required=False, widget=forms.HiddenInput)
    lenders = forms.MultipleChoiceField(
        label=_("Lenders"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("Tick at least one lender: the application is sent to those alone."),
            "invalid_choice": _("One of the lenders cannot be asked any more. Look through the list again."),
        },
    )
    pass_on = forms.BooleanField(
        label=PASS_ON_WORDING,
        error_messages={"required": _("Tick this box if you want the lenders to receive your application.")},
    )
    accept_terms = forms.BooleanField(
        label=TERMS_WORDING,
        error_messages={"required": _("Read the terms of use and tick this box to accept them.")},
    )

    def __init__(self, *args: Any, can_be_asked: Sequence[Lender], shown: str, **kwargs: Any) -> None:
        ticked = [lender.slug for lender in can_be_asked]
        kwargs.setdefault("initial", {"lenders": ticked})
        self.now_shown = shown
        super().__init__(*args, **kwargs)
        lenders = self.fields["lenders"]
        assert isinstance(lenders, forms.MultipleChoiceField)  # noqa: S101 - for the type checker
        lenders.choices = [(lender.slug, lender.name) for lender in can_be_asked]

    def clean(self) -> dict[str, Any]:
        """What is agreed to is what was on the page: what changed meanwhile is to be read again."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("shown") != self.now_shown:
            raise forms.ValidationError(
                _(
                    "The terms or what a lender receives changed while you were reading. "
                    "Look through the page again."
                ),
                code="changed",
            )
        return cleaned
