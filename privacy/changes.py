"""What a person wants corrected, as it is kept with the request: JSON under the request's key.

A change is {"application", "label", "old", "new"}; once decided with "accepted"; once carried out with
"where", the applications in which the right value stands now.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from applications.flow import forms_asking
from applications.form_fields import BY_LABEL, STATEMENT_LABEL
from applications.widgets import DatePartsField, RadioField

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


def text_of(change: Stored, which: str) -> str:
    """The old or the new value as a person reads it, in the active language; empty where there is none."""
    value = typed(change, which)
    if value is None or change["label"] not in BY_LABEL:
        return str(value or "")
    name = BY_LABEL[change["label"]].name
    return forms_asking([name], {name: value})[0].display(name)


def correctable() -> list[str]:
    """The labels of what can be corrected in an application: every answer, and what completes them."""
    return [*BY_LABEL, STATEMENT_LABEL]


def as_cleaned(label: str, text: str) -> Any:
    """What was written into one line, as the form cleans it. Raises ValidationError, with a sentence."""
    if label == STATEMENT_LABEL:
        return text.strip()
    name = BY_LABEL[label].name
    field = forms_asking([name], {})[0].fields[name]
    if isinstance(field, DatePartsField):
        day, month, year, *more = [*re.split(r"[\s.]+", text.strip(" .")), "", ""]
        return field.clean([day, month, " ".join([year, *more]).strip()])
    if isinstance(field, RadioField):
        return _chosen(field, text.strip())
    return field.clean(text)


def _chosen(field: RadioField, text: str) -> str:
    """The answer that is called so, in the active language, or by its code."""
    for code, label in field.labels.items():
        if text.casefold() in (code, str(label).casefold()):
            return code
    answers = "; ".join(str(label) for label in field.labels.values())
    raise ValidationError(gettext("Write one of these: %(answers)s.") % {"answers": answers})


def accepted(change: Stored) -> bool:
    """Whether it is carried out: decided so, or nobody has had to decide."""
    return bool(change.get("accepted", True))


def decision_text(change: Stored) -> str:
    """What was decided about it, in words."""
    if "accepted" not in change:
        return gettext("not decided yet")
    if not change["accepted"]:
        return gettext("stays as it is")
    return gettext("corrected") if "where" in change else gettext("is being corrected")


def key_of(change: Stored) -> tuple[str, str]:
    """Which value it is about: of two about the same the later one counts."""
    return change["application"], change["label"]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
