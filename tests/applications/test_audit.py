"""The audit: nothing in it changes, nothing in it is personal, and what matters outlives a rollback."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from applications.actors import SYSTEM, VISITOR, Actor, ActorKind
from applications.crypto import keyring
from applications.crypto.errors import DecryptionError
from applications.models import AuditEntry, DataSubject, Identification, NoticeVersion
from applications.services import audit
from tests import factories

DATABASES = ["default", "keys", "aside"]
pytestmark = pytest.mark.django_db(databases=DATABASES)


@pytest.fixture
def entry() -> AuditEntry:
    audit.record(actor=SYSTEM, action="thing.done", count=3)
    return AuditEntry.objects.get()


# --- append-only ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "change",
    [
        lambda entry: entry.save(),
        lambda entry: entry.delete(),
        lambda entry: AuditEntry.objects.filter(pk=entry.pk).update(action="nothing"),
        lambda entry: AuditEntry.objects.all()._raw_delete("default"),
    ],
)
def test_orm_cannot_change_an_entry(entry: AuditEntry, change: Callable[[AuditEntry], Any]) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        change(entry)
    assert AuditEntry.objects.get().action == "thing.done"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE applications_auditentry SET action = 'nothing'",
        "DELETE FROM applications_auditentry",
        "TRUNCATE applications_auditentry",
        "TRUNCATE applications_auditentry CASCADE",
    ],
)
def test_sql_cannot_change_an_entry(superuser: None, entry: AuditEntry, statement: str) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert AuditEntry.objects.get().action == "thing.done"


def test_published_notice_is_under_the_same_protection(superuser: None) -> None:
    notice = factories.notice()
    with pytest.raises(DatabaseError), transaction.atomic():
        NoticeVersion.objects.filter(pk=notice.pk).update(body="changed")
    with pytest.raises(DatabaseError), transaction.atomic():
        notice.delete()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE applications_noticeversion CASCADE")
    assert NoticeVersion.objects.get() == notice


# --- what an entry holds ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "detail", ["identification.phone", 3, True, None, ["loan.keyword", "pep.pep_status"]]
)
def test_codes_and_counts_are_kept(detail: Any) -> None:
    audit.record(actor=SYSTEM, action="thing.done", detail=detail)
    assert AuditEntry.objects.get().detail == {"detail": detail}


@pytest.mark.parametrize(
    "detail",
    ["Anna Bērziņa", "Bērziņa", "anna@piemers.lv", "+37121234567", "x" * 65, "two words", "line\nline",
     date(1990, 1, 1), Decimal("1.5"), 1.5, {"name": "Anna"}, b"Anna", ["Anna Bērziņa"], [["a"]]],
)  # fmt: skip
def test_anything_else_is_a_programming_error(detail: Any) -> None:
    with pytest.raises(TypeError):
        audit.record(actor=SYSTEM, action="thing.done", detail=detail)
    assert not AuditEntry.objects.exists()


def test_refusal_of_a_detail_does_not_repeat_it() -> None:
    with pytest.raises(TypeError) as refusal:
        audit.record(actor=SYSTEM, action="thing.done", detail="Anna Bērziņa")
    assert "Anna" not in str(refusal.value)


def test_actor_is_a_kind_and_an_identifier() -> None:
    identifier = uuid4()
    actors = (Actor.consumer(identifier), Actor.staff(7), Actor.lender("alfa"), SYSTEM, VISITOR)
    for actor in actors:
        audit.record(actor=actor, action="thing.done")
    assert list(AuditEntry.objects.order_by("id").values_list("actor_kind", "actor_identifier")) == [
        (ActorKind.CONSUMER, str(identifier)), (ActorKind.STAFF, "7"), (ActorKind.LENDER, "alfa"),
        (ActorKind.SYSTEM, "system"), (ActorKind.CONSUMER, "visitor"),
    ]  # fmt: skip


def test_entry_outlives_the_person() -> None:
    owner = factories.subject()
    DataSubject.objects.get(pk=owner.pk).delete()
    assert AuditEntry.objects.filter(subject_id=owner.pk).exists()


def test_row_is_named_by_type_and_identifier() -> None:
    owner = factories.subject()
    audit.record(actor=SYSTEM, action="thing.done", row=owner)
    entry = AuditEntry.objects.get(action="thing.done")
    assert (entry.object_type, entry.object_id) == ("applications.datasubject", str(owner.pk))


# --- beside the caller's transaction --------------------------------------------------------------------
@pytest.mark.django_db(databases=DATABASES, transaction=True)
def test_entry_within_a_transaction_goes_with_it() -> None:
    with transaction.atomic():
        audit.record(actor=SYSTEM, action="thing.done")
        transaction.set_rollback(True)
    assert not AuditEntry.objects.exists()


@pytest.mark.django_db(databases=DATABASES, transaction=True)
def test_entry_written_aside_stays_when_the_caller_rolls_back() -> None:
    with transaction.atomic():
        audit.record_aside(actor=SYSTEM, action="access.refused")
        transaction.set_rollback(True)
    assert AuditEntry.objects.get().action == "access.refused"


@pytest.mark.django_db(databases=DATABASES, transaction=True)
def test_failed_decryption_is_audited_although_the_caller_rolls_back() -> None:
    owner = factories.subject()
    factories.complete_draft(owner)
    row = Identification.objects.get()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE applications_identification SET surname = given_name")
    with pytest.raises(DecryptionError), transaction.atomic():
        _ = Identification.objects.get().surname
    entry = AuditEntry.objects.get(action="decryption.failed")
    assert entry.subject_id == owner.pk
    assert entry.detail == {"label": "identification.surname", "row_id": str(row.pk)}


@pytest.mark.django_db(databases=DATABASES, transaction=True)
def test_reading_after_the_key_was_destroyed_is_audited() -> None:
    owner = factories.subject()
    keyring.destroy_key(owner.pk)
    with pytest.raises(DecryptionError):
        _ = DataSubject.objects.get(pk=owner.pk).email
    assert AuditEntry.objects.get(action="decryption.failed").detail["label"] == "identification.email"


# --- keys -------------------------------------------------------------------------------------------------
def test_destroyed_key_is_written_down_with_its_owner() -> None:
    owner = uuid4()
    keyring.create_key(owner)
    keyring.destroy_key(owner)
    entry = AuditEntry.objects.using(audit.ASIDE).get(action="keys.destroyed")
    assert entry.detail == {"count": 1, "owners": [str(owner)]}


def test_key_that_was_destroyed_before_is_not_written_down_again() -> None:
    owner = uuid4()
    keyring.destroy_key(owner)
    keyring.destroy_key(owner)
    assert AuditEntry.objects.using(audit.ASIDE).filter(action="keys.destroyed").count() == 1


def test_forgotten_keys_are_written_down_as_a_number() -> None:
    owners = [uuid4() for _ in range(3)]
    for owner in owners:
        keyring.create_key(owner)
    keyring.forget_keys([*owners, uuid4()])
    entry = AuditEntry.objects.using(audit.ASIDE).get(action="keys.forgotten")
    assert entry.detail == {"count": 3, "owners": []}
