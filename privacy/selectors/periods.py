"""What the DPO has to see to about the retention periods."""

from django.db.models import QuerySet

from applications.models import RetentionEdition
from applications.retention_rules import RULES
from applications.selectors.periods import in_force


def notices_differ() -> bool:
    """Whether other periods hold than the texts of the notices state: they have to be written anew."""
    return in_force().rules != RULES


def undecided_editions() -> QuerySet[RetentionEdition]:
    """Proposals that nobody has approved or dropped."""
    return RetentionEdition.objects.filter(approved_at__isnull=True, dropped_at__isnull=True)
