"""How each lender is: what came of the calls of the last hour, its breaker, what waits for it.

Calls are counted, whoever they were about: that is watching over servers, not statistics on people.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, FloatField

from lenders.breaker import TOKENS, BreakerState, Circuit
from lenders.models import Attempt, Breaker, Lender
from lenders.outcomes import ANSWERS, FAULTS
from lenders.selectors.percentiles import Percentile
from lenders.selectors.queues import LATELY, LenderQueue, lender_queues
from lenders.selectors.sleepers import tokens_left


@dataclass(frozen=True)
class LenderHealth:
    """One lender. Calls are those that began in the last hour.

    faults    code → number, the most frequent first
    other     calls without an outcome yet, and those of which something of ours made nothing
    p50, p95  milliseconds until an answer; None where there was none
    tokens    second tries that it may have at once; below zero, those that wait for their turn
    """

    queue: LenderQueue
    asked: int
    answered: int
    faults: Sequence[tuple[str, int]]
    p50: int | None
    p95: int | None
    circuit: Circuit
    state: BreakerState
    tokens: float

    @property
    def lender(self) -> Lender:
        return self.queue.lender

    @property
    def failed(self) -> int:
        return sum(number for _code, number in self.faults)

    @property
    def other(self) -> int:
        return self.asked - self.answered - self.failed


def lender_health(now: datetime) -> list[LenderHealth]:
    """Every lender, by name."""
    outcomes, times = _outcomes(now), _times(now)
    breakers = {one.pk: one for one in Breaker.objects.annotate(left=tokens_left(now))}
    return [
        _health(queue, outcomes[queue.lender.pk], times.get(queue.lender.pk), breakers, now)
        for queue in lender_queues(now)
    ]


def _health(
    queue: LenderQueue,
    outcomes: Counter[str],
    times: tuple[float, float] | None,
    breakers: Mapping[UUID, Breaker],
    now: datetime,
) -> LenderHealth:
    breaker = breakers.get(queue.lender.pk)
    circuit = breaker.circuit if breaker else Circuit()
    p50, p95 = times or (None, None)
    return LenderHealth(
        queue=queue,
        asked=outcomes.total(),
        answered=sum(outcomes[code] for code in ANSWERS),
        faults=[(code, number) for code, number in outcomes.most_common() if code in FAULTS],
        p50=None if p50 is None else round(p50),
        p95=None if p95 is None else round(p95),
        circuit=circuit,
        state=circuit.state(now),
        tokens=getattr(breaker, "left", TOKENS),
    )


def _outcomes(now: datetime) -> Mapping[UUID, Counter[str]]:
    found: dict[UUID, Counter[str]] = defaultdict(Counter)
    calls = Attempt.objects.filter(started_at__gt=now - LATELY).order_by()
    for lender, outcome, number in calls.values_list("delivery__lender_id", "outcome").annotate(Count("pk")):
        found[lender][outcome] += number
    return found


def _times(now: datetime) -> dict[UUID, tuple[float, float]]:
    answered = Attempt.objects.filter(
        started_at__gt=now - LATELY, outcome__in=list(ANSWERS), duration_ms__isnull=False
    ).order_by()
    rows = answered.values_list("delivery__lender_id").annotate(
        p50=Percentile("duration_ms", 0.5, output_field=FloatField()),
        p95=Percentile("duration_ms", 0.95, output_field=FloatField()),
    )
    return {lender: (p50, p95) for lender, p50, p95 in rows}
