"""The audit's beginning goes on time, and what is left can still be checked against what is known outside."""

from pathlib import Path

import pytest
from django.db import DatabaseError, transaction

from applications.actors import SYSTEM
from applications.models import AuditCut, AuditEntry
from applications.services import audit, pruning
from applications.services.sealing import current_head, publish_head, seal
from tests import factories, retention
from tests.applications.test_sealing import found, heads, record, ruler
from tests.clock import later

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])
__all__ = ["heads"]
SIX_YEARS = 6 * 366


@pytest.fixture
def segment(heads: Path) -> None:
    record(5)
    with ruler() as cursor:
        cursor.execute("UPDATE applications_auditentry SET at = now() - interval '6 years'")
    with later(days=-SIX_YEARS):
        publish_head()


def test_what_is_left_is_whole_and_goes_on(segment: None) -> None:
    record(3)
    publish_head()
    assert pruning.prune() == {"entries": 5}
    assert AuditEntry.objects.count() == 3
    assert found() == []
    record(2)
    publish_head()
    assert found() == []
    assert current_head().sequence == 10  # type: ignore[union-attr]


def test_chain_of_which_everything_went_goes_on_where_it_ended(segment: None) -> None:
    pruning.prune()
    assert not AuditEntry.objects.exists()
    record()
    seal()
    assert current_head().sequence == 6  # type: ignore[union-attr]
    assert found() == []


def test_what_was_cut_short_goes_next_time(segment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    pruning.prune()
    assert pruning.prune() == {"entries": 0}
    assert AuditCut.objects.count() == 1


def test_segment_that_was_published_later_stays(segment: None) -> None:
    record(3)
    with later(days=-4 * 366):
        publish_head()
    assert pruning.prune() == {"entries": 5}
    assert pruning.prune() == {"entries": 0}


def test_hold_keeps_the_segments_in_which_its_person_is_named(heads: Path) -> None:
    subject = factories.subject()
    record(2)
    with ruler() as cursor:
        cursor.execute("UPDATE applications_auditentry SET at = now() - interval '6 years'")
    audit.record(actor=SYSTEM, action="thing.done", subject_id=subject.pk)
    with later(days=-SIX_YEARS):
        publish_head()
    with retention.held(subject.pk):
        assert pruning.prune() == {"entries": 0}


def test_without_a_cut_nothing_can_be_deleted(segment: None) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditEntry.objects.all().delete()


def test_nothing_young_can_be_deleted_whatever_the_cut_says(heads: Path) -> None:
    record(2)
    seal()
    entry = AuditEntry.objects.latest("id")
    AuditCut.objects.create(sequence=entry.sequence, digest=entry.digest)
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditEntry.objects.all().delete()


def test_cut_cannot_be_moved(segment: None) -> None:
    pruning.prune()
    for change in (lambda: AuditCut.objects.update(sequence=1), lambda: AuditCut.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


@pytest.mark.parametrize("published", [False, True])
def test_beginning_that_was_cut_off_too_soon_is_found(heads: Path, published: bool) -> None:
    record(4)
    if published:
        publish_head()
    else:
        seal()
    entry = AuditEntry.objects.latest("id")
    with ruler() as cursor:
        cursor.execute("DELETE FROM applications_auditentry")
        cursor.execute(
            "INSERT INTO applications_auditcut (sequence, digest, cut_at) VALUES (%s, %s, now())",
            [entry.sequence, entry.digest],
        )
    assert len(found()) == 1
    assert "The beginning is missing" in found()[0]


def test_head_that_is_not_what_was_published_lets_nothing_go(segment: None, heads: Path) -> None:
    heads.write_text(heads.read_text().replace(heads.read_text().strip()[-8:], "00000000"))
    assert pruning.prune() == {"entries": 0}
