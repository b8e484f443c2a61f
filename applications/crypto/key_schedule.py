"""When a master key has to be replaced, and when it has to be gone. Pure.

An erasure destroys a data key on some day and promises that no old copy of it can be opened `days` later
(MASTER_KEY_DAYS). Its copies are wrapped in the epoch that was current then, or in an older one. The first
such day is the one on which an epoch becomes current, so each epoch has to be gone `days` after that one:
every erasure that falls into it has at least as long. It is replaced before, so that there is time to wrap
every key anew and to restart all processes without it.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

WORK_TAKES = timedelta(days=14)


class Due(StrEnum):
    """What is to be done about an epoch."""

    NOTHING = ""
    REPLACE = "replace"
    DESTROY = "destroy"
    LATE = "late"


@dataclass(frozen=True)
class Schedule:
    """The last days: for another epoch to become current, and for the master key to be destroyed."""

    replace_by: date
    destroy_by: date

    def due(self, today: date, *, is_current: bool) -> Due:
        """What is to be done on a day, of a master key that is still there."""
        if today > self.destroy_by:
            return Due.LATE
        if today < self.replace_by:
            return Due.NOTHING
        return Due.REPLACE if is_current else Due.DESTROY


def schedule(since: date, days: int) -> Schedule:
    """For an epoch that became current on a day."""
    destroy_by = since + timedelta(days=days)
    return Schedule(destroy_by - min(WORK_TAKES, timedelta(days=days // 2)), destroy_by)
