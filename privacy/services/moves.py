"""A request's state, moved by compare-and-set; what happened stands in its steps and in the audit."""

from collections.abc import Sequence
from uuid import UUID

from django.utils import timezone

from applications.actors import Actor
from applications.errors import IllegalTransition
from applications.services import audit
from privacy.models import RequestEvent, RightsRequest
from privacy.states import ENDED, RequestStatus, sources


def locked(request_id: UUID) -> RightsRequest:
    """A request that the caller's transaction holds. Raises RightsRequest.DoesNotExist."""
    return RightsRequest.objects.select_for_update().get(pk=request_id)


def move(
    request: RightsRequest, to: RequestStatus, actor: Actor, columns: Sequence[str] = (), *,
    why: str = "", **facts: str,
) -> None:  # fmt: skip
    """Compare and set the state of a row that the caller holds, with what changes beside it.

    Raises IllegalTransition.
    """
    if request.status not in sources(to):
        raise IllegalTransition
    request.status = to
    request.ended_at = timezone.now() if to in ENDED else None
    if to in ENDED:
        request.paused_on = None
    for name, value in facts.items():
        setattr(request, name, value)
    request.save(update_fields=sorted({"status", "ended_at", "paused_on", *columns, *facts}))
    note(request, to, actor, why=why)


def note(request: RightsRequest, what: str, actor: Actor, *, why: str = "") -> None:
    """Write down what happened to a request, with who and why, as codes."""
    RequestEvent.objects.create(
        request=request, what=what, why=why, actor_kind=actor.kind, actor_identifier=actor.identifier
    )
    audit.record(
        actor=actor, action=f"request.{what}", subject_id=request.subject_id, row=request,
        right=request.right, why=why,
    )  # fmt: skip
