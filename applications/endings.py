"""What ends, and when: one declaration for each kind of row, read by the run, the dry run and the tests.

Each app that holds personal data has a module `retention` with `ENDINGS`. A row is due when its clock struck
before the period of its rule, nothing of the declaration's own stands in the way, and neither a legal hold
nor a restriction of its person stops it.
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
from applications.selectors.retention import nothing_stops

Counts = Counter[str]


@dataclass(frozen=True)
class At:
    """By what a row is measured: the beginning of a day, and the rules that hold on it."""

    day: date
    rules: Mapping[Retention, Rule]

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
    job           the daily job that does it by itself; here for the forecast
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
    prepare: Callable[[Collection[Any]], set[Any]] = lambda _ids: set()
    owners: bool = False
    covers: tuple[type[Model], ...] = field(default=())
    job: str = ""
    rows: Callable[[datetime], QuerySet] | None = None

    def over(self, at: At) -> QuerySet:
        """The rows whose time is over, also those that a hold or a restriction keeps. By index."""
        if self.rows is not None:
            return self.rows(at.begins)
        before = self.clock_before(at) if self.clock_before else at.before(self.rule)
        rows = self.model._default_manager.filter(**{f"{self.clock}__lt": before})
        return rows.filter(self.unless(at)).order_by(self.clock, "pk")

    def due(self, at: At) -> QuerySet:
        """The rows that go."""
        rows = self.over(at)
        if self.person is None:
            return rows
        return rows.filter(
            nothing_stops(at.day, person=self.person, application=self.application, whole=self.whole)
        )


def endings() -> list[Ending]:
    """What every floor declares, in the order in which it is done: what hangs on something ends before it."""
    return [one for declared in of_each_app("retention", "ENDINGS").values() for one in declared]


@dataclass(frozen=True)
class Forecast:
    """What one declaration will take: how many rows, and how many a hold or a restriction keeps."""

    ending: Ending
    due: int
    stopped: int


@storing()  # what a restriction keeps is counted
def forecast(at: At) -> list[Forecast]:
    """What the run of a day will take, as rows stand now, and why: numbers alone."""
    found = []
    for one in endings():
        due = one.due(at).count()
        found.append(Forecast(one, due, one.over(at).count() - due if one.person else 0))
    return found


def ahead(at: At, days: int) -> At:
    """So many days later, by the same rules."""
    return At(at.day + timedelta(days=days), at.rules)


# Floors above tell whoever received applications that they go; which of them wait for that.
RECEIVED: list[Callable[[Collection[UUID]], set[UUID]]] = []
# Floors above keep what points at a person's tombstone; the paths lead to it.
POINTS_AT_TOMBSTONES: list[tuple[type[Model], str]] = []
