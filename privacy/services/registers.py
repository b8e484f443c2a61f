"""The privacy floor's writers: the DPO's registers, and looking a person's rows up."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from applications.actors import Actor
from applications.models import DataSubject
from applications.personal import Purpose
from applications.row_security import opened
from applications.selectors.permission import restricted_use
from applications.services import audit
from lenders.adapters.base import LenderError
from privacy.datamap import Held, explain
from privacy.errors import EndpointRefused, KeysRefused
from privacy.models import Assessment, Breach, OtherController
from privacy.portability import jws
from privacy.portability.places import guard_for

RIGHTS = Purpose.DATA_SUBJECT_RIGHTS


def save_assessment(*, assessment: Assessment, changed: Sequence[str], actor: Actor) -> None:
    """Enter an assessment, or bring one up to date; `changed` names the fields."""
    _save(assessment, changed, actor)


def save_breach(*, breach: Breach, changed: Sequence[str], actor: Actor) -> None:
    """Document a breach, or what became known of it since; `changed` names the fields (GDPR Art. 33(5)).

    Raises IntegrityError where a reason is missing that Art. 33(1) asks for.
    """
    _save(breach, changed, actor)


def save_other_controller(*, controller: OtherController, changed: Sequence[str], actor: Actor) -> None:
    """Enter another controller, or the change of one; `changed` names the fields. It counts from the next
    transfer on. Raises EndpointRefused, KeysRefused.
    """
    controller.endpoint = checked_endpoint(controller.endpoint)
    controller.keys = checked_keys(controller.keys, controller.pk)
    _save(controller, changed, actor)


def checked_endpoint(endpoint: str) -> str:
    """An address that may be called. Raises EndpointRefused."""
    try:
        guard_for(endpoint).check(endpoint)
    except LenderError:
        endpoint = ""
    if not endpoint:
        raise EndpointRefused
    return endpoint


def checked_keys(keys: Any, controller_id: UUID) -> list[dict[str, str]]:
    """The public keys of a key set (or of a list of keys) with their thumbprints. Raises KeysRefused."""
    given = keys.get("keys") if isinstance(keys, dict) else keys
    try:
        found = {jws.public_key(jwk)[0]: jwk["x"] for jwk in given or []}
    except (jws.NotSigned, TypeError):
        found = {}
    others = OtherController.objects.exclude(pk=controller_id)
    if not found or any(others.filter(keys__contains=[{"kid": kid}]).exists() for kid in found):
        raise KeysRefused
    return [{"kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid} for kid, x in found.items()]


def _save(row: Assessment | Breach | OtherController, changed: Sequence[str], actor: Actor) -> None:
    deed = "entered" if row._state.adding else "changed"
    with transaction.atomic():
        row.save()
        audit.record(actor=actor, action=f"{row._meta.model_name}.{deed}", row=row, fields=list(changed))


def explain_person(*, subject: DataSubject, actor: Actor) -> list[Held]:
    """Which kinds of rows are held about a person, on which grounds; that somebody asked is written down."""
    use = restricted_use(subject.pk, RIGHTS)
    audit.record(actor=actor, action="subject.explained", subject_id=subject.pk, row=subject, **use)
    with opened(RIGHTS, person=subject.pk):
        return explain(subject)
