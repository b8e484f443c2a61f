"""Writers lock the data subject's row first: nothing is written for an erased person."""

from hashlib import sha256
from uuid import UUID

from django.db import connection

from applications.errors import SubjectErased
from applications.models import DataSubject


def lock_subject(subject_id: UUID) -> DataSubject:
    """The subject's row, locked until the transaction ends.

    Raises SubjectErased when the person's data were erased. Must run inside a transaction.
    """
    subject = DataSubject.objects.select_for_update().get(pk=subject_id)
    if subject.erased_at is not None:
        raise SubjectErased
    return subject


def take_turns(*names: str) -> None:
    """Wait for whoever holds one of these names, and hold them until the transaction ends.

    For what no row stands for yet, such as the codes that an address may ask for in an hour. A name is
    hashed before PostgreSQL sees it. Must run inside a transaction.
    """
    digests = (sha256(name.encode()).digest() for name in names)
    with connection.cursor() as cursor:
        for key in sorted(int.from_bytes(digest[:8], "big", signed=True) for digest in digests):
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])
