"""Every field is declared, and its declaration keeps to its category."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, register

from applications.crypto.fields import encrypted_fields
from applications.data_policy import POLICIES
from applications.declarations import Standing, not_personal_names
from applications.retention_rules import RULES
from privacy.checks.tag import TAG
from privacy.datamap import LIBRARIES, all_fields, entries, is_about_a_person


@register(TAG)
def check_fields(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Every field of every model is declared, once: personal data, or not."""
    found: list[CheckMessage] = []
    for one in all_fields():
        if one.standing is Standing.MISSING:
            found.append(
                Error(
                    f"{one} is not in the data map.",
                    hint="Give the field personal=Personal(...) or personal(...), or name it in the model's "
                    "not_personal (a library's model: in privacy.datamap.LIBRARIES).",
                    obj=one.model,
                    id="privacy.E001",
                )
            )
        elif one.standing is Standing.TWICE:
            sentence = f"{one} is declared personal data and not personal as well."
            found.append(Error(sentence, obj=one.model, id="privacy.E002"))
    return [*found, *_stale_names()]


def _stale_names() -> Iterator[CheckMessage]:
    """What is declared not personal and is not there; a library's model is declared in the table."""
    for model in apps.get_models():
        table = LIBRARIES.get(model._meta.label)
        names = {field.name for field in model._meta.concrete_fields}
        for name in sorted(not_personal_names(model, table) - names):
            where = "LIBRARIES" if table else "not_personal"
            yield Error(
                f"{where} of {model._meta.label} names {name}, which it does not have.",
                obj=model,
                id="privacy.E003",
            )
    for label in sorted(LIBRARIES.keys() - {model._meta.label for model in apps.get_models()}):
        yield Error(f"LIBRARIES names the model {label}, which is not there.", id="privacy.E003")


@register(TAG)
def check_encrypted(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """A row about a person holds nothing encrypted that is not declared personal."""
    return [
        Error(
            f"{model._meta.label}.{field.name} is about a person, encrypted, and not declared personal.",
            obj=model,
            id="privacy.E004",
        )
        for model in apps.get_models()
        if is_about_a_person(model)
        for field in encrypted_fields(model)
        if field.personal is None
    ]


@register(TAG)
def check_narrowing(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """A field narrows its category and never widens it; its retention rule exists."""
    found: list[CheckMessage] = []
    for entry in entries():
        policy, mark = POLICIES[entry.category], entry.mark
        wider = (mark.purposes or frozenset()) - policy.uses.keys()
        wider_to = (mark.recipients or frozenset()) - policy.recipients
        if wider or wider_to or entry.retention not in RULES:
            sentence = f"{entry.declared} names a purpose, recipient or rule that {entry.category} lacks."
            found.append(Error(sentence, obj=entry.declared.model, id="privacy.E020"))
    return found
