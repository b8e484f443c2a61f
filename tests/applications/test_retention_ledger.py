"""What ends on time stands in the ledger beside the backups: a restored copy does not bring it back."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from applications import ledger_file
from applications.crypto import keyring
from applications.ledger_file import Line
from applications.models import Application, DataSubject, LedgerEntry, LedgerKind, RetentionChunk
from applications.services import ledger
from applications.services import retention as running
from tests import factories, retention

DATABASES = ["default", "keys", "aside"]
pytestmark = pytest.mark.django_db(databases=DATABASES)


@pytest.fixture
def unused() -> DataSubject:
    return retention.unused_account()


def line(*owners: UUID, ending: str) -> Line:
    detail = {"ending": ending, "owners": [str(one) for one in owners]}
    return Line(1, uuid4(), datetime.now(UTC), LedgerKind.RETENTION_ENDED, None, detail)


def test_whoever_went_and_what_went_stands_in_the_file(unused: DataSubject) -> None:
    another = retention.unused_account()
    draft = factories.complete_draft(factories.subject())
    retention.age(draft, 40)
    retention.run()
    ledger.write()
    written = [one.line for one in ledger_file.lines(ledger.path())]
    assert {one.kind for one in written} == {"retention_ended"}
    assert {one.detail["ending"]: set(one.owners) for one in written} == {
        "drafts": {draft.pk}, "people": {unused.pk, another.pk}
    }  # fmt: skip
    assert {one.entry_id for one in written} == set(RetentionChunk.objects.values_list("pk", flat=True))


def test_no_key_goes_before_the_file_has_the_entry(
    unused: DataSubject, settings: Any, tmp_path: Path
) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    where, settings.ERASURE_LEDGER = settings.ERASURE_LEDGER, str(in_the_way / "ledger")
    with pytest.raises(running.Incomplete):
        retention.run()
    assert keyring.owners_with_keys([unused.pk])
    settings.ERASURE_LEDGER = where
    retention.run()
    assert not keyring.owners_with_keys([unused.pk])
    assert not DataSubject.objects.get(pk=unused.pk).email


def test_people_that_a_copy_brought_back_go_again(unused: DataSubject) -> None:
    another = retention.unused_account()
    for _again in range(2):
        running.end_again(line(unused.pk, another.pk, ending="people"))
    assert not DataSubject.objects.filter(erased_at=None).exists()
    assert not keyring.owners_with_keys([unused.pk, another.pk])


def test_entry_about_one_person_alone_is_told_as_well(unused: DataSubject) -> None:
    """As it was written while each had one."""
    alone = Line(1, uuid4(), datetime.now(UTC), LedgerKind.RETENTION_ENDED, unused.pk, {"ending": "people"})
    running.end_again(alone)
    assert DataSubject.objects.get(pk=unused.pk).erased_at is not None
    assert not keyring.owners_with_keys([unused.pk])


def test_person_who_is_not_in_the_copy_loses_a_key_that_came_back() -> None:
    stranger = uuid4()
    keyring.create_key(stranger)
    running.end_again(line(stranger, ending="people"))
    assert not keyring.owners_with_keys([stranger])


def test_draft_that_a_copy_brought_back_goes_again() -> None:
    draft = factories.complete_draft(factories.subject())
    for _again in range(2):
        running.end_again(line(draft.pk, ending="drafts"))
    assert not Application.objects.filter(pk=draft.pk).exists()


def test_application_that_a_copy_brought_back_is_emptied_again() -> None:
    application = factories.complete_draft(factories.subject())
    running.end_again(line(application.pk, ending="applications"))
    assert Application.objects.get(pk=application.pk).emptied_at is not None


def test_entries_go_after_their_time_but_for_the_last(unused: DataSubject) -> None:
    retention.run()
    ledger.note(LedgerKind.BACKED_UP)
    ledger.write()
    assert retention.due("ledger", days=6 * 366) == set(
        LedgerEntry.objects.filter(kind=LedgerKind.RETENTION_ENDED).values_list("pk", flat=True)
    )


def test_evidence_of_an_application_that_was_open_in_the_copy_ends_as_well() -> None:
    application = factories.complete_draft(factories.subject())
    Application.objects.filter(pk=application.pk).update(status="submitted", submitted_at=timezone.now())
    running.end_again(line(application.pk, ending="applications"))
    assert Application.objects.get(pk=application.pk).closed_at is not None
    assert application.pk in retention.due("evidence", days=3660)
