"""What ends, and when: one declaration for each kind of row, read by the run, the dry run and the tests.

Each app that holds personal data has a module `retention` with `ENDINGS`. A row is due when its clock struck
before the period of its rule, nothing of the declaration's own stands in the way, and neither a legal hold, a
restriction nor an open matter of its person stops it.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise

from applications.each_app import of_each_app
from applications.retention_rules import Retention, Rule
from applications.row_security import storing
from applications.selectors.periods import edition_of, rules_in_force
from applications.selectors.retention import nothing_stops

Counts = Counter[str]


@dataclass(frozen=True)
class At:
    """By what a row is measured: the beginning of a day, and the rules that hold on it.

    `held_on` is the day whose holds count, where it is another. `foreseen`: the run of the day is still to
    come, and what it takes first counts as gone.
    """

    day: date
    rules: Mapping[Retention, Rule]
    held_on: date | None = None
    foreseen: bool = False

    @property
    def begins(self) -> datetime:
        return timezone.make_aware(datetime.combine(self.day, time.min))

    def before(self, rule: Retention) -> datetime:
        """What the rule's clock struck for before this moment is over."""
        return self.rules[rule].over_before(self.begins)


@dataclass(frozen=True, kw_only=True)
class Ending:
    """One kind of row that ends by one rule.

    model, clock  whose rows are looked for, by which column; an index begins with it
    unless        what else has to be so, as a condition on the row
    person        the path from the row to its person; None where it leads to nobody
    application   the path to its application, whose hold counts as well
    whole         all of the person goes: a hold on one application stops it
    end           deletes rows by their ids, inside a transaction that holds them and their people; how many
    prepare       begins what has to be done before, under the same locks; which of the ids wait for it
    owners        the run writes down whose rows went: people, applications
    covers        the models whose rows it ends
    job           the daily job that does it by itself, and asks here for what is due
    clock_before  the moment before which the clock has to have struck, where it is not the rule's
    rows          the rows whose time is over, where a job says it in its own words
    """

    name: str
    label: str | Promise
    rule: Retention
    model: type[Model]
    clock: str = ""
    end: Callable[[Sequence[Any]], Counts] | None = None
    unless: Callable[[At], Q] = lambda _at: Q()
    clock_before: Callable[[At], datetime] | None = None
    person: str | None = "subject"
    application: str | None = None
    whole: bool = False
    prepare: Callable[[Collection[Any], At], set[Any]] = lambda _ids, _at: set()
    owners: bool = False
    covers: tuple[type[Model], ...] = field(default=())
    job: str = ""
    rows: Callable[[At], QuerySet] | None = None

    def over(self, at: At) -> QuerySet:
        """The rows whose time is over, also those that something of their person keeps. By index."""
        if self.rows is not None:
            return self.rows(at)
        before = self.clock_before(at) if self.clock_before else at.before(self.rule)
        rows = self.model._default_manager.filter(**{f"{self.clock}__lt": before})
        return rows.filter(self.unless(at)).order_by(self.clock, "pk")

    def due(self, at: At) -> QuerySet:
        """The rows that go."""
        rows = self.over(at)
        if self.person is None:
            return rows
        day = at.held_on or at.day
        return rows.filter(
            nothing_stops(day, person=self.person, application=self.application, whole=self.whole)
        )


def endings() -> list[Ending]:
    """What every floor declares, in the order in which it is done: what hangs on something ends before it."""
    return [one for declared in of_each_app("retention", "ENDINGS").values() for one in declared]


def today() -> At:
    """Today, by the rules that hold."""
    return At(timezone.localdate(), rules_in_force())


def due(name: str) -> QuerySet:
    """What goes today by one declaration: for the job that does it by itself."""
    return next(one for one in endings() if one.name == name).due(today())


@dataclass(frozen=True)
class Forecast:
    """What one declaration will take: how many rows, and how many are kept although their time is over."""

    ending: Ending
    due: int
    stopped: int


@storing()  # what a restriction keeps is counted
def forecast(day: date) -> list[Forecast]:
    """What the run of a day will take, as rows stand now, and why: numbers alone."""
    at = At(day, edition_of(day).rules, foreseen=True)
    found = []
    for one in endings():
        due = one.due(at).count()
        found.append(Forecast(one, due, one.over(at).count() - due if one.person else 0))
    return found


def ahead(at: At, days: int) -> At:
    """So many days later, by the rules that hold then; what is held today is held."""
    day = at.day + timedelta(days=days)
    return At(day, edition_of(day).rules, held_on=at.day)


@dataclass(frozen=True)
class Received:
    """Whoever received applications: begins to tell them that some go, by their ids; and the condition on an
    application that it waits on a day until they were told.
    """

    tell: Callable[[Collection[UUID]], None]
    waits: Callable[[At], Q]


RECEIVED: list[Received] = []
"""Floors above add those of their own."""
# Floors above keep what points at a person's tombstone; the paths lead to it.
POINTS_AT_TOMBSTONES: list[tuple[type[Model], str]] = []
