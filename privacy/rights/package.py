"""Everything that is held about a person (GDPR Art. 15), collected by the data map, as one plain document.

Texts are in the active language; labels and codes are those of the map, and stay. `package_files` writes the
document as the files that a person receives.
"""

import base64
import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.encoding import force_str
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from applications.crypto.fields import EncryptedBytes
from applications.data_policy import POLICIES, uses_of
from applications.declarations import Declared
from applications.formats import date_text, money_text
from applications.models import DataSubject
from applications.personal import Category, Purpose
from applications.selectors.periods import rules_in_force
from applications.selectors.who_saw import Sight, who_saw
from applications.subject_data import ExportedRow
from privacy.datamap import by_category, doors, rules_by_category

EMPTY: tuple[Any, ...] = (None, "", [], {})
PURPOSE = Purpose.DATA_SUBJECT_RIGHTS
ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "application/pdf": "pdf"}


@dataclass(frozen=True)
class Value:
    """One value: its label in the map, what people call it, and itself; `others` where it may be about
    somebody else as well."""

    label: str
    name: str
    value: Any
    others: bool = False

    @property
    def text(self) -> str:
        """As a person reads it; empty where nothing is held."""
        if isinstance(self.value, datetime):
            return moment_text(self.value)
        if isinstance(self.value, date):
            return date_text(self.value)
        if isinstance(self.value, int) and self.label.endswith("_cents"):
            return money_text(self.value)
        return as_text(self.value)


@dataclass(frozen=True)
class Row:
    """What one row holds of one category."""

    kind: str
    row_id: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Attachment:
    """Something held as bytes: a picture, a recording, a document."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Section:
    """A category: what it is, why it is held and for how long, and what is held."""

    category: Category
    holds: str
    grounds: tuple[str, ...]
    sources: tuple[str, ...]
    kept: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Package:
    """One person's data at one moment (UTC), with who received them (Art. 15(1)(c), CJEU C-154/21)."""

    made_at: datetime
    customer_reference: str
    sections: tuple[Section, ...]
    recipients: tuple[Sight, ...]
    attachments: tuple[Attachment, ...]

    @property
    def automated_decisions(self) -> str:
        """Art. 15(1)(h)."""
        return _(
            "We take no decisions about you by automated means alone. A lender may: its offer says so, and "
            "you can ask us to pass on that a person is to look at its decision."
        )


def collect(subject: DataSubject) -> Package:
    """Everything about a person. Raises SubjectErased, or a ProcessingRefused."""
    rows = [row for door in doors() for row in door.export(subject, purpose=PURPOSE)]
    attachments: list[Attachment] = []
    return Package(
        made_at=timezone.now(),
        customer_reference=subject.customer_reference,
        sections=tuple(_section(category, rows, attachments) for category in Category),
        recipients=tuple(who_saw(subject.pk, purpose=PURPOSE)),
        attachments=tuple(attachments),
    )


def _section(category: Category, rows: list[ExportedRow], attachments: list[Attachment]) -> Section:
    entries = by_category().get(category, [])
    grounds = {ground for entry in entries for ground in uses_of(entry.mark).items()}
    sources = {source for entry in entries for source in entry.mark.sources}
    rules = rules_in_force()
    return Section(
        category=category,
        holds=str(POLICIES[category].holds),
        grounds=tuple(sorted(f"{purpose.label}: {basis.label}" for purpose, basis in grounds)),
        sources=tuple(sorted(str(source.label) for source in sources)),
        kept=tuple(f"{rule.label}: {rules[rule].text}" for rule in rules_by_category().get(category, ())),
        rows=tuple(found for row in rows if (found := row_of(row, category, attachments)) is not None),
    )


def row_of(row: ExportedRow, category: Category, attachments: list[Attachment]) -> Row | None:
    """What an exported row holds of a category; files go to `attachments`. None where it holds nothing."""
    fields = [one for one in row.fields if one.mark is not None and one.mark.category == category]
    values = tuple(_value(row, one, attachments) for one in fields if row.values[one.label] not in EMPTY)
    return Row(str(row.model._meta.verbose_name), row.row_id, values) if values else None


def _value(row: ExportedRow, field: Declared, attachments: list[Attachment]) -> Value:
    value = row.values[field.label]
    if isinstance(value, memoryview):
        value = bytes(value)
    if isinstance(value, bytes) and isinstance(field.field, EncryptedBytes):
        media_type = next((text for label, text in row.values.items() if label.endswith("media_type")), "")
        file = f"{field.label}-{row.row_id}.{ENDINGS.get(media_type, 'bin')}"
        attachments.append(Attachment(file, value))
        value = file
    name = capfirst(force_str(field.field.verbose_name))
    return Value(field.label, name, _coded(field, value), field.mark is not None and field.mark.third_persons)


def _coded(field: Declared, value: Any) -> Any:
    """A code with its word, where the field has words for its codes."""
    words = dict(field.field.flatchoices)
    return f"{words[value]} ({value})" if isinstance(value, str) and value in words else value


def held_back(package: Package) -> list[str]:
    """The keys of values that may be about somebody else as well: looked through first (Art. 15(4))."""
    return [
        key_of(row.row_id, value.label)
        for section in package.sections
        for row in section.rows
        for value in row.values
        if value.others
    ]


def key_of(row_id: str, label: str) -> str:
    """What one value of the document is called."""
    return f"{row_id}/{label}"


def as_document(package: Package) -> dict[str, Any]:
    """The package as plain data for JSON: stable keys, money in euro cents, moments in ISO 8601."""
    document = {
        "made_at": package.made_at,
        "made_on": moment_text(package.made_at),
        "customer_reference": package.customer_reference,
        "categories": [
            {
                "category": section.category.value,
                "name": str(section.category.label),
                "holds": section.holds,
                "purposes_and_bases": section.grounds,
                "sources": section.sources,
                "kept": section.kept,
                "held": [row_as_data(row) for row in section.rows],
            }
            for section in package.sections
        ],
        "recipients": [
            {
                "at": sight.at, "on": moment_text(sight.at), "who": sight.who, "what": sight.what,
                "purpose": sight.purpose, "application": sight.reference, "certain": sight.certain,
                "since": sight.since,
            }
            for sight in package.recipients
        ],
        "automated_decisions": package.automated_decisions,
        "attachments": {one.name: base64.b64encode(one.content).decode() for one in package.attachments},
    }  # fmt: skip
    plain: dict[str, Any] = json.loads(json.dumps(document, ensure_ascii=False, default=as_text))
    return plain


def moment_text(moment: datetime) -> str:
    """A moment as people in Riga read it."""
    return date_format(timezone.localtime(moment), "DATETIME_FORMAT")


def row_as_data(row: Row) -> dict[str, Any]:
    """One row for JSON."""
    values = [
        {
            "label": value.label, "name": value.name, "value": value.value, "text": value.text,
            "key": key_of(row.row_id, value.label),
        }
        for value in row.values
    ]  # fmt: skip
    return {"kind": row.kind, "id": row.row_id, "values": values}


def as_text(value: Any) -> str:
    """One value as text; empty where nothing is held."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=as_text)
    return str(value) if isinstance(value, str | int | Decimal | UUID) else force_str(value)
