"""The page of security signals: facts to look at, what each can innocently mean, what to do about it."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from applications.actors import Actor
from applications.personal import Purpose
from applications.selectors.security_signals import (
    MOST,
    RULES,
    Fact,
    Signal,
    counted_apart,
    facts,
    how_many,
)
from applications.services.security_signals import note_seen
from applications.staff_site import AdminPage, Flag
from applications.views.staff_door import site

PURPOSE = Purpose.INFORMATION_SECURITY
_SLOWED_ALREADY = _(
    "Nothing has to be stopped: a code takes five tries, and only so many codes are mailed. If it goes on "
    "for days, tell the data protection officer and whoever runs the servers."
)


@dataclass(frozen=True)
class Words:
    """What stands beside the rows of one kind: what is counted, what it can mean, what to do."""

    times: str | Promise
    among: str | Promise
    innocent: str | Promise
    to_do: str | Promise


WORDS: Mapping[Signal, Words] = {
    Signal.SAME_CODE: Words(
        _("Applications"),
        _("Accounts"),
        _(
            "Somebody lost a mailbox and began anew, or uses several addresses. Somebody typed the code from "
            "the wrong document, such as a relative's."
        ),
        _(
            "Open the applications and compare what the masks leave. If it is one person, nothing is to be "
            "done. If you think that somebody uses another person's code, tell the data protection officer."
        ),
    ),
    Signal.SAME_NETWORK: Words(
        _("Sign-ins"),
        _("Accounts"),
        _(
            "A family, an office or a library shares one connection; a mobile operator puts many customers "
            "behind one. If nearly everybody stands in one row, our servers take their own proxy for a "
            "network: tell whoever runs them."
        ),
        _(
            "Nothing, if the accounts have nothing else in common. Applications are named that their people "
            "sent in the same time; accounts without one are counted, and nothing more."
        ),
    ),
    Signal.CODES_FROM_NETWORK: Words(
        _("Codes used up"),
        _("E-mail addresses"),
        _("People behind one connection read their codes from older messages, or mistype them."),
        _SLOWED_ALREADY,
    ),
    Signal.CODES_TO_ADDRESS: Words(
        _("Codes used up"),
        _("Networks"),
        _("Somebody reads the code from an older message, or mistyped the address and guesses."),
        _SLOWED_ALREADY,
    ),
    Signal.STAFF_TRIES: Words(
        _("Tries"),
        _("Names tried"),
        _("A colleague forgot a password. Programs on the internet try names that nobody here has."),
        _(
            "Ask your colleagues. If none of them did it, tell whoever runs the servers: the door locks "
            "itself against guesses."
        ),
    ),
    Signal.STAFF_LOCKS: Words(
        _("Locks"),
        "",
        _("A colleague forgot a password or lost a phone."),
        _(
            "Ask the colleague whose account it is. If it was somebody else, have the password changed and "
            "the second factor reset, and look into the audit."
        ),
    ),
    Signal.STAFF_LOOKS: Words(
        _("Looks"),
        _("People"),
        _("A day with many complaints, or a colleague who answers everybody's requests."),
        _("Compare the case numbers in the audit with the work of that day, and ask the colleague."),
    ),
}


@dataclass(frozen=True)
class Section:
    """One kind on the page, as the template lays it out."""

    signal: Signal
    words: Words
    rows: list[Fact]

    @property
    def least(self) -> int:
        return RULES[self.signal].least

    @property
    def period(self) -> str:
        days = RULES[self.signal].days
        return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}

    @property
    def names_applications(self) -> bool:
        return self.signal in (Signal.SAME_CODE, Signal.SAME_NETWORK)

    @property
    def names_an_account(self) -> bool:
        return self.signal in (Signal.STAFF_LOCKS, Signal.STAFF_LOOKS)


@require_safe
def security_signals(request: HttpRequest) -> HttpResponse:
    """What there is now. That somebody looked is written down, and told to everybody who is named."""
    found = facts(purpose=PURPOSE)
    note_seen(
        rows={signal.value: len(rows) for signal, rows in found.items()},
        people=_named(found),
        actor=Actor.staff(request.user.pk),
    )
    sections = [Section(signal, WORDS[signal], rows) for signal, rows in found.items()]
    return site.render(
        request, "admin/applications/security_signals.html", title=PAGE.title, sections=sections, most=MOST,
        counted_apart=counted_apart(), may_open=request.user.has_perm("applications.view_application"),
    )  # fmt: skip


def _named(found: Mapping[Signal, list[Fact]]) -> dict[UUID, set[str]]:
    """Who is named on the page, by which kinds of facts."""
    people: defaultdict[UUID, set[str]] = defaultdict(set)
    for signal, rows in found.items():
        for fact in rows:
            for one in fact.named:
                people[one.subject_id].add(signal.value)
    return people


def flags() -> list[Flag]:
    """That there is something to look at: a kind and a number, nobody by name."""
    found = how_many(purpose=PURPOSE)
    return [Flag(f"{signal.label}: {n}", f"{PAGE.url}#{signal.value}") for signal, n in found.items() if n]


PAGE = site.register_page(
    AdminPage(
        "applications", "security-signals", _("Security signals"), security_signals,
        "applications.view_security_signals", flags=flags,
    )
)  # fmt: skip
