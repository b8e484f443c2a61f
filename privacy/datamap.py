"""The data map: every field of every installed model, collected from the declarations beside the fields.

Nothing is written down here a second time, but for the models of libraries, which cannot declare themselves.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models

from applications.data_policy import POLICIES, recipients_of, retention_of, uses_of
from applications.declarations import Declared, Standing, declared_fields, personal_fields
from applications.each_app import of_each_app
from applications.models import DataSubject
from applications.personal import Basis, Category, NotPersonal, Personal, Purpose, RecipientKind
from applications.retention_rules import RULES, Retention, Rule
from applications.selectors.periods import rules_in_force
from applications.selectors.secrecy import told
from applications.subject_data import SubjectData

STAFF = "about staff at work and the permissions of their accounts, not about data subjects of the solution"
KEYS = "a wrapped key, its owner's identifier and its dates: erased by destruction, kept as a tombstone"
LIBRARIES: dict[str, NotPersonal] = {
    "admin.LogEntry": NotPersonal(
        "who of the staff did what; rows are named by reference numbers (house rule for __str__)",
        "action_time", "object_id", "object_repr", "action_flag", "change_message",
    ),
    "auth.Group": NotPersonal(STAFF, "name"),
    "auth.Permission": NotPersonal(STAFF, "name", "codename"),
    "contenttypes.ContentType": NotPersonal("names of models", "app_label", "model"),
    "crypto.DataKey": NotPersonal(KEYS, "owner_id", "epoch", "wrapped", "created_at", "destroyed_at"),
    "crypto.RingKey": NotPersonal("names and dates of our keys", "kind", "name", "since", "retired_at"),
    "sessions.Session": NotPersonal(
        "sessions of staff; consumers have ConsumerSession", "session_key", "session_data", "expire_date"
    ),
}  # fmt: skip
"""Models that cannot declare their own fields: libraries, and the cellar, which knows nothing of people."""

NO_HOLDERS: dict[str, str] = {}
"""Models that point at a person, or at what is held about one, and say nothing of anybody; and why."""


@dataclass(frozen=True)
class Entry:
    """One personal-data field with everything that the map says about it."""

    declared: Declared
    mark: Personal
    uses: dict[Purpose, Basis]
    recipients: frozenset[RecipientKind]
    retention: Retention

    @property
    def category(self) -> Category:
        return self.mark.category

    @property
    def label(self) -> str:
        return self.declared.label

    @property
    def rule(self) -> Rule:
        return RULES[self.retention]


def all_fields() -> Iterator[Declared]:
    """Every field of every installed model, join tables of libraries included."""
    for model in apps.get_models(include_auto_created=True):
        yield from declared_fields(model, LIBRARIES.get(model._meta.label))


def is_about_a_person(model: type[models.Model]) -> bool:
    """Whether rows of this model are somebody's: they can tell whose, hold personal data, or point there."""
    return _is_somebody_s(model) or bool(links_to_people(model))


def links_to_people(model: type[models.Model]) -> list[str]:
    """The relations of this model that lead to a person, or to what is held about one."""
    fields = (*model._meta.concrete_fields, *model._meta.many_to_many)
    return [field.name for field in fields if field.related_model and _is_somebody_s(field.related_model)]


def _is_somebody_s(model: Any) -> bool:
    return hasattr(model, "rows_of") or bool(personal_fields(model))


def entries() -> list[Entry]:
    """The personal-data fields, by category and label."""
    found = [
        Entry(one, one.mark, uses_of(one.mark), recipients_of(one.mark), retention_of(one.mark))
        for one in all_fields()
        if one.mark is not None
    ]
    order = list(Category)
    return sorted(found, key=lambda entry: (order.index(entry.category), entry.label))


def by_category() -> dict[Category, list[Entry]]:
    """The entries of each category, in the policy's order; a category without a field has an empty list."""
    grouped: dict[Category, list[Entry]] = {category: [] for category in Category}
    for entry in entries():
        grouped[entry.category].append(entry)
    return grouped


def recipients_by_category() -> dict[Category, frozenset[RecipientKind]]:
    """To which kinds of recipients some field of each category may go."""
    return {
        category: frozenset().union(*(entry.recipients for entry in found))
        for category, found in by_category().items()
    }


def rules_by_category() -> dict[Category, list[Retention]]:
    """Which retention rules the fields of each category follow, in the order of the rules."""
    return {
        category: [rule for rule in Retention if any(entry.retention is rule for entry in found)]
        for category, found in by_category().items()
    }


def doors() -> list[SubjectData]:
    """The doors for export and erasure of the floors below."""
    return list(of_each_app("subject_data", "SUBJECT_DATA").values())


@dataclass(frozen=True)
class Held:
    """One kind of row that is held about a person: how many, which categories, why, how long."""

    model: type[models.Model]
    count: int
    categories: tuple[Category, ...]
    grounds: tuple[tuple[Purpose, Basis], ...]
    retention: tuple[Retention, ...]

    @property
    def name(self) -> str:
        return str(self.model._meta.verbose_name)

    def cells(self, count: int | None = None) -> tuple[str, str, str]:
        """As a line of a table: what it is, how many, of which categories."""
        number = self.count if count is None else count
        return self.name, str(number), ", ".join(str(one.label) for one in self.categories)

    @property
    def by_basis(self) -> dict[Basis, list[Purpose]]:
        """The purposes on each legal basis that applies."""
        found = {basis: [purpose for purpose, on in self.grounds if on is basis] for basis in Basis}
        return {basis: purposes for basis, purposes in found.items() if purposes}

    @property
    def rules(self) -> list[str]:
        """Each retention rule with its period, in words."""
        rules = rules_in_force()
        return [f"{rule.label}: {rules[rule].text}" for rule in self.retention]


def explain(subject: DataSubject, *, to_the_person: bool = False) -> list[Held]:
    """Which rows are held about a person and on which grounds; no value is read. The person does not learn
    yet of rows that the law keeps secret.
    """
    found = []
    for door in doors():
        for rows in door.rows_of(subject):
            count = (told(rows) if to_the_person else rows).count()
            if count:
                found.append(_held(rows.model, count))
    return found


def _held(model: type[models.Model], count: int) -> Held:
    marks = [one.mark for one in declared_fields(model) if one.mark is not None]
    grounds = {ground for mark in marks for ground in uses_of(mark).items()}
    purposes = list(Purpose)
    return Held(
        model,
        count,
        tuple(category for category in Category if any(mark.category is category for mark in marks)),
        tuple(sorted(grounds, key=lambda ground: purposes.index(ground[0]))),
        tuple(rule for rule in Retention if any(retention_of(mark) is rule for mark in marks)),
    )


def as_data() -> dict[str, Any]:
    """The whole map as plain data, for JSON: stable keys, texts in the active language."""
    return {
        "categories": [
            {
                "category": category.value,
                "name": str(category.label),
                "holds": str(POLICIES[category].holds),
                "fields": [
                    {
                        "field": str(entry.declared),
                        "label": entry.label,
                        "sources": [source.value for source in entry.mark.sources],
                        "uses": {purpose.value: basis.value for purpose, basis in entry.uses.items()},
                        "recipients": sorted(kind.value for kind in entry.recipients),
                        "retention": entry.retention.value,
                        "kept": str(entry.rule.text),
                    }
                    for entry in found
                ],
            }
            for category, found in by_category().items()
        ],
        "not_personal": [
            {"field": str(one), "why": one.why}
            for one in all_fields()
            if one.standing is Standing.NOT_PERSONAL
        ],
    }
