"""A limit on how often something may be tried, and what whoever reaches it is told."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Limit:
    """At most so many tries within a time; `words` tell how many of `unit` to wait for another."""

    most: int
    within: timedelta
    unit: timedelta
    words: Any

    def wait(self, tries: QuerySet[Any], now: datetime) -> timedelta:
        """How long until another is allowed, given these; nothing, where one is allowed now."""
        counted = tries.filter(created_at__gt=now - self.within).order_by("-created_at")
        # Another is allowed as soon as there are fewer than `most`: when this one is no longer counted.
        decisive = list(counted.values_list("created_at", flat=True)[self.most - 1 : self.most])
        return decisive[0] + self.within - now if decisive else timedelta()

    def sentence(self, wait: timedelta) -> str:
        """What to tell whoever has to wait so long."""
        return str(self.words % {"wait": math.ceil(wait / self.unit)})
