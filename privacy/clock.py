"""The clock of a breach: 72 hours from noticing it to telling the authority (GDPR Art. 33(1)). Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

TELL_WITHIN = timedelta(hours=72)
HOUR = timedelta(hours=1)


def breach_deadline(noticed_at: datetime) -> datetime:
    """Until when the authority is to be told, in UTC.

    Hours as they pass, nights, weekends and changes to summer time included. Regulation 1182/71 would leave
    out the hour that was running and ask for two working days: never less than this.
    """
    return noticed_at.astimezone(UTC) + TELL_WITHIN


class ClockState(TextChoices):
    """How a breach stands with the authority."""

    RUNNING = "running", _("The clock is running")
    OVERDUE = "overdue", _("Overdue: the authority has not been told")
    TOLD_IN_TIME = "told_in_time", _("The authority was told in time")
    TOLD_LATE = "told_late", _("The authority was told late")
    NOT_NEEDED = "not_needed", _("The authority need not be told")


@dataclass(frozen=True)
class BreachClock:
    """The state, the deadline, and the whole hours until it (or since, when it has passed)."""

    state: ClockState
    deadline: datetime
    hours: int

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do something."""
        return self.state in (ClockState.RUNNING, ClockState.OVERDUE)

    @property
    def text(self) -> str:
        """The state in words, with the hours while they matter."""
        if self.state is ClockState.RUNNING:
            left = ngettext("%(n)d hour left", "%(n)d hours left", self.hours) % {"n": self.hours}
            return f"{self.state.label}: {left}"
        if self.state is ClockState.OVERDUE:
            since = ngettext("for %(n)d hour", "for %(n)d hours", self.hours) % {"n": self.hours}
            return f"{self.state.label} ({since})"
        return str(self.state.label)


def breach_clock(
    *, noticed_at: datetime, told_at: datetime | None, need_not_tell: bool, now: datetime
) -> BreachClock:
    """How a breach stands at `now`. Having been told counts before whether there was a need to; a time that
    has not come yet tells nobody."""
    deadline = breach_deadline(noticed_at)
    return BreachClock(
        _state(deadline, told_at, need_not_tell, now), deadline, abs(now.astimezone(UTC) - deadline) // HOUR
    )


def _state(deadline: datetime, told_at: datetime | None, need_not_tell: bool, now: datetime) -> ClockState:
    if told_at is not None and told_at <= now:
        return ClockState.TOLD_IN_TIME if told_at <= deadline else ClockState.TOLD_LATE
    if need_not_tell:
        return ClockState.NOT_NEEDED
    return ClockState.RUNNING if now <= deadline else ClockState.OVERDUE
