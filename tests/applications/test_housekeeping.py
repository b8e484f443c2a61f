"""What ends by itself, and the daily jobs that see to it: small chunks, counted, caught up."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from applications.crypto import keyring
from applications.crypto.models import DataKey
from applications.models import (
    DailyJob,
    EmailChallenge,
    OutboundMail,
    WorkerHeartbeat,
)
from applications.services import accounts, housekeeping, operations
from applications.sweeper import Sweep, Sweeper, run_once, worker_name
from tests import factories

DATABASES = ["default", "keys", "aside"]
pytestmark = pytest.mark.django_db(databases=DATABASES)
NETWORK = "192.0.2.1"
A_DAY_AGO = timedelta(days=1, seconds=1)
TWO_DAYS = timedelta(days=2)  # a day of the calendar that is over, and the rest of the one before


# --- codes and sessions ---------------------------------------------------------------------------------
def test_challenge_and_its_mail_and_key_are_gone_when_the_next_day_is_over() -> None:
    factories.ask_for_code(factories.address())
    EmailChallenge.objects.update(created_at=timezone.now() - TWO_DAYS)
    assert housekeeping.end_challenges() == {"mails": 1, "challenges": 1}
    assert not EmailChallenge.objects.exists()
    assert not OutboundMail.objects.exists()
    assert not DataKey.objects.filter(wrapped__isnull=False).exists()


def test_challenge_of_today_stays() -> None:
    asked = factories.ask_for_code(factories.address())
    assert housekeeping.end_challenges() == {"mails": 0, "challenges": 0}
    assert accounts.sign_in(browser_token=asked.token, code=asked.code, network=NETWORK)


def test_key_is_destroyed_before_the_rows_it_opens() -> None:
    """A crash between the two leaves rows that nobody can read, never a key without a reason."""
    factories.ask_for_code(factories.address())
    challenge = EmailChallenge.objects.get()
    EmailChallenge.objects.update(created_at=timezone.now() - TWO_DAYS)
    keyring.destroy_keys([challenge.pk])
    assert housekeeping.end_challenges() == {"mails": 1, "challenges": 1}


def test_more_than_one_chunk_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "CHUNK", 2)
    for _ in range(5):
        factories.ask_for_code(factories.address())
    EmailChallenge.objects.update(created_at=timezone.now() - TWO_DAYS)
    assert housekeeping.end_challenges() == {"mails": 5, "challenges": 5}


# --- keys -----------------------------------------------------------------------------------------------
def make_old(owner_id: object) -> None:
    DataKey.objects.filter(owner_id=owner_id).update(created_at=timezone.now() - A_DAY_AGO)


def test_key_whose_owner_was_never_written_is_swept_after_a_day() -> None:
    orphan = uuid4()
    keyring.create_key(orphan)
    make_old(orphan)
    assert housekeeping.sweep_orphan_keys() == {"keys": 1}
    assert not DataKey.objects.filter(owner_id=orphan, wrapped__isnull=False).exists()


def test_young_key_without_an_owner_is_left_alone() -> None:
    keyring.create_key(uuid4())
    assert housekeeping.sweep_orphan_keys() == {"keys": 0}


def test_keys_of_people_codes_and_lenders_are_not_orphans() -> None:
    factories.subject()
    factories.ask_for_code(factories.address())
    factories.lender()
    live = DataKey.objects.filter(wrapped__isnull=False)
    live.update(created_at=timezone.now() - A_DAY_AGO)
    before = live.count()
    assert housekeeping.sweep_orphan_keys() == {"keys": 0}
    assert live.count() == before == 3


def test_orphan_behind_many_known_keys_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "CHUNK", 2)
    for _ in range(4):
        factories.subject()
    orphans = [uuid4() for _ in range(3)]
    for orphan in orphans:
        keyring.create_key(orphan)
    DataKey.objects.update(created_at=timezone.now() - A_DAY_AGO)
    assert housekeeping.sweep_orphan_keys() == {"keys": 3}


def test_keys_stay_when_the_databases_do_not_belong_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An older copy of the main database was restored: the keys of everybody newer would look orphaned."""
    monkeypatch.setattr(housekeeping, "MOST_ORPHANS", 2)
    for _ in range(3):
        keyring.create_key(uuid4())
    DataKey.objects.update(created_at=timezone.now() - A_DAY_AGO)
    with pytest.raises(housekeeping.TooManyOrphans):
        housekeeping.sweep_orphan_keys()
    assert DataKey.objects.filter(wrapped__isnull=False).count() == 3


