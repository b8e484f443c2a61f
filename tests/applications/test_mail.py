"""Outgoing mail: rows are the queue, a fault delays and never loses, a spent code leaves nothing."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as django_mail
from django.db import connection
from django.utils import timezone

from applications.actors import Actor
from applications.crypto import keyring
from applications.crypto.models import DataKey
from applications.models import (
    DataSubject,
    MailKind,
    MailStatus,
    OutboundMail,
    Restriction,
    RestrictionGround,
)
from applications.services import mail
from applications.services.accounts import request_code
from applications.services.processing import lift_restriction, restrict
from applications.tasks import deliver_due_mail, deliver_mail
from tests import factories

DATABASES = ["default", "keys", "aside"]
pytestmark = pytest.mark.django_db(databases=DATABASES)


def queue(owner: DataSubject, **changes: Any) -> OutboundMail:
    application = factories.draft(owner)
    options: dict[str, Any] = {
        "kind": MailKind.APPLICATION_SENT, "owner_id": owner.pk, "recipient": owner.email,
        "language": "lv", "context": {"application": application},
    }  # fmt: skip
    return mail.compose(**(options | changes))


@pytest.fixture
def owner() -> DataSubject:
    found = factories.subject()
    OutboundMail.objects.all().delete()
    return found


@pytest.fixture
def no_mail_server(settings: Any) -> None:
    """A port where nobody listens."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1


def test_due_message_is_sent_once(owner: DataSubject) -> None:
    row = queue(owner)
    deliver_due_mail()
    deliver_due_mail()
    (sent,) = django_mail.outbox
    assert sent.to == [owner.email]
    assert (sent.subject, sent.body) == (row.title, row.body)
    assert OutboundMail.objects.get().status == MailStatus.SENT


def test_worker_is_woken_with_no_argument(owner: DataSubject) -> None:
    queue(owner)
    deliver_mail()
    assert len(django_mail.outbox) == 1


def test_what_a_message_says_is_encrypted(owner: DataSubject) -> None:
    row = queue(owner)
    with connection.cursor() as cursor:
        cursor.execute("SELECT recipient || title || body FROM applications_outboundmail")
        stored = bytes(cursor.fetchone()[0])
    for text in (owner.email, row.title, row.body):
        assert str(text).encode() not in stored


def test_message_that_is_not_due_waits(owner: DataSubject) -> None:
    queue(owner)
    OutboundMail.objects.update(due_at=timezone.now() + timedelta(minutes=1))
    deliver_due_mail()
    assert django_mail.outbox == []


def test_claimed_message_is_not_claimed_again_within_its_lease(owner: DataSubject) -> None:
    row = queue(owner)
    assert mail.claim_due() == [row.pk]
    assert mail.claim_due() == []


def test_message_of_a_worker_that_died_is_claimed_after_its_lease(owner: DataSubject) -> None:
    row = queue(owner)
    mail.claim_due()
    OutboundMail.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    assert mail.claim_due() == [row.pk]
    assert OutboundMail.objects.get().attempts == 2


@pytest.mark.django_db(databases=DATABASES, transaction=True)
def test_workers_claiming_at_once_share_the_messages(owner: DataSubject) -> None:
    rows = {queue(owner).pk for _ in range(12)}
    claimed = [pk for pks in factories.in_parallel(lambda _: mail.claim_due(limit=3), 6) for pk in pks]
    assert len(claimed) == len(set(claimed))
    assert set(claimed) <= rows


# --- faults ---------------------------------------------------------------------------------------------
def test_message_stays_queued_while_the_mail_server_is_away(owner: DataSubject, no_mail_server: None) -> None:
    queue(owner)
    deliver_due_mail()
    row = OutboundMail.objects.get()
    assert (row.status, row.attempts, row.error_code) == (MailStatus.QUEUED, 1, "ConnectionRefusedError")
    assert row.due_at > timezone.now()
    assert row.body


def test_message_is_given_up_on_after_the_last_attempt(owner: DataSubject, no_mail_server: None) -> None:
    queue(owner)
    for _ in range(mail.MAXIMUM_ATTEMPTS):
        OutboundMail.objects.update(due_at=timezone.now())
        deliver_due_mail()
    assert OutboundMail.objects.get().status == MailStatus.FAILED


def test_message_that_kills_its_worker_each_time_is_given_up_on(owner: DataSubject) -> None:
    queue(owner)
    OutboundMail.objects.update(attempts=mail.MAXIMUM_ATTEMPTS)
    deliver_due_mail()
    assert OutboundMail.objects.get().error_code == "attempts"
    assert django_mail.outbox == []


def test_message_to_an_erased_person_is_not_sent_and_not_tried_again(owner: DataSubject) -> None:
    queue(owner)
    keyring.destroy_key(owner.pk)
    deliver_due_mail()
    row = OutboundMail.objects.get()
    assert (row.status, row.error_code) == (MailStatus.FAILED, "key_destroyed")


