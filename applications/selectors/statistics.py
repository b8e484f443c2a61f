"""Reading statistics: how many got how far, nobody by name or pseudonym."""

from django.db.models import Count, F, IntegerField, Q, QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce

from applications.models import Milestone, StatisticsMonth


def months_with_counts() -> QuerySet[StatisticsMonth]:
    """Every month, newest first, with the number of people at each milestone under the milestone's name."""
    counts = {
        one.value: Coalesce(Cast(KT(f"totals__{one.value}"), IntegerField()), F(f"living_{one.value}"))
        for one in Milestone
    }
    living = {f"living_{one.value}": Count("reached", filter=Q(reached__milestone=one)) for one in Milestone}
    return StatisticsMonth.objects.annotate(**living).annotate(**counts).order_by("-month")
