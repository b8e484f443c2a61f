"""Readers of messages to the privacy mailbox: their words, and what these lead to."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from applications.crypto.matching import confirmed
from applications.crypto.reading import unless_destroyed
from applications.models import DataSubject, OutboundMail
from applications.references import as_stored
from applications.selectors.contacts import contacts
from applications.selectors.finding import Found, KnownBy, find_people
from privacy.mail_proposals import addresses, long_numbers, our_numbers
from privacy.models import Mailbox, MailboxMessage, MessageState, RightsRequest
from privacy.states import OPEN

MOST_SHOWN = 50


@dataclass(frozen=True)
class Words:
    """What a message says, out of its envelopes; empty once its key is destroyed."""

    sender: str = field(repr=False)
    sender_name: str = field(repr=False)
    title: str = field(repr=False)
    text: str = field(repr=False)
    files: tuple[tuple[UUID, str, int], ...] = field(repr=False)

    @property
    def as_text(self) -> str:
        """Title and text as one."""
        return "\n\n".join(one for one in (self.title, self.text) if one)


def words_of(message: MailboxMessage) -> Words:
    """Whoever calls has it written down before: services.messages.look."""
    sender, sender_name, title, text = (
        unless_destroyed(message, name) or "" for name in ("sender", "sender_name", "title", "text")
    )
    files = [
        (one.pk, unless_destroyed(one, "file_name") or "", one.size) for one in message.files.defer("content")
    ]
    return Words(sender, sender_name, title, text, tuple(files))


# --- whose it may be --------------------------------------------------------------------------------------
@dataclass(frozen=True)
class ProposedPerson:
    """Somebody whom exactly what the message says leads to, and what that is."""

    found: Found
    because: str | Promise

    @property
    def subject(self) -> DataSubject:
        return self.found.subject

    @property
    def by(self) -> KnownBy:
        return self.found.by


def people_of(words: Words) -> list[ProposedPerson]:
    """Who is known by the sender's address, or by a number or an address that the words name. Each once, by
    the first that leads to them; an erased person is known by nothing.
    """
    proposed: dict[UUID, ProposedPerson] = {}
    for text, because in _leads(words):
        for found in find_people(text):
            proposed.setdefault(found.subject.pk, ProposedPerson(found, because))
    return list(proposed.values())


def _leads(words: Words) -> Iterator[tuple[str, str | Promise]]:
    ours = {one.email.casefold() for one in contacts().values() if one.email}
    text = words.as_text
    if words.sender and words.sender.casefold() not in ours:
        yield words.sender, _("the sender's address is on file")
    for number in our_numbers(text):
        yield number, _("the message names a number of ours")
    for address in addresses(text):
        if address not in ours:
            yield address, _("the message names an address on file")
    for number in long_numbers(text):
        yield number, _("the message names a personal code or phone number on file")


# --- to which request it may belong -----------------------------------------------------------------------
@dataclass(frozen=True)
class ProposedRequest:
    """An open request to which the message may belong, and why."""

    request: RightsRequest
    because: str | Promise


def requests_of(message: MailboxMessage, words: Words) -> list[ProposedRequest]:
    """Open requests that the message names, or to whose letters and messages it is an answer."""
    refers_to = unless_destroyed(message, "refers_to") or []
    named = [as_stored(number) for number in our_numbers(words.as_text)]
    mailed = mails_of_ours(refers_to).values("owner_id")
    linked = MailboxMessage.objects.filter(request__isnull=False)
    answered = (row for one in refers_to for row in confirmed(linked, "message_id_index", one))
    earlier = {row.request_id for row in answered if row.request_id}
    still_open = RightsRequest.objects.filter(status__in=OPEN)
    found: dict[UUID, ProposedRequest] = {}
    for rows, because in (
        (still_open.filter(pk__in=mailed), _("it answers a letter of ours")),
        (still_open.filter(pk__in=earlier), _("it answers an earlier message")),
        (still_open.filter(reference__in=named), _("it names the number")),
    ):
        for request in rows.order_by("due_on"):
            found.setdefault(request.pk, ProposedRequest(request, because))
    return list(found.values())


def mails_of_ours(identifiers: Iterable[str]) -> QuerySet[OutboundMail]:
    """The mails that we sent under these identifiers, each of which begins with the number of its row."""
    return OutboundMail.objects.filter(pk__in=list(_rows_in(identifiers)))


def _rows_in(identifiers: Iterable[str]) -> Iterator[UUID]:
    for one in identifiers:
        try:
            yield UUID(one.strip("<>").partition("@")[0])
        except ValueError:
            continue


# --- how it goes ------------------------------------------------------------------------------------------
def messages_waiting() -> list[MailboxMessage]:
    """Those about which nobody has decided, the oldest first: the clock runs from their delivery."""
    waiting = MailboxMessage.objects.filter(state=MessageState.NEW)
    return list(waiting.only("delivered_at").order_by("delivered_at", "pk")[:MOST_SHOWN])


def mailbox() -> Mailbox | None:
    """How the reading goes; None before the first."""
    return Mailbox.objects.first()
