"""Tables full of rows, made by PostgreSQL itself: an INSERT ... SELECT FROM generate_series for each.

A row is made from its number alone, so the rows that it points to need not be looked up. The highest number
is the oldest row. Values are spread as in life, which is not kind to a list: almost all rows share one value
of a choice, the others are old; a few rows share their moment.
"""

from collections.abc import Iterable
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models

from tests import role

# Registers, of which there are never more than a few rows.
FEW, SMALL = 8, {"applications.Recipient", "applications.NoticeVersion", "lenders.Lender"}
MOMENT = "now() - (i / 3) * interval '1 minute'"
RARE = "(i % 20 = 1 AND i > {count} / 2)"
# Columns that a constraint ties to another one, or whose values people are looked for by.
OWN: dict[str, str] = {
    "applications.Application.status": "CASE WHEN i % 10 = 0 THEN 'draft' "
    "ELSE coalesce(nullif({value}, 'draft'), 'closed') END",
    "applications.Application.submitted_at": f"CASE WHEN i % 10 <> 0 THEN {MOMENT} END",
    "applications.AuditEntry.sequence": "1000000000 + i",  # none of them is taken
    "applications.AuditEntry.subject_id": "md5('applications.DataSubject' || i)::uuid",
    "applications.AuditEntry.object_id": "md5('applications.Application' || i)::uuid::text",
    "applications.Consent.withdrawn_at": f"CASE WHEN {RARE} THEN {MOMENT} END",
    "applications.NoticeVersion.number": "i",
    "applications.Recipient.agreement": "'processing'",
    "applications.Recipient.country": "'LV'",
    "lenders.Lender.languages": "ARRAY['lv']",
    "lenders.Lender.minimum_age": "18",
    "lenders.Lender.maximum_age": "NULL::smallint",
    "lenders.Lender.maximum_age_at_end": "NULL::smallint",
    "lenders.Delivery.kind": "coalesce(nullif({value}, 'word'), 'application')",
    "lenders.Delivery.word": "NULL::uuid",
    "lenders.LenderWord.outcome": f"CASE WHEN {RARE} THEN '' ELSE 'refused' END",
    "lenders.LenderWord.answered_at": f"CASE WHEN NOT {RARE} THEN {MOMENT} END",
    "lenders.DeletionNotice.acknowledged_at": f"CASE WHEN NOT {RARE} THEN {MOMENT} END",
    "lenders.DeletionNotice.acknowledgement": f"CASE WHEN {RARE} THEN '' ELSE 'deleted' END",
    "lenders.DeletionNotice.basis": "''",
    "lenders.DeletionNotice.until": "NULL::date",
    # Row security reads those that stand with every page; they are few.
    "applications.Restriction.lifted_at": f"CASE WHEN i % 1000 <> 0 THEN {MOMENT} END",
    # The last of the eight states is the usual one; the last three are ends.
    "privacy.RightsRequest.ended_at": f"CASE WHEN NOT {RARE} OR i / 20 % 8 > 4 THEN {MOMENT} END",
    "privacy.RightsRequest.paused_on": "NULL::date",
    "privacy.DisclosureRequest.ended_at": f"CASE WHEN NOT {RARE} OR i / 20 % 8 > 4 THEN {MOMENT} END",
    "privacy.DisclosureRequest.second_by": "'other'",
    # The first of the four states waits, the two in the middle belong to requests, the last is the usual one.
    "privacy.MailboxMessage.settled_at": f"CASE WHEN NOT {RARE} OR i / 20 % 4 > 0 THEN {MOMENT} END",
    "privacy.MailboxMessage.request": f"CASE WHEN {RARE} AND i / 20 % 4 IN (1, 2) THEN {{value}} END",
}


def fill(wanted: Iterable[type[models.Model]], *, rows: int) -> None:
    """Fill these tables, and before each the ones that its rows point to. Inside a transaction."""
    filled: dict[Any, int] = {}
    with role.superuser(), connection.cursor() as cursor:
        # Checking that each row points somewhere would take longer than making it.
        cursor.execute("SET LOCAL session_replication_role = replica")
        for model in wanted:
            _fill(cursor, model, rows, filled)
        cursor.execute("SET LOCAL session_replication_role = origin")
        for model in filled:
            cursor.execute(f'ANALYZE "{model._meta.db_table}"')


def _fill(cursor: Any, model: Any, rows: int, filled: dict[Any, int]) -> None:
    if model in filled:
        return
    filled[model] = count = FEW if model._meta.label in SMALL else rows
    fields = [field for field in model._meta.local_concrete_fields if not isinstance(field, models.AutoField)]
    for field in fields:
        if field.is_relation:
            _fill(cursor, field.related_model, rows, filled)
    columns = ", ".join(f'"{field.column}"' for field in fields)
    values = ", ".join(_value(field, count) for field in fields)
    series = f"generate_series({count}, 1, -1) AS i"
    cursor.execute(f'INSERT INTO "{model._meta.db_table}" ({columns}) SELECT {values} FROM {series}')  # noqa: S608 - names of models


def _value(field: Any, count: int) -> str:
    """The column of row i."""
    rule = OWN.get(f"{field.model._meta.label}.{field.name}", "{value}")
    return rule.format(value=_usual(field).format(count=count), count=count)


def _usual(field: Any) -> str:
    if field.is_relation:
        target = field.related_model._meta.label
        number = "i" if target not in SMALL or _is_unique(field) else _mostly("1", f"1 + i / 20 % {FEW}")
        return f"md5('{target}' || {number})::uuid"
    if field.choices:
        values = [f"'{value}'" for value, _name in field.flatchoices]
        return _mostly(values[-1], f"(ARRAY[{', '.join(values)}])[1 + i / 20 % {len(values)}]")
    if isinstance(field, models.UUIDField):
        return f"md5('{field.model._meta.label if field.primary_key else field.name}' || i)::uuid"
    return _plain(field)


def _mostly(usual: str, rare: str) -> str:
    return f"(CASE WHEN {RARE} THEN {rare} ELSE {usual} END)"


def _plain(field: Any) -> str:
    if isinstance(field, ArrayField):
        return "'{{}}'"
    if field.get_internal_type() == "BinaryField":  # encrypted values and digests
        return f"decode(md5('{field.name}' || i) || md5('{field.name}' || -i), 'hex')"
    if isinstance(field, models.JSONField):
        return "'{{}}'"
    if isinstance(field, models.DateTimeField):
        return f"CASE WHEN i % 3 > 0 THEN {MOMENT} END" if field.null else MOMENT
    if isinstance(field, models.DateField):
        return "current_date"
    if isinstance(field, models.BooleanField):
        return "i % 2 = 0"
    if isinstance(field, models.IntegerField):
        return "i" if _is_unique(field) else "1 + i % 5"
    if _is_unique(field):
        return f"left('{field.name}', {(field.max_length or 100) - 8}) || i"
    return "'x' || i % 7"


def _is_unique(field: Any) -> bool:
    return field.unique or [field.name] in [
        list(one.fields) for one in field.model._meta.total_unique_constraints
    ]
