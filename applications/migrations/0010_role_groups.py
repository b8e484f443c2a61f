"""The six roles as groups; who stood above all rights becomes an administrator of accounts.

What a role may do is granted after every migration: permissions are made only then. A migration of its own,
because PostgreSQL alters no table on which checks of foreign keys are still pending.
"""

from django.db import migrations

ROLES = ("support", "lender_manager", "dpo", "auditor", "administrator", "external")


def make_groups(apps, schema_editor):
    group, user = apps.get_model("auth", "Group"), apps.get_model("applications", "StaffUser")
    groups = {name: group.objects.get_or_create(name=name)[0] for name in ROLES}
    for one in user.objects.filter(is_superuser=True):
        one.groups.add(groups["administrator"])


class Migration(migrations.Migration):
    dependencies = [
        ("applications", "0009_names_for_people"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [migrations.RunPython(make_groups, migrations.RunPython.noop)]
