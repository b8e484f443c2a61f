"""The record of processing activities (GDPR Art. 30(1)(a)-(g)) as plain data, in the active language.

The general part comes from the code alone and needs no database: the data map, the retention rules, the
contacts that the register begins with. With the register come the contacts as the DPO keeps them, and the
recipients by name.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from applications.contacts import PRODUCT
from applications.data_policy import POLICIES
from applications.models import Contact, ContactRole, Recipient
from applications.personal import Basis, Category, Purpose, RecipientKind, Source
from applications.selectors.contacts import contacts, first_contacts
from applications.selectors.periods import DEFAULTS, InForce, in_force
from privacy.datamap import by_category, recipients_by_category, rules_by_category
from privacy.notice_facts import categories_by_rule, uses_by_category, what_they_do
from privacy.security_measures import MEASURES


@dataclass(frozen=True)
class Section:
    """One point of Art. 30(1): its letter, a key for machines, words, and a table.

    `columns` maps each row's keys to headings; the first column names the row.
    """

    letter: str
    key: str
    title: str
    columns: Mapping[str, str]
    rows: Sequence[Mapping[str, str]]
    note: str = ""


def _section(
    letter: str,
    key: str,
    title: str,
    columns: Mapping[str, str],
    rows: Iterable[Mapping[str, object]],
    note: str = "",
) -> Section:
    """A section with every cell as text of the active language."""
    written = [{name: str(cell) for name, cell in row.items()} for row in rows]
    return Section(letter, key, title, columns, written, note)


def record_of_processing(*, with_register: bool, today: date) -> list[Section]:
    """The whole record, point by point; one point may have two tables."""
    known = contacts() if with_register else first_contacts()
    found = [
        _controller(known),
        _purposes(),
        _subjects(),
        _categories(),
        _recipients(),
        *([_named_recipients(today)] if with_register else []),
        _transfers(),
        _time_limits(in_force() if with_register else DEFAULTS),
        _security(),
    ]
    return sorted(found, key=lambda section: section.letter)  # stable: tables of one letter keep their order


def _controller(known: Mapping[str, Contact]) -> Section:
    columns = {
        "role": _("Role"),
        "name": pgettext("of a company", "Name"),
        "registration_number": _("Registration number"),
        "address": _("Address"),
        "email": _("E-mail"),
        "phone": _("Phone"),
    }
    rows = [
        {"role": ContactRole(role).label, **{name: getattr(known[role], name) for name in list(columns)[1:]}}
        for role in (ContactRole.CONTROLLER, ContactRole.DPO)
    ]
    note = _("The processing recorded here: %(product)s, one application for financing to several lenders.")
    return _section(
        "a", "controller", _("Controller and data protection officer"), columns, rows,
        note % {"product": PRODUCT},
    )  # fmt: skip


def _purposes() -> Section:
    columns = {
        "purpose": _("Purpose"),
        "group": _("Part of"),
        "bases": _("Legal bases"),
        "categories": _("Categories of data"),
    }
    used = uses_by_category()
    rows = [
        {
            "purpose": purpose.label,
            "group": purpose.group.label,
            "bases": _list(
                basis.label for basis in Basis if any(uses.get(purpose) is basis for uses in used.values())
            ),
            "categories": _categories_in(one for one in Category if purpose in used[one]),
        }
        for purpose in Purpose
    ]
    note = _("No decision with legal effect is taken by automated means; nobody is scored or ranked.")
    return _section("b", "purposes", _("Purposes and legal bases"), columns, rows, note)


def _subjects() -> Section:
    columns = {"subjects": _("Data subjects"), "who": _("Who they are")}
    rows = [
        {
            "subjects": _("Applicants"),
            "who": _("Consumers who begin or send an application, or write to us."),
        },
        {
            "subjects": _("Visitors"),
            "who": _("People who open the site without signing in."),
        },
        {
            "subjects": _("People whom an applicant names"),
            "who": _("A family member or close associate who holds a prominent public office."),
        },
    ]
    return _section("c", "data_subjects", _("Categories of data subjects"), columns, rows)


def _categories() -> Section:
    columns = {"category": _("Category"), "holds": _("What it holds"), "sources": _("Source")}
    rows = [
        {
            "category": category.label,
            "holds": str(POLICIES[category].holds),
            "sources": _list(
                one.label for one in Source if any(one in entry.mark.sources for entry in found)
            ),
        }
        for category, found in by_category().items()
    ]
    return _section("c", "categories", _("Categories of personal data"), columns, rows)


def _recipients() -> Section:
    columns = {
        "recipient": _("Recipient"),
        "does": _("What for"),
        "categories": _("Categories of data"),
    }
    may_go_to = recipients_by_category()
    rows = [
        {
            "recipient": kind.label,
            "does": what_they_do()[kind],
            "categories": _categories_in(one for one in Category if kind in may_go_to[one]),
        }
        for kind in RecipientKind
    ]
    return _section("d", "recipients", _("Categories of recipients"), columns, rows)


def _named_recipients(today: date) -> Section:
    columns = {
        "name": pgettext("of a company", "Name"),
        "kind": _("Kind"),
        "country": _("Country"),
        "hosting": _("Data kept in"),
        "licence": _("Licence to lend"),
        "agreement": _("Agreement"),
        "assessed": _("Security assessed on"),
        "review": _("Next assessment due on"),
        "standing": _("Today"),
    }
    rows = []
    for one in Recipient.objects.order_by("kind", "name"):
        lapse = one.lapsed(today)
        rows.append(
            {
                "name": one.name,
                "kind": RecipientKind(one.kind).label,
                "country": one.get_country_display(),
                "hosting": one.get_hosting_country_display(),
                "licence": ", ".join(filter(None, (one.licence_number, one.licence_authority))),
                "agreement": one.get_agreement_display(),
                "assessed": _day(one.assessed_on),
                "review": _day(one.review_due_on),
                "standing": _("May receive data") if lapse is None else str(lapse.label),
            }
        )
    return _section("d", "named_recipients", _("The register of recipients"), columns, rows)


def _transfers() -> Section:
    columns = {"transfer": _("Transfer"), "held": _("How it is held")}
    rows = [
        {
            "transfer": _("None: no third country and no international organisation."),
            "held": _(
                "Recipients are established in the European Economic Area and keep the data there; "
                "a constraint of the database refuses any other."
            ),
        }
    ]
    return _section("e", "transfers", _("Transfers to third countries"), columns, rows)


def _time_limits(held: InForce) -> Section:
    kept = held.rules
    columns = {"category": _("Category"), "kept": _("Kept"), "grounds": _("Grounds")}
    rows = [
        {
            "category": category.label,
            "kept": _list(f"{rule.label}: {kept[rule].text}" for rule in rules),
            "grounds": _list(dict.fromkeys(kept[rule].ground.label for rule in rules)),
        }
        for category, rules in rules_by_category().items()
    ]
    rows += [
        {"category": rule.label, "kept": str(kept[rule].text), "grounds": kept[rule].ground.label}
        for rule, following in categories_by_rule().items()
        if not following  # of whole rows, not of fields
    ]
    note = (
        _("The periods are proposed and await the data protection officer's confirmation.")
        if held.is_proposal
        else _("Edition %(number)d of the periods.") % {"number": held.edition}
    )
    return _section("f", "time_limits", _("Time limits for erasure"), columns, rows, note)


def _security() -> Section:
    columns = {"measure": _("Measure"), "does": _("What the software does")}
    rows = [{"measure": str(name), "does": str(does)} for name, does in MEASURES]
    return _section("g", "security", _("Security measures (Art. 32(1)), in general"), columns, rows)


def _categories_in(found: Iterable[Category]) -> str:
    listed = list(found)
    if len(listed) == len(Category):
        return _("Any, as far as it is needed in the case")
    return _list(one.label for one in listed)


def _list(items: Iterable[object]) -> str:
    return "; ".join(map(str, items))


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""
