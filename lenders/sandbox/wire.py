"""Signed JSON, as any lender would write it with the Standard Webhooks library."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from standardwebhooks.webhooks import Webhook

Headers = dict[str, str]


def is_signed(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    """Whether we are who we say: signed with the shared secret, at most five minutes old."""
    try:
        Webhook(secret).verify(body, dict(headers), json_parse=False)
    except Exception:  # the library raises ValueError and others on malformed input; each means no
        return False
    return True


def message(document: Mapping[str, Any], *, kind: str, secret: str) -> tuple[bytes, Headers]:
    """A body and its headers. The same message has the same id however often it is sent."""
    body = json.dumps(document, separators=(",", ":")).encode()
    message_id = f"msg_{hashlib.sha256(kind.encode() + body).hexdigest()[:32]}"
    return body, signature(message_id, body, secret)


def signature(message_id: str, body: bytes, secret: str) -> Headers:
    now = datetime.now(tz=UTC)
    return {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, now, body.decode()),
    }


def problem(attribute: str, kind: str, text: str) -> dict[str, Any]:
    """The body of a refusal."""
    return {"errors": [{"attribute": attribute, "type": kind, "message": text}]}


def uuid_of(text: object) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None


def object_of(body: bytes) -> dict[str, Any]:
    """The JSON object in a body, empty where there is none."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def field_names(document: Mapping[str, Any]) -> list[str]:
    """The names, never the values, of what an application or a supplement tells: "customer.surname" and so
    on, and "document.income".
    """
    groups = {name: value for name, value in document.items() if isinstance(value, dict)}
    told = [f"{name}.{key}" for name, group in groups.items() for key in group]
    return sorted(told + [str(one.get("label")) for one in files_of(document)])


def files_of(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The files that a supplement brings."""
    files = document.get("documents")
    return [one for one in files if isinstance(one, dict)] if isinstance(files, list) else []
