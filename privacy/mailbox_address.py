"""Where the privacy mailbox is: an address in the environment, taken apart. Pure."""

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

PORTS = {"imaps": 993, "imap": 143}
SHAPE = "imaps://user:password@host:993/INBOX, with what is special in user and password percent-encoded"


@dataclass(frozen=True)
class MailboxAddress:
    """A mailbox that is read by IMAP: over TLS unless `encrypted` says otherwise, folder after folder."""

    host: str
    port: int
    encrypted: bool
    user: str = field(repr=False)
    password: str = field(repr=False)
    folders: tuple[str, ...] = ("INBOX",)


def parse_mailbox_url(text: str, *, plain_allowed: bool) -> MailboxAddress | None:
    """The mailbox of an address such as ``imaps://user:password@host:993/INBOX,Junk``; None where none is
    given.

    Raises ValueError with a sentence that repeats nothing of it: it holds a password.
    """
    if not text:
        return None
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:  # which quotes the port
        parts, port = urlsplit(""), None
    given = (parts.hostname, parts.username, parts.password)
    if parts.scheme not in PORTS or not all(given) or parts.query or parts.fragment:
        raise ValueError(f"is an address such as {SHAPE}.")
    if parts.scheme == "imap" and not plain_allowed:
        raise ValueError("begins with imaps:// in production.")
    host, user, password = (unquote(str(one)) for one in given)
    folders = tuple(unquote(one) for one in parts.path.strip("/").split(",") if one)
    return MailboxAddress(
        host, port or PORTS[parts.scheme], parts.scheme == "imaps", user, password, folders or ("INBOX",)
    )
