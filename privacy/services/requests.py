"""Writing requests of data subjects: every step compared and set, with its event, in one transaction."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from applications.actors import Actor
from applications.crypto.keyring import key_of_a_new_owner
from applications.errors import IllegalTransition
from applications.models import DataSubject
from applications.services import audit
from privacy.errors import TooLateToExtend
from privacy.models import Identity, Refusal, RequestEvent, RequestWords, Right, RightsRequest, Way
from privacy.request_clock import RequestClock
from privacy.states import ENDED, OPEN, RequestStatus, sources

S = RequestStatus


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
    """Enter a request; where the same person has an open one for the same right, that one.

    With `identity` it is known who asks (`subject_id`), and it is assessed at once. The legal clock runs from
    `received_at`: for what came by letter that is the day it came.
    """
    now = timezone.now()
    received_at = received_at or now
    received_on = timezone.localdate(received_at)
    clock = RequestClock(received_on)
    with transaction.atomic():
        if subject_id is not None:
            # the person's row first: two clicks at once wait here for each other
            DataSubject.objects.select_for_update().get(pk=subject_id)
            standing = RightsRequest.objects.filter(subject=subject_id, right=right, status__in=OPEN).first()
            if standing is not None:
                _note(standing, "asked_again", actor)
                return standing
        request = RightsRequest(
            subject_id=subject_id, right=right, way=way, language=language, received_at=received_at,
            received_on=received_on, due_on=clock.due_on(timezone.localdate(now)),
        )  # fmt: skip
        with key_of_a_new_owner(request.pk):
            request.save(force_insert=True)
            RequestWords(request=request, contact=contact or None, text=text or None).save(force_insert=True)
        _note(request, "received", actor, why=way)
        if identity:
            _identify(request, identity, actor)
    return request


def ask_who(*, request_id: UUID, actor: Actor) -> RightsRequest:
    """On reasonable doubt the person is asked to show who they are; the clock stands still (Art. 12(6)).

    Raises IllegalTransition.
    """
    with transaction.atomic():
        request = _locked(request_id)
        today = timezone.localdate()
        columns = request.set_clock(request.clock.paused(today), today)
        _move(request, S.IDENTITY_CHECK, actor, columns, identity=Identity.NONE)
    return request


def identify(
    *, request_id: UUID, identity: Identity, actor: Actor, subject_id: UUID | None = None
) -> RightsRequest:
    """It is known who asks, and how; the clock goes on. `subject_id` where the request named nobody yet.

    Raises IllegalTransition, also where the same person has another open request for the same right.
    """
    with transaction.atomic():
        request = _locked(request_id)
        whose = request.subject_id or subject_id
        same = RightsRequest.objects.filter(subject=whose, right=request.right, status__in=OPEN)
        if whose is None or same.exclude(pk=request.pk).exists():
            raise IllegalTransition
        request.subject_id = whose
        _identify(request, identity, actor)
    return request


def approve(*, request_id: UUID, actor: Actor) -> RightsRequest:
    """It will be carried out. Raises IllegalTransition."""
    with transaction.atomic():
        request = _locked(request_id)
        _move(request, S.APPROVED, actor)
    return request


def refuse(*, request_id: UUID, why: Refusal, actor: Actor) -> RightsRequest:
    """It is not carried out, for a reason that the answer gives (Art. 12(4)). Raises IllegalTransition."""
    with transaction.atomic():
        request = _locked(request_id)
        if (why == Refusal.NOT_IDENTIFIED) != (request.status == S.IDENTITY_CHECK):
            raise IllegalTransition
        _move(request, S.REFUSED, actor, why=why, refusal=why)
    return request


def withdraw(*, request_id: UUID, actor: Actor) -> RightsRequest:
    """The person takes it back. Raises IllegalTransition once it is being carried out, or ended."""
    with transaction.atomic():
        request = _locked(request_id)
        _move(request, S.WITHDRAWN, actor)
    return request


def extend(*, request_id: UUID, actor: Actor) -> RightsRequest:
    """Two more months, once, and announced within the first (Art. 12(3)).

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
        _note(request, "extended", actor)
    return request


def _identify(request: RightsRequest, identity: Identity, actor: Actor) -> None:
    today = timezone.localdate()
    columns = request.set_clock(request.clock.resumed(today), today)
    request.identity = identity
    _move(request, S.ASSESSED, actor, [*columns, "subject", "identity"], why=identity)


def _locked(request_id: UUID) -> RightsRequest:
    return RightsRequest.objects.select_for_update().get(pk=request_id)


def _move(
    request: RightsRequest, to: RequestStatus, actor: Actor, columns: list[str] | None = None, *,
    why: str = "", **facts: str,
) -> None:  # fmt: skip
    """Compare and set the state, with what changes beside it. Raises IllegalTransition."""
    if request.status not in sources(to):
        raise IllegalTransition
    request.status = to
    request.ended_at = timezone.now() if to in ENDED else None
    if to in ENDED:
        request.paused_on = None
    for name, value in facts.items():
        setattr(request, name, value)
    written = {"status", "ended_at", "paused_on", *(columns or ()), *facts}
    request.save(update_fields=sorted(written))
    _note(request, to, actor, why=why)


def _note(request: RightsRequest, what: str, actor: Actor, *, why: str = "") -> None:
    RequestEvent.objects.create(
        request=request, what=what, why=why, actor_kind=actor.kind, actor_identifier=actor.identifier
    )
    audit.record(
        actor=actor, action=f"request.{what}", subject_id=request.subject_id, row=request,
        right=request.right, why=why,
    )  # fmt: skip
