"""System checks of the data map: `manage.py check` fails where the code does what the map does not say."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.utils.module_loading import import_string

from applications.crypto.fields import EncryptedField, encrypted_fields
from applications.data_policy import POLICIES, NotInPolicy, require_allowed, uses_of
from applications.data_uses import Use
from applications.declarations import Standing, declared_fields, not_personal_names, personal_fields
from applications.flow import STEPS, fields_of
from applications.form_fields import FORM_FIELDS, KNOWN_LABELS, mark_of
from applications.models import DataSubject, OwnedBySubject
from applications.personal import Category, Purpose, RecipientKind, Source
from applications.retention_rules import RULES
from applications.subject_data import OUTLIVES_ITS_SUBJECT
from lenders.adapters import ADAPTERS
from privacy.datamap import LIBRARIES, all_fields, by_category, doors, entries
from privacy.notices import NoticeTextError, outdated
from privacy.template_names import paths_read

TAG = "personal_data"
# Templates of the frame: pages of errors, pieces, the admin. They show nothing of anybody, undeclared.
FRAME = re.compile(r"[^/]+\.html|(?:admin|django|includes)/.+")
# Names of encrypted fields that are names of many other things as well.
COMMON_NAMES = frozenset(
    {"address", "answer", "body", "content", "page", "recipient", "secret", "text", "title"}
)
# A contact of an office has an e-mail address and a phone as people have.
OFFICES = frozenset({"authority", "consumer_authority", "controller", "dpo"})


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
    found += [
        Error(
            f"{model._meta.label}.not_personal names {name}, which it does not have.",
            obj=model,
            id="privacy.E003",
        )
        for model in apps.get_models()
        for name in sorted(not_personal_names(model) - {one.field.name for one in declared_fields(model)})
    ]
    return found + list(_stale_library_entries())


def _stale_library_entries() -> Iterator[CheckMessage]:
    for label, (_why, names) in LIBRARIES.items():
        model = apps.get_model(label)
        for name in sorted(set(names) - {field.name for field in model._meta.concrete_fields}):
            yield Error(
                f"LIBRARIES names {label}.{name}, which does not exist.", obj=model, id="privacy.E003"
            )


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
        if hasattr(model, "rows_of")
        for field in encrypted_fields(model)
        if field.personal is None
    ]


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
def check_links(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """What points at a person, or at a row about one, is about that person too: exported, and erased."""
    holders = {model for door in doors() for model in door.holders()}
    about_people = {model for model in holders if issubclass(model, DataSubject | OwnedBySubject)}
    return [
        Error(
            f"{model._meta.label}.{field.name} points at a person, and is neither exported nor erased.",
            hint="Declare what the row says of the person: personal(...).",
            obj=model,
            id="privacy.E019",
        )
        for model in apps.get_models(include_auto_created=True)
        if model not in holders
        for field in (*model._meta.concrete_fields, *model._meta.many_to_many)
        if field.is_relation and field.related_model in about_people
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


@register(TAG)
def check_templates(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Every template of a floor says what it shows and why, and the map gives its categories that purpose."""
    declared = _declared_templates()
    found: list[CheckMessage] = []
    for name, path in _templates():
        if name not in declared and not FRAME.fullmatch(name):
            sentence = f"The template {name} does not say what it shows of a person."
            found.append(Error(sentence, hint="Name it in its app's data_uses.TEMPLATES.", id="privacy.E013"))
            continue
        use = declared.get(name)
        allowed = use.categories if use else frozenset()
        for field in sorted(_personal_names(path)):
            if not _distinctive()[field] & allowed:
                sentence = f"The template {name} shows {field} and does not say so."
                found.append(Error(sentence, id="privacy.E014"))
    found += [
        Error(f"{name} uses {category} for {use.purpose}, which the map does not give.", id="privacy.E015")
        for name, use in declared.items()
        if use is not None
        for category in sorted(use.categories)
        if use.purpose not in POLICIES[category].uses
    ]
    missing = sorted(declared.keys() - {name for name, _path in _templates()})
    found += [
        Error(f"data_uses names the template {name}, which is not there.", id="privacy.E016")
        for name in missing
    ]
    return found


@cache
def _distinctive() -> dict[str, set[Category]]:
    """Names that mean a personal value wherever a template uses them, those of encrypted fields, with the
    categories of every field of that name."""
    held = entries()
    encrypted = {one.declared.field.name for one in held if isinstance(one.declared.field, EncryptedField)}
    found: dict[str, set[Category]] = {name: set() for name in encrypted - COMMON_NAMES}
    for entry in held:
        if entry.declared.field.name in found:
            found[entry.declared.field.name].add(entry.category)
    return found


def _personal_names(path: Path) -> set[str]:
    """The personal names that a template reads, however it spells it."""
    paths = paths_read(path.read_text(encoding="utf-8"))
    return {name for found in paths if not OFFICES & set(found) for name in found} & _distinctive().keys()


def _declared_templates() -> Mapping[str, Use | None]:
    found: dict[str, Use | None] = {}
    for config in apps.get_app_configs():
        try:
            found |= import_string(f"{config.name}.data_uses.TEMPLATES")
        except ImportError:
            continue
    return found


def _templates() -> Iterator[tuple[str, Path]]:
    folders: Any = settings.TEMPLATES[0]["DIRS"]
    for folder in folders:
        for path in sorted(Path(folder).rglob("*.*")):
            name = path.relative_to(folder).as_posix()
            if path.is_file():
                yield name, path


@register(TAG)
def check_notices(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """The newest edition of each notice says what its source says with the data map as it is."""
    if not all(_is_compiled(language) for language in ("lv", "ru")):
        sentence = "The catalogues of texts are not compiled, so the notices were not checked."
        return [Warning(sentence, hint="Run make catalogues.", id="privacy.W001")]
    try:
        stale = outdated()
    except NoticeTextError as error:
        return [Error(str(error), id="privacy.E018")]
    return [
        Error(
            f"{path.parent.name}/{path.name} and the data map say something else than the newest edition.",
            hint="Write a new edition with manage.py write_notices, read it, and publish it.",
            id="privacy.E018",
        )
        for path in stale
    ]


def _is_compiled(language: str) -> bool:
    texts = Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES" / "django.po"
    compiled = texts.with_suffix(".mo")
    return compiled.exists() and compiled.stat().st_mtime >= texts.stat().st_mtime


@register(TAG)
def check_audit_outlives(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """What outlives its person holds no encrypted value: with the key gone nobody could read it."""
    return [
        Error(
            f"{model._meta.label} outlives its person and holds encrypted values.",
            obj=model,
            id="privacy.E017",
        )
        for model in OUTLIVES_ITS_SUBJECT
        if encrypted_fields(model)
    ]
