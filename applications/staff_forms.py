"""The forms of the staff's door."""

from django import forms
from django.utils.translation import gettext_lazy as _

from applications.services.passkeys import NAME_LENGTH

AS_TYPED = {"autocapitalize": "none", "spellcheck": "false"}
CODE = AS_TYPED | {"autocomplete": "one-time-code", "inputmode": "numeric"}


class PasswordForm(forms.Form):
    """A work name and a password."""

    username = forms.CharField(
        label=_("Work name"),
        max_length=150,
        widget=forms.TextInput(attrs=AS_TYPED | {"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=4096,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class AppCodeForm(forms.Form):
    """Six digits from an app."""

    proof_code = forms.CharField(
        label=_("Six-digit code"),
        max_length=20,
        help_text=_("Your authenticator app shows it, a new one every half minute."),
        widget=forms.TextInput(attrs=CODE),
    )


class RecoveryCodeForm(forms.Form):
    """Twelve letters and digits from paper."""

    proof_code = forms.CharField(
        label=_("Recovery code"),
        max_length=40,
        help_text=_("One of those you were shown when you set this up. Each counts once."),
        widget=forms.TextInput(attrs=AS_TYPED | {"autocomplete": "off"}),
    )


class PasskeyForm(forms.Form):
    """What a person calls a new passkey, and what the browser answered."""

    name = forms.CharField(
        label=_("What to call it"),
        max_length=NAME_LENGTH,
        help_text=_("For example: work laptop, blue key."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    proof_credential = forms.CharField(required=False, widget=forms.HiddenInput)
