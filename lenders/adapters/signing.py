"""Standard Webhooks signatures, ours and theirs (https://www.standardwebhooks.com).

HMAC-SHA256 over `id.timestamp.body`; the same scheme on requests, replies and callbacks. The library signs;
the tolerance is checked here against the caller's clock, because the library reads its own and raises
whatever malformed input provokes in it.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from standardwebhooks.webhooks import Webhook

from lenders.adapters.errors import ErrorCode, LenderError
from lenders.adapters.exchange import MESSAGE_ID

TOLERANCE = timedelta(minutes=5)
LEAST_SECRET_BYTES = 24
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_LONGEST_SIGNATURE_HEADER = 2048


def sign(message_id: str, body: bytes, secrets: tuple[str, ...], *, now: datetime) -> dict[str, str]:
    """The three signature headers for a body we send, made with the newest secret.

    Raises LenderError(not_configured) where the lender has no usable secret.
    """
    signer = _signer(secrets[0]) if secrets else None
    if signer is None:
        raise LenderError(ErrorCode.NOT_CONFIGURED, permanent=True)
    moment = now.astimezone(UTC)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": signer.sign(message_id, moment, body.decode()),
    }


def verify(headers: Mapping[str, str], body: bytes, secrets: tuple[str, ...], *, now: datetime) -> str:
    """The id of a message that one of the secrets signed less than five minutes from `now`.

    Raises LenderError: `bad_signature` (missing, malformed or wrong), `stale_message` (rightly signed,
    outside the tolerance).
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    message_id = lowered.get("webhook-id", "")
    moment = _moment(lowered.get("webhook-timestamp", ""))
    text = _text(body)
    if moment is None or text is None or not MESSAGE_ID.fullmatch(message_id):
        raise _bad_signature()
    given = _signatures(lowered.get("webhook-signature", ""))
    signers = [signer for signer in map(_signer, secrets) if signer]
    expected = [sig for signer in signers for sig in _signatures(signer.sign(message_id, moment, text))]
    if not any(hmac.compare_digest(ours, theirs) for ours in expected for theirs in given):
        raise _bad_signature()
    if abs(now - moment) > TOLERANCE:
        raise LenderError(ErrorCode.STALE_MESSAGE, permanent=True)
    return message_id


def is_usable(secret: str) -> bool:
    """Whether it is "whsec_" and the base64 of as many bytes as Standard Webhooks asks for."""
    prefix, _, encoded = secret.partition("_")
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return False
    return prefix == "whsec" and len(key) >= LEAST_SECRET_BYTES


def _bad_signature() -> LenderError:
    return LenderError(ErrorCode.BAD_SIGNATURE, permanent=True)


def _signer(secret: str) -> Webhook | None:
    """None for a secret that is empty or no base64: such a one neither signs nor verifies."""
    try:
        return Webhook(secret)
    except Exception:  # the library documents no list; a secret must never travel in a traceback
        return None


def _moment(timestamp: str) -> datetime | None:
    if not _TIMESTAMP.fullmatch(timestamp):
        return None
    try:
        return datetime.fromtimestamp(int(timestamp), tz=UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _text(body: bytes) -> str | None:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def _signatures(header: str) -> list[bytes]:
    """The v1 signatures of a space-separated list (several while keys rotate); other versions are not ours
    to judge.
    """
    if len(header) > _LONGEST_SIGNATURE_HEADER:
        return []
    found = []
    for part in header.split(" "):
        version, _, encoded = part.partition(",")
        if version == "v1":
            try:
                found.append(base64.b64decode(encoded, validate=True))
            except (binascii.Error, ValueError):
                continue
    return found
