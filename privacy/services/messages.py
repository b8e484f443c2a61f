"""What the officer does about a message: looks at it, and decides. Nothing happens to one by itself."""

from dataclasses import dataclass, field
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from applications.actors import Actor
from applications.crypto import keyring
from applications.crypto.keyring import data_key_scope
from applications.endings import At, due
from applications.errors import IllegalTransition
from applications.retention_rules import Retention
from applications.selectors.finding import FOUND_FOR
from applications.selectors.permission import restricted_use
from applications.services import audit
from applications.services.operations import DAILY_JOBS
from privacy.models import MailboxMessage, MessageFile, MessageState, Right, RightsRequest, Way, WhyAside
from privacy.selectors.messages import (
    ProposedPerson,
    ProposedRequest,
    Words,
    people_of,
    requests_of,
    words_of,
)
from privacy.services import receiving

CHUNK = 100


@dataclass(frozen=True)
class Seen:
    """A message before the officer's eyes: its words, and whom and what it may be about, with the reasons."""

    words: Words = field(repr=False)
    people: list[ProposedPerson]
    requests: list[ProposedRequest]


# --- looking ----------------------------------------------------------------------------------------------
@data_key_scope()
def look(*, message_id: UUID, actor: Actor) -> Seen:
    """What a message says; that the officer looked, and who was found by it, is written down first. While it
    waits for the decision, with proposals.
    """
    message = MailboxMessage.objects.select_related("request").get(pk=message_id)
    with transaction.atomic():
        audit.record(actor=actor, action="mailbox.seen", subject_id=message.subject_id, row=message)
        words = words_of(message)
        if message.state != MessageState.NEW:
            return Seen(words, [], [])
        people = people_of(words)
        for one in people:
            audit.record(
                actor=actor, action="subject.found", subject_id=one.subject.pk, row=one.subject, by=one.by,
                **restricted_use(one.subject.pk, FOUND_FOR),
            )  # fmt: skip
    return Seen(words, people, requests_of(message, words))


@data_key_scope()
def hand_out(*, file_id: UUID, message_id: UUID, actor: Actor) -> tuple[str, bytes]:
    """Name and bytes of a file, after it is written down who takes it. Raises MessageFile.DoesNotExist."""
    file = MessageFile.objects.select_related("message__request").get(pk=file_id, message=message_id)
    audit.record(
        actor=actor, action="mailbox.file_taken", subject_id=file.message.subject_id, row=file.message
    )
    return file.file_name, bytes(file.content)


# --- deciding ---------------------------------------------------------------------------------------------
@data_key_scope()
def enter_as_request(
    *,
    message_id: UUID,
    right: Right,
    language: str,
    contact: str,
    actor: Actor,
    subject_id: UUID | None = None,
) -> RightsRequest:
    """The officer confirms that a message asks for a right; its clock counts from the delivery.

    Whose it is, is what the officer ticked, and no proof of who wrote: that is established as for any other
    request. Where the person has the same one open, the message is added to that. Raises IllegalTransition
    for a message that was decided about, and SubjectErased.
    """
    with transaction.atomic():
        message = _waiting(message_id)
        request = receiving.receive(
            right=right, way=Way.MAILBOX, language=language, actor=actor, subject_id=subject_id,
            contact=contact, text=words_of(message).as_text, received_at=message.delivered_at,
        )  # fmt: skip
        stood = request.events.filter(what="asked_again").exists()
        _settle(message, MessageState.ADDED if stood else MessageState.REQUEST, actor, request=request)
    return request


@data_key_scope()
def add_to_request(*, message_id: UUID, request_id: UUID, actor: Actor) -> RightsRequest:
    """The message belongs to a request that is open: its words follow those of the request.

    Raises IllegalTransition for a request that has ended, or a message that was decided about.
    """
    with transaction.atomic():
        message = _waiting(message_id)
        request = receiving.add_words(
            request_id=request_id,
            text=words_of(message).as_text,
            written_at=message.delivered_at,
            actor=actor,
        )
        _settle(message, MessageState.ADDED, actor, request=request)
    return request


def set_aside(*, message_id: UUID, why: WhyAside, actor: Actor) -> None:
    """The message asks for no right. It stays for its period, then goes. Raises IllegalTransition."""
    with transaction.atomic():
        _settle(_waiting(message_id), MessageState.SET_ASIDE, actor, why=why)


def _waiting(message_id: UUID) -> MailboxMessage:
    message = MailboxMessage.objects.select_for_update().get(pk=message_id)
    if message.state != MessageState.NEW:
        raise IllegalTransition
    return message


def _settle(
    message: MailboxMessage,
    state: MessageState,
    actor: Actor,
    *,
    request: RightsRequest | None = None,
    why: str = "",
) -> None:
    message.state, message.request, message.why_aside = state, request, why
    message.settled_at = timezone.now()
    message.save(update_fields=["state", "request", "why_aside", "settled_at"])
    audit.record(
        actor=actor, action=f"mailbox.{state}", subject_id=message.subject_id, row=message, why=why,
        request=request.reference if request else "",
    )  # fmt: skip


# --- the end ----------------------------------------------------------------------------------------------
def forget_messages() -> dict[str, int]:
    """Destroy the keys of messages and delete them: of a request, once its words are gone; set aside, after
    their period. One that nobody has decided about stays.
    """
    counts = {"messages": 0}
    while chunk := list(due("messages").values_list("pk", flat=True)[:CHUNK]):
        keyring.forget_keys(chunk)
        MailboxMessage.objects.filter(pk__in=chunk).delete()
        counts["messages"] += len(chunk)
    return counts


def settled_long_ago(at: At) -> QuerySet[MailboxMessage]:
    """Messages that were set aside long enough ago, and those of requests whose words are gone."""
    before = at.before(Retention.ANSWERS)
    aside = MailboxMessage.objects.filter(state=MessageState.SET_ASIDE, settled_at__lt=before)
    answered = MailboxMessage.objects.filter(request__isnull=False, request__words__isnull=True)
    return aside | answered


DAILY_JOBS |= {"forget_messages": forget_messages}
