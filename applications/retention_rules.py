"""How long data are kept: named rules, each a clock and a period on one of the policy's four grounds. Pure.

The policy gives grounds, not figures: every period here is a proposal until the DPO confirms it.
"""

from calendar import monthrange
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, TypeVar, cast

from django.db import models
from django.utils.functional import Promise, lazy
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from applications.formats import date_text


class Ground(models.TextChoices):
    """The four grounds on which data may be kept; when the last one ends, they are deleted."""

    CONTRACT = "contract_in_force", _("the contract between you and us is in force")
    PURPOSE = "purpose", _("the purpose still needs the data")
    LEGAL_PERIOD = "legal_period", _("the law gives a period in which a legitimate interest can be exercised")
    LEGAL_DUTY = "legal_duty", _("the law obliges us to keep the data")


class Clock(models.TextChoices):
    """The moment from which a period counts."""

    LAST_SAVE = "last_save", _("after the last save")
    APPLICATION_ENDED = (
        "application_ended",
        _("after the application is closed or the loan contract is signed"),
    )
    CONTRACT_ENDED = "contract_ended", _("after the contract to use the solution ends")
    LAST_USE = "last_use", _("after the last sign-in")
    MATTER_CLOSED = "matter_closed", _("after the matter is closed")
    RECORDED = "recorded", _("after they are recorded")
    WITHDRAWN = "withdrawn", _("after the consent is withdrawn")

    @property
    def waits(self) -> str | Promise:
        """Why it has not struck yet, after "because"."""
        return _WAITS[self]


_WAITS: Mapping[Clock, str | Promise] = {
    Clock.LAST_SAVE: _("it is being worked on"),
    Clock.APPLICATION_ENDED: _("the application is not closed yet"),
    Clock.CONTRACT_ENDED: _("the contract to use the solution is in force"),
    Clock.LAST_USE: _("the account is in use"),
    Clock.MATTER_CLOSED: _("a request, a complaint or another matter is open"),
    Clock.RECORDED: _("it is being recorded"),
    Clock.WITHDRAWN: _("the consent stands"),
}


class Retention(models.TextChoices):
    """The rules, by the name that a field's declaration uses."""

    CODE = "code", _("Mailed codes")
    DRAFT = "draft", _("Drafts never sent")
    APPLICATION = "application", _("Applications that were sent")
    ACCOUNT = "account", _("The account")
    EVIDENCE = "evidence", _("Evidence of disclosures, consents, accepted terms and choices")
    CLAIMS = "claims", _("Complaints, messages, calls and mails")
    REQUESTS = "requests", _("Requests of data subjects")
    ANSWERS = "answers", _("What was written in requests of data subjects, and copies handed out")
    USAGE = "usage", _("Use of the site")
    SECURITY = "security", _("IP addresses and sign-ins")
    MARKETING = "marketing", _("Marketing preferences and messages")
    IMAGES = "images", _("Images")
    AUDIT = "audit", _("The audit")


Moment = TypeVar("Moment", bound=date)


@dataclass(frozen=True)
class Rule:
    """Keep for `months` or `days` counted from `clock`, because of `ground`; without either, until `clock`.

    `most_months` bounds the whole, counted from recording, whatever the clock says.
    """

    clock: Clock
    ground: Ground
    months: int = 0
    days: int = 0
    most_months: int | None = None

    def over_before(self, now: Moment) -> Moment:
        """What `clock` struck for before this moment (or day) has been kept for its period.

        A month is one of the calendar; where it lacks the day, all of it is over. The other way round it is
        `last_day`: what struck on a day is over from the day after that one's last day on.
        """
        year, month = divmod(now.year * 12 + now.month - 1 - self.months, 12)
        longest = monthrange(year, month + 1)[1]
        there = now.replace(year=year, month=month + 1, day=min(now.day, longest))
        if now.day > longest:
            there = _midnight(there) + timedelta(days=1)
        return there - timedelta(days=self.days)

    def last_day(self, struck: date) -> date:
        """The last day of the period of what the clock struck for on this day.

        Where the last month lacks the day, its last day stands in.
        """
        begun = struck + timedelta(days=self.days)
        year, month = divmod(begun.year * 12 + begun.month - 1 + self.months, 12)
        return begun.replace(year=year, month=month + 1, day=min(begun.day, monthrange(year, month + 1)[1]))

    @property
    def bound(self) -> "Rule | None":
        """The bound of the whole as a rule of its own, where there is one."""
        if self.most_months is None:
            return None
        return Rule(Clock.RECORDED, self.ground, months=self.most_months)

    @property
    def text(self) -> str | Promise:
        """The period as a person reads it: "6 months after the application is closed …"."""
        text: str | Promise = _("until the consent is withdrawn")
        if self.months or self.days:
            period = _period(self.months, self.days)
            text = format_lazy("{period} {since}", period=period, since=self.clock.label)
        if self.most_months is None:
            return text
        return format_lazy(_("{text}, and {most} at most"), text=text, most=_period(self.most_months, 0))


