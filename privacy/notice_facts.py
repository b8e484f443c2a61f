"""The parts of a notice that state facts, rendered from the data map in the active language."""

from collections.abc import Callable, Mapping
from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from applications.data_policy import POLICIES
from applications.personal import Basis, Category, Purpose, PurposeGroup, RecipientKind, Source
from applications.retention_rules import RULES, Retention
from privacy.data_subject_rights import RIGHTS
from privacy.datamap import by_category, recipients_by_category, rules_by_category


def categories() -> dict[str, Any]:
    """Each category: what it holds and where it comes from."""
    return {
        "categories": [
            {
                "key": category.value,
                "name": category.label,
                "holds": str(POLICIES[category].holds),
                "sources": [
                    source.label for source in Source if any(source in one.mark.sources for one in found)
                ],
            }
            for category, found in by_category().items()
        ]
    }


def purposes() -> dict[str, Any]:
    """The policy's purposes, each with its parts, their legal bases and categories."""
    used = uses_by_category()
    return {
        "groups": [
            {"name": group.label, "purposes": [_purpose(one, used) for one in Purpose if one.group is group]}
            for group in PurposeGroup
        ]
    }


def uses_by_category() -> dict[Category, dict[Purpose, Basis]]:
    """For which purposes, on which legal bases, some field of each category is used."""
    return {
        category: {purpose: basis for entry in found for purpose, basis in entry.uses.items()}
        for category, found in by_category().items()
    }


def _purpose(purpose: Purpose, used: Mapping[Category, Mapping[Purpose, Basis]]) -> dict[str, Any]:
    def on(basis: Basis) -> list[str]:
        return [str(one.label) for one in Category if used[one].get(purpose) is basis]

    uses = [
        {"basis": basis.label, "categories": on(basis), "all": len(on(basis)) == len(Category)}
        for basis in Basis
        if on(basis)
    ]
    return {"name": purpose.label, "uses": uses}


def what_they_do() -> dict[RecipientKind, str]:
    """What a recipient of each kind does with the data."""
    return {
        RecipientKind.LENDER: _("It assesses your application and makes you an offer, or declines."),
        RecipientKind.AUTHORITY: _("It gets what the law entitles it to, on a reasoned request."),
        RecipientKind.PARTNER: _("In single cases: lawyers, auditors and accountants who work for us."),
        RecipientKind.PROCESSOR: _("It keeps our information systems running, on our instructions alone."),
        RecipientKind.CONTROLLER: _("Another company to which you ask us to send the data that you gave."),
    }


def recipients() -> dict[str, Any]:
    """The kinds of recipients, what for, and which categories may go to them."""
    found = []
    may_go_to = recipients_by_category()
    for kind in RecipientKind:
        allowed = [one for one in Category if kind in may_go_to[one]]
        found.append(
            {
                "name": kind.label,
                "does": what_they_do()[kind],
                "categories": [one.label for one in allowed],
                "all": len(allowed) == len(Category),
            }
        )
    return {"recipients": found}


def retention() -> dict[str, Any]:
    """The rules by which data are kept, and the categories that follow each (GDPR Art. 13(2)(a))."""
    following = categories_by_rule()
    return {
        "rules": [
            {
                "name": rule.label,
                "kept": str(RULES[rule].text),
                "ground": RULES[rule].ground.label,
                "categories": [one.label for one in following[rule]],
            }
            for rule in Retention
        ]
    }


def categories_by_rule() -> dict[Retention, list[Category]]:
    """The categories of which some field follows each rule; a rule of whole rows has none."""
    followed = rules_by_category()
    return {rule: [one for one in Category if rule in followed[one]] for rule in Retention}


def rights() -> dict[str, Any]:
    """The rights of a data subject."""
    return {"rights": RIGHTS}


FACTS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "categories": categories,
    "purposes": purposes,
    "recipients": recipients,
    "retention": retention,
    "rights": rights,
}


def rendered(name: str) -> str:
    """The HTML of one block of facts, without blank lines. Raises KeyError for an unknown name."""
    html = render_to_string(f"privacy/facts/{name}.html", FACTS[name]())
    return "\n".join(line.rstrip() for line in html.splitlines() if line.strip())