def restricted(owner: DataSubject) -> Restriction:
    return restrict(subject_id=owner.pk, ground=RestrictionGround.ACCURACY, actor=Actor.consumer(owner.pk))


def test_message_to_a_restricted_person_waits_however_long_it_takes(owner: DataSubject) -> None:
    queue(owner)
    restricted(owner)
    for _ in range(mail.MAXIMUM_ATTEMPTS + 1):
        deliver_due_mail()
    row = OutboundMail.objects.get()
    assert (row.status, row.attempts) == (MailStatus.QUEUED, 0)
    assert django_mail.outbox == []


def test_message_is_sent_once_the_restriction_is_lifted(owner: DataSubject) -> None:
    queue(owner)
    restriction = restricted(owner)
    deliver_due_mail()
    lift_restriction(restriction_id=restriction.pk, actor=Actor.consumer(owner.pk))
    deliver_due_mail()
    assert len(django_mail.outbox) == 1


def test_restriction_that_comes_after_the_claim_stops_the_message_all_the_same(owner: DataSubject) -> None:
    row = queue(owner)
    claimed = mail.claim_due()
    restricted(owner)
    mail.deliver(*claimed)
    row.refresh_from_db()
    assert (row.status, row.error_code) == (MailStatus.QUEUED, "processing_restricted")
    assert django_mail.outbox == []


def test_restricted_person_can_still_sign_in(owner: DataSubject) -> None:
    """A code goes to whoever asked for it."""
    restricted(owner)
    request_code(email=str(owner.email), network="192.0.2.1", language="lv")
    deliver_due_mail()
    assert [sent.to for sent in django_mail.outbox] == [[owner.email]]


def test_people_who_are_not_restricted_are_written_to_meanwhile(owner: DataSubject) -> None:
    queue(owner)
    restricted(owner)
    other = factories.subject()
    queue(other)
    deliver_due_mail()
    assert [sent.to for sent in django_mail.outbox] == [[other.email]]


@pytest.mark.parametrize(
    ("change", "code"), [({"epoch": "unknown"}, "unknown_epoch"), ({"wrapped": b"spoilt"}, "data_key")]
)
def test_message_stays_queued_while_its_master_key_is_not_at_hand(
    owner: DataSubject, change: dict[str, Any], code: str
) -> None:
    queue(owner)
    DataKey.objects.using("keys").filter(owner_id=owner.pk).update(**change)
    deliver_due_mail()
    row = OutboundMail.objects.get()
    assert (row.status, row.error_code) == (MailStatus.QUEUED, code)
    assert row.due_at > timezone.now()


def test_message_that_cannot_be_read_holds_up_no_other(owner: DataSubject) -> None:
    queue(owner)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE applications_outboundmail SET title = 'broken'")
    healthy = queue(owner)
    deliver_due_mail()
    assert OutboundMail.objects.get(pk=healthy.pk).status == MailStatus.SENT
    assert OutboundMail.objects.exclude(pk=healthy.pk).get().status == MailStatus.FAILED


def test_message_that_breaks_the_mail_library_holds_up_no_other(owner: DataSubject) -> None:
    broken = queue(owner)
    broken.title = "two\nlines"
    broken.save()
    healthy = queue(owner)
    deliver_due_mail()
    assert OutboundMail.objects.get(pk=healthy.pk).status == MailStatus.SENT
    assert OutboundMail.objects.get(pk=broken.pk).status == MailStatus.QUEUED


# --- codes ----------------------------------------------------------------------------------------------
def test_sent_code_is_wiped_from_its_row() -> None:
    email = factories.address()
    asked = factories.ask_for_code(email)
    deliver_due_mail()
    row = OutboundMail.objects.get()
    assert (row.status, row.recipient, row.title, row.body) == (MailStatus.SENT, None, None, None)
    assert asked.code in django_mail.outbox[0].body
    assert asked.code not in django_mail.outbox[0].subject


def test_code_that_expired_in_the_queue_is_not_sent() -> None:
    factories.ask_for_code(factories.address())
    OutboundMail.objects.update(useless_after=timezone.now() - timedelta(seconds=1))
    deliver_due_mail()
    row = OutboundMail.objects.get()
    assert django_mail.outbox == []
    assert (row.status, row.error_code, row.body) == (MailStatus.FAILED, "expired", None)


def test_code_that_was_used_already_is_not_sent_again() -> None:
    factories.subject()
    deliver_due_mail()
    assert django_mail.outbox == []
    assert OutboundMail.objects.get().status == MailStatus.FAILED


@pytest.mark.parametrize("language", ["lv", "en", "ru"])
@pytest.mark.parametrize("kind", MailKind.values)
def test_every_message_has_a_subject_and_a_body_in_each_language(
    owner: DataSubject, kind: str, language: str
) -> None:
    context = {"application": factories.draft(owner), "code": "123456", "minutes": 10, "lender_name": "Alfa"}
    row = queue(owner, kind=kind, language=language, context=context)
    assert row.title
    assert "\n" not in str(row.title)
    assert len(str(row.body)) > 40
