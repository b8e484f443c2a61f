"""Lenders asked over real HTTP: all at once, each answer kept as it comes, nothing lost or sent twice."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from celery import current_app
from django.db import connections

from joinbaltic import embedded
from lenders.engine import Engine
from lenders.models import Attempt, Delivery, Lender, Offer, Submission
from lenders.sandbox.secrets import Behaviour
from lenders.services.choosing import choose
from lenders.services.retrying import retry
from tests import role
from tests.lenders import scene

pytestmark = [pytest.mark.slow, pytest.mark.django_db(databases=scene.DATABASES, transaction=True)]

ROOT = Path(__file__).resolve().parents[2]
ENDS_AS = {
    Behaviour.OFFERS: "offered",
    Behaviour.CALLS_BACK: "offered",
    Behaviour.DECLINES: "declined",
    Behaviour.FAILS: "failed",
}


def test_every_lender_answers_in_its_own_way(asked):
    application = scene.sent()
    assert asked.settled(application) == {
        slug: ENDS_AS[lender.behaviour] for slug, lender in scene.SANDBOX.items()
    }
    made = sum(
        1 + len(scene.SANDBOX[slug].other_products)
        for slug, state in scene.states(application).items()
        if state == "offered"
    )
    asked.until(lambda: Offer.objects.filter(status="open").count() == made)
    assert not Submission.objects.filter(more_to_come=True).exists()
    assert scene.delivery_at(application, "vetra").failures == 3
    # an inquiry may be on its way while a callback has answered already
    asked.until(lambda: not Attempt.objects.filter(finished_at=None).exists())


def test_lender_receives_exactly_the_fields_it_declared(asked):
    asked.settled(scene.sent())
    log = asked.sandbox.log()["requests"]
    of_the_protocol = {"customer.language", "address.type", "address.country", "pep.isPep"}
    for slug in scene.SLUGS:
        fields = {name for entry in log if entry["slug"] == slug for name in entry["fields"]}
        declared = set(scene.SANDBOX[slug].requested_fields) - {"pep.pep_relation", "pep.pep_office"}
        assert len(fields - of_the_protocol) == len(declared), slug
    assert "keyword" not in json.dumps(log)


def test_choice_reaches_the_chosen_lender_alone(asked):
    application = scene.sent("atra", "piesardze")
    asked.settled(application)
    offer = Offer.objects.get()
    actor = scene.Actor.consumer(offer.subject_id)
    choose(offer_id=offer.pk, subject_id=offer.subject_id, actor=actor)
    asked.until(lambda: scene.delivery_at(application, "atra", "choice").status == "done")
    assert [(one["slug"], one["offer_reference"]) for one in asked.sandbox.log()["choices"]] == [
        ("atra", offer.reference)
    ]


def test_many_messages_at_once_send_an_application_once(asked):
    application = scene.sent()
    other = Engine()
    together = threading.Barrier(8)

    def ring(number: int) -> None:
        try:
            together.wait(10)
            (asked.engine, other)[number % 2].wake(application.pk)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ring, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    asked.settled(application)
    other.stop()
    for slug in ("atra", "leja", "dzintars", "piesardze"):
        assert len(asked.sandbox.applications(slug)) == 1, slug


def test_lender_that_hangs_does_not_delay_the_others(asked, monkeypatch):
    monkeypatch.setattr("lenders.adapters.http.LONGEST_ATTEMPT_SECONDS", 3.0)

    def seconds() -> float:
        application = scene.sent("atra", "leja", "piesardze")
        waited_for = {"leja", "piesardze"}
        started = time.monotonic()
        asked.until(
            lambda: not [s for s in waited_for if scene.states(application)[s] == "queued"], seconds=30
        )
        return time.monotonic() - started

    seconds()  # warms the loop, the session and the threads
    alone = min(seconds() for _ in range(3))
    asked.sandbox.fault("atra", "hang", seconds=30, times=-1)
    beside = min(seconds() for _ in range(3))
    assert beside < max(2 * alone, 1.0)


def test_lender_that_needs_less_by_now_is_asked_what_it_made_of_the_first_sending(asked):
    asked.sandbox.fault("atra", "malformed")
    application = scene.sent("atra")
    assert asked.settled(application) == {"atra": "failed"}
    lender = Lender.objects.get(slug="atra")
    Lender.objects.filter(pk=lender.pk).update(requested_fields=lender.requested_fields[:-1])
    retry(submission_id=scene.submission_at(application, "atra").pk, actor=scene.SYSTEM)
    assert asked.settled(application) == {"atra": "offered"}
    assert [one["count"] for one in asked.sandbox.log()["evaluations"]] == [1]


def test_room_in_flight_comes_back(asked):
    for _ in range(4):
        scene.sent("atra", "piesardze")
    asked.until(lambda: not Delivery.objects.filter(status="due").exists())
    scene.until(lambda: asked.engine._in_flight == 0)


def test_count_of_calls_in_flight_survives_many_threads():
    engine = Engine()
    switch = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [
            threading.Thread(target=lambda: [engine._count(change) for change in (3, -3) * 3000])
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(switch)
    assert engine._in_flight == 0


def test_engine_that_is_stopping_lets_what_is_in_flight_finish_and_claims_nothing(asked):
    first = scene.sent("leja")
    asked.until(lambda: asked.sandbox.applications("leja"))
    asked.engine.stop()
    assert scene.states(first) == {"leja": "offered"}
    second = scene.sent("leja")
    assert asked.engine.wake() == 0
    assert scene.delivery_at(second, "leja").fence == 0


# --- real workers, and Redis killed ---


@contextmanager
def worker(environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    arguments = ["-m", "celery", "-A", "joinbaltic", "worker", "--pool", "threads", "--concurrency", "4"]
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        forget_sessions()


def forget_sessions() -> None:
    """End what a killed worker left open: the tables cannot be emptied while it holds them."""
    for alias in ("default", "keys"):
        with role.superuser(alias), connections[alias].cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
                "AND datname = current_database() AND backend_type = 'client backend'"
            )
    connections.close_all()


@pytest.fixture
def silent_broker(process_environment, monkeypatch) -> None:
    """Redis is gone for this process, and not for those of `process_environment`: nobody listens where the
    broker is said to be."""
    monkeypatch.setenv("CELERY_BROKER_URL", "redis://127.0.0.1:9/0")
    assert current_app.conf.broker_write_url == "redis://127.0.0.1:9/0"


def everything_answered() -> bool:
    return not Submission.objects.filter(status="queued").exists()


def test_nothing_is_lost_when_redis_dies_before_and_during_the_fan_out(
    asked, process_environment, silent_broker, tmp_path
):
    """Submitting stays up with the broker gone, and workers find the rows by themselves, whatever dies."""
    asked.sandbox.fault("leja", "slow", seconds=1.0, times=-1)
    with embedded.services(tmp_path / "redis", postgres=False, durable=False) as own:
        environment = process_environment | own.environment
        environment |= {
            "SANDBOX_URL": asked.sandbox.url,
            "PUBLIC_URL": "http://127.0.0.1:9",
            "SWEEP_SECONDS": "0.3",
        }
        applications = [scene.sent("atra", "leja", "piesardze") for _ in range(3)]
        with worker(environment, tmp_path / "worker.log"):
            scene.until(lambda: Attempt.objects.exists(), seconds=60)
            assert own.redis is not None
            assert own.redis.process is not None
            own.redis.process.kill()
            applications += [scene.sent("atra", "leja", "piesardze") for _ in range(3)]
            scene.until(everything_answered, seconds=60)
    for application in applications:
        assert scene.states(application) == {"atra": "offered", "leja": "offered", "piesardze": "declined"}
    evaluations = asked.sandbox.log()["evaluations"]
    assert len(evaluations) == 18
    assert {one["count"] for one in evaluations} == {1}


def test_submitting_with_the_broker_gone_is_quick(asked, silent_broker):
    started = time.monotonic()
    application = scene.sent("atra")
    assert time.monotonic() - started < 10
    assert asked.settled(application) == {"atra": "offered"}


def test_killed_worker_loses_nothing_and_its_lender_sees_one_application(
    asked, process_environment, tmp_path, settings
):
    asked.sandbox.fault("atra", "slow", seconds=2.0, times=1)
    environment = process_environment | {
        "SANDBOX_URL": asked.sandbox.url,
        "PUBLIC_URL": settings.PUBLIC_URL,
        "SWEEP_SECONDS": "0.3",
    }
    application = scene.sent("atra", "piesardze")
    with worker(environment, tmp_path / "worker.log") as process:
        scene.until(lambda: asked.sandbox.applications("atra"), seconds=60)
        process.kill()
        process.wait()
    assert scene.states(application)["atra"] == "queued"
    scene.end_leases()
    assert asked.settled(application) == {"atra": "offered", "piesardze": "declined"}
    assert {one["count"] for one in asked.sandbox.log()["evaluations"]} == {1}
    assert Offer.objects.count() == 1
