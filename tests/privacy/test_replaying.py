"""What a replay refuses, and what it finishes where it was cut short."""

from datetime import UTC, datetime
from io import StringIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client, override_settings
from django.utils import timezone

from applications import ledger_file
from applications.crypto import keyring, rings
from applications.ledger_file import Line, Written
from applications.models import ConsumerSession, DataSubject, LedgerEntry, LedgerKind, Restriction
from applications.services import ledger
from privacy.errors import AnotherLedger, NewerLedger, YoungerLedger
from privacy.models import Erasure
from privacy.rights.erasing_again import erase_again
from privacy.rights.erasure import facts_for_the_ledger, final_text
from privacy.services import replaying
from privacy.services.replaying import replay
from tests import factories, retention
from tests.lenders import scene
from tests.privacy import rights

pytestmark = pytest.mark.django_db(databases=scene.DATABASES)


def noted(count: int) -> None:
    for _number in range(count):
        ledger.note(LedgerKind.BACKED_UP)
    ledger.write()


def ended(people: list[UUID]) -> None:
    ledger.note(LedgerKind.RETENTION_ENDED, ending="people", owners=[str(one) for one in people])


def put(*lines: Written) -> None:
    ledger.path().write_bytes(b"".join(line.text() for line in lines))


# --- the file -------------------------------------------------------------------------------------------
def test_file_that_was_begun_anew_tells_a_copy_that_reaches_up_to_it() -> None:
    noted(3)
    there = list(ledger_file.lines(ledger.path()))
    LedgerEntry.objects.filter(sequence=3).delete()
    put(there[2])
    assert [line.line.sequence for line in replaying.missing()] == [3]
    replay()
    assert LedgerEntry.objects.filter(sequence=3).exists()


def test_file_that_lacks_what_came_after_the_copy_is_refused() -> None:
    noted(3)
    there = list(ledger_file.lines(ledger.path()))
    LedgerEntry.objects.filter(sequence__in=[2, 3]).delete()
    put(there[2])
    with pytest.raises(YoungerLedger):
        replay()


@pytest.mark.parametrize("kept", [1, 2])
def test_file_of_another_database_is_refused(kept: int) -> None:
    noted(2)
    lines, digest = [], bytes(32)
    for number in range(1, 4):
        line = Line(number, uuid4(), datetime.now(UTC), LedgerKind.BACKED_UP, None)
        digest = line.after(digest)
        lines.append(Written(line, digest))
    put(*lines[kept - 1 :] if kept == 1 else lines[:kept])
    with pytest.raises(AnotherLedger):
        replay()


def test_entry_of_an_ending_that_nobody_knows_is_refused_before_anything_is_done() -> None:
    ledger.note(LedgerKind.BACKED_UP)
    ledger.note(LedgerKind.RETENTION_ENDED, about_id=uuid4(), ending="of_tomorrow")
    ledger.write()
    LedgerEntry.objects.all().delete()
    with pytest.raises(NewerLedger):
        replay()
    assert not LedgerEntry.objects.exists()


def test_what_one_night_deleted_goes_again_together_and_in_order() -> None:
    people = [retention.unused_account() for _number in range(4)]
    restricted = factories.subject()
    ids = [one.pk for one in people]
    ended(ids[:2])
    ledger.note(LedgerKind.RESTRICTED, about_id=restricted.pk, ground="claims")
    ended(ids[2:])
    ledger.write()
    unplaced, *others = LedgerEntry.objects.order_by("sequence")
    before = list(LedgerEntry.objects.order_by("sequence").values("entry_id", "digest", "detail"))
    LedgerEntry.objects.filter(pk__in=[one.pk for one in [unplaced, *others]]).delete()
    # the copy was made between the entry and its place
    LedgerEntry.objects.create(
        entry_id=unplaced.entry_id,
        at=unplaced.at,
        kind=unplaced.kind,
        detail=unplaced.detail,
    )
    receipt = replay()
    assert receipt.counts() | {"sessions_ended": 0} == {
        "retention_ended": 2, "restricted": 1, "sessions_ended": 0
    }  # fmt: skip
    placed = LedgerEntry.objects.filter(written_at__isnull=False).order_by("sequence")
    assert list(placed.values("entry_id", "digest", "detail")) == before
    assert not DataSubject.objects.filter(pk__in=ids, erased_at__isnull=True).exists()
    assert not keyring.owners_with_keys(ids)
    assert Restriction.objects.get().subject_id == restricted.pk


