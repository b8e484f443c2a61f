"""PostgreSQL keeps samples of columns for its planner, and they outlive the rows: none of what is sealed.

`ANALYZE` copies values into pg_statistic, where they stay after their rows are gone, and even after the table
is rewritten. Envelopes, blind indexes and wrapped keys are therefore not sampled at all.
"""

from typing import Any

from django.apps import AppConfig
from django.db import connections, models, router

from applications.crypto.encrypted_field import EncryptedField
from applications.crypto.index_field import BlindIndex
from applications.crypto.models import DataKey

# Sampled columns among those named; the target is -1, or NULL since PostgreSQL 17, where nobody set one.
_SAMPLED = """
    SELECT attname FROM pg_attribute
    WHERE attrelid = %s::regclass AND attname = ANY(%s) AND attstattarget IS DISTINCT FROM 0
"""


def leave_out_of_samples(*, app_config: AppConfig, using: str, **_: Any) -> None:
    """After a migration: tell PostgreSQL to sample no column of this app that is sealed. Safe to repeat."""
    for model in app_config.get_models():
        columns = sealed_columns(model)
        if columns and router.allow_migrate_model(using, model) and model._meta.managed:
            _set_apart(using, model._meta.db_table, columns)


def sealed_columns(model: type[models.Model]) -> list[str]:
    """The columns that hold envelopes, blind indexes or wrapped keys."""
    if model is DataKey:
        return ["wrapped"]
    fields = model._meta.local_concrete_fields
    return [str(field.column) for field in fields if isinstance(field, EncryptedField | BlindIndex)]


def _set_apart(using: str, table: str, columns: list[str]) -> None:
    quote = connections[using].ops.quote_name
    with connections[using].cursor() as cursor:
        if table not in connections[using].introspection.table_names(cursor):
            return  # migrated to a state before it
        cursor.execute(_SAMPLED, [quote(table), columns])
        changes = [f"ALTER COLUMN {quote(name)} SET STATISTICS 0" for (name,) in cursor.fetchall()]
        if changes:
            cursor.execute(f"ALTER TABLE {quote(table)} {', '.join(changes)}")
