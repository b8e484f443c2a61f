"""Reading statistics: how many got how far, nobody by name or pseudonym."""

from datetime import date, datetime, time, timedelta

from django.db.models import Count, F, IntegerField, Q, QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, TruncDate
from django.utils import timezone

from applications.models import Application, Milestone, StatisticsMonth
from applications.personal import Category, Purpose
from applications.selectors.permission import permitted


def months_with_counts() -> QuerySet[StatisticsMonth]:
    """Every month, newest first, with the number of people at each milestone under the milestone's name."""
    counts = {
        one.value: Coalesce(Cast(KT(f"totals__{one.value}"), IntegerField()), F(f"living_{one.value}"))
        for one in Milestone
    }
    living = {f"living_{one.value}": Count("reached", filter=Q(reached__milestone=one)) for one in Milestone}
    return StatisticsMonth.objects.annotate(**living).annotate(**counts).order_by("-month")


def sent_per_day(*, first: date, last: date) -> list[tuple[date, int]]:
    """How many applications were sent on each day in Riga, days without one included. Whoever objected to
    statistics, or whose data are only stored, is not counted."""
    zone = timezone.get_current_timezone()
    begin = datetime.combine(first, time.min, zone)
    end = datetime.combine(last + timedelta(days=1), time.min, zone)
    may = permitted(Purpose.IMPROVE_SERVICE, categories=(Category.TRANSACTIONS,))
    sent = Application.objects.filter(may, submitted_at__gte=begin, submitted_at__lt=end).order_by()
    by_day = dict(sent.values_list(TruncDate("submitted_at")).annotate(Count("pk")))
    days = (first + timedelta(days=passed) for passed in range((last - first).days + 1))
    return [(day, by_day.get(day, 0)) for day in days]
