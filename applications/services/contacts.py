"""Writing contacts: they stand on every page."""

from collections.abc import Sequence

from django.core.cache import cache
from django.db import transaction

from applications.actors import Actor
from applications.models import Contact
from applications.selectors.contacts import CACHE_KEY
from applications.services import audit


def save_contact(*, contact: Contact, changed: Sequence[str], actor: Actor) -> None:
    """Write a contact; `changed` names the fields. This process shows it at once, the others in a minute."""
    with transaction.atomic():
        contact.save()
        audit.record(actor=actor, action="contact.changed", row=contact, fields=list(changed))
        transaction.on_commit(lambda: cache.delete(CACHE_KEY))
