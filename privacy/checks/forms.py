"""Forms beside the steps of the application say what they ask for."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, register
from django.forms import BaseForm

from applications.data_policy import POLICIES
from applications.each_app import of_each_app
from applications.flow import STEPS
from privacy.checks.personal_names import is_said, means_another, personal_names
from privacy.checks.tag import TAG


@register(TAG)
def check_other_forms(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """A form that is no step says what it asks for and why, and the map gives it that purpose."""
    declared = {
        name: use for forms in of_each_app("data_uses", "FORMS").values() for name, use in forms.items()
    }
    found: list[CheckMessage] = []
    for form in _other_forms():
        label = f"{form.__module__}.{form.__qualname__}"
        use = declared.get(label)
        allowed = use.categories if use else frozenset()
        for name in sorted(form.base_fields.keys() & personal_names().keys()):  # type: ignore[attr-defined]
            other = means_another(f"{form.__qualname__}.{name}")
            if not other and not is_said(name, allowed):
                sentence = f"The form {label} asks for {name} and does not say so."
                found.append(Error(sentence, hint="Name it in its app's data_uses.FORMS.", id="privacy.E022"))
    found += [
        Error(
            f"{label} asks for {category} for {use.purpose}, which the map does not give.", id="privacy.E022"
        )
        for label, use in declared.items()
        for category in sorted(use.categories)
        if use.purpose not in POLICIES[category].uses
    ]
    return found


def _other_forms() -> list[type[BaseForm]]:
    """Every form class of our apps that is no step."""
    ours = {config.name for config in apps.get_app_configs() if "site-packages" not in config.path}
    steps = {step.form for step in STEPS}
    return [
        form
        for form in _below(BaseForm)
        if form.__module__.split(".")[0] in ours and form not in steps and hasattr(form, "base_fields")
    ]


def _below(form: type[BaseForm]) -> Iterator[type[BaseForm]]:
    for one in form.__subclasses__():
        yield one
        yield from _below(one)
