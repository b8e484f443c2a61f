"""Taking messages over from the privacy mailbox: stored and committed here first, then removed there.

Whatever cuts it short in between, the next reading finds the message again, knows it by its fingerprint, and
removes it. The row of the mailbox is the queue: whoever holds its lease reads.
"""

from collections import Counter
from datetime import datetime, timedelta
from enum import StrEnum

import structlog
from django.conf import settings
from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.db.models import F, Q
from django.utils import timezone

from applications.actors import SYSTEM
from applications.crypto import blind_index
from applications.crypto.keyring import data_key_scope, key_of_a_new_owner
from applications.crypto.stored_digests import BARE_DIGESTS, BareDigest
from applications.services import audit
from privacy import mailbox_client
from privacy.mail_reading import Read, read
from privacy.mailbox_address import MailboxAddress
from privacy.models import Mailbox, MailboxMessage, MessageFile
from privacy.selectors.messages import mails_of_ours

log = structlog.get_logger(__name__)

NAME = "privacy"
FINGERPRINT = "mailbox.fingerprint"
EVERY = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(minutes=15)
LEASE = timedelta(minutes=3)  # renewed with each message
LARGEST = 20 * 1024 * 1024
OF_A_LARGER_ONE = 1024 * 1024
"""Of a message beyond LARGEST so much is taken over: the words stand at the beginning."""
# What was stored and not yet removed from the server is known by its fingerprint.
BARE_DIGESTS.append(BareDigest(MailboxMessage, "fingerprint", timedelta(days=7), moment="delivered_at"))


class Taken(StrEnum):
    """What became of a message."""

    IN = "taken_in"
    DUPLICATE = "duplicates"
    AUTOMATIC = "automatic"


# --- one message --------------------------------------------------------------------------------------------
@data_key_scope()
def take_in(*, raw: bytes, delivered_at: datetime | None = None, cut: bool = False) -> Taken:
    """Store one message, once: what was delivered twice, answers by itself or was sent by us is dropped.

    Whatever the bytes are, it is stored or dropped. The moment of delivery is never one to come.
    """
    letter, now = read(raw, cut=cut), timezone.now()
    if letter.answers_by_itself or mails_of_ours([letter.message_id]).exists():
        return Taken.AUTOMATIC
    if _is_known(letter):
        return Taken.DUPLICATE
    try:
        _store(letter, min(delivered_at or now, now))
    except IntegrityError:
        if _is_known(letter):  # another worker was faster
            return Taken.DUPLICATE
        raise
    return Taken.IN


def _is_known(letter: Read) -> bool:
    digests = blind_index.candidates(FINGERPRINT, letter.fingerprint)
    return MailboxMessage.objects.filter(fingerprint__in=digests).exists()


def _store(letter: Read, delivered_at: datetime) -> None:
    message = MailboxMessage(
        delivered_at=delivered_at, fingerprint=blind_index.digest(FINGERPRINT, letter.fingerprint),
        sender=letter.sender or None, sender_name=letter.sender_name or None, title=letter.title or None,
        text=letter.text or None, message_id=letter.message_id or None,
        refers_to=list(letter.refers_to) or None, by_machine=letter.by_machine, unreadable=letter.unreadable,
        cut=letter.cut,
    )  # fmt: skip
    with transaction.atomic(), key_of_a_new_owner(message.pk):
        message.save(force_insert=True)
        for place, file in enumerate(letter.attached, start=1):
            MessageFile(
                message=message,
                place=place,
                file_name=file.name,
                content=file.content,
                size=len(file.content),
            ).save(force_insert=True)
        audit.record(actor=SYSTEM, action="mailbox.taken_in", row=message, files=len(letter.attached))


# --- the mailbox --------------------------------------------------------------------------------------------
def read_mailbox() -> None:
    """Take over what waits, if it is time and no other worker does; why it failed stands on the row."""
    address = settings.PRIVACY_MAILBOX
    if address is None or not _claim():
        return
    counts: Counter[str] = Counter()
    try:
        _take_over(address, counts)
    except Exception as error:
        _note(counts, trouble=type(error).__name__)
        log.warning("mailbox.failed", code=type(error).__name__)
        if not isinstance(error, mailbox_client.FAILURES):
            raise
    else:
        _note(counts)


def _claim() -> bool:
    now = timezone.now()
    if not Mailbox.objects.filter(name=NAME).exists():
        Mailbox.objects.get_or_create(name=NAME)
    due = Q(next_read_at__isnull=True) | Q(next_read_at__lte=now)
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    return bool(Mailbox.objects.filter(due, free, name=NAME).update(lease_until=now + LEASE))


def _take_over(address: MailboxAddress, counts: Counter[str]) -> None:
    with mailbox_client.connected(address) as client:
        for folder in address.folders:
            for found in mailbox_client.waiting(client, folder):
                Mailbox.objects.filter(name=NAME).update(lease_until=timezone.now() + LEASE)
                most = LARGEST if found.size <= LARGEST else OF_A_LARGER_ONE
                raw = mailbox_client.content(client, found.uid, most + 1)
                if raw is None:
                    continue
                cut = len(raw) > most  # whatever the server says of its size
                try:
                    counts[take_in(raw=raw[:most], delivered_at=found.delivered_at, cut=cut)] += 1
                except (OperationalError, InterfaceError):  # no database: nothing can be stored now
                    raise
                except Exception:  # one that cannot be stored stays where it is, and holds up no other
                    log.exception("mailbox.stuck")
                    counts["stuck"] += 1
                    continue
                mailbox_client.remove(client, found.uid)


def _note(counts: Counter[str], *, trouble: str = "") -> None:
    """Let go of the mailbox, with what was done; after a failure the pause grows."""
    now = timezone.now()
    row = Mailbox.objects.get(name=NAME)
    failures = row.failures + 1 if trouble else 0
    pause = min(EVERY * 2 ** min(failures, 10), LONGEST_PAUSE)
    Mailbox.objects.filter(name=NAME).update(
        lease_until=None,
        next_read_at=now + pause,
        read_at=row.read_at if trouble else now,
        failing_since=(row.failing_since or now) if trouble else None,
        failures=failures,
        trouble=trouble,
        stuck=counts["stuck"],
        **{one.value: F(one.value) + counts[one] for one in Taken},
    )
    if counts:
        log.info("mailbox.read", count=counts[Taken.IN])
