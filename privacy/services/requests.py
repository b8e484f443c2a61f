"""Writing requests of data subjects: every step compared and set, with its event, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from applications.actors import SYSTEM, Actor
from applications.crypto.keyring import key_of_a_new_owner
from applications.crypto.reading import unless_destroyed
from applications.errors import IllegalTransition
from applications.formats import date_text
from applications.models import Application
from applications.references import make_reference
from applications.services.locking import lock_subject
from privacy.errors import DecisionMissing, NotKept, TooLateToExtend
from privacy.letter_facts import Delay
from privacy.models import (
    NOBODY_DECIDES,
    Exception17,
    Identity,
    LetterKind,
    Refusal,
    RequestWords,
    Right,
    RightsRequest,
    Way,
)
from privacy.request_clock import RequestClock
from privacy.services.letters import send_letter
from privacy.services.moves import move, note
from privacy.states import ENDED, OPEN, RequestStatus

S = RequestStatus
UNKNOWN = frozenset({Refusal.NOT_IDENTIFIED, Refusal.NOTHING_HELD})
"""Refused while it is not known who asks."""
PROVED = frozenset({Identity.FRESH_CODE, Identity.CONTACT})
"""Shown by the person, not decided by us."""
UNPROVED = frozenset({S.RECEIVED, S.IDENTITY_CHECK})
"""While nobody has established who asks. One that runs is never waited for: it may wait for the person."""


@dataclass(frozen=True)
class Kept:
    """An application that an erasure leaves: on which ground, until which day."""

    application: UUID
    ground: Exception17
    until: date


def receive(
    *,
    right: Right,
    way: Way,
    language: str,
    actor: Actor,
    subject_id: UUID | None = None,
    identity: Identity = Identity.NONE,
    contact: str = "",
    text: str = "",
    received_at: datetime | None = None,
) -> RightsRequest:
    """Enter a request; where the same person has an open one for the same right, that one, with what was
    written now added to it.

    With `identity` it is known who asks (`subject_id`), and it is assessed at once. The legal clock runs from
    `received_at`: for what came by letter that is the day it came. Raises SubjectErased.
    """
    now = timezone.now()
    received_at = received_at or now
    received_on = timezone.localdate(received_at)
    clock = RequestClock(received_on)
    with transaction.atomic():
        if subject_id is not None:
            # the person's row first: two clicks at once wait here for each other
            lock_subject(subject_id)
            standing = RightsRequest.objects.filter(subject=subject_id, right=right, status__in=OPEN).first()
            if standing is not None:
                _add_text(standing, text, now)
                note(standing, "asked_again", actor)
                if identity in PROVED and standing.status in UNPROVED:
                    return _proved_now(standing, identity, contact, actor)
                return standing
        request = RightsRequest(
            reference=make_reference("R"), subject_id=subject_id, right=right, way=way, language=language,
            received_at=received_at, received_on=received_on, due_on=clock.due_on(timezone.localdate(now)),
        )  # fmt: skip
        with key_of_a_new_owner(request.pk):
            request.save(force_insert=True)
            RequestWords(request=request, contact=contact or None, text=text or None).save(force_insert=True)
        note(request, "received", actor, why=way)
        if identity:
            _identify(request, identity, actor)
        if way != Way.OWN_PAGES or identity != Identity.FRESH_CODE:
            send_letter(request=request, kind=LetterKind.RECEIVED, actor=actor)
    return request


def ask_who(*, request_id: UUID, actor: Actor) -> RightsRequest:
    """On reasonable doubt the person is asked to show who they are; the clock stands still (Art. 12(6)).

    The question goes to the contact on file of whom it is about, never to one that the request names: who
    knows somebody's personal code could name any. Where nobody known is meant, whoever wrote is asked.
    Raises IllegalTransition.
    """
    with transaction.atomic():
        request = _locked(request_id)
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
        request = _locked(request_id)
        whose = request.subject_id or subject_id
        same = RightsRequest.objects.filter(subject=whose, right=request.right, status__in=OPEN)
        if whose is None or same.exclude(pk=request.pk).exists():
            raise IllegalTransition
        request.subject_id = whose
        if decision.strip():
            words = RequestWords.objects.get(pk=request.pk)
            words.decision = decision.strip()
            words.save(update_fields=["decision"])
        _identify(request, identity, actor)
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
        _refuse(request, Refusal.NOT_IDENTIFIED, actor, reasons="")
    return request


def approve(*, request_id: UUID, actor: Actor, kept: Sequence[Kept] = ()) -> RightsRequest:
    """It will be carried out, within seconds. `kept` is what an erasure leaves (Art. 17(3)).

    Raises IllegalTransition, and NotKept for an application that is not this person's.
    """
    with transaction.atomic():
        request = _locked(request_id)
        own = Application.objects.filter(subject=request.subject_id, pk__in=[one.application for one in kept])
        if kept and (request.right != Right.ERASURE or own.count() != len(kept)):
            raise NotKept
        request.kept = [
            {"application": str(one.application), "ground": one.ground, "until": one.until.isoformat()}
            for one in kept
        ]
        request.next_try_at = None
        move(request, S.APPROVED, actor, ["kept", "next_try_at"])
    return request


def refuse(*, request_id: UUID, why: Refusal, actor: Actor, reasons: str = "") -> RightsRequest:
    """It is not carried out, for a reason that the answer gives, with the routes of complaint (Art. 12(4)).

    `reasons` are the officer's own words beside it. Raises IllegalTransition.
    """
    with transaction.atomic():
        request = _locked(request_id)
        if (why in UNKNOWN) != (request.status == S.IDENTITY_CHECK):
            raise IllegalTransition
        _refuse(request, why, actor, reasons=reasons)
    return request


def withdraw(*, request_id: UUID, actor: Actor) -> RightsRequest:
    """The person takes it back. Raises IllegalTransition once it is being carried out, or ended."""
    with transaction.atomic():
        request = _locked(request_id)
        move(request, S.WITHDRAWN, actor)
    return request


def extend(*, request_id: UUID, actor: Actor, why: Delay, reasons: str = "") -> RightsRequest:
    """Two more months, once, announced within the first with the reason (Art. 12(3)); `reasons` are the
    officer's own words beside it.

    Raises TooLateToExtend, and IllegalTransition for a request that has ended.
    """
    with transaction.atomic():
        request = _locked(request_id)
        today = timezone.localdate()
        if request.status in ENDED:
            raise IllegalTransition
        if not request.clock.may_be_extended(today):
            raise TooLateToExtend
        request.extended_at = timezone.now()
        request.due_on = request.clock.due_on(today)
        request.save(update_fields=["extended_at", "due_on"])
        note(request, "extended", actor, why=why)
        facts = {"why": why}
        send_letter(request=request, kind=LetterKind.EXTENDED, actor=actor, facts=facts, words=reasons)
    return request


def _identify(request: RightsRequest, identity: Identity, actor: Actor) -> None:
    """Whoever proved it themselves gets their data without anybody's decision: there is nothing to weigh."""
    today = timezone.localdate()
    columns = request.set_clock(request.clock.resumed(today), today)
    request.identity = identity
    move(request, S.ASSESSED, actor, [*columns, "subject", "identity"], why=identity)
    if request.right in NOBODY_DECIDES and identity in PROVED:
        move(request, S.APPROVED, SYSTEM)


