import functools
import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import applications.crypto.fields


class Migration(migrations.Migration):
    dependencies = [
        ("applications", "0015_papers_of_recipients"),
        ("lenders", "0009_more_kinds_of_delivery"),
    ]

    operations = [
        migrations.CreateModel(
            name="LenderNotAsked",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("because", applications.crypto.fields.EncryptedText(label="not_asked.because")),
            ],
            options={
                "verbose_name": "lender not asked",
                "verbose_name_plural": "lenders not asked",
            },
        ),
        migrations.AddField(
            model_name="lender",
            name="languages",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[("lv", "Latvian"), ("en", "English"), ("ru", "Russian")], max_length=2
                ),
                default=functools.partial(list, ("lv", "en", "ru")),
                size=None,
                verbose_name="languages it serves",
            ),
        ),
        migrations.AddField(
            model_name="lender",
            name="maximum_age",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="On the day of sending, in whole years. Empty: no limit.",
                null=True,
                verbose_name="greatest age, in years",
            ),
        ),
        migrations.AddField(
            model_name="lender",
            name="maximum_age_at_end",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="In whole years, the term counted from the day of sending. Empty: no limit.",
                null=True,
                verbose_name="greatest age at the end of the term, in years",
            ),
        ),
        migrations.AddField(
            model_name="lender",
            name="minimum_age",
            field=models.PositiveSmallIntegerField(
                default=18,
                help_text="On the day of sending, in whole years.",
                verbose_name="least age, in years",
            ),
        ),
        migrations.AddConstraint(
            model_name="lender",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("languages__len__gt", 0),
                    ("minimum_age__gte", 18),
                    models.Q(
                        ("maximum_age", None), ("maximum_age__gte", models.F("minimum_age")), _connector="OR"
                    ),
                    models.Q(
                        ("maximum_age_at_end", None),
                        ("maximum_age_at_end__gte", models.F("minimum_age")),
                        _connector="OR",
                    ),
                ),
                name="a_lender_serves_somebody",
                violation_error_message="It serves some language and nobody under 18; its greatest age is not below its least.",
            ),
        ),
        migrations.AddField(
            model_name="lendernotasked",
            name="application",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="not_asked",
                to="applications.application",
                verbose_name="application",
            ),
        ),
        migrations.AddField(
            model_name="lendernotasked",
            name="lender",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="lenders.lender",
                verbose_name="lender",
            ),
        ),
        migrations.AddField(
            model_name="lendernotasked",
            name="subject",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="applications.datasubject",
                verbose_name="data subject",
            ),
        ),
        migrations.AddConstraint(
            model_name="lendernotasked",
            constraint=models.UniqueConstraint(
                fields=("application", "lender"), name="one_reason_per_lender"
            ),
        ),
    ]
