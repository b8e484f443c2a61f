"""The state of a request for disclosure, moved by compare-and-set; what happened stands in its steps."""

from typing import Any
from uuid import UUID

from django.utils import timezone

from applications.actors import Actor
from applications.errors import IllegalTransition
from applications.services import audit
from privacy.disclosure_states import ENDED, DisclosureState, sources
from privacy.models import DisclosureEvent, DisclosureRequest


def locked(request_id: UUID, *, seen: str | None = None) -> DisclosureRequest:
    """The request, held until the transaction ends; `seen` is the last step that whoever acts had seen.

    Raises IllegalTransition where something happened since.
    """
    request = DisclosureRequest.objects.select_for_update().get(pk=request_id)
    if seen is not None and seen != last_step(request):
        raise IllegalTransition
    return request


def last_step(request: DisclosureRequest) -> str:
    """The newest step: what is decided, is decided about the request as it was then."""
    newest = request.events.order_by("-at", "-pk").values_list("pk", flat=True).first()
    return str(newest or "")


def move(
    request: DisclosureRequest,
    to: DisclosureState,
    actor: Actor,
    *,
    what: str = "",
    why: str = "",
    **facts: Any,
) -> None:
    """Compare and set the state of a row that the caller holds, with what changes beside it.

    Raises IllegalTransition.
    """
    if request.state not in sources(to):
        raise IllegalTransition
    request.state = to
    request.ended_at = timezone.now() if to in ENDED else None
    for name, value in facts.items():
        setattr(request, name, value)
    request.save(update_fields=["state", "ended_at", *facts])
    note(request, what or to, actor, why=why)


def note(
    request: DisclosureRequest, what: str, actor: Actor, *, why: str = "", subject_id: UUID | None = None
) -> None:
    """Write down what happened, as codes. `subject_id` where it is about one person of several: that such
    an entry exists tells them nothing before they may know.
    """
    DisclosureEvent.objects.create(
        request=request, what=what, why=why, actor_kind=actor.kind, actor_identifier=actor.identifier
    )
    audit.record(
        actor=actor, action=f"disclosure.{what}", subject_id=subject_id, row=request, why=why,
        matter=str(request.pk),
    )  # fmt: skip