# --- daily jobs -------------------------------------------------------------------------------------------
@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    done: list[str] = []

    def job(name: str) -> Callable[[], dict[str, int]]:
        def run() -> dict[str, int]:
            done.append(name)
            if name == "failing":
                raise RuntimeError
            return {"rows": 2, "keys": 1}

        return run

    monkeypatch.setattr(operations, "DAILY_JOBS", {name: job(name) for name in ("failing", "good")})
    return done


def test_job_runs_once_a_day(runs: list[str]) -> None:
    operations.run_due_daily_jobs()
    operations.run_due_daily_jobs()
    assert runs.count("good") == 1
    assert DailyJob.objects.get(name="good").last_counts == {"rows": 2, "keys": 1}


def test_missed_job_is_caught_up(runs: list[str]) -> None:
    operations.run_due_daily_jobs()
    DailyJob.objects.update(
        last_success=timezone.now() - timedelta(days=3), started_at=timezone.now() - timedelta(days=3)
    )
    operations.run_due_daily_jobs()
    assert runs.count("good") == 2


def test_failing_job_stops_no_other_and_stays_due(runs: list[str]) -> None:
    operations.run_due_daily_jobs()
    assert runs == ["failing", "good"]
    assert DailyJob.objects.get(name="failing").last_success is None
    DailyJob.objects.update(started_at=timezone.now() - operations.RETRY_AFTER - timedelta(seconds=1))
    operations.run_due_daily_jobs()
    assert runs.count("failing") == 2


@pytest.mark.django_db(databases=DATABASES, transaction=True)
def test_workers_that_find_a_job_due_at_once_run_it_once(runs: list[str]) -> None:
    factories.in_parallel(lambda _: operations.run_due_daily_jobs(), 8)
    assert runs.count("good") == 1


def test_every_kind_of_housekeeping_is_a_daily_job() -> None:
    assert {"end_challenges", "retention", "sweep_orphan_keys"} <= set(operations.DAILY_JOBS)


# --- workers --------------------------------------------------------------------------------------------
def test_heartbeat_is_one_row_a_worker() -> None:
    operations.beat()
    operations.beat()
    assert WorkerHeartbeat.objects.get().worker == worker_name()


def test_heartbeats_of_workers_long_gone_are_forgotten() -> None:
    WorkerHeartbeat.objects.create(worker="gone:1", beat_at=timezone.now() - timedelta(hours=2))
    operations.beat()
    assert not WorkerHeartbeat.objects.filter(worker="gone:1").exists()


def test_worker_that_stops_takes_its_heartbeat_away() -> None:
    operations.beat()
    operations.rest()
    assert not WorkerHeartbeat.objects.exists()


@pytest.mark.django_db(databases=DATABASES, transaction=True)
def test_sweep_that_fails_is_tried_again(settings: object) -> None:
    passes: list[int] = []

    def run() -> None:
        passes.append(1)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")

    sweep = Sweep("failing", run)
    run_once(sweep)
    run_once(sweep)
    assert len(passes) == 2


@pytest.mark.django_db(databases=DATABASES, transaction=True)
def test_sweeper_sweeps_until_it_is_stopped(settings: pytest.FixtureRequest) -> None:
    settings.SWEEP_SECONDS = 0.01  # type: ignore[attr-defined]
    passes, stopped = [], []
    own = Sweeper()
    own.register(Sweep("counting", lambda: passes.append(1), stop=lambda: stopped.append(1)))
    own.start()
    for _ in range(500):
        if len(passes) >= 3:
            break
        own._stopping.wait(0.01)
    own.stop()
    count = len(passes)
    assert count >= 3
    assert stopped == [1]
    own._stopping.wait(0.05)
    assert len(passes) == count
