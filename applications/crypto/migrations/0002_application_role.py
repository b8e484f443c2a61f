"""The rights of the application's role in the database of keys; its own: see applications/0022_second_wall."""

from django.db import migrations

RIGHTS = """
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'joinbaltic_app') THEN
        CREATE ROLE joinbaltic_app NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;  -- another database of the cluster was quicker
END $$;
DO $$ BEGIN
    IF NOT pg_has_role(current_user, 'joinbaltic_app', 'SET') THEN
        GRANT joinbaltic_app TO CURRENT_USER;
    END IF;
END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO joinbaltic_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO joinbaltic_app;
"""
BACK = """
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM joinbaltic_app;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM joinbaltic_app;
"""


class Migration(migrations.Migration):
    dependencies = [("crypto", "0001_initial")]

    operations = [migrations.RunSQL(RIGHTS, BACK)]
