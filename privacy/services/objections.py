"""A person takes an objection back, whenever they like: then nothing is left to be weighed."""

from uuid import UUID

from django.db import transaction

from applications.actors import Actor
from applications.personal import Purpose
from applications.selectors.permission import standing_objections
from applications.services.processing import end_objection
from privacy.models import Result, Right, RightsRequest
from privacy.services.moves import move
from privacy.states import RequestStatus


def take_back(*, subject_id: UUID, purpose: Purpose, actor: Actor) -> None:
    """End the person's own objection, and the request that it is being weighed in: asked for anew it is a
    new one. Where no objection stands nothing changes. Raises SubjectErased.
    """
    with transaction.atomic():
        # the request before the person's row, as whoever carries it out has them
        running = RightsRequest.objects.select_for_update(no_key=True).filter(
            subject=subject_id, right=Right.OBJECTION, about=purpose, status=RequestStatus.RUNNING
        )
        request = running.first()
        if not standing_objections(purpose).filter(subject_id=subject_id).exists():
            return
        end_objection(subject_id=subject_id, purpose=purpose, actor=actor)
        if request is not None:
            move(request, RequestStatus.COMPLETED, actor, why=Result.TAKEN_BACK, result=Result.TAKEN_BACK)
