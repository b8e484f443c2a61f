"""Speaking IMAP: what waits in a folder, the bytes of one message, its removal. Nothing is decided here."""

import imaplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from imapclient import DELETED, IMAPClient

from privacy.mailbox_address import MailboxAddress

SECONDS = 30
AT_ONCE = 100
SIZE, DELIVERED = b"RFC822.SIZE", b"INTERNALDATE"
FAILURES = (OSError, imaplib.IMAP4.error)
"""What goes wrong between us and the server. Their texts may quote what was said: the class alone is kept."""


@dataclass(frozen=True)
class Waiting:
    """A message on the server: its size in bytes, and when the server received it."""

    uid: int
    size: int
    delivered_at: datetime | None


@contextmanager
def connected(address: MailboxAddress) -> Iterator[IMAPClient]:
    """A session that has logged in. Raises one of FAILURES."""
    context = ssl.create_default_context() if address.encrypted else None
    with IMAPClient(
        address.host, address.port, ssl=address.encrypted, ssl_context=context, timeout=SECONDS
    ) as client:
        client.normalise_times = False  # moments with their zone, not those of this machine
        client.login(address.user, address.password)
        yield client


def waiting(client: IMAPClient, folder: str) -> Iterator[Waiting]:
    """Everything in a folder, the oldest first; it stays the selected one."""
    client.select_folder(folder)
    uids = sorted(client.search(["ALL"]))
    for start in range(0, len(uids), AT_ONCE):
        some = uids[start : start + AT_ONCE]
        facts = client.fetch(some, [SIZE, DELIVERED])
        for uid in some:
            if uid in facts:  # somebody else may have removed it meanwhile
                yield Waiting(uid, int(facts[uid].get(SIZE, 0)), facts[uid].get(DELIVERED))


def content(client: IMAPClient, uid: int, most: int) -> bytes | None:
    """The first bytes of a message, which stays unread; None where it is gone."""
    found = client.fetch([uid], [f"BODY.PEEK[]<0.{most}>"]).get(uid, {})
    return next((value for name, value in found.items() if name.startswith(b"BODY[]")), None)


def remove(client: IMAPClient, uid: int) -> None:
    """Remove one message for good, and no other, whatever else is marked to be removed.

    UID EXPUNGE (RFC 4315) does just that. Without it EXPUNGE would take along what a person marked in their
    own program: those marks are lifted for that moment. If we are cut short they stay lifted, and nothing is
    lost.
    """
    client.delete_messages([uid], silent=True)
    if client.has_capability("UIDPLUS"):
        client.expunge([uid])
        return
    others: Sequence[int] = [one for one in client.search(["DELETED"]) if one != uid]
    if others:
        client.remove_flags(others, [DELETED], silent=True)
    client.expunge()
    if others:
        client.delete_messages(others, silent=True)
