"""Security signals: what many sign-ins, applications or wrong tries have in common. Facts, never a verdict.

For one page of the admin. Nothing is blocked, scored or ranked because of a signal, and no service reads one
(tests/architecture/test_security_signals.py). Rows come newest first, whatever their numbers.

Everything is counted in the database by keyed digests: nothing is decrypted, no digest leaves this module.
The purpose rests on legitimate interests: whoever objected, is restricted or was erased is in no number, and
how many those are is not said. Mailed codes and tries at the staff's door are nobody's yet: they are counted,
and name no application.

Digests of one value under two index keys differ. While an older key is still listed, what was written before
and after the change is counted apart: a number can be too low, never too high, and the page says so.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from applications.models import (
    Application,
    AuditEntry,
    ConsumerSession,
    DataSubject,
    EmailChallenge,
    SignInTry,
)
from applications.models.subject import MAXIMUM_TRIES
from applications.personal import Category, Purpose
from applications.selectors.permission import permitted

MOST = 20  # rows of each kind: nobody reads more at once
MOST_NAMED = 10  # applications in a row: each of their people is told that somebody saw their number
CATEGORIES = (Category.IDENTIFICATION, Category.TRANSACTIONS, Category.ACCOUNT, Category.LOCATION)


class Signal(models.TextChoices):
    """The kinds of facts, in the order of the page."""

    SAME_CODE = "same_code", _("One personal code in applications from several accounts")
    SAME_NETWORK = "same_network", _("Many accounts signed in to from one network")
    CODES_FROM_NETWORK = (
        "codes_from_network",
        _("Mailed codes used up by wrong tries, asked for from one network"),
    )
    CODES_TO_ADDRESS = (
        "codes_to_address",
        _("Mailed codes used up by wrong tries, sent to one e-mail address"),
    )
    STAFF_TRIES = "staff_tries", _("Tries at the staff's door that led nowhere, from one network")
    STAFF_LOCKS = "staff_locks", _("Locks of the staff's door for one account")
    STAFF_LOOKS = "staff_looks", _("Many people shown unmasked to one staff account")


@dataclass(frozen=True)
class Named:
    """An application that a row names: by its number, nothing else."""

    application_id: UUID
    subject_id: UUID
    number: str


@dataclass(frozen=True)
class Fact:
    """One row: between which moments, how often, among how many others.

    `among` counts accounts, networks, addresses or names. `account` is the number of a staff account, ""
    where nobody has the name that was tried. `more` says that not all applications are named.
    """

    first: datetime
    last: datetime
    times: int
    among: int
    account: str = ""
    named: tuple[Named, ...] = ()
    more: bool = False


def facts(*, purpose: Purpose) -> dict[Signal, list[Fact]]:
    """What there is now, by kind, with the applications that it concerns."""
    return {signal: list(_facts(signal, purpose)) for signal in Signal}


def how_many(*, purpose: Purpose) -> dict[Signal, int]:
    """How many rows of each kind there are now, at most MOST. Says nothing of anybody."""
    return {signal: len(_groups(RULES[signal], purpose)) for signal in Signal}


def counted_apart() -> bool:
    """Whether some values may be counted apart: an older index key is still listed."""
    return len(settings.INDEX_KEYS) > 1


# --- where the rows come from -------------------------------------------------------------------------------
def _sent(since: datetime, purpose: Purpose) -> QuerySet[Application]:
    """Applications of people whose data may be used so. A draft is no business of staff."""
    return Application.objects.filter(*_allowed(purpose), submitted_at__gte=since)


def _sessions(since: datetime, purpose: Purpose) -> QuerySet[ConsumerSession]:
    return ConsumerSession.objects.filter(
        *_allowed(purpose), network_index__isnull=False, created_at__gte=since
    )


def _allowed(purpose: Purpose) -> tuple[Q, Q]:
    erased = DataSubject.objects.filter(pk=OuterRef("subject"), erased_at__isnull=False)
    return permitted(purpose, categories=CATEGORIES), ~Q(Exists(erased))


def _used_up(since: datetime, _purpose: Purpose) -> QuerySet[EmailChallenge]:
    return EmailChallenge.objects.filter(
        tries__gte=MAXIMUM_TRIES, consumed_at__isnull=True, created_at__gte=since
    )


def _staff_tries(since: datetime, _purpose: Purpose) -> QuerySet[SignInTry]:
    return SignInTry.objects.filter(created_at__gte=since)


def _staff_locks(since: datetime, _purpose: Purpose) -> QuerySet[AuditEntry]:
    return AuditEntry.objects.filter(action="sign_in.locked", at__gte=since)


def _staff_looks(since: datetime, _purpose: Purpose) -> QuerySet[AuditEntry]:
    return AuditEntry.objects.filter(action="application.revealed", at__gte=since)


# --- from which number on -----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Rule:
    """Rows of the last `days`, grouped `by` one column: shown where `counted` reaches `least`."""

    rows: Callable[[datetime, Purpose], QuerySet[Any]]
    by: str
    among: str
    least: int
    days: int
    counted: str = "times"
    moment: str = "created_at"

    @property
    def since(self) -> datetime:
        return timezone.now() - timedelta(days=self.days)


RULES: Mapping[Signal, Rule] = {
    # Two accounts are the ordinary case: a mailbox that was lost, or one at work and one at home. A month,
    # about as long as one search for a loan lasts.
    Signal.SAME_CODE: Rule(
        _sent, "identification__personal_code_index", "subject",
        least=3, days=30, counted="among", moment="submitted_at",
    ),
    # A household seldom has more than five grown-ups. A week, so that Monday's look still sees it whole.
    Signal.SAME_NETWORK: Rule(_sessions, "network_index", "subject", least=6, days=7, counted="among"),
    # Once or twice is somebody who reads an older message; three are fifteen wrong tries. Kept for a day.
    Signal.CODES_FROM_NETWORK: Rule(_used_up, "network_index", "address_index", least=3, days=1),
    Signal.CODES_TO_ADDRESS: Rule(_used_up, "address_index", "network_index", least=3, days=1),
    # What led in is forgotten. Twice as many as lock a name for its network. Kept for a day.
    Signal.STAFF_TRIES: Rule(_staff_tries, "network_index", "name_index", least=10, days=1),
    # Once or twice in a week is a password that somebody forgot.
    Signal.STAFF_LOCKS: Rule(_staff_locks, "object_id", "object_id", least=3, days=7, moment="at"),
    # One every quarter of an hour through a working day; each of these people was told of theirs.
    Signal.STAFF_LOOKS: Rule(
        _staff_looks, "actor_identifier", "subject_id", least=30, days=1, counted="among", moment="at"
    ),
}  # fmt: skip


def _groups(rule: Rule, purpose: Purpose) -> QuerySet[Any, dict[str, Any]]:
    """The groups that reach the number, the newest first."""
    rows = rule.rows(rule.since, purpose).filter(**{f"{rule.by}__isnull": False})
    counted = rows.order_by().values(by=F(rule.by)).annotate(
        first=Min(rule.moment), last=Max(rule.moment), times=Count("*"),
        among=Count(rule.among, distinct=True),
    )  # fmt: skip
    found: QuerySet[Any, dict[str, Any]] = counted.filter(**{f"{rule.counted}__gte": rule.least})
    return found.order_by("-last")[:MOST]


def _facts(signal: Signal, purpose: Purpose) -> Iterator[Fact]:
    rule = RULES[signal]
    for group in _groups(rule, purpose):
        by = group.pop("by")
        if signal in (Signal.STAFF_LOCKS, Signal.STAFF_LOOKS):
            yield Fact(**group, account=by)
        elif signal is Signal.SAME_CODE:
            same = _sent(rule.since, purpose).filter(identification__personal_code_index=bytes(by))
            yield _naming(Fact(**group), same)
        elif signal is Signal.SAME_NETWORK:
            people = _sessions(rule.since, purpose).filter(network_index=by).values("subject")
            yield _naming(Fact(**group), _sent(rule.since, purpose).filter(subject__in=people))
        else:
            yield Fact(**group)


def _naming(fact: Fact, applications: QuerySet[Application]) -> Fact:
    newest = applications.order_by("-submitted_at").values_list("pk", "subject_id", "reference")
    found = [Named(*one) for one in newest[: MOST_NAMED + 1]]
    return replace(fact, named=tuple(found[:MOST_NAMED]), more=len(found) > MOST_NAMED)
