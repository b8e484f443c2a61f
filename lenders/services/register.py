"""Taking a lender into the solution."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from django.db import transaction

from applications.actors import Actor
from applications.crypto import keyring
from applications.models import AgreementKind, Recipient
from applications.personal import RecipientKind
from applications.services import audit
from applications.services.recipients import save_recipient
from lenders.adapters.base import Credentials
from lenders.adapters.tls import certificate_until
from lenders.models import Lender


def register_lender(
    *, slug: str, credentials: Credentials, recipient: Mapping[str, Any], actor: Actor, **facts: Any
) -> Lender:
    """Write a lender, or bring a known one up to date. Its credentials are encrypted under its own key.

    `recipient` is its first entry in the register of recipients: countries, licence, agreement and
    assessment. An entry that stands is the DPO's, and is left as it is. Raises ValueError for a certificate
    that is none.
    """
    lender = Lender.objects.filter(slug=slug).first() or Lender(id=uuid4(), slug=slug)
    keyring.create_key(lender.id)
    for name, value in facts.items():
        setattr(lender, name, value)
    lender.secrets, lender.certificate_until = credentials.stored(), certificate_until(credentials)
    with transaction.atomic():
        lender.recipient = _entry(lender, recipient, actor)
        lender.save()
        audit.record(actor=actor, action="lender.registered", row=lender, lender=slug)
    return lender


def _entry(lender: Lender, papers: Mapping[str, Any], actor: Actor) -> Recipient:
    known = Recipient.objects.filter(slug=lender.slug).first()
    if known is not None:
        return known
    entry = Recipient(
        slug=lender.slug,
        name=lender.name,
        kind=RecipientKind.LENDER,
        agreement=AgreementKind.COOPERATION,
        **papers,
    )
    save_recipient(recipient=entry, changed=sorted(papers), actor=actor)
    return entry
