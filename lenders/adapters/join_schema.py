"""What a lender may say to us in the JO1N protocol, as a JSON Schema (2020-12) made from the limits and the
words with which `join_answers` reads it.

What no schema can say is told in words: the figures of an offer agree with one another, references of several
offers differ, and whole numbers are written without a decimal point.
"""

from __future__ import annotations

from typing import Any

from lenders.adapters import reading
from lenders.adapters.base import DECLINE_REASONS, RETENTION_BASES, REVIEW_OUTCOMES
from lenders.adapters.join_answers import LONGEST_EXPLANATION, MOST_NEEDS, NEEDABLE
from lenders.adapters.terms import HIGHEST_RATE, LONGEST_TERM_MONTHS, MOST_CENTS, MOST_OFFERS

Schema = dict[str, Any]

WORD: Schema = {"type": "string", "minLength": 1, "maxLength": reading.LONGEST_WORD}
REFERENCE: Schema = {"type": "string", "pattern": f"^{reading.REFERENCE.pattern}$"}
RATE: Schema = {
    "type": "string",
    "pattern": rf"^([0-9]{{1,3}}(\.[0-9]{{1,6}})?|{HIGHEST_RATE}(\.0{{1,6}})?)$",
    "description": f"Percent a year as plain digits, at most {HIGHEST_RATE}.",
}
MOMENT: Schema = {"type": "string", "format": "date-time", "pattern": "^20"}
DAY: Schema = {
    "type": ["string", "null"],
    "format": "date",
    "pattern": f"^{reading.DAY.pattern}$",
    "description": "The last day; null, or left out, where it cannot be named.",
}
_READABLE = f"[^{reading.UNREADABLE}]*"
TEXT: Schema = {
    "type": "string",
    "maxLength": LONGEST_EXPLANATION,
    "pattern": rf"^{_READABLE}[^\s{reading.UNREADABLE}]{_READABLE}$",
    "description": "Plain text for the person, in the language of the application.",
}
NOTICE_ID: Schema = {"type": "string", "format": "uuid", "description": "Of the notice that it answers."}
MONTHS: Schema = {"type": "integer", "minimum": 1, "maximum": LONGEST_TERM_MONTHS}


def callback_schema() -> Schema:
    """One message about one submission; a status that is not listed, and any further field, is ignored."""
    return {
        "type": "object",
        "required": ["submission_id", "status"],
        "properties": {
            "submission_id": {"type": "string", "format": "uuid"},
            "status": WORD,
            "lender_reference": REFERENCE,
        },
        "oneOf": [
            _said("offered", ["offer"], offer=_offer()) | {"not": {"required": ["offers"]}},
            _said("offered", ["offers"], offers=_some(_offer(), MOST_OFFERS))
            | {"not": {"required": ["offer"]}},
            _said("declined", ["reason"], reason=_words(DECLINE_REASONS)),
            _said("pending", []),
            _said("needs_more", ["needs"], needs=_needs()),
            _said("withdrawn", []),
            _said("contract_signed", []),
            _said("deleted", []),
            _said("retained", ["basis"], basis=_words(RETENTION_BASES), until=DAY),
            _said("noted", ["notice_id"], notice_id=NOTICE_ID, until=DAY),
            _said(
                "reviewed",
                ["notice_id", "outcome", "explanation"],
                notice_id=NOTICE_ID,
                outcome={"enum": sorted(REVIEW_OUTCOMES)},
                explanation=TEXT,
            ),
            {"properties": {"status": {"not": {"enum": sorted(STATUSES)}}}, "title": "unknown"},
        ],
    }


STATUSES = frozenset(
    {
        "offered",
        "declined",
        "pending",
        "needs_more",
        "withdrawn",
        "contract_signed",
        "deleted",
        "retained",
        "noted",
        "reviewed",
    }
)


def _said(status: str, required: list[str], **properties: Schema) -> Schema:
    return {
        "title": status,
        "required": required,
        "properties": {"status": {"const": status}, **properties},
    }


def _words(known: frozenset[str]) -> Schema:
    """A word; one that is not known is read as `other`."""
    return {**WORD, "description": f"Known: {', '.join(sorted(known))}. Any other is read as `other`."}


def _some(entry: Schema, most: int) -> Schema:
    return {"type": "array", "minItems": 1, "maxItems": most, "items": entry}


def _needs() -> Schema:
    """At least one that we can give; any other is ignored."""
    return {
        **_some({}, MOST_NEEDS),
        "contains": {"enum": sorted(NEEDABLE)},
        "description": "What is missing, by label. A label that is not known is ignored.",
    }


def _cents(least: int) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": MOST_CENTS, "description": "Euro cents."}


def _offer() -> Schema:
    instalment = {"month": MONTHS, "amount_cents": _cents(0)}
    properties: Schema = {
        "reference": REFERENCE,
        "amount_cents": _cents(1),
        "term_months": MONTHS,
        "instalment_cents": _cents(1),
        "borrowing_rate": RATE,
        "apr": RATE,
        "total_payable_cents": _cents(1),
        "upfront_fees_cents": _cents(0),
        "schedule": _some(
            {"type": "object", "required": sorted(instalment), "properties": instalment}, LONGEST_TERM_MONTHS
        ),
        "valid_until": MOMENT,
        "price_personalised": {"type": "boolean"},
    }
    return {
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "description": "The sum of the schedule and the upfront fees is the total payable, which is not less "
        "than the amount; months rise and end within the term; the instalment is the commonest one.",
    }
