"""The chain of the audit: whatever a ruler of the database changes afterwards is found."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from psycopg import sql

from applications.actors import SYSTEM
from applications.models import AuditEntry
from applications.services import audit, sealing
from applications.services.operations import DAILY_JOBS
from applications.services.sealing import GENESIS, Head, current_head, link, problems, publish_head, seal
from applications.sweeper import sweeper
from tests import factories, role

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])


@pytest.fixture(autouse=True)
def heads(tmp_path: Path, settings: Any) -> Path:
    settings.AUDIT_HEADS = str(tmp_path / "outside" / "heads.log")
    return Path(settings.AUDIT_HEADS)


def record(count: int = 1) -> None:
    for number in range(count):
        audit.record(actor=SYSTEM, action="thing.done", number=number)


def found(*known: Head) -> list[str]:
    return list(problems([*sealing.published_heads(), *known]))


@contextmanager
def ruler() -> Iterator[Any]:
    """A superuser of the database, whom no trigger stops."""
    with role.superuser(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield cursor
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


# --- sealing --------------------------------------------------------------------------------------------
def test_entries_are_chained_without_a_gap() -> None:
    record(5)
    assert seal() == 5
    digest = GENESIS
    for number, entry in enumerate(AuditEntry.objects.order_by("id"), start=1):
        digest = link(digest, entry, number)
        assert (entry.sequence, bytes(entry.digest or b"")) == (number, digest)


def test_nothing_new_is_nothing_to_seal() -> None:
    record()
    seal()
    assert seal() == 0


def test_chain_goes_on_where_it_ended() -> None:
    record(2)
    seal()
    record(3)
    seal()
    assert current_head() is not None
    assert current_head().sequence == 5  # type: ignore[union-attr]
    assert found() == []


def test_more_entries_than_a_chunk_are_sealed_in_one_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "CHUNK", 2)
    record(5)
    assert seal() == 5
    assert found() == []


def test_entry_whose_transaction_ended_late_takes_its_place_at_the_end() -> None:
    """Numbers of rows are given before transactions end: a smaller one can appear after a greater."""
    record()
    first = AuditEntry.objects.get()
    AuditEntry(pk=first.pk + 10, actor_kind="system", actor_identifier="system", action="late").save(
        force_insert=True
    )
    seal()
    AuditEntry(pk=first.pk + 5, actor_kind="system", actor_identifier="system", action="later").save(
        force_insert=True
    )
    seal()
    assert list(AuditEntry.objects.order_by("sequence").values_list("action", flat=True)) == [
        "thing.done",
        "late",
        "later",
    ]
    assert found() == []


def test_every_worker_seals() -> None:
    assert "audit" in {sweep.name for sweep in sweeper.sweeps}


@pytest.mark.django_db(databases=["default", "keys", "aside"], transaction=True)
def test_workers_that_seal_at_once_make_one_chain() -> None:
    record(40)
    factories.in_parallel(lambda _: (record(5), seal()), 6)
    seal()
    assert AuditEntry.objects.filter(digest__isnull=True).count() == 0
    assert found() == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE applications_auditentry SET digest = '\\x00'",
        "UPDATE applications_auditentry SET sequence = 7",
        "UPDATE applications_auditentry SET digest = NULL, sequence = NULL",
        "UPDATE applications_auditentry SET action = 'nothing'",
    ],
)
def test_sealed_entry_is_never_touched_again(statement: str) -> None:
    record()
    seal()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        connection.cursor().execute(statement)


def test_sealing_changes_nothing_but_place_and_digest() -> None:
    record()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEntry.objects.update(sequence=1, digest=bytes(32), action="nothing")


# --- tampering ------------------------------------------------------------------------------------------
def edit(cursor: Any) -> None:
    cursor.execute("UPDATE applications_auditentry SET action = 'nothing' WHERE sequence = 3")


def edit_detail(cursor: Any) -> None:
    cursor.execute("UPDATE applications_auditentry SET detail = '{\"number\": 9}' WHERE sequence = 3")


def move_in_time(cursor: Any) -> None:
    cursor.execute("UPDATE applications_auditentry SET at = at - interval '1 day' WHERE sequence = 3")


def delete(cursor: Any) -> None:
    cursor.execute("DELETE FROM applications_auditentry WHERE sequence = 3")


def delete_and_close_the_gap(cursor: Any) -> None:
    delete(cursor)
    cursor.execute("UPDATE applications_auditentry SET sequence = -sequence WHERE sequence > 3")
    cursor.execute("UPDATE applications_auditentry SET sequence = -sequence - 1 WHERE sequence < 0")


def reorder(cursor: Any) -> None:
    cursor.execute("UPDATE applications_auditentry SET sequence = 99 WHERE sequence = 2")
    cursor.execute("UPDATE applications_auditentry SET sequence = 2 WHERE sequence = 3")
    cursor.execute("UPDATE applications_auditentry SET sequence = 3 WHERE sequence = 99")


def insert(cursor: Any) -> None:
    cursor.execute(
        "INSERT INTO applications_auditentry (at, actor_kind, actor_identifier, action, object_type,"
        " object_id, detail, sequence, digest) SELECT at, actor_kind, actor_identifier, action, object_type,"
        " object_id, detail, 6, digest FROM applications_auditentry WHERE sequence = 5"
    )


@pytest.mark.parametrize(
    "tampering",
    [edit, edit_detail, move_in_time, delete, delete_and_close_the_gap, reorder, insert],
    ids=lambda one: one.__name__,
)
def test_what_a_superuser_changes_is_found(tampering: Callable[[Any], None]) -> None:
    record(5)
    seal()
    assert found() == []
    with ruler() as cursor:
        cursor.execute("ALTER TABLE applications_auditentry DROP CONSTRAINT IF EXISTS "
                       "applications_auditentry_sequence_check")  # fmt: skip
        tampering(cursor)
    assert found() != []


def test_tail_that_was_cut_off_is_found_by_the_published_head() -> None:
    record(5)
    publish_head()
    with ruler() as cursor:
        cursor.execute("DELETE FROM applications_auditentry WHERE sequence > 3")
    assert found() == ["The end of the chain is missing: entry 5 was published as a head."]


def test_audit_that_was_emptied_is_found_by_the_published_head() -> None:
    record(2)
    publish_head()
    with ruler() as cursor:
        cursor.execute("DELETE FROM applications_auditentry")
    assert found() == ["The end of the chain is missing: entry 2 was published as a head."]


def test_chain_written_anew_from_end_to_end_is_found_by_the_published_head() -> None:
    record(5)
    publish_head()
    with ruler() as cursor:
        edit(cursor)
        digest = GENESIS
        for number, entry in enumerate(AuditEntry.objects.order_by("sequence"), start=1):
            digest = link(digest, entry, number)
            cursor.execute("UPDATE applications_auditentry SET digest = %s WHERE id = %s", [digest, entry.pk])
    assert found() == ["The chain was written anew: the head published for entry 5 is another."]


def test_forged_head_beside_the_true_one_hides_nothing() -> None:
    record(5)
    publish_head()
    with ruler() as cursor:
        edit(cursor)
        digest = GENESIS
        for number, entry in enumerate(AuditEntry.objects.order_by("sequence"), start=1):
            digest = link(digest, entry, number)
            cursor.execute("UPDATE applications_auditentry SET digest = %s WHERE id = %s", [digest, entry.pk])
    publish_head()
    assert found() == ["The chain was written anew: the head published for entry 5 is another."]


@pytest.mark.parametrize("column", ["actor_kind", "actor_identifier", "object_type", "object_id"])
def test_every_column_is_under_the_digest(column: str) -> None:
    record(3)
    seal()
    with ruler() as cursor:
        change = sql.SQL("UPDATE applications_auditentry SET {} = 'x' WHERE sequence = 2")
        cursor.execute(change.format(sql.Identifier(column)))
    assert found() == ["Entry 2 is not what was sealed."]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE applications_auditentry SET id = id + 1000 WHERE sequence = 2",
        "UPDATE applications_auditentry SET subject_id = gen_random_uuid() WHERE sequence = 2",
    ],
)
def test_identifiers_are_under_the_digest(change: str) -> None:
    record(3)
    seal()
    with ruler() as cursor:
        cursor.execute(change)
    assert found() == ["Entry 2 is not what was sealed."]


def test_head_in_a_log_line_serves_as_well_as_one_in_the_file() -> None:
    record(3)
    seal()
    head = current_head()
    assert head
    with ruler() as cursor:
        cursor.execute("DELETE FROM applications_auditentry WHERE sequence = 3")
    assert found() == []  # nothing is known from outside
    assert found(head) != []


def test_entries_that_nobody_seals_are_found() -> None:
    record()
    with ruler() as cursor:
        cursor.execute("UPDATE applications_auditentry SET at = at - interval '1 hour'")
    assert found() == ["1 entries are older than 5 minutes and not sealed."]


def test_entry_of_this_moment_need_not_be_sealed_yet() -> None:
    record()
    assert found() == []


# --- heads and the command ------------------------------------------------------------------------------
def test_head_is_published_daily_with_its_time(heads: Path) -> None:
    assert DAILY_JOBS["publish_audit_head"] is publish_head
    record(2)
    assert publish_head() == {"heads": 1}
    record()
    publish_head()
    lines = heads.read_text(encoding="utf-8").splitlines()
    assert [line.split()[1].partition(":")[0] for line in lines] == ["2", "3"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00 2:[0-9a-f]{64}", lines[0])


def test_empty_audit_has_no_head() -> None:
    assert publish_head() == {"heads": 0}


def verified(*arguments: str) -> str:
    out = StringIO()
    call_command("verify_audit", *arguments, stdout=out)
    return out.getvalue()


def test_whole_audit_is_said_to_be_whole() -> None:
    record(3)
    publish_head()
    assert verified().strip() == "The audit is whole: 3 entries, held against 1 heads."


def test_changed_audit_fails_the_command_and_names_the_entry() -> None:
    record(3)
    seal()
    with ruler() as cursor:
        edit(cursor)
    with pytest.raises(CommandError, match="Entry 3 is not what was sealed"):
        verified()


@pytest.mark.parametrize("head", ["", "1", "x:00", "1:00", f"0:{'0' * 64}"])
def test_head_that_is_none_is_refused(head: str) -> None:
    with pytest.raises(CommandError, match="A head reads"):
        verified("--head", head)


def test_what_is_to_be_sealed_is_found_by_an_index_of_its_own() -> None:
    record(500)  # in an empty table every index is as good as the other
    seal()
    record(1)
    with role.superuser(), connection.cursor() as cursor:
        cursor.execute("ANALYZE applications_auditentry")
        cursor.execute(
            "EXPLAIN SELECT * FROM applications_auditentry WHERE digest IS NULL ORDER BY id LIMIT 1000"
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "audit_to_be_sealed" in plan
