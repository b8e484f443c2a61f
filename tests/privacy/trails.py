"""A planted person, and the trail: all by which something of theirs can be known again on the disks."""

from collections.abc import Iterator
from dataclasses import dataclass
from secrets import token_hex
from typing import Any
from uuid import UUID

from django.db import models

from applications.crypto.fields import EncryptedField
from applications.crypto.keyring import data_key_scope
from applications.crypto.models import DataKey
from applications.models import DataSubject, EmailChallenge, OutboundMail
from applications.subject_data import outlives_its_subject
from privacy.datamap import doors
from tests.planted import plant
from tests.privacy.forensics import Sealing

PARTNER = "zqxqzpartner"  # a member of staff: stands in plain, and shows that a word would be found
SHORTEST_MARK = 8  # a shorter value says nothing of whom it came from


@dataclass(frozen=True)
class Trail:
    """What is known of a person before the erasure.

    `sealings` are those of every encrypted field of every row, `filled` those that hold a value now;
    `wrapped` the data keys as they are stored, by owner; `marks` the numbers and digests in plain columns of
    the rows that lead to the person.
    """

    word: str
    subject: DataSubject
    owner_ids: frozenset[UUID]
    sealings: frozenset[Sealing]
    filled: frozenset[Sealing]
    wrapped: dict[str, bytes]
    marks: dict[str, bytes]

    @property
    def readable(self) -> frozenset[Sealing]:
        """What the product itself can read: not the mail of a code that was used."""
        return frozenset(one for one in self.filled if str(one.owner_id) in self.wrapped)


def planted(word: str) -> Trail:
    """Plant a person and note the trail. A used code leads to nobody, so it is caught as it is made."""
    before = set(EmailChallenge.objects.values_list("pk", flat=True))
    subject = plant(word, partner=f"{PARTNER}-{token_hex(6)}")
    codes = set(EmailChallenge.objects.values_list("pk", flat=True)) - before
    with data_key_scope():
        leading = [row for door in doors() for rows in door.rows_of(subject) for row in rows]
    mails = OutboundMail.objects.filter(owner_id__in=codes)
    rows = [*leading, *EmailChallenge.objects.filter(pk__in=codes), *mails]
    sealings = frozenset(sealing for row in rows for sealing in sealings_of(row))
    owner_ids = frozenset({subject.pk, *codes, *(sealing.owner_id for sealing in sealings)})
    stored = DataKey.objects.filter(owner_id__in=owner_ids, wrapped__isnull=False)
    return Trail(
        word=word,
        subject=subject,
        owner_ids=owner_ids,
        sealings=sealings,
        filled=frozenset(sealing for row in rows for sealing in sealings_of(row, filled=True)),
        wrapped={str(owner): bytes(key) for owner, key in stored.values_list("owner_id", "wrapped")},
        marks={
            name: mark for row in leading for name, mark in marks_of(row) if mark != str(subject.pk).encode()
        },
    )


def sealings_of(row: Any, *, filled: bool = False) -> Iterator[Sealing]:
    for field in row._meta.concrete_fields:
        # as it was fetched: not every envelope opens
        if isinstance(field, EncryptedField) and not (filled and row.__dict__[field.attname] is None):
            yield Sealing(field.label, row.pk, row.owner_id)


def marks_of(row: models.Model) -> Iterator[tuple[str, bytes]]:
    """Plain numbers, references and digests of a row that an erasure takes away, by column and row."""
    if outlives_its_subject(type(row)):
        return
    for field in row._meta.concrete_fields:
        value = row.__dict__[field.attname]
        raw = value.encode() if isinstance(value, str) else value
        telling = isinstance(raw, bytes | memoryview) and len(raw) >= SHORTEST_MARK and not field.choices
        if telling and not isinstance(field, EncryptedField):
            yield f"{row._meta.model_name}.{field.name} {row.pk}", bytes(raw)


def own_marks(trail: Trail, other: Trail) -> dict[str, bytes]:
    """Those that nobody else shares: the planted have one personal code, and one wording of a consent."""
    return {name: mark for name, mark in trail.marks.items() if mark not in other.marks.values()}
