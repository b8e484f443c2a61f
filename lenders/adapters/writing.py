"""What we write to a lender: JSON in exactly the digits meant, and times in UTC."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from lenders.adapters.errors import ErrorCode, LenderError


def json_body(document: Mapping[str, Any]) -> bytes:
    """A JSON object as UTF-8; a Decimal becomes a number with the decimals it has.

    Raises LenderError(value_not_supported) for text that is none.
    """
    text = _json(document)
    encoded = text.encode(errors="ignore")
    if encoded.decode() != text:  # a lone surrogate is no letter, and dropping it would be dropping data
        raise LenderError(ErrorCode.VALUE_NOT_SUPPORTED, permanent=True)
    return encoded


def moment(at: datetime) -> str:
    """RFC 3339 in UTC to the second."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _json(value: Any) -> str:
    match value:
        case Mapping():
            return "{" + ",".join(f"{_json(key)}:{_json(inner)}" for key, inner in value.items()) + "}"
        case list() | tuple():
            return "[" + ",".join(_json(inner) for inner in value) + "]"
        case Decimal():  # the library would make a float of it
            return format(value, "f")
        case _:
            return json.dumps(value, ensure_ascii=False)
