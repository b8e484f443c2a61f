"""Which retention periods hold: the edition in force, read once a minute by each process."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from applications.models import RetentionEdition
from applications.retention_rules import RULES, Period, Retention, Rule, with_periods

FRESH_SECONDS = 60


@dataclass(frozen=True)
class InForce:
    """The rules with the periods of an edition; `edition` 0 are the defaults, which nobody confirmed yet."""

    edition: int
    rules: Mapping[Retention, Rule]

    @property
    def is_proposal(self) -> bool:
        return self.edition == 0


DEFAULTS = InForce(0, RULES)
_known: dict[date, tuple[float, InForce]] = {}


def in_force() -> InForce:
    """What holds today. A process sees a change within FRESH_SECONDS."""
    today, now = timezone.localdate(), time.monotonic()
    known = _known.get(today)
    if known is not None and now - known[0] < FRESH_SECONDS:
        return known[1]
    found = edition_of(today)
    _known.clear()
    _known[today] = (now, found)
    return found


def rules_in_force() -> Mapping[Retention, Rule]:
    """The rules with the periods that hold today."""
    return in_force().rules


def edition_of(day: date) -> InForce:
    """What holds on a day: of the approved editions that are in force by then the newest."""
    approved = RetentionEdition.objects.filter(approved_at__isnull=False, from_day__lte=day)
    edition = approved.order_by("-from_day", "-number").first()
    if edition is None:
        return DEFAULTS
    return InForce(edition.number, with_periods(periods_of(edition)))


def periods_of(edition: RetentionEdition) -> dict[Retention, Period]:
    """The periods of an edition; a rule that is newer than the edition keeps its default."""
    return {Retention(name): Period(**period) for name, period in edition.periods.items() if name in RULES}


def forget_known() -> None:
    """Read anew next time: this process has changed something."""
    _known.clear()
