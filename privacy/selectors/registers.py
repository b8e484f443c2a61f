"""The privacy floor's readers."""

from datetime import date
from typing import Any

from django.db.models import Q

from applications.collation import latvian_key
from applications.errors import NoticeChanged
from applications.models import Application, DataSubject, Recipient
from applications.personal import RecipientKind
from applications.references import as_stored
from privacy.notice_facts import what_they_do
from privacy.notices import NoticeTextError, to_publish


def current_recipients(today: date) -> list[dict[str, Any]]:
    """Who may receive data today, by kind: recipients whose papers are in order."""
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


def notices_wait() -> bool:
    """Whether some notice's published text is not what its text and the contacts say now."""
    try:
        return bool(to_publish())
    except (NoticeTextError, NoticeChanged):
        return True


def subject_known_as(number: str) -> DataSubject | None:
    """The person of a customer reference, an account number or an application number."""
    number = as_stored(number)
    return DataSubject.objects.filter(
        Q(customer_reference=number)
        | Q(account_number=number)
        | Q(pk__in=Application.objects.filter(reference=number).values("subject"))
    ).first()
