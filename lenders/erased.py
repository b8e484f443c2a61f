"""Submissions whose rows are gone: a lender that still speaks of one is told so, and its word is not lost."""

from collections.abc import Callable
from uuid import UUID

from lenders.adapters.base import AnyAnswer

Remembered = Callable[[str, UUID, AnyAnswer], bool | None]
"""Of a lender's slug, a submission and what it says: None where nobody remembers such a submission, True
where its answer to the request to delete was noted, False where there was nothing to note."""

remembered: list[Remembered] = []
"""The floor above adds its own in AppConfig.ready()."""


def late_word(slug: str, submission_id: UUID, answer: AnyAnswer) -> bool | None:
    """Whether somebody remembers this submission of this lender, and noted what it says."""
    found = [word for one in remembered if (word := one(slug, submission_id, answer)) is not None]
    return any(found) if found else None
