"""What a request for disclosure takes out: the fields that the data map gives, of the cases that it names.

Whatever is not in an approved category, not of a named application, or about somebody else, is not read.
"""

import hashlib
import io
import json
import zipfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import models
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import override

from applications.crypto.keyring import data_key_scope
from applications.data_policy import recipients_of, require_allowed, uses_of
from applications.declarations import Declared
from applications.eea import EEA
from applications.models import Application, ContactRole, DataSubject
from applications.personal import Category, Personal, RecipientKind
from applications.selectors.contacts import contact
from privacy.datamap import doors, entries
from privacy.models import DisclosureCase, DisclosureRequest
from privacy.models.disclosure_requests import PURPOSES
from privacy.rights.package import Attachment, Row, as_text, moment_text, row_as_data, row_of


@dataclass(frozen=True)
class Scope:
    """What may go to this kind of recipient: fields of these categories, with or without those whose values
    may be about somebody else."""

    kind: RecipientKind
    categories: frozenset[Category]
    with_others: bool = False

    def gives(self, mark: Personal) -> bool:
        """Whether a field may go: its category is named, and the map gives it for the purpose."""
        allowed = self.kind in recipients_of(mark) and PURPOSES[self.kind] in uses_of(mark)
        return allowed and mark.category in self.categories and (self.with_others or not mark.third_persons)

    def require(self) -> None:
        """Refuse a category of which the map gives nothing to such a recipient. Raises NotInPolicy."""
        for category in self.categories - grantable(self.kind):
            marks = [entry.mark for entry in entries() if entry.category is category]
            require_allowed(marks, PURPOSES[self.kind], self.kind)


def grantable(kind: RecipientKind) -> frozenset[Category]:
    """The categories of which the map gives something to this kind of recipient, for its purpose."""
    purpose = PURPOSES[kind]
    return frozenset(
        entry.category for entry in entries() if kind in entry.recipients and purpose in entry.uses
    )


def scope_of(request: DisclosureRequest) -> Scope:
    """What a request was assessed to have."""
    return Scope(request.recipient_kind, frozenset(map(Category, request.categories)), request.with_others)


@dataclass(frozen=True)
class Held:
    """What is held of one case, of the approved categories."""

    case: DisclosureCase
    rows: tuple[tuple[Category, Row], ...]
    attachments: tuple[Attachment, ...]

    @property
    def counts(self) -> Counter[str]:
        """How many values of each label."""
        return Counter(value.label for _category, row in self.rows for value in row.values)


@data_key_scope()
def held_of(request: DisclosureRequest) -> list[Held]:
    """What would be disclosed of each case, the erased left out. Raises a ProcessingRefused."""
    found = request.cases.select_related("subject", "application").order_by("added_at", "pk")
    living = [case for case in found if case.subject.erased_at is None]
    return [_held(case, scope_of(request)) for case in living]


def _held(case: DisclosureCase, scope: Scope) -> Held:
    attachments: list[Attachment] = []
    rows = [
        (category, row)
        for exported in _exported(case, scope)
        for category in Category
        if (row := row_of(exported, category, attachments)) is not None
    ]
    rows.sort(key=lambda pair: list(Category).index(pair[0]))
    return Held(case, tuple(rows), tuple(attachments))


def _exported(case: DisclosureCase, scope: Scope) -> Iterator[Any]:
    def wanted(field: Declared) -> bool:
        return field.mark is not None and scope.gives(field.mark)

    for door in doors():
        yield from door.export(
            case.subject, purpose=PURPOSES[scope.kind], wanted=wanted, narrow=_narrowing(case)
        )


def _narrowing(case: DisclosureCase) -> Callable[[models.QuerySet], models.QuerySet]:
    """Rows of the application that the case names; or those that belong to none."""

    def narrow(rows: models.QuerySet) -> models.QuerySet:
        if rows.model is DataSubject:  # the address of the account is an answer of each application
            return rows
        model: Any = rows.model
        path = path_to_application(model)
        if not case.of_application:
            return rows if path is None else rows.filter(**{f"{path}__isnull": True})
        if path is None or case.application_id is None:
            return rows.none()
        return rows.filter(**{path: case.application_id})

    return narrow


@cache
def path_to_application(model: type[models.Model]) -> str | None:
    """The shortest way from rows of a model to their application; None where there is none."""
    if model is Application:
        return "pk"
    waiting: list[tuple[str, type[models.Model]]] = [("", model)]
    seen = {model}
    while waiting:
        way, at = waiting.pop(0)
        for field in at._meta.concrete_fields:
            target: Any = field.related_model
            if not isinstance(field, models.ForeignKey) or target in seen or target is DataSubject:
                continue
            if target is Application:
                return f"{way}{field.name}"
            seen.add(target)
            waiting.append((f"{way}{field.name}__", target))
    return None


# --- the file ---------------------------------------------------------------------------------------------
def document(request: DisclosureRequest, held: Collection[Held]) -> dict[str, Any]:
    """The package as plain data, in the active language: with no identifier of ours but numbers."""
    return {
        "number": request.reference,
        "made_on": moment_text(timezone.now()),
        "from": contact(ContactRole.CONTROLLER).name,
        "to": request.asker,
        "legal_basis": request.legal_basis,
        "purpose": str(request.purpose.label),
        "categories": [str(Category(one).label) for one in request.categories],
        "cases": [
            {
                "case": number,
                "application": one.case.application.reference if one.case.application else "",
                "held": [{"category": str(category.label)} | row_as_data(row) for category, row in one.rows],
            }
            for number, one in enumerate(held, start=1)
        ],
    }


def as_zip(request: DisclosureRequest, held: Collection[Held]) -> bytes:
    """The package as one file: to read, for programs, and what is held as files."""
    out = io.BytesIO()
    with override("lv" if request.country == EEA.LV else "en"):
        content = document(request, held)
        for case in content["cases"]:
            for row in case["held"]:
                del row["id"]
                for value in row["values"]:
                    del value["key"]
        text = json.dumps(content, ensure_ascii=False, indent=2, default=as_text)
        page = render_to_string("privacy/disclosure.html", {"package": content})
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("data.html", page)
        package.writestr("data.json", text)
        for one in held:
            for file in one.attachments:
                package.writestr(f"attachments/{file.name}", file.content)
    return out.getvalue()


def digest(content: bytes) -> str:
    """SHA-256, hexadecimal."""
    return hashlib.sha256(content).hexdigest()
