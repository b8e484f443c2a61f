"""What the law forbids telling a person yet: that somebody asked for their data, or received them.

A model whose rows can be such names in `hidden_by` the path to the day on which its person learns of it.
"""

from collections.abc import Callable, Collection

from django.db import models
from django.db.models import Q
from django.utils import timezone

Keeper = Callable[[Collection[str]], set[str]]
"""Of these matters, by their identifiers: those of which nobody may be told yet."""

keepers: list[Keeper] = []
"""A floor above adds its own in AppConfig.ready()."""


def may_be_told(model: type[models.Model]) -> Q:
    """The condition on rows that their person may know of them today."""
    path = getattr(model, "hidden_by", "")
    if not path:
        return Q()
    return Q(**{f"{path}__isnull": True}) | Q(**{f"{path}__lte": timezone.localdate()})


def told(rows: models.QuerySet) -> models.QuerySet:
    """Those of these rows of which their person may know today."""
    return rows.filter(may_be_told(rows.model))


def secret_matters(matters: Collection[str]) -> set[str]:
    """Of these matters, those of which nobody may be told today."""
    return set().union(*(keeper(matters) for keeper in keepers)) if matters else set()
