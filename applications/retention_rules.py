"""How long data are kept: named rules, each a clock and a period on one of the policy's four grounds. Pure.

The policy gives grounds, not figures: every period here is a proposal until the DPO confirms it.
"""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar

from django.db import models
from django.utils.functional import Promise, lazy
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy


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
    MATTER_CLOSED = "matter_closed", _("after the matter is closed")
    RECORDED = "recorded", _("after they are recorded")
    WITHDRAWN = "withdrawn", _("after the consent is withdrawn")


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

        A month is one of the calendar; where it lacks the day, its last day stands in.
        """
        year, month = divmod(now.year * 12 + now.month - 1 - self.months, 12)
        day = min(now.day, monthrange(year, month + 1)[1])
        return now.replace(year=year, month=month + 1, day=day) - timedelta(days=self.days)

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
    Retention.ACCOUNT: Rule(Clock.CONTRACT_ENDED, Ground.CONTRACT, months=6),
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
