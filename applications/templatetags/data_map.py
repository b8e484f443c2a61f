"""Why a question is asked, beside the question: from the field's declaration in the data map."""

from typing import Any

from django import template
from django.db import models

from applications.documents import BY_NAME
from applications.form_fields import FORM_FIELDS
from applications.models import DataSubject
from applications.personal import Personal

register = template.Library()


def _mark(name: str) -> Personal | None:
    known = FORM_FIELDS.get(name) or BY_NAME.get(name)
    if known is not None:
        return known.personal
    email: models.Field[Any, Any] = DataSubject._meta.get_field("email")
    return getattr(email, "personal", None) if name == email.name else None


@register.inclusion_tag("includes/why_we_ask.html")
def why_we_ask(name: str, label: str) -> dict[str, Any]:
    """The reason for one field of the form, and where the notice tells more; nothing for other fields.

    `label` tells apart, for whoever hears the page, the many reasons that are called the same.
    """
    mark = _mark(name)
    return {"why": mark.why if mark else "", "category": mark.category if mark else "", "label": label}
