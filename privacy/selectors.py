"""The privacy floor's readers."""

from datetime import date
from typing import Any

from applications.collation import latvian_key
from applications.models import Recipient
from applications.personal import RecipientKind
from privacy.notice_facts import what_they_do


def current_recipients(today: date) -> list[dict[str, Any]]:
    """Who may receive data today, by kind: recipients whose agreement and assessment are in order."""
    fit = [one for one in Recipient.objects.all() if one.lapsed(today) is None]
    fit.sort(key=lambda one: latvian_key(one.name))
    return [
        {
            "name": kind.label,
            "does": what_they_do()[kind],
            "recipients": [one for one in fit if one.kind == kind],
        }
        for kind in RecipientKind
        if any(one.kind == kind for one in fit)
    ]
