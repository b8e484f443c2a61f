"""Messages are taken over from a real IMAP server: each once, stored here before it is removed there."""

import imaplib
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest
from django.db import OperationalError
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from imapclient import IMAPClient

from applications.crypto.keyring import data_key_scope, owners_with_keys
from applications.models import OutboundMail
from applications.services.mail import deliver
from privacy import mailbox_client
from privacy.mailbox_address import MailboxAddress
from privacy.models import Mailbox, MailboxMessage, MessageFile, MessageState
from privacy.services import mailbox
from privacy.services.mailbox import Taken, read_mailbox, take_in
from tests import factories
from tests.clock import later
from tests.privacy import imap_server
from tests.privacy.imap_server import DELIVERED, OTHER, Server, mail

pytestmark = [pytest.mark.thorough, pytest.mark.django_db(databases=["default", "keys", "aside"])]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with imap_server.running() as found:
        yield found


@pytest.fixture
def server(port: int, settings) -> Server:
    found = Server(port)
    found.empty()
    settings.PRIVACY_MAILBOX = found.address
    return found


def read_again() -> Mailbox:
    """Read the mailbox, whatever pause was due; how it stands after."""
    Mailbox.objects.update(next_read_at=None)
    read_mailbox()
    return Mailbox.objects.get()


def texts() -> list[str]:
    with data_key_scope():
        return [str(one.text) for one in MailboxMessage.objects.order_by("delivered_at", "pk")]


# --- taking over -------------------------------------------------------------------------------------------
def test_message_is_stored_and_removed_from_the_server(server):
    server.deliver(mail())
    found = read_again()
    assert (found.taken_in, found.failures, found.trouble) == (1, 0, "")
    [message] = MailboxMessage.objects.all()
    assert (message.sender, message.text) == ("anna@piemers.lv", "Lūdzu, izdzēsiet manus datus.")
    assert (message.state, message.request) == (MessageState.NEW, None)
    assert server.left() == 0


def test_clock_starts_when_the_server_received_it_whatever_date_it_gives_itself(server):
    server.deliver(mail(Date="Fri, 1 Jan 2027 10:00:00 +0000"))
    read_again()
    assert MailboxMessage.objects.get().delivered_at == DELIVERED


def test_delivery_is_never_one_to_come(server):
    server.deliver(mail(), at=datetime(2099, 1, 1, tzinfo=UTC))
    before = timezone.now()
    read_again()
    assert before <= MailboxMessage.objects.get().delivered_at <= timezone.now()


def test_nothing_of_it_is_in_plain(server):
    server.deliver(mail())
    read_again()
    row = str(MailboxMessage.objects.values_list().get())
    assert "piemers" not in row
    assert "dzēs" not in row


def test_only_what_was_taken_over_is_removed(server):
    server.deliver(mail("kept by a person", message_id="<kept@x>"))
    with mock.patch.object(mailbox, "take_in", side_effect=[ValueError, Taken.IN]):
        server.deliver(mail())
        found = read_again()
    assert (server.left(), found.stuck, found.taken_in) == (1, 1, 1)


@pytest.mark.parametrize("uidplus", [True, False])
def test_what_somebody_else_marked_stays_marked_and_stays(server, uidplus):
    """Without UID EXPUNGE a plain one would remove everything that is marked."""
    knows = IMAPClient.has_capability
    with mock.patch.object(
        IMAPClient, "has_capability", lambda self, name: knows(self, name) and (uidplus or name != "UIDPLUS")
    ):
        server.deliver(mail())
        with mailbox_client.connected(server.address) as client:
            [mine] = mailbox_client.waiting(client, "INBOX")
            server.deliver(mail(message_id="<theirs@x>"), flags=[b"\\Deleted"])
            client.noop()
            mailbox_client.remove(client, mine.uid)
    server.client.select_folder("INBOX", readonly=True)
    assert len(server.client.search(["DELETED"])) == server.left() == 1


def test_every_folder_that_is_named_is_read(server, settings):
    server.folders = ("INBOX", OTHER)
    settings.PRIVACY_MAILBOX = server.address
    server.deliver(mail("one", message_id="<one@x>"))
    server.deliver(mail("two", message_id="<two@x>"), folder=OTHER, at=DELIVERED + timedelta(hours=1))
    read_again()
    assert texts() == ["one", "two"]


