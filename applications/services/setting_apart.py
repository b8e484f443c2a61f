"""Applications that stay although their person is erased: moved to a person without a name, under a new key.

A key belongs to a whole person. What has to stay (GDPR Art. 17(3)) is therefore sealed anew for another owner
before the old key is destroyed, so that everything else of the person becomes unreadable.
"""

from collections.abc import Collection, Iterator
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, models
from django.db.models.deletion import Collector

from applications import references
from applications.crypto.fields import BlindIndex, encrypted_fields
from applications.crypto.keyring import key_of_a_new_owner
from applications.models import Application, Complaint, DataSubject, Disclosure, OwnedBySubject


def set_apart(*, subject: DataSubject, application_ids: Collection[UUID]) -> DataSubject:
    """Move applications with all that belongs to them; the person without a name who has them now.

    The caller holds the person's row. Must run inside a transaction: what was sealed anew and the old key
    are both there until it commits.
    """
    heir = DataSubject(
        customer_reference=references.make_reference("K"),
        account_number=references.make_reference("K"),
        language=subject.language,
    )
    with key_of_a_new_owner(heir.id):
        heir.save(force_insert=True)
        for row in belonging_to(subject, application_ids):
            _move(row, subject, heir)
    return heir


def belonging_to(subject: DataSubject, application_ids: Collection[UUID]) -> Iterator[OwnedBySubject]:
    """The applications, what would be deleted with them, what says to whom they went, and open complaints."""
    applications = list(Application.objects.filter(pk__in=application_ids, subject=subject))
    yield from applications
    collector = Collector(using=DEFAULT_DB_ALIAS)
    collector.collect(applications)
    found = {(type(row), row.pk): row for rows in collector.data.values() for row in rows}
    found |= {(rows.model, row.pk): row for rows in collector.fast_deletes for row in rows}
    for row in found.values():
        if isinstance(row, OwnedBySubject) and not isinstance(row, Application):
            yield row
    yield from Disclosure.objects.filter(application__in=applications)
    if applications:  # what is claimed is in the complaint, which belongs to no application
        yield from Complaint.objects.filter(subject=subject, closed_at__isnull=True)


def _move(row: OwnedBySubject, subject: DataSubject, heir: DataSubject) -> None:
    changed: list[models.Field] = [*encrypted_fields(type(row))]
    for field in changed:
        getattr(row, field.attname)  # opened under the old key, to be sealed under the new one
    row.subject = heir
    for field in row._meta.concrete_fields:
        if isinstance(field, BlindIndex):
            changed.append(field)
        elif getattr(row, field.attname) == str(subject.pk):  # who acted: the person themselves
            setattr(row, field.attname, str(heir.pk))
            changed.append(field)
    row.save(update_fields=["subject", *(field.name for field in changed)])
