"""The other controller in tests: this very product, registered with itself, without a wire in between."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock
from uuid import uuid4

from django.conf import settings
from django.test import Client
from django.utils import timezone

from applications.actors import Actor
from applications.crypto.keyring import data_key_scope
from applications.models import DataSubject
from applications.personal import RecipientKind
from lenders.adapters.base import HttpAnswer, LenderError
from privacy import pushing
from privacy.models import OtherController, RightsRequest, Transfer
from privacy.portability.document import FILE_TYPE, ROOT, Addressee, addressed, as_bytes, collect
from privacy.portability.keys import jwks, signed
from privacy.services.transfers import Prepared, instruct
from tests.privacy import dpo, rights

TRANSFERS = f"{ROOT}/transfers"
Wire = Callable[[Prepared], HttpAnswer | LenderError]


def controller(slug: str = "elsewhere", **changes: Any) -> OtherController:
    """Ourselves, under another name."""
    found = OtherController.objects.filter(recipient__slug=slug).first()
    if found is not None:
        return found
    recipient = dpo.recipient(slug, name="SIA Citur", kind=RecipientKind.CONTROLLER, **changes)
    keys = [{name: key[name] for name in ("kty", "crv", "x", "kid")} for key in jwks()["keys"]]
    endpoint = f"{settings.PUBLIC_URL}{TRANSFERS}"
    return OtherController.objects.create(recipient=recipient, endpoint=endpoint, keys=keys)


def handed(prepared: Prepared) -> HttpAnswer | LenderError:
    """The call as it arrives, and the answer."""
    return posted(prepared.call.body)


def posted(body: bytes) -> HttpAnswer:
    answer = Client().post(TRANSFERS, body, content_type="application/jose")
    return HttpAnswer(answer.status_code, {}, answer.content)


@contextmanager
def wire(carry: Wire = handed) -> Iterator[None]:
    """What stands for the network while transfers are made."""

    async def call_all(prepared: list[Prepared]) -> list[Any]:
        return list(prepared)

    def finish(one: Prepared, _reply: Any) -> None:
        FINISH(one, carry(one))

    with mock.patch.object(pushing, "_call_all", call_all), mock.patch.object(pushing, "_finish", finish):
        yield


FINISH = pushing._finish


def pass_on(carry: Wire = handed) -> int:
    """One pass over what is due, whatever pause was due; how many calls were made."""
    Transfer.objects.filter(finished_at__isnull=True).update(due_at=timezone.now())
    with wire(carry):
        return pushing.pass_on_due()


def told_to_pass_on(subject: DataSubject, to: OtherController | None = None) -> Transfer:
    """A person's instruction, carried as far as the queue."""
    to = to or controller()
    transfer = instruct(
        subject_id=subject.pk, controller_id=to.pk, language="lv", contact=subject.verified_email,
        actor=Actor.consumer(subject.pk),
    )  # fmt: skip
    rights.run(RightsRequest.objects.get(pk=transfer.request_id))
    return transfer


@data_key_scope()
def document(subject: DataSubject, **changes: Any) -> dict[str, Any]:
    """A file about somebody, addressed to us."""
    made = collect(subject, document_id=uuid4(), issued_at=timezone.now())
    to = Addressee("we", f"{settings.PUBLIC_URL}{TRANSFERS}")
    whole = addressed(made, to, document_id=uuid4(), issued_at=timezone.now())
    return whole | changes


def compact(document: dict[str, Any]) -> bytes:
    return signed(as_bytes(document), typ=FILE_TYPE).encode()
