"""A lender that breaks down over real HTTP: left alone, tried out, and nothing lost or sent twice."""

import time
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from lenders.adapters.base import ErrorCode
from lenders.breaker import FAILURES_TO_OPEN
from lenders.models import Breaker, Delivery, Lender, Offer
from lenders.services import pausing, settling
from lenders.services.breaking import note_call
from lenders.states import DeliveryKind, PauseReason
from tests.lenders import scene
from tests.lenders.test_engine import worker

pytestmark = [pytest.mark.slow, pytest.mark.django_db(databases=scene.DATABASES, transaction=True)]

APPLICATIONS = 8
# What takes a lender away: each is its own fault, and passes.
FAULTS = ["error", "hang", "half", "drip"]


@pytest.fixture
def short_openings(monkeypatch: pytest.MonkeyPatch, short_attempts: None) -> None:
    """An opening lasts a second and a half, and second tries cost nothing."""
    monkeypatch.setattr("lenders.breaker.SHORTEST_OPEN", timedelta(seconds=1.5))
    monkeypatch.setattr("lenders.services.settling.take_token", lambda _lender: timedelta(0))
    monkeypatch.setitem(settling.FAILURE_CAP, DeliveryKind.APPLICATION, 12)


def is_open() -> bool:
    return Breaker.objects.filter(open_until__gt=timezone.now()).exists()


def evaluated(asked: Any) -> Counter[str]:
    return Counter(
        {
            one["submission_id"]: one["count"]
            for one in asked.sandbox.log()["evaluations"]
            if one["slug"] == "atra"
        }
    )


@pytest.mark.parametrize("fault", FAULTS)
def test_lender_that_breaks_down_is_left_alone_and_everything_ends_well(asked, short_openings, fault):
    asked.sandbox.fault("atra", fault, seconds=30, times=-1)
    applications = [scene.sent("atra", "piesardze") for _ in range(APPLICATIONS)]
    asked.until(is_open)
    asked.until(lambda: {scene.states(one)["piesardze"] for one in applications} == {"declined"})
    scene.until(lambda: asked.engine._in_flight == 0)  # what was on its way when it opened
    calls = len(asked.sandbox.applications("atra"))
    Breaker.objects.update(open_until=timezone.now() + timedelta(seconds=2))
    until = time.monotonic() + 1
    while time.monotonic() < until:
        assert asked.engine.wake() == 0
        time.sleep(0.1)
    assert len(asked.sandbox.applications("atra")) == calls

    asked.sandbox.fault("atra", "slow", seconds=0, times=0)  # it is back
    asked.until(lambda: {scene.states(one)["atra"] for one in applications} == {"offered"}, seconds=30)
    assert Breaker.objects.get(lender__slug="atra").open_until is None
    assert set(evaluated(asked).values()) == {1}
    assert Offer.objects.count() == APPLICATIONS
    assert not Delivery.objects.filter(status="due").exists()


def half_open_at(slug: str) -> None:
    lender = Lender.objects.get(slug=slug)
    for _ in range(FAILURES_TO_OPEN):
        note_call(lender.pk, ErrorCode.TIMED_OUT)
    Breaker.objects.update(open_until=timezone.now())


def test_lender_that_is_tried_out_gets_one_call_and_then_all_that_waited(asked):
    asked.sandbox.fault("atra", "slow", seconds=1, times=1)
    applications = [scene.sent("atra") for _ in range(4)]
    half_open_at("atra")
    asked.until(lambda: asked.sandbox.applications("atra"))
    for _ in range(4):
        asked.engine.wake()
    assert len(asked.sandbox.applications("atra")) == 1
    for application in applications:
        assert asked.settled(application) == {"atra": "offered"}
    assert len(asked.sandbox.applications("atra")) == 4


def test_worker_killed_while_it_tried_a_lender_out_does_not_leave_it_alone_for_ever(
    asked, process_environment, tmp_path, settings
):
    asked.sandbox.fault("atra", "slow", seconds=5, times=1)
    environment = process_environment | {
        "SANDBOX_URL": asked.sandbox.url,
        "PUBLIC_URL": settings.PUBLIC_URL,
        "SWEEP_SECONDS": "0.3",
    }
    applications = [scene.sent("atra") for _ in range(2)]
    half_open_at("atra")
    with worker(environment, tmp_path / "worker.log") as process:
        scene.until(lambda: asked.sandbox.applications("atra"), seconds=60)
        process.kill()
        process.wait()
    assert asked.engine.wake() == 0  # the dead worker's call still counts as the one
    scene.end_leases()
    for application in applications:
        assert asked.settled(application) == {"atra": "offered"}
    assert Breaker.objects.get().open_until is None
    assert set(evaluated(asked).values()) == {1}


def test_paused_lender_is_not_called_and_gets_everything_after_it(asked):
    atra = Lender.objects.get(slug="atra")
    application = scene.sent("atra", "piesardze")
    pausing.pause(lender=atra, reason=PauseReason.MAINTENANCE, actor=scene.SYSTEM)
    asked.until(lambda: scene.states(application)["piesardze"] == "declined")
    assert asked.sandbox.applications("atra") == []
    pausing.resume(lender=atra, actor=scene.SYSTEM)
    assert asked.settled(application)["atra"] == "offered"
