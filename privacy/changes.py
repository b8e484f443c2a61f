"""What a person wants corrected, as it is kept with the request: JSON under the request's key.

A change is {"application", "label", "old", "new"}; once decided with "accepted"; once carried out with
"where", the applications in which the right value stands now. The e-mail address is of no application but
of the account.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from applications.flow import forms_asking
from applications.form_fields import BY_LABEL, EMAIL_LABEL, STATEMENT_LABEL
from applications.validators import clean_email
from applications.widgets import DatePartsField, RadioField

Stored = Mapping[str, Any]
OF_THE_ACCOUNT = ""
"""In the place of an application: of none, of the account."""


def as_stored(*, application_id: UUID | None, label: str, old: Any, new: Any) -> dict[str, Any]:
    """A change in JSON, which knows no dates."""
    place = str(application_id) if application_id else OF_THE_ACCOUNT
    return {"application": place, "label": label, "old": _plain(old), "new": _plain(new)}


def of_address(*, old: str, new: str) -> dict[str, Any]:
    """The change of an account's e-mail address."""
    return as_stored(application_id=None, label=EMAIL_LABEL, old=old, new=new)


def typed(change: Stored, which: str) -> Any:
    """The old or the new value, as the form cleans it."""
    value = change[which]
    if value is None or change["label"] not in BY_LABEL:  # a statement and an address are text
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
    """The labels of what can be corrected: every answer, what completes them, the account's address."""
    return [*BY_LABEL, STATEMENT_LABEL, EMAIL_LABEL]


def as_cleaned(label: str, text: str) -> Any:
    """What was written into one line, as the form cleans it. Raises ValidationError, with a sentence."""
    if label == STATEMENT_LABEL:
        return text.strip()
    if label == EMAIL_LABEL:
        return clean_email(text)
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
