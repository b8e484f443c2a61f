"""What is left of a person: a tombstone, an identifier with a moment, under a number that leads nowhere."""

from collections.abc import Collection
from uuid import UUID

from django.conf import settings
from django.db import connection

from applications.many_ids import as_array
from applications.models import DataSubject
from applications.references import make_reference

_BURY = """
    UPDATE {table} AS person
    SET email = NULL, email_index = NULL, customer_reference = new.number, account_number = new.number,
        language = %s, erased_at = coalesce(erased_at, now())
    FROM unnest(%s::uuid[], %s::text[]) AS new(id, number)
    WHERE person.id = new.id
"""


def bury(subject_ids: Collection[UUID]) -> int:
    """Leave tombstones of these people; how many there were."""
    numbers = as_array([make_reference("E") for _id in subject_ids])
    with connection.cursor() as cursor:
        table = connection.ops.quote_name(DataSubject._meta.db_table)
        cursor.execute(_BURY.format(table=table), [settings.LANGUAGE_CODE, as_array(subject_ids), numbers])
        return int(cursor.rowcount)
