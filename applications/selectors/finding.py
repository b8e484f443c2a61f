"""Finding a person by exactly what they are known by: a number of ours, e-mail address, phone, personal code.

What was typed is looked up through blind indexes, and every match is confirmed by decryption; nothing is
searched by a part of it.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from applications.crypto.matching import confirmed
from applications.formats import canonical_personal_code, compact
from applications.models import Application, DataSubject, Identification
from applications.personal import Purpose
from applications.references import as_stored
from applications.row_security import opened
from applications.selectors.permission import refusal
from applications.states import ApplicationStatus
from applications.validators import clean_phone

FOUND_FOR = Purpose.DATA_SUBJECT_RIGHTS
"""Who somebody is, and what stands in the way of anything else, staff learn of restricted people as well."""
MOST = 50
ELEVEN = 11


class KnownBy(models.TextChoices):
    NUMBER = "number", _("a number of ours")
    EMAIL = "email", _("the e-mail address")
    PERSONAL_CODE = "personal_code", _("the personal code")
    PHONE = "phone", _("the phone number")


@dataclass(frozen=True)
class Found:
    """One person: by what they were found, their applications that were sent, and what stands in the way."""

    subject: DataSubject
    by: KnownBy
    applications: list[Application]
    stopped: str = ""


def find_people(text: str) -> list[Found]:
    """The people who are known by exactly this, at most MOST; each once, by the first thing that matched."""
    found: dict[DataSubject, KnownBy] = {}
    # What is pasted brings marks along that nobody sees, such as the direction of writing.
    visible = "".join(character for character in text if unicodedata.category(character) != "Cf")
    for by, subjects in _matches(visible.strip()):
        for subject in subjects:
            found.setdefault(subject, by)
    people = list(found.items())[:MOST]
    return [_described(subject, by) for subject, by in people]


def _matches(text: str) -> Iterable[tuple[KnownBy, Iterable[DataSubject]]]:
    if "@" in text:
        yield KnownBy.EMAIL, confirmed(DataSubject.objects.all(), "email_index", text)
        return
    yield KnownBy.NUMBER, _numbered(as_stored(text))
    code = canonical_personal_code(text)
    if sum(character.isdigit() for character in code) == ELEVEN:
        yield KnownBy.PERSONAL_CODE, _answered("personal_code_index", code)
    for phone in _phones(text):
        yield KnownBy.PHONE, _answered("phone_index", phone)


def _numbered(number: str) -> Iterable[DataSubject]:
    sent = Application.objects.exclude(status=ApplicationStatus.DRAFT).filter(reference=number)
    return DataSubject.objects.filter(
        Q(customer_reference=number) | Q(account_number=number) | Q(pk__in=sent.values("subject"))
    )


def _answered(index: str, value: str) -> list[DataSubject]:
    """Whose applications that were sent give this answer."""
    sent = Identification.objects.exclude(application__status=ApplicationStatus.DRAFT)
    with opened(FOUND_FOR):
        return [row.subject for row in confirmed(sent.select_related("subject"), index, value)]


def _phones(text: str) -> list[str]:
    """The number as it is stored, whether or not + stands before the country's code."""
    found = []
    for written in (text, f"+{compact(text)}"):
        try:
            found.append(clean_phone(written))
        except ValidationError:
            continue
    return found


def _described(subject: DataSubject, by: KnownBy) -> Found:
    sent = Application.objects.filter(subject=subject).exclude(status=ApplicationStatus.DRAFT)
    refused = refusal(subject.pk, Purpose.SERVE_CUSTOMERS)
    return Found(subject, by, list(sent.order_by("-submitted_at")), str(refused.sentence) if refused else "")
