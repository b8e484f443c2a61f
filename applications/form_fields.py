"""Where each answer of the form lives: its flat name in forms, its model, and its label in the data map."""

from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext

from applications.crypto.fields import encrypted_fields
from applications.declarations import Declared, declared_fields
from applications.documents import DOCUMENTS, DocumentKind
from applications.models import (
    FORM_MODELS,
    Application,
    Consent,
    DataSubject,
    FormData,
    SupplementaryStatement,
)
from applications.personal import Personal


@dataclass(frozen=True)
class FormField:
    """One answer: its name in forms, the model that keeps it, its data-map mark, and what people call it."""

    name: str
    label: str
    model: type[FormData]
    personal: Personal
    noun: str | Promise

    def to_python(self, value: Any) -> Any:
        """A value as the model has it, from JSON, which knows no dates."""
        column: Any = self.model._meta.get_field(self.name)
        return column.to_python(value)


def _collect() -> dict[str, FormField]:
    return {
        field.name: FormField(field.name, field.label, model, field.personal, field.verbose_name)
        for model in FORM_MODELS
        for field in encrypted_fields(model)
    }


def _declared(model: type[models.Model], name: str) -> Declared:
    return next(one for one in declared_fields(model) if one.field.name == name)


FORM_FIELDS: dict[str, FormField] = _collect()
BY_LABEL: dict[str, FormField] = {field.label: field for field in FORM_FIELDS.values()}
_EMAIL = _declared(DataSubject, "email")
# What goes along with every application: the person's language, and what they agreed to in which words.
_LANGUAGE, _CONSENTS = _declared(Application, "language"), _declared(Consent, "wording")
EMAIL_LABEL, LANGUAGE_LABEL, CONSENTS_LABEL = _EMAIL.label, _LANGUAGE.label, _CONSENTS.label
# What completes an application, apart from its answers (GDPR Art. 16).
STATEMENT_LABEL = _declared(SupplementaryStatement, "text").label
MARKS: dict[str, Personal] = (
    {label: field.personal for label, field in BY_LABEL.items()}
    | {one.label: one.mark for one in (_EMAIL, _LANGUAGE, _CONSENTS) if one.mark is not None}
    | {label: kind.personal for label, kind in DOCUMENTS.items()}
)
KNOWN_LABELS = frozenset(MARKS)


def mark_of(label: str) -> Personal:
    """The declaration behind a label. Raises KeyError for a label that no answer and no document has."""
    return MARKS[label]


def label_text(label: str) -> str:
    """What a person calls the field or document of this data-map label, in the active language."""
    apart = {
        EMAIL_LABEL: gettext("E-mail address"),
        LANGUAGE_LABEL: gettext("Your language"),
        CONSENTS_LABEL: gettext("What you agreed to"),
        STATEMENT_LABEL: gettext("Supplementary statement"),
    }
    if label in apart:
        return apart[label]
    known: FormField | DocumentKind = DOCUMENTS.get(label) or BY_LABEL[label]
    return capfirst(str(known.noun))