def test_message_stays_unread_for_a_person_until_it_is_removed(server):
    server.deliver(mail())
    with mock.patch.object(mailbox_client, "remove"):
        read_again()
    server.client.select_folder("INBOX", readonly=True)
    assert server.client.search(["UNSEEN"])


# --- once --------------------------------------------------------------------------------------------------
def test_second_copy_is_dropped_in_whatever_folder(server, settings):
    server.folders = ("INBOX", OTHER)
    settings.PRIVACY_MAILBOX = server.address
    server.deliver(mail())
    server.deliver(b"Received: another way\r\n" + mail())
    server.deliver(mail(), folder=OTHER)
    found = read_again()
    assert (found.taken_in, found.duplicates) == (1, 2)
    assert MailboxMessage.objects.count() == 1
    assert server.left() == server.left(OTHER) == 0


def test_cut_short_between_storing_and_removing_doubles_nothing(server):
    server.deliver(mail())
    with (
        mock.patch.object(mailbox_client, "remove", side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        read_again()
    assert (server.left(), MailboxMessage.objects.count()) == (1, 1)
    with later(minutes=10):
        found = read_again()
    assert (server.left(), MailboxMessage.objects.count(), found.duplicates) == (0, 1, 1)


def test_cut_short_between_marking_and_removing_removes_it_the_next_time(server):
    server.deliver(mail())
    with mock.patch.object(IMAPClient, "expunge", side_effect=imaplib.IMAP4.abort):
        assert read_again().trouble == "abort"
    with later(minutes=30):
        read_again()
    assert (server.left(), MailboxMessage.objects.count()) == (0, 1)


def test_what_fails_to_be_stored_leaves_no_key_and_stays_on_the_server(server):
    server.deliver(mail())
    with (
        mock.patch.object(MessageFile, "save"),
        mock.patch.object(MailboxMessage, "save", side_effect=OperationalError),
    ):
        Mailbox.objects.update(next_read_at=None)
        with pytest.raises(OperationalError):
            read_mailbox()
    assert server.left() == 1
    assert factories.orphan_keys() == set()
    assert Mailbox.objects.get().trouble == "OperationalError"


def test_two_workers_do_not_read_at_the_same_time(server):
    server.deliver(mail())
    read_again()
    Mailbox.objects.update(next_read_at=None, lease_until=timezone.now() + timedelta(minutes=1))
    server.deliver(mail(message_id="<second@x>"))
    read_mailbox()
    assert server.left() == 1
    with later(minutes=5):
        read_mailbox()
    assert server.left() == 0


def test_it_is_read_once_a_minute(server):
    read_again()
    server.deliver(mail())
    read_mailbox()
    assert server.left() == 1
    with later(minutes=1, seconds=1):
        read_mailbox()
    assert server.left() == 0


@pytest.mark.django_db(transaction=True, databases=["default", "keys", "aside"])
def test_same_message_stored_by_two_at_once_is_stored_once():
    raw = mail()
    found = factories.in_parallel(lambda _number: take_in(raw=raw), count=2)
    assert sorted(found) == [Taken.DUPLICATE, Taken.IN]
    assert MailboxMessage.objects.count() == 1


# --- nobody's, and poison ----------------------------------------------------------------------------------
def test_automatic_answers_are_counted_and_nothing_of_them_is_stored(server):
    server.deliver(mail(Auto_Submitted="auto-replied"))
    server.deliver(mail(sender="MAILER-DAEMON@mail.example", message_id="<bounce@x>"))
    found = read_again()
    assert (found.automatic, found.taken_in, server.left()) == (2, 0, 0)
    assert not MailboxMessage.objects.exists()


def test_what_we_sent_ourselves_is_no_message_to_us(mailoutbox):
    """A reminder to the privacy address, or a code that somebody asked for in its name."""
    factories.ask_for_code("privacy@jo1n.com")
    with data_key_scope():
        deliver(OutboundMail.objects.get().pk)
    assert take_in(raw=mailoutbox[0].message().as_bytes()) == Taken.AUTOMATIC
    assert not MailboxMessage.objects.exists()


POISON = [
    b"\x00" * 5000,
    b"\xff\xfe\xfd" * 100 + b"\r\n\r\n" + b"\x80" * 100,
    b"From: " + b"(" * 50_000,
    mail("", Content_Type='multipart/mixed; boundary="b"')
    + b"--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" * 500,
    mail("x" * 100_000 + "\x00", Content_Type="text/html; charset=punycode"),
]


def test_one_message_that_is_poison_holds_up_no_other(server):
    for number, raw in enumerate(POISON):
        server.deliver(raw, at=DELIVERED + timedelta(minutes=number))
    server.deliver(mail("after the poison"), at=DELIVERED + timedelta(hours=1))
    found = read_again()
    assert (found.stuck, server.left()) == (0, 0)
    assert texts()[-1] == "after the poison"
    assert found.taken_in == len(POISON) + 1


def test_larger_one_than_is_taken_over_is_cut_before_it_is_fetched(server, monkeypatch):
    monkeypatch.setattr(mailbox, "LARGEST", 50_000)
    monkeypatch.setattr(mailbox, "OF_A_LARGER_ONE", 1000)
    fetched = []
    content = mailbox_client.content
    monkeypatch.setattr(
        mailbox_client, "content", lambda *given: fetched.append(content(*given)) or fetched[-1]
    )
    server.deliver(mail("the words " + "x" * 100_000))
    read_again()
    message = MailboxMessage.objects.get()
    assert message.cut
    assert str(message.text).startswith("the words xxx")
    assert [len(one) for one in fetched] == [1001]
    assert server.left() == 0


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.one_of(st.binary(max_size=600), st.binary(max_size=300).map(lambda body: mail("") + body)))
def test_any_bytes_are_stored_or_dropped_and_exactly_once(raw):
    before = MailboxMessage.objects.count()
    first, second = take_in(raw=raw), take_in(raw=raw)
    after = MailboxMessage.objects.count()
    assert (first, after - before) in {(Taken.IN, 1), (Taken.DUPLICATE, 0), (Taken.AUTOMATIC, 0)}
    assert second == (Taken.DUPLICATE if first == Taken.IN else first)


def test_message_has_a_key_of_its_own():
    take_in(raw=mail())
    message = MailboxMessage.objects.get()
    assert owners_with_keys([message.pk]) == {message.pk}


# --- failing -----------------------------------------------------------------------------------------------
def test_server_that_is_away_is_asked_ever_more_rarely(settings):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        settings.PRIVACY_MAILBOX = MailboxAddress("127.0.0.1", taken.getsockname()[1], False, "u", "p")
        first = read_again()
        second = read_again()
    assert (second.failures, second.trouble) == (2, "ConnectionRefusedError")
    assert first.failing_since == second.failing_since
    assert second.read_at is None
    assert (
        timezone.now() + timedelta(minutes=3) < second.next_read_at <= timezone.now() + mailbox.LONGEST_PAUSE
    )


def test_wrong_password_is_noted_by_its_code_alone(server, settings, caplog):
    settings.PRIVACY_MAILBOX = MailboxAddress("127.0.0.1", server.port, False, "zqxqzuser", "zqxqzpassword")
    assert read_again().trouble == "LoginError"
    assert "zqxqz" not in caplog.text


def test_reading_that_goes_again_forgets_the_failure(server, settings):
    address, settings.PRIVACY_MAILBOX = server.address, MailboxAddress("127.0.0.1", 1, False, "u", "p")
    assert read_again().failing_since is not None
    settings.PRIVACY_MAILBOX = address
    found = read_again()
    assert (found.failing_since, found.failures, found.trouble) == (None, 0, "")


def test_server_without_a_certificate_that_we_trust_is_told_nothing(server, settings):
    """What answers here speaks no TLS at all: no name and no password leave."""
    settings.PRIVACY_MAILBOX = MailboxAddress("127.0.0.1", server.port, True, "u", "p")
    with mock.patch.object(IMAPClient, "login") as login:
        assert read_again().trouble in {"SSLError", "OSError"}
    assert not login.called
    assert ssl.create_default_context().verify_mode == ssl.CERT_REQUIRED


def test_without_an_address_nothing_is_read(settings):
    settings.PRIVACY_MAILBOX = None
    read_mailbox()
    assert not Mailbox.objects.exists()
