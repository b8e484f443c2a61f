"""Where our fields stand in a lender's message, and how they are written; each adapter has its table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from lenders.adapters.errors import ErrorCode, LenderError
from lenders.adapters.questions import FieldValue
from lenders.adapters.terms import MOST_CENTS

LONGEST_TEXT = 1000
Written = str | int | Decimal
Writer = Callable[[Any], Written | None]
"""A value as it is written, or None for one that cannot be."""


class Place(NamedTuple):
    """A group and a key of the message, and how a value is written there."""

    group: str
    key: str
    write: Writer


def text(value: Any) -> str | None:
    return value if isinstance(value, str) and len(value) <= LONGEST_TEXT else None


def whole(value: Any) -> int | None:
    return value if type(value) is int else None


def euros(value: Any) -> str | None:
    """Cents as euros in a text, always with both decimals."""
    return f"{value // 100}.{value % 100:02}" if type(value) is int and value >= 0 else None


def euro_number(value: Any) -> Decimal | None:
    """Cents as a number of euros with both decimals: 56000 are 560.00."""
    fits = type(value) is int and 0 <= value <= MOST_CENTS
    return Decimal(value).scaleb(-2) if fits else None


def day(value: Any) -> str | None:
    return value.isoformat() if type(value) is date else None


def word(**words: str) -> Writer:
    """Our words to theirs; another of ours cannot be written."""
    return lambda value: words.get(value) if isinstance(value, str) else None


def grouped(places: Mapping[str, Place], fields: Mapping[str, FieldValue]) -> dict[str, dict[str, Written]]:
    """The groups of a message; an unanswered field (None or "") and a group without fields are left out.

    Raises LenderError: `field_not_supported` for a label without a place, `value_not_supported` for a value
    the place cannot hold.
    """
    groups: dict[str, dict[str, Written]] = {}
    for label, value in fields.items():
        place = places.get(label)
        if place is None:
            raise LenderError(ErrorCode.FIELD_NOT_SUPPORTED, permanent=True)
        if value is None or value == "":
            continue
        written = place.write(value)
        if written is None:
            raise LenderError(ErrorCode.VALUE_NOT_SUPPORTED, permanent=True)
        groups.setdefault(place.group, {})[place.key] = written
    return groups
