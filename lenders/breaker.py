"""When a lender is left alone, and how many second tries it is spared: a circuit breaker and a budget. Pure.

closed     asked as usual
open       it failed too often in a row: not asked until a given moment
half-open  that moment has passed: one call at a time shows whether it is back

Any answer closes it, a refusal too: whoever refuses is there. The budget of second tries is a bucket of
tokens, as in Finagle's RetryBudget: each answer brings a part of one, time brings a few, a second try takes
one. So second tries are at most a fifth of the first ones, and a floor for a lender that is seldom asked.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from lenders.adapters.errors import ErrorCode

FAILURES_TO_OPEN = 5
SHORTEST_OPEN, LONGEST_OPEN = timedelta(seconds=30), timedelta(minutes=10)
JITTER = 0.2  # up to this part of the time is taken off, so that lenders that fell together rise apart

TOKENS = 10.0  # the most, and what a lender begins with
TOKENS_PER_ANSWER = 0.2
TOKENS_PER_SECOND = 0.1
LONGEST_DEBT = 60.0  # tokens; a second try waits at most ten minutes for its own

E = ErrorCode
THEIR_FAULTS = frozenset(
    {
        E.UNREACHABLE, E.TLS_FAILED, E.TIMED_OUT, E.DISCONNECTED, E.REDIRECTED, E.TOO_LARGE, E.UNAVAILABLE,
        E.MALFORMED_ANSWER, E.BAD_SIGNATURE, E.STALE_MESSAGE, E.WRONG_SUBMISSION, E.TOKEN_NOT_GIVEN,
    }
)  # fmt: skip
"""The lender is not there, or nobody can work with what it says."""
SAY_NOTHING = frozenset(
    {
        E.NOT_SUPPORTED, E.FIELD_NOT_SUPPORTED, E.VALUE_NOT_SUPPORTED, E.NOT_CONFIGURED, E.ADDRESS_REFUSED,
        E.TOKEN_REFUSED,
    }
)  # fmt: skip
"""Nothing reached the lender, or a token had run out, which meets all calls on their way at once: nothing is
known of it. All other codes are a lender's word: an answer."""


class BreakerState(TextChoices):
    CLOSED = "closed", _("Asked as usual")
    OPEN = "open", _("Left alone")
    HALF_OPEN = "half_open", _("Being tried out")


@dataclass(frozen=True)
class Circuit:
    """What a breaker remembers: failures since the last answer, and until when it is open."""

    failures: int = 0
    open_until: datetime | None = None

    def state(self, now: datetime) -> BreakerState:
        if self.open_until is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if now < self.open_until else BreakerState.HALF_OPEN

    def most_in_flight(self, now: datetime, cap: int) -> int:
        """How many calls the lender may have at once, `cap` being its own limit."""
        return {BreakerState.OPEN: 0, BreakerState.HALF_OPEN: min(1, cap)}.get(self.state(now), cap)

    def after_failure(self, now: datetime, *, jitter: float) -> "Circuit":
        """One more failure. `jitter` is drawn from 0 to 1.

        While it is open the failures of calls that were on their way already tell nothing new.
        """
        if self.state(now) is BreakerState.OPEN:
            return self
        failed = replace(self, failures=self.failures + 1)
        if failed.failures < FAILURES_TO_OPEN:
            return failed
        return replace(failed, open_until=now + _open_for(failed.failures - FAILURES_TO_OPEN, jitter))


def _open_for(openings_before: int, jitter: float) -> timedelta:
    """Twice as long with each opening in a row."""
    doubled = SHORTEST_OPEN * (1 << min(openings_before, 16))
    return min(doubled, LONGEST_OPEN) * (1 - JITTER * jitter)


def wait_for_token(tokens: float) -> timedelta:
    """How long a second try waits that left so many in the bucket: below zero, until time has paid."""
    return timedelta(seconds=max(0.0, -tokens) / TOKENS_PER_SECOND)
