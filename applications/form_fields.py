"""Where each answer of the form lives: its flat name in forms, its model, and its label in the data map."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext

from applications.crypto.fields import encrypted_fields
from applications.models import FORM_MODELS, FormData
from applications.personal import Personal

EMAIL_LABEL = "identification.email"
# What goes along with every application: the person's language, and what they agreed to in which words.
LANGUAGE_LABEL, CONSENTS_LABEL = "account.language", "account.consents"


@dataclass(frozen=True)
class FormField:
    """One answer: its name in forms, the model that keeps it, its data-map mark, and what people call it."""

    name: str
    label: str
    model: type[FormData]
    personal: Personal
    noun: str | Promise


def _collect() -> dict[str, FormField]:
    return {
        field.name: FormField(field.name, field.label, model, field.personal, field.verbose_name)
        for model in FORM_MODELS
        for field in encrypted_fields(model)
    }


FORM_FIELDS: dict[str, FormField] = _collect()
BY_LABEL: dict[str, FormField] = {field.label: field for field in FORM_FIELDS.values()}
KNOWN_LABELS = frozenset(BY_LABEL) | {EMAIL_LABEL, LANGUAGE_LABEL, CONSENTS_LABEL}


def label_text(label: str) -> str:
    """What a person calls the field of this data-map label, in the active language."""
    apart = {
        EMAIL_LABEL: gettext("E-mail address"),
        LANGUAGE_LABEL: gettext("Your language"),
        CONSENTS_LABEL: gettext("What you agreed to"),
    }
    if label in apart:
        return apart[label]
    return capfirst(str(BY_LABEL[label].noun))
