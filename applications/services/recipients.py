"""Writing the register of recipients."""

from collections.abc import Sequence

from django.db import transaction

from applications.actors import Actor
from applications.models import Recipient
from applications.services import audit


def save_recipient(*, recipient: Recipient, changed: Sequence[str], actor: Actor) -> None:
    """Enter a recipient, or the change of one; `changed` names the fields.

    It decides from the next disclosure on. Raises IntegrityError for a country outside the EEA, and for half
    a licence.
    """
    action = "recipient.entered" if recipient._state.adding else "recipient.changed"
    with transaction.atomic():
        recipient.save()
        audit.record(actor=actor, action=action, row=recipient, fields=list(changed))