def _midnight(moment: Moment) -> Moment:
    if isinstance(moment, datetime):
        return cast(Moment, moment.replace(hour=0, minute=0, second=0, microsecond=0))
    return moment


def _period(months: int, days: int) -> str | Promise:
    if months and months % 12 == 0:
        return _count(ngettext_lazy("%(n)d year", "%(n)d years", "n"), months // 12)
    if months:
        return _count(ngettext_lazy("%(n)d month", "%(n)d months", "n"), months)
    return _count(ngettext_lazy("%(n)d day", "%(n)d days", "n"), days)


def _count(text: Any, number: int) -> Promise:
    """A number and its noun, in the language that is active when it is read."""
    written: Promise = lazy(lambda: text % {"n": number}, str)()
    return written


RULES: Mapping[Retention, Rule] = {
    Retention.CODE: Rule(Clock.RECORDED, Ground.PURPOSE, days=1),
    Retention.DRAFT: Rule(Clock.LAST_SAVE, Ground.PURPOSE, days=30),
    Retention.APPLICATION: Rule(Clock.APPLICATION_ENDED, Ground.LEGAL_PERIOD, months=6),
    Retention.ACCOUNT: Rule(Clock.CONTRACT_ENDED, Ground.LEGAL_PERIOD, months=6),
    Retention.EVIDENCE: Rule(Clock.CONTRACT_ENDED, Ground.LEGAL_PERIOD, months=120),
    Retention.CLAIMS: Rule(Clock.MATTER_CLOSED, Ground.LEGAL_PERIOD, months=24),
    Retention.REQUESTS: Rule(Clock.MATTER_CLOSED, Ground.LEGAL_DUTY, months=60),
    Retention.ANSWERS: Rule(Clock.MATTER_CLOSED, Ground.PURPOSE, months=3),
    Retention.USAGE: Rule(Clock.RECORDED, Ground.PURPOSE, months=13),
    Retention.SECURITY: Rule(Clock.RECORDED, Ground.PURPOSE, months=12),
    Retention.MARKETING: Rule(Clock.WITHDRAWN, Ground.LEGAL_DUTY, months=24),
    Retention.IMAGES: Rule(Clock.WITHDRAWN, Ground.PURPOSE, most_months=36),
    Retention.AUDIT: Rule(Clock.RECORDED, Ground.LEGAL_DUTY, months=60),
}

LONGEST = 50 * 12
"""Months. A longer period is a slip of the pen."""


SHORTEST_AUDIT = 12
"""Months. The database lets no entry of the audit go sooner (models.audit)."""


class PeriodRefused(Exception):
    """A period that no rule can have."""


@dataclass(frozen=True)
class Period:
    """What of a rule the controller can change: its months, its days, or the bound of the whole."""

    months: int = 0
    days: int = 0
    most_months: int | None = None

    @classmethod
    def of(cls, rule: Rule) -> "Period":
        return cls(rule.months, rule.days, rule.most_months)


def with_periods(periods: Mapping[Retention, Period]) -> Mapping[Retention, Rule]:
    """The rules with other periods; a rule that is not named keeps its own. Clock and ground never change.

    Raises PeriodRefused for a period that is none, is longer than LONGEST, or is of another kind than the
    rule's: days do not become months, nor one that counts from its clock "until it strikes".
    """
    return {name: _with(rule, periods.get(name)) for name, rule in RULES.items()}


def _with(rule: Rule, period: Period | None) -> Rule:
    if period is None:
        return rule
    numbers, own = ((one.months, one.days, one.most_months or 0) for one in (period, Period.of(rule)))
    if (
        min(numbers) < 0
        or max(period.months, period.most_months or 0) > LONGEST
        or period.days > LONGEST * 30
        or list(map(bool, numbers)) != list(map(bool, own))
        or (rule is RULES[Retention.AUDIT] and period.months < SHORTEST_AUDIT)
    ):
        raise PeriodRefused
    return replace(rule, months=period.months, days=period.days, most_months=period.most_months)


# --- until when something is kept ------------------------------------------------------------------------
@dataclass(frozen=True)
class Standing:
    """One ground on which something is kept: by which rule, and the day on which its clock struck.

    None while it has not: the ground has no end yet, but for the bound of a rule that counts from recording.
    `clock` and `ground` where they are others than the rule's.
    """

    rule: Retention
    since: date | None
    recorded: date | None = None
    clock: Clock | None = None
    ground: Ground | None = None

    def among(self, rules: Mapping[Retention, Rule]) -> Rule:
        """Its rule, with its own clock and ground."""
        rule = rules[self.rule]
        return replace(rule, clock=self.clock or rule.clock, ground=self.ground or rule.ground)


class Stop(models.TextChoices):
    """What stops deletion whatever the periods say."""

    HOLD = "hold", _("it is needed for a legal claim or a procedure")
    RESTRICTION = "restriction", _("its use is restricted, and what is restricted is only stored")


@dataclass(frozen=True)
class Kept:
    """Until when something is kept, the last day included, and why. `until` is None while nobody can say."""

    until: date | None
    why: Ground | Stop
    because: str | Promise

    @property
    def text(self) -> str | Promise:
        """ "Kept until …, because …", as a person reads it."""
        if self.until is None:
            return format_lazy(_("Kept for now, because {because}."), because=self.because)
        return format_lazy(
            _("Kept until {day}, because {because}."),
            day=lazy(date_text, str)(self.until),
            because=self.because,
        )

    def over(self, today: date) -> bool:
        """Whether it goes today."""
        return self.until is not None and self.until < today


def kept_until(
    standing: Collection[Standing],
    *,
    rules: Mapping[Retention, Rule] = RULES,
    held_until: date | None = None,
    held: bool = False,
    restricted: bool = False,
) -> Kept:
    """Until when something is kept that stands on these grounds: the last one to end decides.

    A legal hold beats them all while it stands, without an end (`held`) or until a day; restricted data are
    stored and not deleted (GDPR Art. 18). Raises ValueError for what stands on no ground at all.
    """
    if held:
        return Kept(None, Stop.HOLD, Stop.HOLD.label)
    if restricted:
        return Kept(None, Stop.RESTRICTION, Stop.RESTRICTION.label)
    found = [_kept(one, one.among(rules)) for one in standing]
    if held_until is not None:
        found.append(Kept(held_until, Stop.HOLD, Stop.HOLD.label))
    return max(found, key=lambda one: one.until or date.max)


def _kept(one: Standing, rule: Rule) -> Kept:
    ends = [rule.last_day(one.since)] if one.since is not None else []
    if rule.bound is not None and one.recorded is not None:
        ends.append(rule.bound.last_day(one.recorded))
    if not ends:
        in_force = rule.clock is Clock.CONTRACT_ENDED
        return Kept(None, Ground.CONTRACT if in_force else rule.ground, rule.clock.waits)
    because = format_lazy("{ground} ({period})", ground=rule.ground.label, period=rule.text)
    return Kept(min(ends), rule.ground, because)
