"""The clock of a data subject's request: one month, once two more (GDPR Art. 12(3)). Pure.

Days are those of Riga. The period begins the day after receipt and ends with the last hour of the day of the
same number one month on, or of that month's last day; a Saturday, a Sunday or a Latvian public holiday puts
the end off to the next working day (Regulation 1182/71 Art. 3). While the person is asked, on reasonable
doubt, to show who they are, it stands still (Art. 12(6)): whole days are given back.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from applications.working_days import A_DAY, next_working_day

MONTHS, MONTHS_EXTENDED = 1, 3


class Reminder(TextChoices):
    """When whoever works on a request is reminded, the earliest first."""

    HALF_TIME = "half_time", _("Half of the time is over")
    THREE_DAYS = "three_days", _("Three days are left")
    ONE_DAY = "one_day", _("One day is left")


@dataclass(frozen=True)
class RequestClock:
    """Where a request stands in time.

    extended     two more months were announced to the person
    paused_days  whole days given back for waits that are over
    paused_on    the day since which the person is asked who they are; None while nobody is
    """

    received_on: date
    extended: bool = False
    paused_days: int = 0
    paused_on: date | None = None

    def due_on(self, today: date) -> date:
        """The last day. While the clock stands still, as if the person answered today."""
        return next_working_day(self._unrolled(today, MONTHS_EXTENDED if self.extended else MONTHS))

    def days_left(self, today: date) -> int:
        """Whole days after today; 0 on the last day, below that once it is over."""
        return (self.due_on(today) - today).days

    def is_overdue(self, today: date) -> bool:
        return self.days_left(today) < 0

    def may_be_extended(self, today: date) -> bool:
        """Whether two more months can still be announced: once, and within the first month (Art. 12(3))."""
        first_due_on = next_working_day(self._unrolled(today, MONTHS))
        return not self.extended and today <= first_due_on

    def reminders(self, today: date) -> dict[Reminder, date]:
        """The day of each reminder. The last two come before the end, however short the time; never before
        the request.
        """
        due_on = self.due_on(today)
        half = self.received_on + (due_on - self.received_on) // 2
        days = {
            Reminder.HALF_TIME: half,
            Reminder.THREE_DAYS: due_on - 3 * A_DAY,
            Reminder.ONE_DAY: due_on - A_DAY,
        }
        return {reminder: max(day, self.received_on) for reminder, day in days.items()}

    def due_reminders(self, today: date) -> set[Reminder]:
        """Those whose day has come. None while the clock stands still: nobody here can do anything."""
        if self.paused_on is not None:
            return set()
        return {reminder for reminder, day in self.reminders(today).items() if day <= today}

    def paused(self, on: date) -> "RequestClock":
        """The clock stopped on a day. One that stands still already goes on standing."""
        return self if self.paused_on else RequestClock(self.received_on, self.extended, self.paused_days, on)

    def resumed(self, on: date) -> "RequestClock":
        """The clock going on from a day: the days of the wait are given back."""
        if self.paused_on is None:
            return self
        return RequestClock(self.received_on, self.extended, self.paused_days + self._standing(on))

    def _standing(self, today: date) -> int:
        return max((today - self.paused_on).days, 0) if self.paused_on else 0

    def _unrolled(self, today: date, months: int) -> date:
        given_back = timedelta(days=self.paused_days + self._standing(today))
        return self.received_on + relativedelta(months=months) + given_back
