"""The person behind an application, unmasked: what was asked for, written as people write it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from applications.crypto.keyring import data_key_scope
from applications.data_policy import require_allowed
from applications.errors import ProcessingRefused, SubjectErased
from applications.flow import shown_steps
from applications.form_fields import EMAIL_LABEL, FORM_FIELDS, label_text, mark_of
from applications.models import Application, StaffUser
from applications.personal import Category, Purpose
from applications.roles import REASONS
from applications.selectors.people import FORM_CATEGORIES, answers
from applications.selectors.permission import refusal
from applications.selectors.staff import roles_in_force

REVEALABLE = tuple(category for category in Category if category in FORM_CATEGORIES)
"""The categories of which an application holds something, in the order of the policy."""


@dataclass(frozen=True)
class Revealed:
    """One category: each field's name and value; an answer that was not given is empty."""

    category: Category
    rows: tuple[tuple[str, str], ...]


def reasons_of(user: StaffUser) -> list[Purpose]:
    """For which purposes the account may have a person shown."""
    allowed = {purpose for role in roles_in_force(user) for purpose in REASONS.get(role, ())}
    return [purpose for purpose in Purpose if purpose in allowed]


def reasons_against(
    subject_id: UUID, reasons: Collection[Purpose]
) -> Mapping[Purpose, SubjectErased | ProcessingRefused | None]:
    """What stands in the way of each reason, or None."""
    return {purpose: refusal(subject_id, purpose, categories=REVEALABLE) for purpose in reasons}


@data_key_scope()
def revealed_person(
    application: Application, *, categories: Collection[Category], purpose: Purpose
) -> list[Revealed]:
    """The values of these categories. Nothing else is decrypted.

    Whoever calls has it written down before: services.revealing. Raises NotInPolicy, SubjectErased or a
    ProcessingRefused.
    """
    require_allowed(_marks(categories), purpose)
    given = answers(application, purpose=purpose, categories=categories)
    found = [Revealed(one, tuple(_rows(given, one))) for one in REVEALABLE if one in categories]
    email = application.subject.email  # none where the application stayed and its person was erased
    if Category.IDENTIFICATION in categories and email is not None:
        row = (label_text(EMAIL_LABEL), email)
        found[0] = Revealed(Category.IDENTIFICATION, (*found[0].rows, row))
    return found


def labels_of(categories: Collection[Category]) -> list[str]:
    """The data-map labels of what a look at these categories shows."""
    labels = [field.label for field in FORM_FIELDS.values() if field.personal.category in categories]
    return [*labels, EMAIL_LABEL] if Category.IDENTIFICATION in categories else labels


def _marks(categories: Collection[Category]) -> list[Any]:
    return [mark_of(label) for label in labels_of(categories)]


def _rows(given: Mapping[str, Any], category: Category) -> list[tuple[str, str]]:
    forms = (step.form(answers=given) for step in shown_steps(given))
    return [
        (str(field.label), form.display(name) or "")
        for form in forms
        for name, field in form.fields.items()
        if name in FORM_FIELDS and FORM_FIELDS[name].personal.category is category
    ]
