"""Whatever points at a person is about that person: exported and erased, or listed with the reason."""

from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, register

from privacy.checks.tag import TAG
from privacy.datamap import NO_HOLDERS, doors, links_to_people


@register(TAG)
def check_links(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """A row that leads to a person says something about them, if only that they are concerned."""
    holders = {model for door in doors() for model in door.holders()}
    pointing = {
        model._meta.label: (model, links_to_people(model))
        for model in apps.get_models(include_auto_created=True)
        if model not in holders and links_to_people(model)
    }
    found: list[CheckMessage] = [
        Error(
            f"{label}.{name} points at a person, and is neither exported nor erased.",
            hint="Declare what the row says of the person: personal(...). A join table needs a model of its "
            "own for that. What says nothing of anybody stands in privacy.datamap.NO_HOLDERS.",
            obj=model,
            id="privacy.E019",
        )
        for label, (model, names) in pointing.items()
        if label not in NO_HOLDERS
        for name in names
    ]
    found += [
        Error(f"NO_HOLDERS names {label}, which points at nobody or is a holder.", id="privacy.E019")
        for label in sorted(NO_HOLDERS.keys() - pointing.keys())
    ]
    return found
