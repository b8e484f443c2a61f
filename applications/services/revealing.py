"""Showing a person to a member of staff: for a reason, on a case, written down before anything is shown."""

import re
from dataclasses import dataclass
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from applications.actors import Actor
from applications.data_policy import require_allowed, uses_of
from applications.errors import (
    CaseRefused,
    OutsideMandate,
    ProcessingRefused,
    ReasonRefused,
    Refusal,
    SubjectErased,
)
from applications.form_fields import mark_of
from applications.models import Application, Disclosure, DisclosureStatus, Mandate, StaffUser
from applications.personal import Category, Purpose, RecipientKind
from applications.selectors.permission import require, restricted_use
from applications.selectors.revealed import labels_of, reasons_of
from applications.selectors.staff import is_external, mandate_over
from applications.services import audit

CASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]{2,39}")
# Digits, however they are grouped. Enough to be of somebody are eight in one piece; eleven in all, a personal
# code or a phone number with its country; a phone number in groups, unless they begin with a year.
DIGITS = re.compile(r"[0-9](?:[_./-]*[0-9])*")
GROUPING = re.compile(r"[_./-]+")
IN_ONE_PIECE = re.compile(r"[0-9]{8}")
PHONE = re.compile(r"[26][0-9]{7}")
ELEVEN = 11
YEAR_FIRST = re.compile(r"20[0-9]{2}[_./-]")


@dataclass(frozen=True)
class Look:
    """What is asked for: these categories, for this purpose, on the case of this number."""

    purpose: Purpose
    case: str
    categories: tuple[Category, ...]


def check_case(case: str) -> str:
    """A case's number as it may stand in the audit.

    Raises CaseRefused for what could be somebody's: a personal code or a phone number, however it is grouped,
    and words alone, which a name is made of.
    """
    case = case.strip()
    digits = DIGITS.findall(case)
    if CASE.fullmatch(case) is None or not digits or any(map(_is_somebodys, digits)):
        raise CaseRefused
    return case


def _is_somebodys(digits: str) -> bool:
    plain = GROUPING.sub("", digits)
    is_phone = PHONE.fullmatch(plain) is not None and YEAR_FIRST.match(digits) is None
    return is_phone or len(plain) >= ELEVEN or IN_ONE_PIECE.search(digits) is not None


def reveal(*, application: Application, look: Look, reader: StaffUser) -> Mandate | None:
    """Write down that this person is about to be shown to `reader`, as the person will see it too.

    For an external partner it is a disclosure to the partner's company, under the mandate that is returned.
    Raises CaseRefused, ReasonRefused, OutsideMandate, NotInPolicy, SubjectErased or a ProcessingRefused; a
    refusal is written down as well.
    """
    actor = Actor.staff(reader.pk)
    try:
        mandate = _check(application, look, reader)
    except (OutsideMandate, ReasonRefused, SubjectErased, ProcessingRefused) as refused:
        note_refused(application=application, reader=reader, refused=refused, purpose=look.purpose)
        raise
    with transaction.atomic():
        if mandate is not None:
            _disclose(application, look, mandate)
        audit.record(
            actor=actor, action="application.revealed", subject_id=application.subject_id, row=application,
            purpose=look.purpose, case=look.case, categories=list(look.categories),
            mandate=str(mandate.pk) if mandate else None,
            **restricted_use(application.subject_id, look.purpose),
        )  # fmt: skip
    return mandate


def _check(application: Application, look: Look, reader: StaffUser) -> Mandate | None:
    """That this reader may look; under which mandate, if they are an external partner."""
    check_case(look.case)
    if look.purpose not in reasons_of(reader):
        raise ReasonRefused
    require_allowed([mark_of(label) for label in labels_of(look.categories)], look.purpose)
    require(application.subject_id, look.purpose, categories=look.categories)
    if not is_external(reader):
        return None
    mandate = mandate_over(reader, application.pk)
    if mandate is None:
        raise OutsideMandate
    return mandate


def _disclose(application: Application, look: Look, mandate: Mandate) -> None:
    labels = labels_of(look.categories)
    Disclosure.objects.create(
        subject_id=application.subject_id,
        application=application,
        recipient_kind=RecipientKind.PARTNER,
        recipient=mandate.recipient.slug,
        recipient_name=mandate.recipient.name,
        delivery=uuid4(),
        purpose=look.purpose,
        basis=uses_of(mark_of(labels[0]))[look.purpose],
        fields=labels,
        status=DisclosureStatus.MADE,
        at=timezone.now(),
    )


def note_refused(
    *, application: Application, reader: StaffUser, refused: Refusal, purpose: Purpose | None = None
) -> None:
    """Write down that somebody would have had this person shown; `purpose`, where they came to say one."""
    audit.record_aside(
        actor=Actor.staff(reader.pk), action="application.reveal_refused", subject_id=application.subject_id,
        row=application, purpose=purpose, why=refused.code,
    )  # fmt: skip