def _proved_now(standing: RightsRequest, identity: Identity, contact: str, actor: Actor) -> RightsRequest:
    """Whoever proves who they are settles that of a request of theirs that waited for it."""
    request = _locked(standing.pk)
    if request.status in UNPROVED:
        _identify(request, identity, actor)
        _answer_at(request, contact)
    return request


def _answer_at(request: RightsRequest, contact: str) -> None:
    """The answer goes to where the person proved to be, never to an address that somebody else may have
    named: it tells who has their data.
    """
    RequestWords(request=request, contact=contact).save(update_fields=["contact"])


def _refuse(request: RightsRequest, why: Refusal, actor: Actor, *, reasons: str) -> None:
    move(request, S.REFUSED, actor, why=why, refusal=why)
    kind = LetterKind.NOTHING_HELD if why == Refusal.NOTHING_HELD else LetterKind.REFUSED
    send_letter(request=request, kind=kind, actor=actor, words=reasons)


def _locked(request_id: UUID) -> RightsRequest:
    return RightsRequest.objects.select_for_update().get(pk=request_id)


def _add_text(request: RightsRequest, text: str, now: datetime) -> None:
    """Nothing that somebody wrote is lost: a later text follows the earlier one, with its day."""
    if text.strip():
        row = RequestWords.objects.get(pk=request.pk)
        added = f"{date_text(timezone.localdate(now))} {text.strip()}"
        row.text = f"{row.text}\n\n{added}" if row.text else added
        row.save(update_fields=["text"])
