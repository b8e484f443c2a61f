"""Answers out of a file that arrived: what of it fits into a draft. Pure."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError

from applications import flow
from applications.form_fields import BY_LABEL, FORM_FIELDS


def newest_values(document: Mapping[str, Any]) -> dict[str, Any]:
    """Label → value over all records; of several the one saved last."""
    records = sorted(document["records"], key=lambda record: str(record.get("saved_at", "")))
    return {label: value for record in records for label, value in record["values"].items()}


def answers_in(document: Mapping[str, Any]) -> dict[str, Any]:
    """The answers to our form among what arrived, by their names; of several the newest."""
    values = newest_values(document)
    return {BY_LABEL[label].name: value for label, value in values.items() if label in BY_LABEL}


def fitting(given: Mapping[str, Any], brought: Mapping[str, Any]) -> dict[str, Any]:
    """What of it goes into a draft with these answers: what is not answered yet, and passes the form as if
    it were typed now; step by step, for an answer decides what is asked after it.
    """
    known, taken = dict(given), dict[str, Any]()
    for step in flow.STEPS:
        if not step.shown(known):
            continue
        new = {
            name: value
            for name in flow.fields_of(step)
            if known.get(name) is None and (value := _typed(name, brought.get(name))) is not None
        }
        clean = _clean(step, known, new) if new else {}
        taken |= clean
        known |= clean
    return taken


def _typed(name: str, value: Any) -> Any:
    """A value of JSON as the column has it; None where it is none of those."""
    column: Any = FORM_FIELDS[name].model._meta.get_field(name)
    try:
        return None if value is None else column.to_python(value)
    except (ValidationError, TypeError, ValueError, OverflowError):
        return None


def _clean(step: flow.Step, known: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    form = step.form.from_answers({**known, **new})
    form.full_clean()
    if form.non_field_errors():
        return {}
    return {
        name: form.cleaned_data[name]
        for name in new
        if name not in form.errors and form.cleaned_data.get(name) is not None
    }
