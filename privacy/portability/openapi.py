"""The description (OpenAPI 3.1) of the one call by which another controller passes a file on. Pure."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from privacy.portability.document import LARGEST, ROOT, VERSION

S = HTTPStatus
REFUSALS: Mapping[str, tuple[HTTPStatus, str]] = {
    "too_large": (S.REQUEST_ENTITY_TOO_LARGE, "The file is too large."),
    "not_signed": (S.UNAUTHORIZED, "This is no file that is signed as it has to be."),
    "unknown_key": (S.UNAUTHORIZED, "Nobody in our register signs with this key."),
    "not_in_the_register": (S.FORBIDDEN, "The sender takes no part at the moment."),
    "another_file": (S.CONFLICT, "Another file came under this number before."),
    "not_for_us": (S.UNPROCESSABLE_ENTITY, "The file is for somebody else."),
    "not_of_the_format": (S.UNPROCESSABLE_ENTITY, "The file does not follow the schema."),
    "stale": (S.UNPROCESSABLE_ENTITY, "The file is too old, or from the future."),
    "too_many": (S.TOO_MANY_REQUESTS, "Too many files wait for this person."),
}
"""Why a file is not taken in: the status, and a few words."""


def openapi() -> dict[str, Any]:
    """The document."""
    jose = {"schema": {"type": "string", "description": "Compact JWS (RFC 7515), EdDSA with Ed25519."}}
    by_status: dict[str, list[str]] = {}
    for code, (status, title) in REFUSALS.items():
        by_status.setdefault(str(status.value), []).append(f"`{code}`: {title}")
    refused = {
        status: {
            "description": " ".join(titles),
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, titles in by_status.items()
    }
    receipt = {
        "description": "Taken in, or known already: a JWS of type portability-receipt+jws over the number, "
        "the SHA-256 of the payload, and until when it waits for its person.",
        "content": {"application/jose": jose},
    }
    problem = {
        "type": "object",
        "required": ["type", "title", "status"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
        },
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Passing a person's data on (GDPR Art. 20(2))",
            "version": VERSION,
            "description": f"The payload follows the schema at {ROOT}/schema.json, is addressed to this very "
            f"address, and has {LARGEST} bytes at most with its signature. Keys are agreed beforehand. Send "
            "the same again after 408, 425, 429, 5xx or no answer.",
        },
        "paths": {
            f"{ROOT}/transfers": {
                "post": {
                    "operationId": "passOn",
                    "summary": "One signed file of one person.",
                    "requestBody": {"required": True, "content": {"application/jose": jose}},
                    "responses": {"202": receipt, **refused},
                }
            }
        },
        "components": {"schemas": {"Problem": problem}},
    }
