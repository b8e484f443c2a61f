"""What a person's pages show of taking data elsewhere: to whom, and what others passed on for them."""

import json
from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from applications import flow
from applications.collation import latvian_key
from applications.crypto.matching import confirmed
from applications.crypto.reading import unless_destroyed
from applications.form_fields import FORM_FIELDS, label_text
from applications.models import DataSubject
from applications.personal import Purpose
from applications.selectors.people import answers, draft_of
from applications.selectors.permission import require
from privacy.errors import NothingThere
from privacy.models import Arrival, ArrivalStatus, OtherController
from privacy.portability.taking import answers_in, fitting

SHOW = Purpose.DATA_SUBJECT_RIGHTS


def controllers() -> Sequence[OtherController]:
    """Those to which a file can be passed on today, by name."""
    today = timezone.localdate()
    found = OtherController.objects.select_related("recipient")
    return sorted(
        (one for one in found if one.takes_part(today)), key=lambda one: latvian_key(one.recipient.name)
    )


def waiting_for(subject: DataSubject) -> Sequence[Arrival]:
    """Files that wait for this person's proved address, the newest first.

    Raises SubjectErased or a ProcessingRefused.
    """
    require(subject.pk, SHOW)
    waiting = Arrival.objects.filter(status=ArrivalStatus.WAITING, expires_at__gt=timezone.now())
    rows = waiting.select_related("controller__recipient").order_by("-received_at", "pk")
    return confirmed(rows, "address_index", subject.verified_email)


def document_of(arrival: Arrival) -> dict[str, Any]:
    """What arrived. Raises NothingThere once its key is gone."""
    content = unless_destroyed(arrival, "content")
    if not content:
        raise NothingThere
    document: dict[str, Any] = json.loads(bytes(content))
    return document


def would_be_taken(arrival: Arrival, subject: DataSubject) -> tuple[list[tuple[str, str]], list[str]]:
    """What a person's draft would take of what arrived: question and answer; and the questions that stay as
    they are, answered already or not fit for the form. Raises NothingThere.
    """
    draft = draft_of(subject.pk, purpose=SHOW)
    given = answers(draft, purpose=SHOW) if draft else {}
    brought = answers_in(document_of(arrival))
    taken = fitting(given, brought)
    after = {**given, **taken}
    shown = [
        (str(form.fields[name].label), form.display(name))
        for step in flow.shown_steps(after)
        for form in (step.form(answers=after),)
        for name in form.fields
        if name in taken
    ]
    return shown, [label_text(FORM_FIELDS[name].label) for name in brought if name not in taken]
