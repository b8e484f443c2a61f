"""Deciding about requests of data subjects: every step compared and set, with its event, in one transaction.

How they come in: services.receiving; who asks: services.identifying; how they are carried out:
services.running.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from applications.actors import Actor
from applications.errors import IllegalTransition
from applications.models import Application
from privacy.changes import accepted
from privacy.errors import NotKept, TooLateToExtend
from privacy.letter_facts import Delay
from privacy.models import (
    Exception17,
    LetterKind,
    Refusal,
    RequestWords,
    Result,
    Right,
    RightsRequest,
)
from privacy.selectors.about import is_specified
from privacy.services.letters import send_letter, set_words_aside
from privacy.services.moves import locked, move, note
from privacy.states import ENDED, RequestStatus

S = RequestStatus
UNKNOWN = frozenset({Refusal.NOT_IDENTIFIED, Refusal.NOTHING_HELD})
"""Refused while it is not known who asks."""


@dataclass(frozen=True)
class Kept:
    """An application that an erasure leaves: on which ground, until which day."""

    application: UUID
    ground: Exception17
    until: date


def approve(
    *,
    request_id: UUID,
    actor: Actor,
    kept: Sequence[Kept] = (),
    left: Collection[int] = (),
    reasons: str = "",
) -> RightsRequest:
    """It will be carried out, within seconds. `kept` is what an erasure leaves (Art. 17(3)); `left` are the
    changes, by their places, that are not made, and `reasons` the officer's words about that.

    Raises IllegalTransition, also for a request of which it is open what it is about, and NotKept for an
    application that is not this person's.
    """
    with transaction.atomic():
        request = locked(request_id)
        if not is_specified(request):
            raise IllegalTransition
        if request.right == Right.RECTIFICATION:
            _decide_changes(request, left, reasons)
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
        request = locked(request_id)
        if (why in UNKNOWN) != (request.status == S.IDENTITY_CHECK):
            raise IllegalTransition
        end_refused(request, why, actor, reasons=reasons)
    return request


def withdraw(*, request_id: UUID, actor: Actor) -> RightsRequest:
    """The person takes it back. Raises IllegalTransition once it is being carried out, or ended."""
    with transaction.atomic():
        request = locked(request_id)
        move(request, S.WITHDRAWN, actor)
    return request


def extend(*, request_id: UUID, actor: Actor, why: Delay, reasons: str = "") -> RightsRequest:
    """Two more months, once, announced within the first with the reason (Art. 12(3)); `reasons` are the
    officer's own words beside it.

    Raises TooLateToExtend, and IllegalTransition for a request that has ended.
    """
    with transaction.atomic():
        request = locked(request_id)
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


def end_refused(request: RightsRequest, why: Refusal, actor: Actor, *, reasons: str) -> None:
    """Refuse a request that the caller holds, and answer it."""
    move(request, S.REFUSED, actor, why=why, refusal=why)
    kind = LetterKind.NOTHING_HELD if why == Refusal.NOTHING_HELD else LetterKind.REFUSED
    send_letter(request=request, kind=kind, actor=actor, words=reasons)


def _decide_changes(request: RightsRequest, left: Collection[int], reasons: str) -> None:
    """Which changes are made. Raises IllegalTransition where none would be: that is a refusal."""
    words = RequestWords.objects.get(pk=request.pk)
    changes = words.changes or []
    for place, one in enumerate(changes):
        one["accepted"] = place not in left
    if not any(map(accepted, changes)):
        raise IllegalTransition
    if not all(map(accepted, changes)):
        request.result = Result.PARTLY
        request.save(update_fields=["result"])
    words.changes = changes
    words.save(update_fields=["changes"])
    set_words_aside(request, reasons)
