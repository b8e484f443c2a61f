"""The ledger: a row with what it tells of, then a place, then a line that the disk has; and what its file
says of a database."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import Group
from django.db import DatabaseError, OperationalError, transaction
from django.utils import timezone

from applications import ledger_file, tasks
from applications.actors import Actor
from applications.crypto import keyring
from applications.models import (
    Consent,
    HoldGround,
    LedgerEntry,
    LedgerKind,
    LegalHold,
    Objection,
    Restriction,
    RestrictionGround,
    StaffUser,
)
from applications.personal import Purpose
from applications.roles import Role
from applications.selectors import set_back
from applications.selectors.set_back import Obstacle
from applications.services import holds, ledger, processing
from applications.services.ledger import LedgerUnwritable
from applications.services.operations import DAILY_JOBS
from applications.services.replaying import REPLAYS
from applications.services.staff_accounts import note_saved, rights_of
from applications.sweeper import sweeper
from tests import factories
from tests.restoring import look_again

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])


@pytest.fixture
def path(settings: Any) -> Path:
    return Path(settings.ERASURE_LEDGER)


def note(count: int = 1) -> list[UUID]:
    ids = [uuid4() for _number in range(count)]
    for one in ids:
        ledger.note(LedgerKind.ERASED, about_id=one)
    return ids


def kinds() -> list[str]:
    return list(LedgerEntry.objects.order_by("id").values_list("kind", flat=True))


# --- what is noted --------------------------------------------------------------------------------------
def test_every_decision_of_a_person_is_noted_with_its_moment() -> None:
    person = factories.subject()
    actor = Actor.consumer(person.pk)
    row = processing.restrict(subject_id=person.pk, ground=RestrictionGround.CLAIMS, actor=actor)
    processing.announce_end(restriction_id=row.pk, on=row.since.date(), actor=actor)
    processing.restrict(subject_id=person.pk, ground=RestrictionGround.CLAIMS, actor=actor)  # it goes on
    processing.lift_restriction(restriction_id=row.pk, actor=actor)
    objection = processing.object_to(subject_id=person.pk, purpose=Purpose.IMPROVE_SERVICE, actor=actor)
    processing.end_objection(subject_id=person.pk, purpose=Purpose.IMPROVE_SERVICE, actor=actor)
    consent = Consent.objects.create(
        subject=person, purpose=Purpose.INFORM_PUBLIC, wording="w", language="lv", given_at=row.since
    )
    processing.withdraw_consent(consent_id=consent.pk, subject_id=person.pk, actor=actor)
    consent.refresh_from_db()
    entries = list(LedgerEntry.objects.order_by("id"))
    assert [entry.kind for entry in entries] == [
        "restricted", "restriction_ends", "restriction_ends", "restriction_lifted", "objected",
        "objection_ended", "consent_withdrawn",
    ]  # fmt: skip
    assert {entry.about_id for entry in entries} == {person.pk}
    assert (entries[0].at, entries[4].at) == (row.since, objection.made_at)
    assert (entries[3].at, entries[6].at) == (Restriction.objects.get().lifted_at, consent.withdrawn_at)


def test_hold_is_noted_with_its_end_and_can_be_placed_again() -> None:
    person = factories.subject()
    hold = holds.place(
        subject_id=person.pk, ground=HoldGround.CLAIM, case_number="C-1/2026", actor=Actor.staff(1)
    )
    placed = LegalHold.objects.values().get()
    holds.lift(hold_id=hold.pk, actor=Actor.staff(1))
    lifted = LegalHold.objects.values().get()
    ledger.write()
    there = [written.line for written in ledger_file.lines(ledger.path())]
    LegalHold.objects.all().delete()
    with ledger.replaying():
        for _again in range(2):
            REPLAYS[LedgerKind.HELD](there[0])
            assert LegalHold.objects.values().get() == placed
        for _again in range(2):
            REPLAYS[LedgerKind.HOLD_LIFTED](there[1])
            assert LegalHold.objects.values().get() == lifted
    assert kinds() == ["held", "hold_lifted"]


def test_hold_on_what_no_copy_has_is_passed_over() -> None:
    person = factories.subject()
    application = factories.complete_draft(person)
    holds.place(
        subject_id=person.pk, application_id=application.pk, ground=HoldGround.CLAIM,
        case_number="C-1/2026", actor=Actor.staff(1),
    )  # fmt: skip
    ledger.write()
    newest = ledger_file.head(ledger.path())
    LegalHold.objects.all().delete()
    application.delete()
    assert newest
    REPLAYS[LedgerKind.HELD](newest.line)
    assert not LegalHold.objects.exists()


def test_access_of_staff_that_ended_is_noted_and_ends_again() -> None:
    user = factories.staff(Role.SUPPORT, name="gone")
    before = rights_of(user)
    user.is_active = False
    user.save()
    user.groups.clear()
    note_saved(user=user, before=before, changed=["is_active", "groups"], actor=Actor.staff(1))
    ledger.write()
    newest = ledger_file.head(ledger.path())
    assert newest
    StaffUser.objects.filter(pk=user.pk).update(is_active=True)
    user.groups.set(Group.objects.filter(name__in=[Role.SUPPORT, Role.AUDITOR]))
    with ledger.replaying():
        for _again in range(2):
            REPLAYS[LedgerKind.ACCESS_ENDED](newest.line)
            back = StaffUser.objects.get(pk=user.pk)
            assert rights_of(back) == {"is_staff", f"role:{Role.AUDITOR}"}
    StaffUser.objects.filter(pk=user.pk).delete()
    REPLAYS[LedgerKind.ACCESS_ENDED](newest.line)
    assert kinds() == ["access_ended"]


def test_what_changes_nothing_is_not_noted() -> None:
    person = factories.subject()
    actor = Actor.consumer(person.pk)
    for _time in range(2):
        processing.object_to(subject_id=person.pk, purpose=Purpose.IMPROVE_SERVICE, actor=actor)
        processing.restrict(subject_id=person.pk, ground=RestrictionGround.CLAIMS, actor=actor)
    assert kinds() == ["objected", "restricted"]


def test_what_is_rolled_back_is_not_noted() -> None:
    with transaction.atomic():
        note()
        transaction.set_rollback(True)
    assert kinds() == []


def test_every_kind_can_be_told_to_a_restored_database() -> None:
    assert set(REPLAYS) == set(LedgerKind)


def test_entry_cannot_be_changed_nor_removed_before_the_file_has_it() -> None:
    note()
    ledger.write()
    for change in ({"kind": "restricted"}, {"sequence": 7}, {"digest": bytes(32)}, {"written_at": None}):
        with pytest.raises(DatabaseError), transaction.atomic():
            LedgerEntry.objects.update(**change)
    note()  # the file does not have this one
    with pytest.raises(DatabaseError), transaction.atomic():
        LedgerEntry.objects.all().delete()


# --- into the file --------------------------------------------------------------------------------------
def test_worker_writes_what_the_file_lacks(path: Path) -> None:
    assert "ledger" in [sweep.name for sweep in sweeper.sweeps]
    ids = note(3)
    tasks.write_ledger()
    assert [written.line.about_id for written in ledger_file.lines(path)] == ids
    assert ledger.written(LedgerKind.ERASED, ids) == set(ids)


def test_nothing_new_touches_no_file(path: Path) -> None:
    assert ledger.write() == 0
    assert not path.exists()


def test_file_goes_on_where_it_ended(path: Path) -> None:
    note(2)
    ledger.write()
    note(2)
    assert ledger.write() == 2
    assert [written.line.sequence for written in ledger_file.lines(path)] == [1, 2, 3, 4]


def test_more_than_a_chunk_is_written_bit_by_bit(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "CHUNK", 2)
    note(5)
    assert [ledger.write() for _time in range(4)] == [2, 2, 1, 0]
    assert len(list(ledger_file.lines(path))) == 5


def test_crash_after_places_were_given_loses_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = note(2)
    with monkeypatch.context() as patched:
        patched.setattr(ledger, "_append", _crash)
        with pytest.raises(RuntimeError):
            ledger.write()
    assert ledger.written(LedgerKind.ERASED, ids) == set()
    assert ledger.write() == 2
    assert len(list(ledger_file.lines(path))) == 2


def test_crash_after_the_file_has_it_writes_nothing_twice(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = note(2)
    with monkeypatch.context() as patched:
        patched.setattr(ledger.timezone, "now", _crash)
        with pytest.raises(RuntimeError):
            ledger.write()
    assert len(list(ledger_file.lines(path))) == 2
    assert ledger.write() == 2
    assert len(list(ledger_file.lines(path))) == 2
    assert ledger.written(LedgerKind.ERASED, ids) == set(ids)


def _crash(*_: Any) -> Any:
    raise RuntimeError


def test_file_that_takes_nothing_keeps_entries_waiting(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = note()

    def full(*_: Any) -> int:
        raise OSError(28, "no space")

    with monkeypatch.context() as patched:
        patched.setattr(ledger_file, "append", full)
        with pytest.raises(LedgerUnwritable, match="ENOSPC"):
            ledger.write()
        tasks.write_ledger()  # is written to the log, and ends nothing
    assert ledger.written(LedgerKind.ERASED, ids) == set()
    assert ledger.write() == 1


def test_file_behind_its_database_catches_up(path: Path) -> None:
    note(3)
    ledger.write()
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:1]))
    note()
    ledger.write()
    assert [written.line.sequence for written in ledger_file.lines(path)] == [1, 2, 3, 4]


def test_lost_file_is_not_begun_anew_by_itself(path: Path) -> None:
    note(2)
    ledger.write()
    path.unlink()
    note()
    with pytest.raises(LedgerUnwritable, match="ledger_missing"):
        ledger.write()
    assert not path.exists()
    assert ledger.begin_file() == 3
    assert ledger.write() == 0
    with pytest.raises(FileExistsError):
        ledger.begin_file()


def test_file_of_another_machine_becomes_the_whole_ledger(path: Path, settings: Any) -> None:
    note(2)
    ledger.write()
    settings.ERASURE_LEDGER = str(path.with_name("of another machine"))
    ledger.begin_file()
    settings.ERASURE_LEDGER = str(path)
    note(2)
    assert ledger.write() == 2  # this one was quicker
    settings.ERASURE_LEDGER = str(path.with_name("of another machine"))
    ledger.write()
    assert ledger.path().read_bytes() == path.read_bytes()


def test_older_copy_of_the_file_is_completed_at_once(path: Path) -> None:
    note(3)
    ledger.write()
    whole = path.read_bytes()
    path.write_bytes(b"".join(whole.splitlines(keepends=True)[:1]))
    assert look_again() is None
    ledger.write()
    assert path.read_bytes() == whole


def test_file_that_is_begun_anew_has_what_is_still_kept(path: Path) -> None:
    """Entries go in their time, and one that came late may be older than the one before it."""
    note(5)
    ledger.write()
    LedgerEntry.objects.filter(sequence__in=[1, 2, 4]).delete()
    path.unlink()
    assert ledger.begin_file() == 1
    note(2)
    ledger.write()
    assert [written.line.sequence for written in ledger_file.lines(path)] == [5, 6, 7]
    assert look_again() is None


def test_lines_go_from_the_file_when_they_were_kept_for_their_time(path: Path) -> None:
    assert ledger.forget_old_lines() == {"lines": 0}  # there is none
    ledger.note(LedgerKind.BACKED_UP, at=timezone.now() - timedelta(days=6 * 366))
    note(2)
    ledger.write()
    assert DAILY_JOBS["forget_lines_of_the_ledger"]() == {"lines": 1}
    assert DAILY_JOBS["forget_lines_of_the_ledger"]() == {"lines": 0}
    note()
    ledger.write()
    assert [written.line.sequence for written in ledger_file.lines(path)] == [2, 3, 4]
    assert look_again() is None


# --- what the file says of the database ----------------------------------------------------------------
def test_database_and_file_that_agree_are_no_obstacle() -> None:
    assert look_again() is None
    note()
    assert look_again() is None
    ledger.write()
    assert look_again() is None


def test_file_that_knows_more_says_that_the_database_was_set_back(path: Path) -> None:
    note()
    ledger.write()
    newest = ledger_file.head(path)
    assert newest
    line = ledger_file.Line(2, uuid4(), newest.line.at, "erased", uuid4())
    with ledger_file.held(path) as file:
        ledger_file.append(file, [ledger_file.Written(line, line.after(newest.digest))])
    assert look_again() is Obstacle.SET_BACK
    note()
    with pytest.raises(LedgerUnwritable, match="set_back"):
        ledger.write()


def test_file_of_another_database_is_an_obstacle(path: Path) -> None:
    note()
    ledger.write()
    line = ledger_file.Line(1, uuid4(), LedgerEntry.objects.get().at, "erased", uuid4())
    path.write_bytes(ledger_file.Written(line, line.after(bytes(32))).text())
    assert look_again() is Obstacle.SET_BACK


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (Path.unlink, Obstacle.LEDGER_MISSING),
        (lambda path: path.write_bytes(b""), Obstacle.LEDGER_MISSING),
        (lambda path: path.write_bytes(b"nonsense\n"), Obstacle.LEDGER_UNREADABLE),
    ],
)
def test_file_that_is_gone_or_spoilt_is_an_obstacle(path: Path, spoil: Any, found: Obstacle) -> None:
    note()
    ledger.write()
    spoil(path)
    assert look_again() is found


def test_key_that_was_destroyed_without_a_word_is_an_obstacle() -> None:
    person = factories.subject()
    keyring.destroy_key(person.pk)
    assert look_again() is Obstacle.KEYS_KNOW_MORE
    ledger.note(LedgerKind.ERASED, about_id=person.pk)
    assert look_again() is None


def test_destroyed_key_of_a_mailed_code_is_none() -> None:
    asked = factories.ask_for_code("a@piemers.lv")
    keyring.destroy_key(keyring.newest_destroyed(1)[0] if keyring.newest_destroyed(1) else uuid4())
    assert asked
    assert look_again() is None


def test_process_trusts_its_look_for_some_seconds(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    note()
    ledger.write()
    assert look_again() is None
    path.unlink()
    assert set_back.refused() is None
    monkeypatch.setattr(set_back.time, "monotonic", lambda: set_back.look.until)
    assert set_back.refused() is Obstacle.LEDGER_MISSING


def test_database_that_was_away_is_looked_at_as_soon_as_it_is_back(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may come back as another."""
    note()
    ledger.write()

    def away() -> None:
        raise OperationalError

    with monkeypatch.context() as patched:
        patched.setattr(set_back, "ledger_obstacle", away)
        assert look_again() is None
    path.unlink()
    assert set_back.refused() is Obstacle.LEDGER_MISSING


def test_every_obstacle_says_what_to_do() -> None:
    assert set(set_back.SENTENCES) == set(Obstacle)
    assert Objection.objects.count() == 0
