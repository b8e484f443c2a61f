"""A run that is cut short loses nothing and does nothing twice; nobody waits for one that is under way."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.apps import apps
from django.db import connection, connections, transaction
from django.utils import timezone

from applications.actors import SYSTEM, Actor
from applications.crypto import keyring
from applications.errors import SubjectErased
from applications.models import (
    Application,
    ChunkState,
    DataSubject,
    RestrictionGround,
    RetentionChunk,
    RetentionRun,
    UsageEvent,
)
from applications.services import drafts, ledger
from applications.services import retention as running
from applications.services.processing import restrict
from applications.states import ApplicationStatus
from tests import factories, retention

DATABASES = ["default", "keys", "aside"]
ROOT = Path(__file__).resolve().parents[2]
SMALL_CHUNKS = """
import django
django.setup()
from applications.services import retention
retention.CHUNK = 2
retention.run()
"""


def gone(subject: DataSubject) -> bool:
    found = DataSubject.objects.get(pk=subject.pk)
    return found.erased_at is not None and found.email_index is None


class CutError(BaseException):  # nothing catches the death of a process
    """The process died here."""


@contextmanager
def dying(place: str, *, after: bool = False) -> Iterator[None]:
    """The process dies before this is done, or right after it."""
    module, name = place.rsplit(".", 1)
    target = {"keyring": keyring, "running": running}[module]
    whole = getattr(target, name)

    def die(*given: Any, **named: Any) -> Any:
        if after:
            whole(*given, **named)
        raise CutError

    with mock.patch.object(target, name, die), pytest.raises(CutError):
        running.run()
    yield


PLACES = [
    ("running.bury", False),
    ("running.bury", True),
    ("running.finish", False),
    ("keyring.destroy_keys", False),
    ("keyring.destroy_keys", True),
    ("running._finished", False),
    ("running._finished", True),
    ("running.finish", True),
]


@pytest.mark.django_db(databases=DATABASES)
@pytest.mark.parametrize(("place", "after"), PLACES)
def test_cut_anywhere_is_finished_by_the_next_run_and_nothing_is_done_twice(place: str, after: bool) -> None:
    subject = retention.unused_account()
    with dying(place, after=after):
        running.run()
    assert gone(subject)
    assert not keyring.owners_with_keys([subject.pk])
    assert [chunk.state for chunk in RetentionChunk.objects.filter(ending="people")] == [ChunkState.DONE]


@pytest.mark.django_db(databases=DATABASES)
def test_after_the_first_step_there_is_no_way_back() -> None:
    """The key may be gone: nothing is written for the person any more, and nothing can stop it."""
    subject = retention.unused_account()
    with dying("keyring.destroy_keys"):
        with pytest.raises(SubjectErased):
            restrict(subject_id=subject.pk, ground=RestrictionGround.CLAIMS, actor=SYSTEM)
        with pytest.raises(SubjectErased):
            drafts.open_draft(subject_id=subject.pk, language="lv", actor=Actor.consumer(subject.pk))
        running.run()
    assert gone(subject)


@pytest.mark.django_db(databases=DATABASES)
def test_cut_in_a_chunk_of_applications_leaves_all_of_it() -> None:
    draft = factories.complete_draft(factories.subject())
    Application.objects.update(saved_at=timezone.now() - timedelta(days=32))
    with dying("running._finished"):
        assert Application.objects.filter(pk=draft.pk).exists()
        assert not RetentionChunk.objects.exists()
        running.run()
    assert not Application.objects.filter(pk=draft.pk).exists()


@pytest.mark.django_db(databases=DATABASES)
@pytest.mark.parametrize(("place", "after"), [("keyring.destroy_keys", False), ("running.finish", True)])
def test_what_a_run_took_stands_in_its_receipt_however_it_ended(place: str, after: bool) -> None:
    retention.age(factories.complete_draft(factories.subject()), 40)
    subject = retention.unused_account()
    with dying(place, after=after):
        running.run()
    assert gone(subject)
    cut, _whole = RetentionRun.objects.order_by("begun_at")
    assert cut.finished_at is None
    assert cut.counts["drafts"]["applications.Application"] == 1
    assert cut.counts["people"]["applications.DataSubject"] == 1


@pytest.mark.django_db(databases=DATABASES)
def test_more_people_than_the_ledger_takes_at_once_go_in_one_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "CHUNK", 2)
    people = [retention.unused_account() for _ in range(5)]
    assert running.run().counts["people"]["applications.DataSubject"] == 5
    assert not keyring.owners_with_keys([subject.pk for subject in people])


@pytest.mark.django_db(databases=DATABASES)
def test_people_whose_entries_another_process_was_writing_go_before_the_run_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    subject = retention.unused_account()
    write, calls = ledger.write, []

    def busy_at_first() -> int:
        calls.append(1)
        return write() if len(calls) > 1 else 0

    monkeypatch.setattr(ledger, "write", busy_at_first)
    assert running.run().counts["people"]["applications.DataSubject"] == 1
    assert not keyring.owners_with_keys([subject.pk])


@pytest.mark.django_db(databases=DATABASES)
def test_chunk_that_fails_holds_up_no_other() -> None:
    people = [retention.unused_account() for _ in range(3)]
    bury = running.bury

    def fail(ids: Any) -> int:
        if people[0].pk in ids:
            raise ValueError
        return bury(ids)

    with retention.chunks_of(1):
        with mock.patch.object(running, "bury", fail), pytest.raises(running.Incomplete, match="people"):
            running.run()
        assert [gone(subject) for subject in people] == [False, True, True]
        running.run()
    assert gone(people[0])


@pytest.mark.django_db(databases=DATABASES)
def test_what_fails_holds_up_nothing_else_and_is_told() -> None:
    subject = retention.unused_account()
    factories.complete_draft(factories.subject())
    Application.objects.update(saved_at=timezone.now() - timedelta(days=32))
    take = running.take

    def fail(receipt: Any, ending: Any, ids: Any, at: Any) -> None:
        if ending.name == "drafts":
            raise ValueError
        take(receipt, ending, ids, at)

    with mock.patch.object(running, "take", fail), pytest.raises(running.Incomplete, match="drafts"):
        running.run()
    assert gone(subject)
    receipt = RetentionRun.objects.get()
    assert (receipt.finished_at, list(receipt.counts)) == (None, ["people"])
    assert "drafts" in running.run().counts


@pytest.mark.django_db(databases=DATABASES)
def test_grounds_are_looked_at_again_under_the_lock() -> None:
    """Somebody came back between the search and the chunk."""
    subject = retention.unused_account()
    receipt = RetentionRun.objects.create(day=retention.today(), edition=0, begun_at=timezone.now())
    assert retention.due("people") == {subject.pk}
    hold = running._hold

    def came_back(people: Any) -> Any:
        factories.draft(subject)
        return hold(people)

    with mock.patch.object(running, "_hold", came_back):
        running.take(receipt, retention.ending("people"), [subject.pk], retention.at())
    assert not gone(subject)
    assert not RetentionChunk.objects.exists()


# --- killed -----------------------------------------------------------------------------------------------
@pytest.mark.slow
@pytest.mark.django_db(databases=DATABASES, transaction=True)
def test_killed_at_any_moment_it_loses_nobody_and_takes_nobody_twice(
    process_environment: dict[str, str],
) -> None:
    people = [retention.unused_account() for _ in range(24)]
    for subject in people:
        UsageEvent.objects.create(subject=subject, page="/", at=timezone.now() - timedelta(days=500))
    kept = factories.subject()
    environment = os.environ | process_environment
    for _kill in range(4):
        before = RetentionChunk.objects.count()
        process = subprocess.Popen([sys.executable, "-c", SMALL_CHUNKS], cwd=ROOT, env=environment)
        deadline = time.monotonic() + 60
        while RetentionChunk.objects.count() == before and time.monotonic() < deadline:
            if process.poll() is not None:
                break
            time.sleep(0.002)
        time.sleep(random.random() / 20)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    running.run()
    assert all(map(gone, people))
    assert not keyring.owners_with_keys([subject.pk for subject in people])
    assert keyring.owners_with_keys([kept.pk])
    assert not gone(kept)
    chunks = RetentionChunk.objects.filter(ending="people")
    taken = [owner for chunk in chunks for owner in chunk.owners]
    assert sorted(taken) == sorted(subject.pk for subject in people)
    assert {chunk.state for chunk in chunks} == {ChunkState.DONE}
    rows = RetentionChunk.objects.filter(ending="usage").values_list("counts", flat=True)
    assert sum(sum(counts.values()) for counts in rows) == len(people)
    assert RetentionRun.objects.filter(finished_at__isnull=True).count() >= 1


# --- beside consumers -------------------------------------------------------------------------------------
def beside(work: Callable[[], Any]) -> Callable[[], Any]:
    def run() -> Any:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '3s'")
            return work()
        finally:
            connections.close_all()

    return run


@pytest.mark.django_db(databases=DATABASES, transaction=True)
def test_applications_are_sent_while_it_runs() -> None:
    """By the very people whose old rows go at that moment."""
    people = [factories.subject() for _ in range(6)]
    waiting = [factories.complete_draft(subject) for subject in people]
    terms, privacy = factories.notice(), factories.notice(factories.NoticeKind.PRIVACY)
    slug = factories.lender().slug
    for subject in people:
        for number in range(20):
            UsageEvent.objects.create(
                subject=subject, page="/", at=timezone.now() - timedelta(days=500 + number)
            )

    def send_all() -> None:
        for draft in waiting:
            factories.send(draft, slug, terms=terms, privacy_notice=privacy)

    with retention.chunks_of(3), ThreadPoolExecutor(2) as threads:
        sending, deleting = threads.submit(beside(send_all)), threads.submit(beside(running.run))
        sending.result(60)
        deleting.result(60)
        running.run()
    assert set(Application.objects.values_list("status", flat=True)) == {ApplicationStatus.SUBMITTED}
    assert not UsageEvent.objects.exists()


@pytest.mark.django_db(databases=DATABASES, transaction=True)
def test_whoever_is_busy_is_passed_over_and_due_another_day() -> None:
    draft = factories.complete_draft(factories.subject())
    Application.objects.update(saved_at=timezone.now() - timedelta(days=32))
    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            Application.objects.select_for_update().get(pk=draft.pk)
            receipt = threads.submit(beside(running.run)).result(30)
        assert receipt.counts == {}
        assert "drafts" in threads.submit(beside(running.run)).result(30).counts


@pytest.mark.django_db(databases=DATABASES, transaction=True)
def test_two_runs_at_once_take_each_row_once() -> None:
    people = [retention.unused_account() for _ in range(8)]
    with retention.chunks_of(2), ThreadPoolExecutor(2) as threads:
        both = [threads.submit(beside(running.run)) for _ in range(2)]
        found = [one.result(60) for one in both]
    running.run()
    assert all(map(gone, people))
    chunks = RetentionChunk.objects.filter(ending="people").values_list("owners", flat=True)
    assert sorted(owner for owners in chunks for owner in owners) == sorted(one.pk for one in people)
    assert len(found) == 2


@pytest.mark.django_db(databases=DATABASES)
def test_chunk_that_was_cut_short_before_chunks_had_entries_is_finished_once_it_gets_one() -> None:
    subject = retention.unused_account()
    with mock.patch.object(ledger, "note"), dying("running.finish"):
        pass
    with pytest.raises(running.Incomplete):
        running.run()
    assert keyring.owners_with_keys([subject.pk])
    import_module("applications.migrations.0029_ledger_entry_of_a_chunk").enter_begun_chunks(apps, None)
    running.run()
    assert gone(subject)
    assert not keyring.owners_with_keys([subject.pk])
