"""A chunk of a retention run waits for one entry of the ledger, under its own number: those that were cut
short while each of their people had an entry get one as well."""

from django.db import migrations
from django.utils import timezone


def enter_begun_chunks(apps, _schema_editor):
    chunks = apps.get_model("applications", "RetentionChunk").objects.filter(state="begun")
    entries = apps.get_model("applications", "LedgerEntry").objects
    for chunk in chunks.iterator():
        detail = {"ending": chunk.ending, "owners": [str(one) for one in chunk.owners]}
        entries.create(entry_id=chunk.pk, at=timezone.now(), kind="retention_ended", detail=detail)


class Migration(migrations.Migration):
    dependencies = [
        ("applications", "0028_ledger_of_holds_and_access"),
    ]

    operations = [
        migrations.RunPython(enter_begun_chunks, migrations.RunPython.noop, elidable=True),
    ]
