"""What a person wants corrected, as it is kept with the request: JSON under the request's key.

A change is {"application", "label", "old", "new"}; once decided with "accepted"; once carried out with
"where", the applications in which the right value stands now.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from applications.form_fields import BY_LABEL

Stored = Mapping[str, Any]


def as_stored(*, application_id: UUID, label: str, old: Any, new: Any) -> dict[str, Any]:
    """A change in JSON, which knows no dates."""
    return {"application": str(application_id), "label": label, "old": _plain(old), "new": _plain(new)}


def typed(change: Stored, which: str) -> Any:
    """The old or the new value, as the form cleans it."""
    value = change[which]
    if value is None or change["label"] not in BY_LABEL:  # a statement is text
        return value
    return BY_LABEL[change["label"]].to_python(value)


def accepted(change: Stored) -> bool:
    """Whether it is carried out: decided so, or nobody has had to decide."""
    return bool(change.get("accepted", True))


def key_of(change: Stored) -> tuple[str, str]:
    """Which value it is about: of two about the same the later one counts."""
    return change["application"], change["label"]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