# --- keys that are older than the data ------------------------------------------------------------------
def test_people_without_keys_are_erased_when_they_are_given_up_and_can_begin_anew() -> None:
    lost, other = factories.subject("lost@piemers.lv"), factories.subject("other@piemers.lv")
    keyring.forget_keys([lost.pk])
    assert replay().counts() == {}  # not by itself: a newer copy of the keys may be found
    call_command("replay_erasures", erase_lost_people=True, stdout=StringIO())
    assert DataSubject.objects.get(pk=lost.pk).erased_at is not None
    assert ledger.written(LedgerKind.ERASED, [lost.pk]) == {lost.pk}
    assert factories.subject("lost@piemers.lv").pk != lost.pk
    assert factories.subject("other@piemers.lv") == other


# --- before the replay ----------------------------------------------------------------------------------
def test_retention_is_not_run_by_hand_in_a_database_that_was_set_back() -> None:
    """It lacks restrictions and holds."""
    noted(1)
    LedgerEntry.objects.all().delete()
    due = retention.unused_account()
    with pytest.raises(CommandError, match="restored"):
        call_command("retention")
    assert DataSubject.objects.get(pk=due.pk).erased_at is None


def test_keys_of_whom_one_night_let_go_that_came_back_are_destroyed_again() -> None:
    people = [retention.unused_account().pk for _number in range(2)]
    DataSubject.objects.filter(pk__in=people).update(erased_at=timezone.now(), email_index=None)
    ended(people)
    ledger.write()
    assert replaying.destroy_what_came_back() == {"keys": 2}
    assert not keyring.owners_with_keys(people)


def test_tombstones_of_whom_the_file_tells_together_are_known() -> None:
    people = [retention.unused_account().pk for _number in range(2)]
    ended(people)
    ledger.write()
    LedgerEntry.objects.all().delete()
    keyring.destroy_keys(people)
    assert replaying.preview().counts() == {"retention_ended": 1}


# --- the tombstones -------------------------------------------------------------------------------------
def test_whoever_is_erased_by_a_tombstone_stands_in_the_ledger_wherever_it_is_cut_short(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    subject = factories.subject()
    keyring.destroy_key(subject.pk)

    def broken(*_: Any) -> None:
        raise RuntimeError

    for target in ("erase_again", "_leave_word"):
        with monkeypatch.context() as patched:
            patched.setattr(replaying, target, broken)
            with pytest.raises(RuntimeError):
                replay()
        erased = DataSubject.objects.filter(pk=subject.pk, erased_at__isnull=False).exists()
        assert erased == bool(ledger.noted(LedgerKind.ERASED, [subject.pk]))
    replay()
    assert LedgerEntry.objects.filter(kind=LedgerKind.ERASED, about_id=subject.pk).count() == 1


def test_where_tombstones_alone_tell_everybody_signs_in_anew_as_well() -> None:
    factories.sign_in(Client(), "other@piemers.lv")
    keyring.destroy_key(factories.subject().pk)
    assert replay().sessions_ended == 2
    assert not ConsumerSession.objects.filter(ended_at__isnull=True).exists()


# --- the certificate ------------------------------------------------------------------------------------
def test_erasure_done_again_is_final_with_the_last_epoch_of_which_a_copy_can_be() -> None:
    """The key came back in an epoch from which it had been moved: later copies of it are in the next one."""
    subject = factories.subject()
    request = rights.approved(subject)
    line = Line(1, uuid4(), datetime.now(UTC), "erased", subject.pk, facts_for_the_ledger(request))
    old = dict(settings.MASTER_KEYS)
    with override_settings(MASTER_KEYS=old | {"next": bytes(32)}):
        rings.note_epochs()
        erase_again(line)
    with override_settings(MASTER_KEYS={"next": bytes(32)}):
        erasure = Erasure.objects.get(request=request)
        assert f"{erasure.final_by:%d.%m.%Y.}" in final_text(erasure)
