"""Strict reading of what a lender wrote: a value within its limits, or `malformed_answer`.

Unknown keys are left alone (a lender may add fields); a known key with a wrong value is an error, because
guessing at money is worse than asking again. No error carries the text it is about: they are raised outside
the `except`, so nothing is chained to them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeGuard
from uuid import UUID

from lenders.adapters.errors import malformed

LONGEST_BODY = 1024 * 1024
LONGEST_WORD = 64
REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}")
RATE = re.compile(r"[0-9]{1,4}(\.[0-9]{1,6})?")
_RFC3339 = re.compile(
    r"20[0-9]{2}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_MOST_DIGITS = 12
DAY = re.compile(r"2[0-9]{3}-[0-9]{2}-[0-9]{2}")
# Control characters but tab and line ends, and what turns the direction of writing.
UNREADABLE = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069"
_UNREADABLE = re.compile(rf"[{UNREADABLE}\ud800-\udfff]")  # and halves of letters
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

Document = Mapping[str, Any]


def document(body: bytes) -> Document:
    """The JSON object in a body.

    Repeated keys, NaN and Infinity are refused: two readers could understand them differently. A number with
    a fraction or an exponent is read as a Decimal, digit for digit.
    """
    if len(body) > LONGEST_BODY:
        raise malformed("size")
    try:
        value = json.loads(
            body.decode(),
            object_pairs_hook=_unrepeated,
            parse_constant=_refuse_constant,
            parse_float=Decimal,
        )
    except (ValueError, RecursionError, ArithmeticError):
        value = None
    return as_document(value)


def as_document(value: Any) -> Document:
    if not isinstance(value, dict):
        raise malformed("object")
    return value


def integer(source: Document, key: str, *, least: int, most: int) -> int:
    """A JSON integer within limits; 12.0, "12" and true are none."""
    value = source.get(key)
    if type(value) is not int or not least <= value <= most:
        raise malformed(key)
    return value


def boolean(source: Document, key: str) -> bool:
    value = source.get(key)
    if not isinstance(value, bool):
        raise malformed(key)
    return value


def items(source: Document, key: str, *, most: int, least: int = 1) -> list[Any]:
    """A list of `least` to `most` entries."""
    value = source.get(key)
    if not isinstance(value, list) or not least <= len(value) <= most:
        raise malformed(key)
    return value


def word(source: Document, key: str) -> str:
    """A short text of no known vocabulary (a status, a reason), to be compared and not stored."""
    value = source.get(key)
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_WORD:
        raise malformed(key)
    return value


def text(source: Document, key: str, *, most: int) -> str:
    """Words for people, trimmed, of 1 to `most` characters that can be read."""
    value = source.get(key)
    if not isinstance(value, str) or len(value) > most or not value.strip() or _UNREADABLE.search(value):
        raise malformed(key)
    return value.strip()


def reference(source: Document, key: str, *, required: bool = True) -> str:
    """A lender's name for a thing: 1–64 of letters, digits and ._:/- beginning with a letter or digit. ""
    where absent and optional.
    """
    value = source.get(key)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or not REFERENCE.fullmatch(value):
        raise malformed(key)
    return value


def rate(source: Document, key: str, *, most: Decimal) -> Decimal:
    """A percentage written as plain digits ("11.50"): no sign, no exponent, at most six decimals."""
    value = source.get(key)
    if not isinstance(value, str) or not RATE.fullmatch(value) or Decimal(value) > most:
        raise malformed(key)
    return Decimal(value)


def euros(source: Document, key: str, *, least: int, most: int) -> int:
    """An amount written as a JSON number of euros with at most two decimals; in cents, as the limits are."""
    value = _plain_number(source, key, decimals=2)
    if not least <= value * 100 <= most:
        raise malformed(key)
    return int(value * 100)


def percent(source: Document, key: str, *, most: Decimal) -> Decimal:
    """A percentage written as a JSON number without a sign and with at most six decimals."""
    value = _plain_number(source, key, decimals=6)
    if value > most:
        raise malformed(key)
    return value


def _plain_number(source: Document, key: str, *, decimals: int) -> Decimal:
    """A number of few enough digits for arithmetic with it to be exact; "1", true, -0.5 and 1e3 are none."""
    value = source.get(key)
    if type(value) is int:
        value = Decimal(value)
    elif not isinstance(value, Decimal) or not -decimals <= int(value.as_tuple().exponent) < 0:
        raise malformed(key)
    if value.is_signed() or value.adjusted() > _MOST_DIGITS:
        raise malformed(key)
    return value


def moment(source: Document, key: str) -> datetime:
    """An RFC 3339 time with its zone, as UTC; whether it has passed is not judged here."""
    value = source.get(key)
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        raise malformed(key)
    try:
        parsed: datetime | None = datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        parsed = None
    if parsed is None:
        raise malformed(key)
    return parsed


def day(source: Document, key: str) -> date:
    """A calendar day, YYYY-MM-DD."""
    value = source.get(key)
    if not isinstance(value, str) or not DAY.fullmatch(value):
        raise malformed(key)
    try:
        parsed: date | None = date.fromisoformat(value)
    except ValueError:
        parsed = None
    if parsed is None:
        raise malformed(key)
    return parsed


def identifier(source: Document, key: str) -> UUID:
    value = source.get(key)
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        raise malformed(key)
    return UUID(value)


def known_words(values: Iterable[Any], vocabulary: frozenset[str]) -> tuple[str, ...]:
    """Those of the values that we know, each once, in their order."""
    return tuple(dict.fromkeys(value for value in values if _is_known(value, vocabulary)))


def _is_known(value: Any, vocabulary: frozenset[str]) -> TypeGuard[str]:
    return isinstance(value, str) and value in vocabulary


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _refuse_constant(name: str) -> None:
    raise ValueError
