"""What comes of a check, in words: kinds, counts, codes and names of ours, never a value of an answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lenders.adapters.base import AnyAnswer, LenderError, NeedsMore, Offered
from lenders.outcomes import in_words


class Result(StrEnum):
    PASS = "PASS"  # noqa: S105 - a result
    FAIL = "FAIL"
    SKIP = "SKIP"


@dataclass(frozen=True)
class Finding:
    """What came of one check, and why, in words without personal data."""

    result: Result
    check: str
    reason: str


class Failed(Exception):
    """The lender does not do what it must; the message says what came instead."""


class Skipped(Exception):
    """There is nothing to check; the message says why."""


def said(answer: AnyAnswer | None) -> str:
    """An answer by its kind and counts."""
    match answer:
        case None:
            return "nothing"
        case Offered(offers=offers):
            return counted(len(offers), "offer")
        case NeedsMore(needs=needs):
            return f"it needs {len(needs)} more"
        case _:
            return type(answer).__name__.lower()


def counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def told(error: LenderError, status: int | None) -> str:
    """Why there is no usable answer: the code, the HTTP status if one came, and what is known of it."""
    answered = f" (HTTP {status})" if status else ""
    found = [error.where] if error.where else []
    found += [f"{problem.attribute} {problem.type}" for problem in error.problems]
    about = f" It is about: {', '.join(found)}." if found else ""
    return f"{error.code}{answered}. {in_words(error.code)}{about}"
