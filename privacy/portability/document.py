"""The file itself: the values that a person provided, by the labels of the data map, with DPV terms."""

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.encoding import force_str
from django.utils.text import capfirst

from applications.crypto.fields import EncryptedBytes
from applications.declarations import Declared
from applications.models import ContactRole, DataSubject
from applications.selectors.contacts import contact
from applications.subject_data import ExportedRow
from privacy.datamap import doors
from privacy.portability.scope import is_portable, may_be_passed_on, portable_fields, portable_uses
from privacy.portability.vocabulary import BASES, CONTEXT, FROM_THE_PERSON, PURPOSES, RIGHT, term_of
from privacy.rights.package import EMPTY, PURPOSE

VERSION = "1.0"
ROOT = "/portability/v1"
FILE_TYPE, RECEIPT_TYPE = "portability+jws", "portability-receipt+jws"
LARGEST = 12 * 1024 * 1024
"""Bytes of a file with its signature, as it is passed on; a larger one is only downloaded."""
Document = dict[str, Any]


@dataclass(frozen=True)
class Addressee:
    """Whom a file is for: it is worth nothing to anybody else."""

    name: str
    endpoint: str


def collect(subject: DataSubject, *, document_id: UUID, issued_at: datetime) -> Document:
    """Everything that a person can take elsewhere, at this moment, in the active language.

    Raises SubjectErased, or a ProcessingRefused.
    """
    rows = [row for door in doors() for row in door.export(subject, purpose=PURPOSE)]
    records = [record for row in rows if (record := _record(row)) is not None]
    held = {label for record in records for label in record["values"]}
    fields = {one.label: one for row in rows for one in row.fields if one.label in held}
    return {
        "$schema": f"{settings.PUBLIC_URL}{ROOT}/schema.json",
        "@context": dict(CONTEXT),
        "version": VERSION,
        "id": document_id.urn,
        "issued_at": moment(issued_at),
        "right": RIGHT,
        "controller": _ourselves(),
        "recipient": None,
        "data_subject": {"@type": "dpv:DataSubject", "email": subject.verified_email},
        "handling": [_handling(fields[label]) for label in sorted(fields)],
        "records": records,
    }


def addressed(
    document: Document, addressee: Addressee, *, document_id: UUID, issued_at: datetime
) -> Document:
    """The same for one other controller, under an identifier of its own, without what the data map does not
    give to other controllers.
    """
    passed = {one.label for one in portable_fields() if may_be_passed_on(one)}
    records = [
        record | {"values": values}
        for record in document["records"]
        if (values := {label: value for label, value in record["values"].items() if label in passed})
    ]
    return document | {
        "id": document_id.urn,
        "issued_at": moment(issued_at),
        "recipient": {
            "@type": "dpv:DataController", "name": addressee.name, "endpoint": addressee.endpoint,
        },
        "handling": [one for one in document["handling"] if one["label"] in passed],
        "records": records,
    }  # fmt: skip


def moment(at: datetime) -> str:
    """A moment to the second, in UTC, as the schema has it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def as_bytes(document: Document) -> bytes:
    """As it is signed and saved: the same document gives the same bytes."""
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def labels_of(document: Document) -> list[str]:
    """The labels of everything in it."""
    return [one["label"] for one in document["handling"]]


def _ourselves() -> dict[str, str]:
    controller = contact(ContactRole.CONTROLLER)
    return {
        "@type": "dpv:DataController",
        "name": controller.name,
        "url": settings.PUBLIC_URL,
        "jwks": f"{settings.PUBLIC_URL}/.well-known/jwks.json",
    }


def _record(row: ExportedRow) -> dict[str, Any] | None:
    values = {
        one.label: _plain(row, one, row.values[one.label])
        for one in row.fields
        if is_portable(one) and row.values[one.label] not in EMPTY
    }
    if not values:
        return None
    record: dict[str, Any] = {"kind": str(row.model._meta.model_name), "id": UUID(row.row_id).urn}
    if saved_at := _saved_at(row):
        record["saved_at"] = moment(saved_at)
    return record | {"values": values}


def _saved_at(row: ExportedRow) -> datetime | None:
    """When a page of the form was last saved: of several answers to one question the newest counts."""
    if not any(field.name == "saved_at" for field in row.model._meta.concrete_fields):
        return None
    found: datetime = row.model._default_manager.values_list("saved_at", flat=True).get(pk=row.row_id)
    return found


def _plain(row: ExportedRow, one: Declared, value: Any) -> Any:
    """As JSON has it: whole numbers, texts, yes and no, ISO 8601, files in base64."""
    if isinstance(one.field, EncryptedBytes):
        kinds = (text for label, text in row.values.items() if label.endswith("media_type"))
        content = base64.b64encode(bytes(value)).decode()
        return {"media_type": next(kinds, "application/octet-stream"), "content": content}
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return value


def _handling(one: Declared) -> dict[str, Any]:
    """What one label is, and on which ground it was processed."""
    assert one.mark is not None  # noqa: S101 - only portable fields come here
    uses = portable_uses(one.mark)
    return {
        "@type": "dpv:Process",
        "label": one.label,
        "name": capfirst(force_str(one.field.verbose_name)),
        "hasPersonalData": term_of(one.label, one.mark.category),
        "hasLegalBasis": _terms(BASES[basis] for basis in uses.values()),
        "hasPurpose": _terms(PURPOSES[purpose] for purpose in uses),
        "hasDataSource": FROM_THE_PERSON,
    }


def _terms(terms: Iterable[str]) -> list[str]:
    return sorted(set(terms))
