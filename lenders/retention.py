"""What ends on the lenders floor by a clock of its own (`applications.endings`), beside applications."""

from functools import partial

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from applications.endings import Ending
from applications.retention_rules import Retention
from applications.services.purging import purge
from lenders.models import Attempt, Delivery
from lenders.states import DeliveryStatus

ENDINGS = [
    Ending(
        name="told_later", label=_("What lenders were told after an application was deleted"),
        rule=Retention.APPLICATION, model=Delivery, clock="created_at",
        application="submission__application", end=partial(purge, Delivery), covers=(Delivery, Attempt),
        unless=lambda _at: (
            Q(submission__application__emptied_at__isnull=False) & ~Q(status=DeliveryStatus.DUE)
        ),
    ),
]  # fmt: skip
