"""Writing the audit. Details are codes and counts; a value of any other kind is a programming error."""

import re
from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, models
from django.utils import timezone

from applications.actors import Actor
from applications.models import AuditEntry

# What a code, a slug, a field label or an identifier is written with. Names, addresses and phones are not.
CODE = re.compile(r"[A-Za-z0-9_.:/-]{0,64}")
# A separate connection to the same database: what is written there stays when the caller rolls back.
ASIDE = "aside"


def record(
    *,
    actor: Actor,
    action: str,
    subject_id: UUID | None = None,
    row: models.Model | None = None,
    using: str = "default",
    **detail: Any,
) -> None:
    """Append one entry. `detail` holds codes, counts and field labels.

    Raises TypeError for a detail that is neither a code, a whole number, a truth value nor a list of those.
    """
    for value in detail.values():
        items = value if isinstance(value, list | tuple) else [value]
        if not all(map(_is_plain, items)):
            raise TypeError("audit details are codes and counts")
    AuditEntry.objects.using(using).create(
        actor_kind=actor.kind,
        actor_identifier=actor.identifier,
        action=action,
        subject_id=subject_id,
        object_type=row._meta.label_lower if row is not None else "",
        object_id=str(row.pk) if row is not None else "",
        detail=detail,
    )


def _is_plain(item: object) -> bool:
    if isinstance(item, str):
        return CODE.fullmatch(item) is not None
    return item is None or isinstance(item, int)


def record_aside(*, actor: Actor, action: str, **rest: Any) -> None:
    """Append an entry that outlives the caller's rollback, where there is a transaction to roll back."""
    using = ASIDE if connection.in_atomic_block else DEFAULT_DB_ALIAS
    record(actor=actor, action=action, using=using, **rest)


def recorded_lately(*, action: str, row: models.Model, within: timedelta) -> bool:
    """Whether this act on this row is on record already, not longer ago than `within`."""
    return (
        AuditEntry.objects.using(ASIDE)
        .filter(at__gt=timezone.now() - within, action=action, object_id=str(row.pk))
        .exists()
    )


def subjects_recorded_lately(
    *, action: str, actor: Actor, subject_ids: Collection[UUID], within: timedelta
) -> set[UUID]:
    """Of these people, those about whom this act of this actor is on record, not longer ago than `within`."""
    entries = AuditEntry.objects.filter(
        at__gt=timezone.now() - within, action=action, actor_kind=actor.kind,
        actor_identifier=actor.identifier, subject_id__in=subject_ids,
    )  # fmt: skip
    return {found for found in entries.values_list("subject_id", flat=True) if found}
