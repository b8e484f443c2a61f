import uuid

import django.db.models.deletion
from django.db import migrations, models


def enter_lenders(apps, schema_editor):
    """Every known lender gets an entry without papers: nothing goes to it until the DPO has completed it."""
    recipient = apps.get_model("applications", "Recipient")
    lender = apps.get_model("lenders", "Lender")
    # The register may be newer than these lenders: it then wants to know where data are kept, too.
    columns = {field.name for field in recipient._meta.get_fields()}
    countries = dict.fromkeys({"country", "hosting_country"} & columns, "LV")
    for one in lender.objects.filter(recipient__isnull=True):
        one.recipient = recipient.objects.create(
            id=uuid.uuid4(),
            slug=one.slug,
            name=one.name,
            kind="lender",
            agreement="cooperation",
            **countries,
        )
        lender.objects.filter(pk=one.pk).update(recipient=one.recipient)


class Migration(migrations.Migration):
    dependencies = [
        ("applications", "0002_data_map"),
        ("lenders", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="lender",
            name="recipient",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="lender",
                to="applications.recipient",
            ),
        ),
        migrations.RunPython(enter_lenders, migrations.RunPython.noop),
    ]
