"""Every template says what it shows of a person and why, and shows no more."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.template import Engine, TemplateSyntaxError, engines
from django.template.backends.django import DjangoTemplates

from applications.data_policy import POLICIES
from applications.data_uses import Use
from applications.each_app import of_each_app
from privacy.checks.personal_names import is_said, means_another, personal_names
from privacy.checks.tag import TAG
from privacy.checks.template_names import Lookups, lookups_in


@register(TAG)
def check_templates(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Every template says what it shows and why, and the map gives its categories that purpose."""
    declared = {
        name: use for known in of_each_app("data_uses", "TEMPLATES").values() for name, use in known.items()
    }
    templates = list(_templates())
    found: list[CheckMessage] = []
    for engine, name, path in templates:
        if name in declared:
            found += _undeclared(engine, name, path, declared[name])
        else:
            sentence = f"The template {name} does not say what it shows of a person."
            found.append(Error(sentence, hint="Name it in its app's data_uses.TEMPLATES.", id="privacy.E013"))
    found += [
        Error(f"{name} uses {category} for {use.purpose}, which the map does not give.", id="privacy.E015")
        for name, use in declared.items()
        if use is not None
        for category in sorted(use.categories)
        if use.purpose not in POLICIES[category].uses
    ]
    found += [
        Error(f"data_uses names the template {name}, which is not there.", id="privacy.E016")
        for name in sorted(declared.keys() - {name for _engine, name, _path in templates})
    ]
    return found


def _undeclared(engine: Engine, name: str, path: Path, use: Use | None) -> Iterator[CheckMessage]:
    try:
        lookups = lookups_in(engine, path, path.stat().st_mtime_ns)
    except TemplateSyntaxError as error:
        yield Error(f"The template {name} cannot be read: {error}", id="privacy.E014")
        return
    allowed = use.categories if use else frozenset()
    shown = {name for parts in lookups for name in _names(parts)}
    for field in sorted(shown & personal_names().keys()):
        if not is_said(field, allowed):
            yield Error(f"The template {name} shows {field} and does not say so.", id="privacy.E014")


def _names(parts: Lookups) -> Iterator[str]:
    for number, name in enumerate(parts, start=1):
        if not means_another(".".join(parts[:number])):
            yield name


def _templates() -> Iterator[tuple[Engine, str, Path]]:
    """Every template file of ours, those that another of the same name hides included."""
    for backend in engines.all():
        if isinstance(backend, DjangoTemplates):
            for folder in _folders(backend.engine):
                for path in sorted(folder.rglob("*.*")):
                    if path.is_file():
                        yield backend.engine, path.relative_to(folder).as_posix(), path


def _folders(engine: Engine) -> Iterator[Path]:
    """Where the engine looks for templates, libraries' own folders left out."""
    for loader in engine.template_loaders:
        for folder in getattr(loader, "get_dirs", tuple)():
            if "site-packages" not in Path(folder).parts:
                yield Path(folder)
