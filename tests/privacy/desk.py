"""The officer's desk in tests: opening the page of a deed and pressing its button, as a browser does."""

from typing import Any

from django.test import Client
from django.urls import reverse

from applications.actors import Actor
from applications.models import DataSubject
from privacy.models import Identity, Right, RightsRequest, Way
from privacy.services import receiving
from tests.privacy.rights import current

ENGLISH = {"Accept-Language": "en"}
QUEUE = reverse("admin:privacy_rightsrequest_changelist")
INTAKE = reverse("admin:privacy_rightsrequest_add")


def page_of(request: RightsRequest) -> str:
    return reverse("admin:privacy_rightsrequest_change", args=[request.pk])


def address(name: str, request: RightsRequest) -> str:
    return reverse(f"admin:privacy_rightsrequest_{name}", args=[request.pk])


def opened(client: Client, name: str, request: RightsRequest) -> dict[str, Any]:
    """What the form of a deed's page holds when it is opened."""
    return dict(client.get(address(name, request)).context["form"].initial)


def press(client: Client, name: str, request: RightsRequest, **given: Any) -> Any:
    """Open the page of a deed, write this, press the button; the page that one is led to."""
    return post(client, name, request, **opened(client, name, request), **given)


def post(client: Client, name: str, request: RightsRequest, **given: Any) -> Any:
    return client.post(address(name, request), given, follow=True, headers=ENGLISH)


def messages_of(response: Any) -> list[str]:
    return [str(one) for one in response.context["messages"]]


def entered(
    subject: DataSubject | None, right: Right = Right.ERASURE, identity: Identity = Identity.NONE
) -> RightsRequest:
    """A request that came by letter: who asks is known only with `identity`."""
    return current(
        receiving.receive(
            right=right, way=Way.OFFICER, language="lv", actor=Actor.staff(1), identity=identity,
            subject_id=subject.pk if subject else None, contact="zqxqz.contact@piemers.lv",
            text="zqxqzwritten: delete me",
        )
    )  # fmt: skip
