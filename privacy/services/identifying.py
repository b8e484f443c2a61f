"""Who makes a request (GDPR Art. 12(6)): asked on reasonable doubt, shown by the person or decided by us."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from applications.actors import SYSTEM, Actor
from applications.crypto.reading import unless_destroyed
from applications.errors import IllegalTransition
from privacy.errors import DecisionMissing
from privacy.models import Identity, LetterKind, Refusal, RequestWords, Right, RightsRequest
from privacy.selectors.about import PROVED_ADDRESS, is_doubled, is_specified
from privacy.services.letters import send_letter
from privacy.services.moves import locked, move
from privacy.services.requests import end_refused
from privacy.states import OPEN, RequestStatus

S = RequestStatus
PROVED = frozenset({Identity.FRESH_CODE, Identity.CONTACT})
"""Shown by the person, not decided by us."""
AT_ONCE = frozenset(
    {
        Right.ACCESS, Right.RESTRICTION, Right.PORTABILITY, Right.OBJECTION, Right.REVIEW, Right.COMPLAINT,
    }
)  # fmt: skip
"""Begun as soon as the person has proved who they are: nothing is to be weighed before it."""


def ask_who(*, request_id: UUID, actor: Actor) -> RightsRequest:
    """On reasonable doubt the person is asked to show who they are; the clock stands still (Art. 12(6)).

    The question goes to the contact on file of whom it is about, never to one that the request names: who
    knows somebody's personal code could name any. Where nobody known is meant, whoever wrote is asked.
    Raises IllegalTransition.
    """
    with transaction.atomic():
        request = locked(request_id)
        today = timezone.localdate()
        columns = request.set_clock(request.clock.paused(today), today)
        move(request, S.IDENTITY_CHECK, actor, columns, identity=Identity.NONE)
        on_file = unless_destroyed(request.subject, "email") or "" if request.subject else None
        send_letter(request=request, kind=LetterKind.WHO, actor=actor, to=on_file)
    return request


def identify(
    *,
    request_id: UUID,
    identity: Identity,
    actor: Actor,
    subject_id: UUID | None = None,
    decision: str = "",
) -> RightsRequest:
    """It is known who asks, and how; the clock goes on. `subject_id` where the request named nobody yet,
    `decision` in the officer's words, where it is the officer who decided.

    Raises IllegalTransition, also where the same person has another open request for the same right, and
    DecisionMissing.
    """
    if identity == Identity.OFFICER and not decision.strip():
        raise DecisionMissing
    with transaction.atomic():
        request = locked(request_id)
        whose = request.subject_id or subject_id
        request.subject_id = whose
        if whose is None or is_doubled(request, request.about):
            raise IllegalTransition
        if decision.strip():
            words = RequestWords.objects.get(pk=request.pk)
            words.decision = decision.strip()
            words.save(update_fields=["decision"])
        assess(request, identity, actor)
    return request


def confirm(*, request_id: UUID, subject_id: UUID, actor: Actor) -> RightsRequest:
    """The person to whom the question went says that it is they who ask.

    Raises RightsRequest.DoesNotExist for a request that is not this person's, IllegalTransition.
    """
    asked = RightsRequest.objects.select_related("subject").get(pk=request_id, subject_id=subject_id)
    with transaction.atomic():
        request = identify(request_id=request_id, identity=Identity.CONTACT, actor=actor)
        _answer_at(request, asked.person.verified_email)
    return request


def deny(*, request_id: UUID, subject_id: UUID, actor: Actor) -> RightsRequest:
    """The person to whom the question went did not ask for it: whoever did is told that they are not known.

    Raises RightsRequest.DoesNotExist for a request that is not this person's, IllegalTransition.
    """
    with transaction.atomic():
        request = RightsRequest.objects.select_for_update().get(pk=request_id, subject_id=subject_id)
        if request.status != S.IDENTITY_CHECK:
            raise IllegalTransition
        end_refused(request, Refusal.NOT_IDENTIFIED, actor, reasons="")
    return request


def assess(request: RightsRequest, identity: Identity, actor: Actor) -> None:
    """Whoever proved it themselves gets their data without anybody's decision: there is nothing to weigh."""
    today = timezone.localdate()
    columns = request.set_clock(request.clock.resumed(today), today)
    request.identity = identity
    move(request, S.ASSESSED, actor, [*columns, "subject", "identity"], why=identity)
    begin_at_once(request)


def begin_at_once(request: RightsRequest) -> None:
    """Approve what needs nobody's decision, once it is known who asks, and what for."""
    at_once = request.right in AT_ONCE or is_proved_address(request)
    if at_once and request.identity in PROVED and is_specified(request):
        move(request, S.APPROVED, SYSTEM)


def is_proved_address(request: RightsRequest) -> bool:
    """Whether it asks for an e-mail address that was shown to be the person's (services.addresses)."""
    return request.right == Right.RECTIFICATION and request.about.startswith(PROVED_ADDRESS)


def answer_at_new_address(*, subject_id: UUID, old: str, new: str) -> None:
    """What of a person's requests would be answered at their old address is answered at the new one."""
    for words in RequestWords.objects.filter(request__subject=subject_id, request__status__in=OPEN):
        if unless_destroyed(words, "contact") == old:
            words.contact = new
            words.save(update_fields=["contact"])


def _answer_at(request: RightsRequest, contact: str) -> None:
    """The answer goes to where the person proved to be, never to an address that somebody else may have
    named: it tells who has their data.
    """
    RequestWords(request=request, contact=contact).save(update_fields=["contact"])
