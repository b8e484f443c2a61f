"""The form asks for, and adapters pass on, what the map lets them."""

from typing import Any

from django.core.checks import CheckMessage, Error, register

from applications.data_policy import NotInPolicy, require_allowed
from applications.flow import STEPS, fields_of
from applications.form_fields import FORM_FIELDS, KNOWN_LABELS, mark_of
from applications.personal import Purpose, RecipientKind, Source
from lenders.adapters import ADAPTERS
from privacy.checks.tag import TAG


@register(TAG)
def check_forms(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """A step of the form asks only for what the map says comes from the form and serves the application."""
    found: list[CheckMessage] = []
    for step in STEPS:
        for name in fields_of(step):
            field = FORM_FIELDS.get(name)
            if field is None:
                sentence = f"The step {step.slug} asks for {name}, which no field of the data map keeps."
                found.append(Error(sentence, id="privacy.E010"))
            elif field.personal.source is not Source.FORM or not _allowed(
                field.label, Purpose.HANDLE_APPLICATIONS
            ):
                sentence = (
                    f"The step {step.slug} asks for {field.label}, which the map does not take from the form."
                )
                found.append(Error(sentence, id="privacy.E010"))
            elif not field.personal.why:
                sentence = f"{field.label} does not say why the form asks for it."
                found.append(Error(sentence, hint="Give its declaration why=.", id="privacy.E011"))
    return found


@register(TAG)
def check_adapters(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """An adapter has a place only for what the map lets lenders have."""
    return [
        Error(
            f"The adapter {adapter.slug} has a place for {label}, which the map gives to no lender.",
            id="privacy.E012",
        )
        for adapter in ADAPTERS.values()
        for label in sorted(adapter.supported_labels)
        if label not in KNOWN_LABELS or not _allowed(label, Purpose.PASS_TO_LENDERS, RecipientKind.LENDER)
    ]


def _allowed(label: str, purpose: Purpose, recipient: RecipientKind | None = None) -> bool:
    try:
        require_allowed([mark_of(label)], purpose, recipient)
    except NotInPolicy:
        return False
    return True
