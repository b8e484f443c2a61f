"""Reading one message from its bytes, whatever they are: what it says, and what answers by itself. Pure.

Anybody can send anything. Nothing here raises: what cannot be taken apart is kept whole. Nothing is opened,
unpacked or drawn, and the work is bounded by the size of the message.
"""

import email
import email.policy
import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.header import decode_header
from email.message import Message
from email.utils import parseaddr
from hashlib import sha256
from pathlib import PurePosixPath, PureWindowsPath

MOST_HEAD = 128 * 1024
MOST_HEADER = 4000
MOST_TEXT = 200_000
MOST_ATTACHED = 50
MOST_BOUNDARIES = 100  # the parser looks at each line once for each of them
MOST_REFERRED_TO = 20
MOST_NAME = 120
WHOLE = "message.eml"

BLANK_LINE = re.compile(rb"\r?\n\r?\n")
# Codecs that make text of bytes in one pass; others (punycode, idna) can be made to take hours.
CHARSET = re.compile(
    r"utf-?(7|8|16|32)|(us-)?ascii|iso-?8859-?\d+|latin-?1|(windows-?|cp)\d{3,4}|koi8-[ru]", re.I
)
MESSAGE_ID = re.compile(r"<[^<>\s]{1,250}>")
ADDRESS = re.compile(r"[^@\s<>,;:]{1,64}@[^@\s<>,;:]{1,190}")
UNSEEN_PARTS = re.compile(r"<(style|script|title)\b[^<>]*>[^<]*", re.IGNORECASE)
LINE_BREAKS = re.compile(r"<(?:br|/p|/div|/li|/tr|/h[1-6])\b[^<>]*>", re.IGNORECASE)
TAG = re.compile(r"<[^<>]*>")
# Control characters, and marks that turn the direction of writing: a name may pretend to be another.
INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Attached:
    """A file beside the words. Its name is as the sender gave it, without folders."""

    name: str = field(repr=False)
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Read:
    """A message. `answers_by_itself`: no person wrote it, it answers something; `by_machine`: maybe nobody
    did. `cut`: there is more than was taken over; `unreadable`: it is attached as a whole.
    """

    fingerprint: str = field(repr=False)
    message_id: str = field(repr=False)
    refers_to: tuple[str, ...] = field(repr=False)
    sender: str = field(repr=False)
    sender_name: str = field(repr=False)
    title: str = field(repr=False)
    text: str = field(repr=False)
    attached: tuple[Attached, ...]
    answers_by_itself: bool
    by_machine: bool
    unreadable: bool = False
    cut: bool = False


def read(raw: bytes, *, cut: bool = False) -> Read:
    """Take a message apart. `cut` says that the bytes end before the message does: then its files are left
    out.
    """
    head, body = _halves(raw)
    headers = _headers(head)
    sender_name, sender = _sender(headers)
    unreadable = False
    try:
        text, attached = _content(raw)
    except Exception:  # parsers raise anything on what is broken
        text, attached, unreadable = "", (), True
    says_nothing = not text and not attached and (bool(body.strip()) or not headers)
    if unreadable or (says_nothing and raw.strip()):
        attached = (Attached(WHOLE, raw),)
    elif cut:
        attached = ()
    refers_to = _referred_to(headers)
    return Read(
        fingerprint=_fingerprint(headers, body),
        message_id=_message_id(headers.get("message-id", "")),
        refers_to=refers_to,
        sender=sender,
        sender_name=sender_name,
        title=_line(_decoded(headers.get("subject", ""))),
        text=text,
        attached=attached,
        answers_by_itself=_answers_by_itself(headers, sender, is_reply=bool(refers_to)),
        by_machine=_by_machine(headers),
        unreadable=unreadable,
        cut=cut,
    )


# --- the head ---------------------------------------------------------------------------------------------
def _halves(raw: bytes) -> tuple[bytes, bytes]:
    found = BLANK_LINE.search(raw)
    return (raw[: found.start()], raw[found.end() :]) if found else (raw, b"")


def _headers(head: bytes) -> Mapping[str, str]:
    """Name in lower case → the first value of it, unfolded; of a head without end the beginning."""
    found: dict[str, str] = {}
    text = head[:MOST_HEAD].decode("utf-8", "replace").replace("\r\n", "\n")
    for line in re.sub(r"\n[ \t]+", " ", text).split("\n"):
        name, colon, value = line.partition(":")
        if colon:
            found.setdefault(name.strip().lower(), value.strip()[:MOST_HEADER])
    return found


def _decoded(value: str) -> str:
    """A header's words, out of their encodings; as written where they cannot be decoded."""
    try:
        pieces = [
            _text_of(piece, charset) if isinstance(piece, bytes) else piece
            for piece, charset in decode_header(value)
        ]
    except Exception:  # an encoded word that is none
        return value
    return "".join(pieces)


def _sender(headers: Mapping[str, str]) -> tuple[str, str]:
    """Name and address; "" for an address that cannot be one."""
    try:
        name, address = parseaddr(headers.get("from", ""))
    except Exception:  # brackets without end
        return "", ""
    address = _line(address)
    return _line(_decoded(name)), address if ADDRESS.fullmatch(address) else ""


def _message_id(value: str) -> str:
    found = MESSAGE_ID.search(value)
    return found[0] if found else ""


