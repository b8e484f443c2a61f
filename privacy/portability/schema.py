"""The JSON Schema (2020-12) of the file, made from the data map, and holding what came against it.

What we write is held to it before it is handed out. A reader takes labels that it does not know for what a
newer version may have added, and leaves them alone.
"""

from functools import cache
from typing import Any

from django.db import models
from jsonschema import Draft202012Validator, FormatChecker

from applications.crypto.fields import EncryptedBytes, EncryptedJSON
from applications.declarations import Declared
from privacy.portability.scope import portable_fields, portable_uses
from privacy.portability.vocabulary import BASES, CONTEXT, FROM_THE_PERSON, PURPOSES, RIGHT, term_of

SCHEMA_ID = "urn:joinbaltic:portability:1"
URN = "^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
MOMENT = "^2[0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"
LONGEST_TEXT = 20_000
MOST_RECORDS, MOST_LABELS = 2_000, 200


class NotOfTheFormat(Exception):
    """A file that does not follow the schema; never what was in it."""


def schema() -> dict[str, Any]:
    """The published schema."""
    fields = {one.label: one for one in portable_fields()}
    controller = {
        "type": "object",
        "required": ["@type", "name"],
        "properties": {
            "@type": {"const": "dpv:DataController"},
            "name": _text(200),
            "url": _text(300),
            "jwks": _text(300),
            "endpoint": _text(300),
        },
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": "What a person provided, to take elsewhere (GDPR Art. 20)",
        "type": "object",
        "required": [
            "$schema", "@context", "version", "id", "issued_at", "right", "controller", "recipient",
            "data_subject", "handling", "records",
        ],
        "properties": {
            "$schema": {**_text(300), "description": "Where this schema is published."},
            "@context": {"type": "object", "description": "JSON-LD 1.1; nothing is to be fetched.",
                         "default": dict(CONTEXT)},
            "version": {"type": "string", "pattern": "^1\\.[0-9]+$"},
            "id": {"type": "string", "pattern": URN},
            "issued_at": {"type": "string", "pattern": MOMENT, "format": "date-time"},
            "right": {"const": RIGHT},
            "controller": {**controller, "description": "Who had the data and signed the file."},
            "recipient": {"oneOf": [{"type": "null"}, {**controller, "required": ["name", "endpoint"]}],
                          "description": "Whom the file is for; null in one that a person downloads."},
            "data_subject": {
                "type": "object",
                "required": ["email"],
                "properties": {"email": {**_text(320), "description": "Proved by a mailed code."}},
            },
            "handling": {"type": "array", "maxItems": MOST_LABELS, "items": _handling()},
            "records": {"type": "array", "maxItems": MOST_RECORDS, "items": _record(fields)},
        },
    }  # fmt: skip


def check(document: Any) -> None:
    """Raises NotOfTheFormat."""
    try:
        valid = _validator().is_valid(document)
    except RecursionError:
        valid = False
    if not valid:
        raise NotOfTheFormat


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(schema(), format_checker=FormatChecker(["date"]))


def _record(fields: dict[str, Declared]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["kind", "id", "values"],
        "properties": {
            "kind": _text(60),
            "id": {"type": "string", "pattern": URN},
            "saved_at": {"type": "string", "pattern": MOMENT},
            "values": {
                "type": "object",
                "minProperties": 1,
                "maxProperties": MOST_LABELS,
                "propertyNames": {"pattern": "^[a-z0-9_.]{1,64}$"},
                "properties": {label: _value(one) for label, one in sorted(fields.items())},
            },
        },
    }


def _handling() -> dict[str, Any]:
    term = {"type": "string", "pattern": "^[a-z-]+:[A-Za-z0-9-]{1,60}$"}
    some = {"type": "array", "minItems": 1, "maxItems": 20, "items": term}
    return {
        "type": "object",
        "required": ["label", "hasPersonalData", "hasLegalBasis", "hasPurpose"],
        "properties": {
            "@type": {"const": "dpv:Process"},
            "label": _text(64),
            "name": _text(200),
            "hasPersonalData": term,
            "hasLegalBasis": {**some, "items": {"enum": sorted(BASES.values())}},
            "hasPurpose": some,
            "hasDataSource": {"const": FROM_THE_PERSON},
        },
    }


def _value(one: Declared) -> dict[str, Any]:
    """What a value of this field looks like, and what it is in DPV."""
    field, mark = one.field, one.mark
    assert mark is not None  # noqa: S101 - only portable fields come here
    uses = portable_uses(mark)
    about = {
        "title": term_of(one.label, mark.category),
        "$comment": ", ".join(sorted({BASES[basis] for basis in uses.values()}))
        + "; "
        + ", ".join(sorted({PURPOSES[purpose] for purpose in uses})),
    }
    return _shape(field) | about


def _shape(field: models.Field) -> dict[str, Any]:
    match field:
        case EncryptedBytes():
            content = {"type": "string", "contentEncoding": "base64", "pattern": "^[A-Za-z0-9+/]*={0,2}$"}
            names = ["media_type", "content"]
            return {"type": "object", "required": names,
                    "properties": {"media_type": _text(100), "content": content}}  # fmt: skip
        case EncryptedJSON():
            return {"type": "object", "maxProperties": MOST_LABELS, "description": "Values by their labels."}
        case models.DateTimeField():
            return {"type": "string", "format": "date-time"}
        case models.DateField():
            return {"type": "string", "format": "date"}
        case models.BooleanField():
            return {"type": "boolean"}
        case models.IntegerField():
            return {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1}
        case _:
            return _text(LONGEST_TEXT)


def _text(longest: int) -> dict[str, Any]:
    return {"type": "string", "maxLength": longest}
