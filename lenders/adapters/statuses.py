"""What an HTTP status from a lender means for us: usable, try again, or give up."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from lenders.adapters.base import HttpAnswer
from lenders.adapters.errors import ErrorCode, LenderError

LONGEST_WAIT_SECONDS = 3600.0
_SECONDS = re.compile(r"[0-9]{1,9}")

NOT_YET_ACTED_ON = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_EARLY,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.SERVICE_UNAVAILABLE,
    }
)
"""Statuses by which a server says that it did not act.

Any other 5xx may come from a gateway whose backend did.
"""


def failure(answer: HttpAnswer, *, now: datetime) -> LenderError | None:
    """The error a status stands for, or None for 2xx. 408, 425, 429 and 5xx pass; the rest of 3xx and 4xx
    do not.
    """
    if 200 <= answer.status < 300:
        return None
    if answer.status in NOT_YET_ACTED_ON or answer.status >= 500:
        return LenderError(
            ErrorCode.UNAVAILABLE,
            permanent=False,
            ambiguous=answer.status not in NOT_YET_ACTED_ON,
            retry_after=retry_after(answer.headers, now=now),
        )
    if 300 <= answer.status < 400:
        return LenderError(ErrorCode.REDIRECTED, permanent=True)
    return LenderError(ErrorCode.REJECTED, permanent=True)


def retry_after(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Seconds to wait by the Retry-After header (seconds or an HTTP date), from 0 to an hour; None where
    absent or unreadable.
    """
    value = headers.get("retry-after", "").strip()
    seconds = float(value) if _SECONDS.fullmatch(value) else _seconds_until(value, now=now)
    return None if seconds is None else min(max(seconds, 0.0), LONGEST_WAIT_SECONDS)


def _seconds_until(http_date: str, *, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(http_date)
        # a date without a zone is in GMT by RFC 9110
        return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
