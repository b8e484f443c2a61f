"""What is left of a person: a tombstone, an identifier with a moment, under numbers that lead nowhere."""

from collections.abc import Collection
from uuid import UUID

from django.conf import settings
from django.db import connection

from applications.many_ids import as_array
from applications.models import DataSubject
from applications.references import make_reference

_BURY = """
    UPDATE {table} AS person
    SET email = NULL, email_index = NULL, customer_reference = new.customer, account_number = new.account,
        language = %s, erased_at = coalesce(erased_at, now())
    FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS new(id, customer, account)
    WHERE person.id = new.id
"""


def bury(subject_ids: Collection[UUID]) -> int:
    """Leave tombstones of these people; how many there were."""
    ids = list(subject_ids)
    numbers = [as_array([make_reference("E") for _id in ids]) for _column in range(2)]
    with connection.cursor() as cursor:
        table = connection.ops.quote_name(DataSubject._meta.db_table)
        cursor.execute(_BURY.format(table=table), [settings.LANGUAGE_CODE, as_array(ids), *numbers])
        return int(cursor.rowcount)
