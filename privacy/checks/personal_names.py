"""Names that mean a personal value wherever a template or a form uses them."""

from collections.abc import Mapping
from functools import cache

from applications.crypto.fields import EncryptedField
from applications.declarations import Declared
from applications.form_fields import FORM_FIELDS
from applications.personal import Category
from privacy.datamap import all_fields

# What holds many values at once, under names of their own.
WHOLES: Mapping[str, frozenset[Category]] = {
    "answers": frozenset(field.personal.category for field in FORM_FIELDS.values()),
}

# The same names where they are of nobody: the lookup from its beginning, in a form the class and the field.
OTHER_MEANINGS: Mapping[str, tuple[str, ...]] = {
    "our own contacts, and the authority's": (
        "site.controller.email", "site.controller.address", "site.authority.email", "site.authority.address",
    ),
    "a notice, which is public": (
        "notice.title", "notice.body", "privacy_notice.title", "terms.title", "after.title", "piece.text",
    ),
    "the words of a letter to anybody": ("letter.title", "LetterTextForm.title", "LetterTextForm.body"),
    "the heading of a part of the page": (
        "step.title", "section.title", "table.section.title", "group.title", "download.title",
        "one.page.title", "chart.title", "by_day.title", "by_lender.title",
    ),
    "a page of ours, not one that was visited": ("page", "one.page"),
    "a row of the register of recipients": (
        "recipient", "MandateForm.recipient", "OtherControllerForm.recipient",
    ),
    "the work address of a member of staff": ("RolesForm.email",),
    "the lenders and notices that the page showed": ("SendForm.shown",),
}  # fmt: skip


def means_another(lookup: str) -> bool:
    """Whether this lookup ("step.title") is of nobody, though its last name is personal elsewhere."""
    return any(lookup in lookups for lookups in OTHER_MEANINGS.values())


@cache
def personal_names() -> dict[str, set[Category]]:
    """Name → categories of every field of that name: the encrypted fields, and of the others those whose name
    has two words and is no other field's."""
    fields = list(all_fields())
    of_others = {one.field.name for one in fields if one.mark is None}
    names = {one.field.name for one in fields if _is_personal_name(one, of_others)}
    found: dict[str, set[Category]] = {name: set(categories) for name, categories in WHOLES.items()}
    for one in fields:
        if one.mark is not None and one.field.name in names:
            found.setdefault(one.field.name, set()).add(one.mark.category)
    return found


def is_said(name: str, categories: frozenset[Category]) -> bool:
    """Whether who says that it uses these categories has said that it uses this name.

    A name that fields of several categories have is one of them; a whole is all of its parts.
    """
    if name in WHOLES:
        return WHOLES[name] <= categories
    return bool(personal_names()[name] & categories)


def _is_personal_name(one: Declared, of_others: set[str]) -> bool:
    name = one.field.name
    return isinstance(one.field, EncryptedField) or ("_" in name and name not in of_others)
