"""The breaker as a table of what comes when: pure, so tried with whatever Hypothesis thinks of."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from lenders.adapters.errors import ErrorCode
from lenders.breaker import (
    FAILURES_TO_OPEN,
    JITTER,
    LONGEST_DEBT,
    LONGEST_OPEN,
    SAY_NOTHING,
    SHORTEST_OPEN,
    THEIR_FAULTS,
    BreakerState,
    Circuit,
    wait_for_token,
)
from lenders.services.claims import ATTEMPT_SECONDS

START = datetime(2026, 11, 27, tzinfo=UTC)
CAP = 20
SECOND = timedelta(seconds=1)


def after(failures: int, circuit: Circuit | None = None, *, at: datetime = START) -> Circuit:
    """After so many failures, each met as soon as it could be."""
    circuit = circuit or Circuit()
    for _ in range(failures):
        at = max(at, circuit.open_until or at)
        circuit = circuit.after_failure(at, jitter=0)
    return circuit


def test_breaker_opens_with_the_fifth_failure_in_a_row():
    assert after(FAILURES_TO_OPEN - 1).state(START) is BreakerState.CLOSED
    assert after(FAILURES_TO_OPEN).state(START) is BreakerState.OPEN


def test_it_is_open_for_half_a_minute_and_then_lets_one_call_through():
    circuit = after(FAILURES_TO_OPEN)
    assert circuit.most_in_flight(START + SHORTEST_OPEN - SECOND, CAP) == 0
    assert circuit.most_in_flight(START + SHORTEST_OPEN, CAP) == 1


@pytest.mark.parametrize(("probes", "seconds"), [(0, 30), (1, 60), (2, 120), (4, 480), (5, 600), (40, 600)])
def test_each_opening_in_a_row_is_twice_as_long_up_to_ten_minutes(probes, seconds):
    before = after(FAILURES_TO_OPEN + probes - 1)
    now = before.open_until or START
    circuit = before.after_failure(now, jitter=0)
    assert circuit.open_until is not None
    assert circuit.open_until - now == timedelta(seconds=seconds)


def test_failure_of_a_call_that_was_on_its_way_does_not_make_it_longer():
    circuit = after(FAILURES_TO_OPEN)
    assert circuit.after_failure(START + SECOND, jitter=0) == circuit


def test_calls_begun_before_it_opened_have_ended_when_one_is_let_through():
    assert timedelta(seconds=ATTEMPT_SECONDS) < SHORTEST_OPEN * (1 - JITTER)


def test_lender_that_may_have_no_call_at_all_gets_none_when_it_is_tried_out():
    assert after(FAILURES_TO_OPEN).most_in_flight(START + LONGEST_OPEN, 0) == 0


def test_every_code_is_the_lender_s_fault_or_says_nothing_or_is_an_answer():
    assert not THEIR_FAULTS & SAY_NOTHING
    answers = set(ErrorCode) - THEIR_FAULTS - SAY_NOTHING
    assert answers == {ErrorCode.REJECTED, ErrorCode.NOT_RECEIVED, ErrorCode.ALREADY_RECEIVED}


@given(
    failures=st.integers(0, 10_000),
    jitter=st.floats(0, 1),
    late=st.timedeltas(timedelta(0), timedelta(days=3)),
)
def test_it_is_never_open_for_longer_than_ten_minutes(failures, jitter, late):
    now = START + late
    found = Circuit(failures, START if failures >= FAILURES_TO_OPEN else None).after_failure(
        now, jitter=jitter
    )
    if found.open_until is not None:
        assert SHORTEST_OPEN * (1 - JITTER) <= found.open_until - now <= LONGEST_OPEN


@given(tokens=st.floats(-LONGEST_DEBT, 100))
def test_second_try_waits_for_no_longer_than_ten_minutes(tokens):
    assert timedelta(0) <= wait_for_token(tokens) <= timedelta(minutes=10)
    if tokens >= 0:
        assert not wait_for_token(tokens)


class Lender(RuleBasedStateMachine):
    """Workers that ask a lender through its breaker, while time goes on and answers come or do not."""

    def __init__(self) -> None:
        super().__init__()
        self.now, self.circuit = START, Circuit()
        self.in_flight: list[BreakerState] = []  # the state in which each call went out
        self.failures = 0

    def room(self) -> int:
        return self.circuit.most_in_flight(self.now, CAP) - len(self.in_flight)

    @rule(seconds=st.integers(0, 900))
    def time_goes_on(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @precondition(lambda self: self.room() > 0)
    @rule()
    def a_worker_asks(self) -> None:
        self.in_flight.append(self.circuit.state(self.now))

    @precondition(lambda self: self.in_flight)
    @rule()
    def an_answer_comes(self) -> None:
        self.in_flight.pop()
        self.circuit, self.failures = Circuit(), 0
        assert self.circuit.state(self.now) is BreakerState.CLOSED

    @precondition(lambda self: self.in_flight)
    @rule(jitter=st.floats(0, 1))
    def a_call_fails(self, jitter: float) -> None:
        self.in_flight.pop()
        self.circuit = self.circuit.after_failure(self.now, jitter=jitter)
        self.failures += 1

    @precondition(lambda self: self.in_flight)
    @rule()
    def a_worker_dies(self) -> None:
        """Its lease runs out, and nothing is noted."""
        self.in_flight.pop()
        self.now += timedelta(seconds=30)

    @invariant()
    def one_call_at_most_tries_it_out(self) -> None:
        assert self.in_flight.count(BreakerState.HALF_OPEN) <= 1
        assert BreakerState.OPEN not in self.in_flight

    @invariant()
    def it_opens_for_failures_in_a_row_alone(self) -> None:
        if self.failures < FAILURES_TO_OPEN:
            assert self.circuit.state(self.now) is BreakerState.CLOSED

    @invariant()
    def it_is_tried_out_in_ten_minutes_at_the_latest(self) -> None:
        assert self.circuit.most_in_flight(self.now + LONGEST_OPEN, CAP) >= 1


TestLender = Lender.TestCase
