"""Requests on their way, made as people and officers make them: through the services."""

from typing import Any

from applications.actors import Actor
from applications.models import DataSubject
from privacy.models import Identity, Right, RightsRequest, Way
from privacy.services import requests, running
from privacy.services.requests import Kept

OFFICER = Actor.staff(1)


def ask(
    subject: DataSubject,
    right: Right = Right.ERASURE,
    *,
    about: str = "",
    identity: Identity = Identity.FRESH_CODE,
    **written: Any,
) -> RightsRequest:
    """Somebody asks with a fresh code."""
    return requests.receive(
        right=right, way=Way.OWN_PAGES, language="lv", actor=Actor.consumer(subject.pk), about=about,
        subject_id=subject.pk, identity=identity, contact=subject.verified_email, **written,
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


def done(
    subject: DataSubject, right: Right, *, about: str = "", identity: Identity = Identity.FRESH_CODE,
    **written: Any,
) -> RightsRequest:  # fmt: skip
    """Asked for, and carried out as far as it goes by itself."""
    return run(ask(subject, right, about=about, identity=identity, **written))


def letters(request: RightsRequest) -> list[str]:
    """The kinds of the letters that were written, in order."""
    return list(request.letters.order_by("written_at").values_list("template__kind", flat=True))
