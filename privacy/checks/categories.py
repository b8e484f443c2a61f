"""Every category of the map is kept, exported and erased by a rule."""

from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, register

from applications.crypto.fields import encrypted_fields
from applications.data_policy import POLICIES, uses_of
from applications.declarations import personal_fields
from applications.personal import Purpose
from applications.retention_rules import RULES
from applications.subject_data import outlives_its_subject
from privacy.checks.tag import TAG
from privacy.datamap import by_category, doors


@register(TAG)
def check_categories(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Every category has a policy, a retention rule, a field that holds it, and is exported and erased."""
    found: list[CheckMessage] = []
    holders = {model for door in doors() for model in door.holders()}
    for category, held in by_category().items():
        policy = POLICIES.get(category)
        if policy is None or policy.retention not in RULES or not policy.uses:
            found.append(
                Error(f"The category {category} has no policy or no retention rule.", id="privacy.E005")
            )
        if not held:
            found.append(Error(f"No field holds the category {category}.", id="privacy.E006"))
        for model in {entry.declared.model for entry in held} - holders:
            sentence = f"{model._meta.label} holds {category} and is neither exported nor erased."
            found.append(
                Error(sentence, hint="Its app needs subject_data.SUBJECT_DATA.", obj=model, id="privacy.E007")
            )
    for model in holders:
        if not hasattr(model, "rows_of"):
            sentence = f"{model._meta.label} holds personal data and cannot tell whose."
            found.append(Error(sentence, hint="Give it rows_of(subject).", obj=model, id="privacy.E008"))
        for one in personal_fields(model):
            if one.mark is not None and Purpose.DATA_SUBJECT_RIGHTS not in uses_of(one.mark):
                sentence = f"{one} cannot be shown to its person: its purposes leave that out."
                found.append(Error(sentence, obj=model, id="privacy.E009"))
    return found


@register(TAG)
def check_audit_outlives(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """What outlives its person holds no encrypted value: with the key gone nobody could read it."""
    return [
        Error(
            f"{model._meta.label} outlives its person and holds encrypted values.",
            obj=model,
            id="privacy.E017",
        )
        for model in apps.get_models()
        if outlives_its_subject(model) and encrypted_fields(model)
    ]
