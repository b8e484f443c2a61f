"""Percentiles, computed by PostgreSQL."""

from typing import Any

from django.db.models import Aggregate


class Percentile(Aggregate):
    """The value that this part of all values, from 0 to 1, does not exceed; between two it is interpolated.

    What is NULL does not count.
    """

    function = "PERCENTILE_CONT"
    template = "%(function)s(%(fraction)s) WITHIN GROUP (ORDER BY %(expressions)s)"

    def __init__(self, expression: Any, fraction: float, **extra: Any) -> None:
        super().__init__(expression, fraction=fraction, **extra)
