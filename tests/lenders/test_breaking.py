"""The breaker in the database: what calls tell of it, and what claims make of it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from lenders.adapters.base import ErrorCode, LenderError
from lenders.breaker import FAILURES_TO_OPEN, TOKENS, BreakerState
from lenders.models import Breaker, Delivery, Lender, Submission
from lenders.services import breaking, claims, settling
from tests.clock import later
from tests.lenders import scene
from tests.lenders.test_claims import at_once

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=scene.DATABASES),
    pytest.mark.usefixtures("lenders"),
]

GONE = LenderError(ErrorCode.UNAVAILABLE, permanent=False)


def atra() -> Lender:
    return Lender.objects.get(slug="atra")


def state() -> BreakerState:
    return Breaker.objects.get(lender__slug="atra").circuit.state(timezone.now())


def break_down(times: int = FAILURES_TO_OPEN) -> None:
    for _ in range(times):
        breaking.note_call(atra().pk, ErrorCode.UNAVAILABLE)


def half_open() -> None:
    break_down()
    Breaker.objects.update(open_until=timezone.now() - timedelta(seconds=1))


# --- what opens and closes it -----------------------------------------------------------------------------
def test_calls_that_fail_open_it_and_the_outcome_is_written_with_it():
    for _ in range(FAILURES_TO_OPEN):
        (prepared,) = scene.begun(scene.sent("atra")).values()
        scene.finish(prepared, GONE)
    assert state() is BreakerState.OPEN


def test_refusals_of_an_application_do_not_count():
    for _ in range(FAILURES_TO_OPEN + 1):
        (prepared,) = scene.begun(scene.sent("atra")).values()
        scene.finish(prepared, LenderError(ErrorCode.REJECTED, permanent=True))
    assert not Breaker.objects.exists()


@pytest.mark.parametrize("ours", [ErrorCode.ADDRESS_REFUSED, ErrorCode.NOT_CONFIGURED])
def test_our_own_faults_neither_open_nor_close_it(ours):
    break_down(FAILURES_TO_OPEN - 1)
    breaking.note_call(atra().pk, ours)
    assert Breaker.objects.get().failures == FAILURES_TO_OPEN - 1


def test_answer_between_failures_begins_the_count_anew():
    break_down(FAILURES_TO_OPEN - 1)
    breaking.note_call(atra().pk, None)
    break_down(FAILURES_TO_OPEN - 1)
    assert state() is BreakerState.CLOSED


def test_answer_of_the_call_that_tries_it_out_closes_it():
    application = scene.sent("atra")
    half_open()
    (prepared,) = scene.begun(application).values()
    submission = scene.submission_at(application, "atra")
    scene.finish(prepared, scene.signed_reply(submission, scene.statement(submission, "pending")))
    assert state() is BreakerState.CLOSED


def test_failure_of_the_call_that_tries_it_out_opens_it_for_longer():
    application = scene.sent("atra")
    half_open()
    (prepared,) = scene.begun(application).values()
    scene.finish(prepared, GONE)
    until = Breaker.objects.get().open_until
    assert until is not None
    assert timedelta(seconds=45) < until - timezone.now() <= timedelta(seconds=60)


def test_worker_that_lost_its_lease_tells_nothing():
    application = scene.sent("atra")
    (prepared,) = scene.begun(application).values()
    scene.end_leases()
    scene.claim(application)
    scene.finish(prepared, GONE)
    assert not Breaker.objects.exists()


def test_nothing_is_written_while_a_lender_answers():
    break_down(1)
    Breaker.objects.update(failures=0)
    with CaptureQueriesContext(connection) as captured:
        breaking.note_call(atra().pk, None)
    writes = [query["sql"] for query in captured if query["sql"].startswith(("UPDATE", "INSERT"))]
    assert writes == []
    assert not any("FOR UPDATE" in query["sql"] for query in captured)


# --- what claims make of it -------------------------------------------------------------------------------
def test_open_breaker_leaves_rows_due_and_other_lenders_alone():
    application = scene.sent("atra", "leja")
    break_down()
    assert set(scene.begun(application)) == {"leja"}
    assert scene.claim() == []
    assert scene.delivery_at(application, "atra").status == "due"


def test_half_open_breaker_lets_one_call_of_all_through():
    for _ in range(3):
        scene.sent("atra")
    half_open()
    assert len(scene.claim()) == 1
    assert scene.claim() == []


def test_call_of_a_worker_that_died_does_not_keep_the_next_one_from_trying():
    scene.sent("atra")
    half_open()
    assert len(scene.claim()) == 1
    scene.end_leases()
    assert len(scene.claim()) == 1


def test_backlog_drains_under_the_cap_once_it_is_closed():
    Lender.objects.filter(slug="atra").update(maximum_in_flight=2)
    for _ in range(3):
        scene.sent("atra")
    half_open()
    breaking.note_call(atra().pk, None)
    assert len(scene.claim()) == 2


def test_choice_waits_for_an_open_breaker_and_is_told_after_it():
    application = scene.sent("atra")
    offer = scene.open_offer(application, "atra")
    half_open()
    Breaker.objects.update(open_until=timezone.now() + timedelta(minutes=5))
    scene.choose(offer)
    assert scene.claim() == []
    with later(minutes=6):
        assert len(scene.claim()) == 1


def test_deadline_ends_what_waits_for_an_open_breaker_without_a_call():
    application = scene.sent("atra")
    break_down()
    Delivery.objects.update(deadline=timezone.now())
    assert scene.begun(application) == {}
    assert scene.states(application) == {"atra": "no_response"}


# --- what the consumer reads ------------------------------------------------------------------------------
def test_pages_stop_waiting_for_a_lender_that_is_left_alone():
    application = scene.sent("atra", "leja")
    break_down()
    assert breaking.let_pages_go() == 1
    assert breaking.let_pages_go() == 0
    waits = dict(Submission.objects.values_list("lender__slug", "page_wait_until"))
    assert waits["atra"] <= timezone.now() < waits["leja"]
    found = type(application).objects.get(pk=application.pk)
    assert found.version == application.version + 1


def test_pages_wait_on_for_a_lender_that_has_the_application_already():
    application = scene.sent("atra")
    scene.say(scene.submission_at(application, "atra"), "pending")
    break_down()
    assert breaking.let_pages_go() == 0


# --- the budget of second tries ---------------------------------------------------------------------------
def take(times: int = 1) -> list[float]:
    with transaction.atomic():
        return [breaking.take_token(atra().pk).total_seconds() for _ in range(times)]


def test_second_tries_within_the_budget_wait_for_nothing_more():
    assert take(int(TOKENS)) == [0] * int(TOKENS)


def test_beyond_it_each_waits_behind_the_one_before():
    take(int(TOKENS))
    waits = take(3)
    assert waits == pytest.approx([10, 20, 30], abs=1)


def test_five_answers_bring_a_token():
    take(int(TOKENS))
    for _ in range(5):
        breaking.note_call(atra().pk, None)
    assert take(2) == pytest.approx([0, 10], abs=1)


def test_time_brings_tokens_and_no_more_than_there_is_room_for():
    take(int(TOKENS))
    with later(hours=5):
        assert take(int(TOKENS) + 1)[-2:] == pytest.approx([0, 10], abs=1)


def test_debt_is_bounded():
    take(200)
    assert take() == pytest.approx([600], abs=1)


def test_failure_beyond_the_budget_stays_due_and_waits_longer():
    take(int(TOKENS) + 5)
    application = scene.sent("atra")
    (prepared,) = scene.begun(application).values()
    scene.finish(prepared, GONE)
    found = scene.delivery_at(application, "atra")
    assert found.status == "due"
    assert found.due_at - timezone.now() > timedelta(seconds=50)


def test_wait_for_a_token_ends_with_the_deadline():
    take(int(TOKENS) + 50)
    application = scene.sent("atra")
    (prepared,) = scene.begun(application).values()
    deadline = timezone.now() + timedelta(seconds=settling.BACKOFF_SECONDS + 10)
    Delivery.objects.update(deadline=deadline)
    scene.finish(prepared, GONE)
    assert scene.delivery_at(application, "atra").due_at == deadline


# --- at once ----------------------------------------------------------------------------------------------
@pytest.mark.slow
@pytest.mark.django_db(databases=scene.DATABASES, transaction=True)
class TestAtOnce:
    def test_fifty_threads_take_no_more_than_the_tokens(self):
        waits = [found[0] for found in at_once(50, take)]
        assert waits.count(0) in {int(TOKENS), int(TOKENS) + 1}  # time may have brought one
        owed = sorted(wait for wait in waits if wait)
        assert all(later - sooner > 9 for sooner, later in pairwise(owed))

    def test_no_failure_is_lost_between_workers(self):
        at_once(FAILURES_TO_OPEN - 1, lambda: breaking.note_call(atra().pk, ErrorCode.TIMED_OUT))
        assert Breaker.objects.get().failures == FAILURES_TO_OPEN - 1
        assert state() is BreakerState.CLOSED
        breaking.note_call(atra().pk, ErrorCode.TIMED_OUT)
        assert state() is BreakerState.OPEN

    def test_many_workers_try_a_lender_out_with_one_call(self):
        for _ in range(6):
            scene.sent("atra")
        half_open()
        found = at_once(8, lambda: scene.claim(limit=5))
        assert sum(map(len, found)) == 1

    def test_claim_that_waited_while_the_try_failed_sends_no_second_one(self):
        first, second = scene.sent("atra"), scene.sent("atra")
        half_open()
        (prepared,) = scene.begun(first).values()
        started = threading.Event()

        def claim() -> list[claims.Claim]:
            try:
                started.set()
                return scene.claim(second)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(1) as threads:
            with transaction.atomic():
                Lender.objects.select_for_update(no_key=True).get(slug="atra")
                waiting = threads.submit(claim)
                started.wait(10)
                scene.until(scene.somebody_waits_for_us)
                with ThreadPoolExecutor(1) as other:
                    other.submit(at_once, 1, lambda: scene.finish(prepared, GONE)).result(30)
            assert waiting.result(30) == []
        assert state() is BreakerState.OPEN