def _referred_to(headers: Mapping[str, str]) -> tuple[str, ...]:
    """The messages that this one answers, the nearest first."""
    written = [headers.get("in-reply-to", ""), *reversed(headers.get("references", "").split())]
    found = (one for text in written for one in MESSAGE_ID.findall(text))
    return tuple(dict.fromkeys(found))[:MOST_REFERRED_TO]


def _fingerprint(headers: Mapping[str, str], body: bytes) -> str:
    """The same for every copy of one message, whatever servers it went through; another one for a message
    that merely bears the identifier of an earlier one.
    """
    told = [headers.get(name, "") for name in ("message-id", "from", "subject", "date")]
    words = sha256(body.replace(b"\r\n", b"\n").strip()).hexdigest()
    return sha256("\n".join([*told, words]).encode("utf-8", "replace")).hexdigest()


# --- what nobody wrote -------------------------------------------------------------------------------------
def _answers_by_itself(headers: Mapping[str, str], sender: str, *, is_reply: bool) -> bool:
    """An automatic answer, or a message that could not be delivered (RFC 3834, RFC 5321 section 4.5.5).

    A request that a portal sends for a person says of itself that a machine made it, and answers nothing: it
    counts as one.
    """
    kind = headers.get("auto-submitted", "").lower()
    return (
        sender.lower().startswith("mailer-daemon@")
        or headers.get("content-type", "").lower().startswith("multipart/report")
        or kind.startswith("auto-replied")
        or headers.get("precedence", "").lower() == "auto_reply"
        or any(headers.get(name, "no").lower() != "no" for name in ("x-autoreply", "x-autorespond"))
        or (is_reply and (_is_submitted_by_machine(headers) or _is_bulk(headers)))
    )


def _by_machine(headers: Mapping[str, str]) -> bool:
    marks = (_is_submitted_by_machine(headers), _is_bulk(headers), _has_no_way_back(headers))
    return any(marks) or "x-auto-response-suppress" in headers


def _has_no_way_back(headers: Mapping[str, str]) -> bool:
    """As automatic answers and reports have, and all that comes through some forwarders."""
    return headers.get("return-path", "").replace(" ", "") == "<>"


def _is_submitted_by_machine(headers: Mapping[str, str]) -> bool:
    return headers.get("auto-submitted", "no").lower().partition(";")[0].strip() not in ("", "no")


def _is_bulk(headers: Mapping[str, str]) -> bool:
    return headers.get("precedence", "").lower() in ("bulk", "junk")


# --- the body ----------------------------------------------------------------------------------------------
def _content(raw: bytes) -> tuple[str, tuple[Attached, ...]]:
    """The words and the files. Raises anything on what cannot be taken apart."""
    if raw.lower().count(b"boundary") > MOST_BOUNDARIES:
        raise ValueError("too many parts within parts")
    plain, pages, attached = [], [], []
    for part in _leaves(email.message_from_bytes(raw, policy=email.policy.compat32)):
        content, kind, name = _bytes_of(part), part.get_content_type(), part.get_filename()
        is_file = name is not None or part.get_content_disposition() == "attachment"
        if not is_file and (kind == "text/plain" or part.get_content_maintype() == "multipart"):
            plain.append(_text_of(content, part.get_content_charset()))
        elif not is_file and kind == "text/html":
            pages.append(_without_tags(_text_of(content, part.get_content_charset())))
            attached.append(Attached("message.html", content))
        elif content:
            attached.append(Attached(file_name(_decoded(str(name or ""))), content))
    text = "\n\n".join(one for one in plain if one.strip()) or "\n\n".join(pages)
    if len(text) > MOST_TEXT or len(attached) > MOST_ATTACHED:
        attached = [Attached(WHOLE, raw)]
    return clean(text[:MOST_TEXT]).strip(), tuple(attached)


def _leaves(message: Message) -> Iterator[Message]:
    """The parts that hold something, in their order; a message inside the message is one of them."""
    left = [message]
    while left:
        part = left.pop()
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            left.extend(reversed(_inside(part)))
        else:
            yield part


def _inside(part: Message) -> list[Message]:
    """The parts of a part. Of one that has none get_payload() would decode the text, by whatever codec."""
    return [one for one in part.get_payload() if isinstance(one, Message)]


def _bytes_of(part: Message) -> bytes:
    if part.is_multipart():  # a forwarded message
        return b"".join(one.as_bytes() for one in _inside(part))
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _text_of(content: bytes, charset: str | None) -> str:
    named = charset if charset and CHARSET.fullmatch(charset) else "utf-8"
    for one in (named, "utf-8"):
        try:
            return content.decode(one)
        except (UnicodeError, LookupError):
            continue
    return content.decode("cp1257", "replace")


def _without_tags(page: str) -> str:
    """The words of a web page. It is never shown as one."""
    text = LINE_BREAKS.sub("\n", UNSEEN_PARTS.sub(" ", page[: 4 * MOST_TEXT]))
    return re.sub(r"[ \t]+", " ", html.unescape(TAG.sub(" ", text)))


# --- words -------------------------------------------------------------------------------------------------
def clean(text: str) -> str:
    """Text that every program can hold: no control characters, no halves of characters."""
    whole = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode()
    return INVISIBLE.sub("", whole)


def _line(text: str) -> str:
    return " ".join(clean(text).split())[:MOST_HEADER]


def file_name(name: str) -> str:
    """The name of a file without folders, for a page and a header of ours."""
    last = PureWindowsPath(PurePosixPath(_line(name)).name).name
    return re.sub(r'[\\/:*?"<>|]', "_", last)[-MOST_NAME:] or "file"
