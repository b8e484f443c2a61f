"""Staff pause a lender, and resume it: nothing is sent meanwhile, and what is due waits.

New applications do not ask it. Deadlines and late windows run on.
"""

from django.db import transaction
from django.utils import timezone

from applications.actors import Actor
from applications.errors import IllegalTransition
from applications.services import audit
from lenders.models import Lender
from lenders.states import PauseReason


def pause(*, lender: Lender, reason: PauseReason, actor: Actor) -> None:
    """No call to the lender is begun any more; those on their way end.

    Raises IllegalTransition when it is paused already.
    """
    with transaction.atomic():
        awake = Lender.objects.filter(pk=lender.pk, paused_at__isnull=True)
        if not awake.update(paused_at=timezone.now(), paused_reason=reason):
            raise IllegalTransition
        audit.record(actor=actor, action="lender.paused", row=lender, lender=lender.slug, reason=reason)


def resume(*, lender: Lender, actor: Actor) -> None:
    """What waited is claimed by the next sweep. Raises IllegalTransition when it is not paused."""
    with transaction.atomic():
        paused = Lender.objects.filter(pk=lender.pk, paused_at__isnull=False)
        if not paused.update(paused_at=None, paused_reason=""):
            raise IllegalTransition
        audit.record(actor=actor, action="lender.resumed", row=lender, lender=lender.slug)
