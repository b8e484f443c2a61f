"""Reading statistics: how many got how far, nobody by name or pseudonym."""

from django.db.models import Count, Q, QuerySet

from applications.models import Milestone, StatisticsMonth


def months_with_counts() -> QuerySet[StatisticsMonth]:
    """Every month, newest first, with the number of people at each milestone under the milestone's name."""
    counts = {one.value: Count("reached", filter=Q(reached__milestone=one)) for one in Milestone}
    return StatisticsMonth.objects.annotate(**counts).order_by("-month")
