"""Who saw what about a person: every disclosure, and every time that staff opened their data."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from applications.actors import ActorKind
from applications.declarations import name_of
from applications.form_fields import KNOWN_LABELS, label_text
from applications.models import AuditEntry, Disclosure, DisclosureStatus, Mandate
from applications.personal import Category, Purpose
from applications.selectors.permission import require
from applications.selectors.secrecy import secret_matters, told

# What staff opened, by the kind of row; whatever else they opened is "Something about you".
OPENED: dict[str, str | Promise] = {
    "application": _("Your application, with your name, code and contacts masked"),
    "submission": _("What a lender was sent and answered, without the figures"),
    "delivery": _("When a lender was asked, and whether it answered"),
    "lenderword": _("What a lender is to be told of a right of yours, with your words where staff tell it"),
    "disclosure": _("What was disclosed to whom"),
    "consent": _("What you agreed to"),
    "restriction": _("That the use of your data is restricted"),
    "objection": _("That you objected to a use of your data"),
    "rightsrequest": _("Your request about your data and how far it is, without your words"),
    "package": _("In the copy of your data: what may be about somebody else, before it was sent to you"),
    "security_signal": _("The number of your application, in a list that helps to keep data secure"),
    "subject": _("Which kinds of data about you are held, without the data"),
}
UNMASKED = "application.revealed"
WORDS = "request.words_seen"
# What an act says of itself, where it is not the kind of row alone.
ACTS: dict[str, str | Promise] = {
    "subject.found": _("That you have an account here, and your application numbers: you were looked up"),
    UNMASKED: _("Your data, unmasked"),
    WORDS: _("What you wrote in your request about your data, and where you are answered"),
}
SEEN = frozenset({"seen", "seen_masked", "explained", "found", "revealed", "words_seen"})
MOST = 500


@dataclass(frozen=True)
class Sight:
    """One line: when, who, what of it, for which purpose, and what became of it `since`; `certain` is false
    where nobody can tell.
    """

    at: datetime
    who: str
    what: tuple[str, ...]
    purpose: str = ""
    reference: str = ""
    case: str = ""
    staff: bool = False
    certain: bool = True
    since: tuple[str, ...] = ()


Aftermath = Callable[[UUID], Mapping[UUID, Sequence[str]]]
"""Of a person: sentences on what became of disclosed data, by the delivery that carried them."""

aftermaths: list[Aftermath] = []
"""A floor above adds its own in AppConfig.ready()."""


def who_saw(subject_id: UUID, *, purpose: Purpose) -> list[Sight]:
    """The newest first, at most MOST of each kind. Raises SubjectErased or a ProcessingRefused."""
    require(subject_id, purpose)
    return sorted([*_disclosed(subject_id), *_opened(subject_id)], key=lambda one: one.at, reverse=True)


def _disclosed(subject_id: UUID) -> Iterator[Sight]:
    left = Disclosure.objects.filter(subject_id=subject_id).exclude(status=DisclosureStatus.NOT_MADE)
    rows = told(left)
    since = [became(subject_id) for became in aftermaths]
    for row in rows.select_related("application").order_by("-at")[:MOST]:
        yield Sight(
            at=row.at,
            who=row.recipient_name,
            what=tuple(map(_what, row.fields)),
            purpose=str(Purpose(row.purpose).label),
            reference=row.application.reference if row.application else "",
            certain=row.status == DisclosureStatus.MADE,
            since=tuple(text for became in since for text in became.get(row.delivery, ())),
        )


def _what(label: str) -> str:
    """A field as its person calls it: by its question in the form, or else by its name in the data map."""
    return label_text(label) if label in KNOWN_LABELS else name_of(label)


def _opened(subject_id: UUID) -> Iterator[Sight]:
    rows = AuditEntry.objects.filter(subject_id=subject_id, actor_kind=ActorKind.STAFF).order_by("-at")
    # Apart, so that no number of other openings puts a look at unmasked data out of sight.
    unmasked, rest = rows.filter(action=UNMASKED)[:MOST], rows.exclude(action=UNMASKED)[:MOST]
    # What a partner's people saw unmasked is a disclosure, which names the partner.
    shown = [row for row in unmasked if not row.detail.get("mandate")]
    partners = _partners(rest)
    secret = secret_matters({row.detail["matter"] for row in rest if row.detail.get("matter")})
    for row in (*shown, *rest):
        if row.detail.get("matter") in secret:
            continue
        model, _dot, act = row.action.rpartition(".")
        if act in SEEN:
            what = ACTS.get(row.action) or OPENED.get(model, _("Something about you"))
            yield _sight(row, what, partners.get(row.detail.get("mandate"), _("A member of our staff")))


def _partners(rows: Iterable[AuditEntry]) -> dict[str, str]:
    """The companies of the partners who opened something, by their mandates."""
    wanted = {row.detail["mandate"] for row in rows if row.detail.get("mandate")}
    found = Mandate.objects.filter(pk__in=wanted).values_list("pk", "recipient__name")
    return {str(mandate): name for mandate, name in found}


def _sight(row: AuditEntry, what: str | Promise, who: str | Promise) -> Sight:
    """What staff opened; where they had to give a reason, with it, and with what exactly they saw."""
    purpose, seen = row.detail.get("purpose"), row.detail.get("categories", [])
    return Sight(
        at=row.at,
        who=str(who),
        what=(str(what), *(str(Category(name).label) for name in seen)),
        purpose=str(Purpose(purpose).label) if purpose else "",
        case=row.detail.get("case", ""),
        staff=True,
    )
