from django.db import migrations

SIGNED = """
UPDATE applications_application AS application SET closed_at = signed.at
FROM (
    SELECT application_id, min(at) AS at FROM applications_applicationevent
    WHERE status = 'contracted' GROUP BY application_id
) AS signed
WHERE signed.application_id = application.id AND application.status = 'contracted'
    AND application.closed_at IS NULL;
UPDATE applications_contract AS contract SET ended_at = application.closed_at, "end" = 'signed'
FROM applications_application AS application
WHERE application.id = contract.application_id AND application.status = 'contracted'
    AND application.closed_at IS NOT NULL AND contract.ended_at IS NULL;
"""


class Migration(migrations.Migration):
    """The clock of applications that led to a loan contract begins with its signing."""

    dependencies = [("applications", "0024_retention")]

    operations = [migrations.RunSQL(SIGNED, migrations.RunSQL.noop)]
