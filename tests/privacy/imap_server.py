"""A real IMAP server (pymap) in a process of its own, on loopback, and what is delivered there."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from imapclient import IMAPClient

from joinbaltic.embedded import free_port
from privacy.mailbox_address import MailboxAddress

USER, PASSWORD, OTHER = "privacy", "secret of the mailbox", "Other"
COMMAND = (
    sys.executable, "-c", "from pymap.main import main; main()",
    "--no-service", "admin", "--host", "127.0.0.1",
)  # fmt: skip
DELIVERED = datetime(2026, 10, 1, 9, 30, tzinfo=UTC)


@dataclass
class Server:
    """The server as a person with a mail program sees it."""

    port: int
    folders: tuple[str, ...] = ("INBOX",)
    client: IMAPClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = IMAPClient("127.0.0.1", self.port, ssl=False, timeout=10)
        self.client.login(USER, PASSWORD)

    @property
    def address(self) -> MailboxAddress:
        return MailboxAddress("127.0.0.1", self.port, False, USER, PASSWORD, self.folders)

    def empty(self) -> None:
        """Nothing in the two folders of the tests; the second is made where it is not there yet."""
        if not self.client.folder_exists(OTHER):
            self.client.create_folder(OTHER)
        for folder in ("INBOX", OTHER):
            self.client.select_folder(folder)
            if found := self.client.search(["ALL"]):
                self.client.delete_messages(found, silent=True)
                self.client.expunge(found)

    def deliver(
        self, raw: bytes, *, folder: str = "INBOX", at: datetime = DELIVERED, flags: Sequence[bytes] = ()
    ) -> None:
        self.client.append(folder, raw, flags, at)

    def left(self, folder: str = "INBOX") -> int:
        self.client.select_folder(folder, readonly=True)
        return len(self.client.search(["ALL"]))


@contextlib.contextmanager
def running() -> Iterator[int]:
    """The port of a server that has started; it ends with the block."""
    port = free_port()
    words = [
        *COMMAND,
        "--port",
        str(port),
        "dict",
        "--demo-data",
        "--demo-user",
        USER,
        "--demo-password",
        PASSWORD,
    ]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            IMAPClient("127.0.0.1", port, ssl=False, timeout=10).shutdown()
            return
        except OSError:
            assert process.poll() is None, "the IMAP server ended"
            assert time.monotonic() < deadline
            time.sleep(0.1)


def mail(
    text: str = "Lūdzu, izdzēsiet manus datus.",
    *,
    sender: str = "Anna Bērziņa <anna@piemers.lv>",
    title: str = "Mani dati",
    message_id: str = "<first@piemers.lv>",
    **headers: str,
) -> bytes:
    """A message of one part in UTF-8. `headers` have their names with _ in place of -."""
    given = {"From": sender, "To": "privacy@jo1n.com", "Subject": title, "Message-ID": message_id}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    given.setdefault("Content-Type", "text/plain; charset=utf-8")
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items() if value)
    return f"{head}\r\n{text}\r\n".encode()
