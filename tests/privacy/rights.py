"""Requests on their way, made as people and officers make them: through the services."""

from applications.actors import Actor
from applications.models import DataSubject
from privacy.models import Identity, Right, RightsRequest, Way
from privacy.services import requests, running
from privacy.services.requests import Kept

OFFICER = Actor.staff(1)


def ask(subject: DataSubject, right: Right = Right.ERASURE) -> RightsRequest:
    """Somebody asks with a fresh code."""
    return requests.receive(
        right=right, way=Way.OWN_PAGES, language="lv", actor=Actor.consumer(subject.pk),
        subject_id=subject.pk, identity=Identity.FRESH_CODE, contact=subject.verified_email,
    )  # fmt: skip


def approved(
    subject: DataSubject, right: Right = Right.ERASURE, *, kept: tuple[Kept, ...] = ()
) -> RightsRequest:
    """The same, approved: of a copy that is not for anybody to decide."""
    request = ask(subject, right)
    if right != Right.ACCESS:
        requests.approve(request_id=request.pk, actor=OFFICER, kept=kept)
    return current(request)


def run(request: RightsRequest) -> RightsRequest:
    """As far as it goes now, whatever pause was due; what became of it."""
    RightsRequest.objects.filter(pk=request.pk).update(next_try_at=None)
    running.run(request.pk)
    return current(request)


def current(request: RightsRequest) -> RightsRequest:
    return RightsRequest.objects.select_related("subject").get(pk=request.pk)


def events(request: RightsRequest) -> list[str]:
    """What happened, with why."""
    found = request.events.order_by("at", "pk").values_list("what", "why")
    return [f"{what}: {why}" if why else what for what, why in found]
