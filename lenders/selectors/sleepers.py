"""Lenders that are not asked now, and what they have left of their budget of second tries."""

from datetime import datetime
from typing import Any

from django.db.models import F, FloatField, Q, QuerySet, Value
from django.db.models.functions import Extract, Least

from lenders.breaker import TOKENS, TOKENS_PER_SECOND
from lenders.models import Lender

PAUSED = Q(paused_at__isnull=False)


def sleepers(now: datetime) -> QuerySet[Lender]:
    """Lenders to which nothing is sent: staff paused them, or their breaker is open."""
    return Lender.objects.filter(PAUSED | Q(breaker__open_until__gt=now))


def slow_ones() -> QuerySet[Lender]:
    """Lenders that no page should wait for: those, and whoever is only being tried out."""
    return Lender.objects.filter(PAUSED | Q(breaker__open_until__isnull=False))


def tokens_left(now: datetime) -> Any:
    """An expression over breakers: the tokens at `now`, with those that time has brought."""
    seconds = Extract(Value(now) - F("tokens_at"), "epoch")
    return Least(Value(TOKENS), F("tokens") + seconds * Value(TOKENS_PER_SECOND), output_field=FloatField())
