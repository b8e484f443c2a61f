"""The application's role, and row security against the use of restricted data (GDPR Art. 18).

`wall_off(table)` gives a table with a `subject_id` its policy, so that all are alike; `take_wall_down(table)` takes it
away. Rows of a person with a standing restriction are neither seen nor changed, unless the connection has said for
which of the uses that stay lawful it acts (applications.row_security); new ones may be stored.
"""

from django.db import migrations

TABLES = (
    "identification", "identitydocument", "loanrequest", "financial", "family", "politicalexposure",
    "paymentmethod", "marketingpreference", "complaint", "supplementarystatement", "accountnote", "usageevent",
    "whereabouts", "communication", "image", "publicprofile", "marketingmessage", "thirdpartyrecord",
)  # fmt: skip

# The role is the cluster's, and may be there: it is left as it is, and its rights in this database with it.
ROLE = """
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
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO joinbaltic_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO joinbaltic_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO joinbaltic_app;
"""
ROLE_BACK = """
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON SEQUENCES FROM joinbaltic_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM joinbaltic_app;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM joinbaltic_app;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM joinbaltic_app;
"""

# What a connection said is read once a query, hence (SELECT ...); whether a restriction stands once a row, from the
# index of those that do.
WALL = """
CREATE FUNCTION wall_is_open() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(current_setting('joinbaltic.purpose', true), '')
        IN ('data_subject_rights', 'legal_claims', 'inform_authorities', 'storage')
        AND coalesce(current_setting('joinbaltic.person', true), '') = ''
$$;
CREATE FUNCTION wall_is_open_for() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN current_setting('joinbaltic.purpose', true)
        IN ('data_subject_rights', 'legal_claims', 'inform_authorities', 'storage')
        THEN nullif(current_setting('joinbaltic.person', true), '')::uuid END
$$;
CREATE FUNCTION wall_off(target regclass) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
    EXECUTE format(
        'CREATE POLICY restricted_data_are_stored_only ON %1$s USING ('
        '(SELECT wall_is_open()) OR subject_id = (SELECT wall_is_open_for()) OR NOT EXISTS ('
        'SELECT FROM applications_restriction r WHERE r.subject_id = %1$s.subject_id AND r.lifted_at IS NULL'
        ')) WITH CHECK (true)', target
    );
END $$;
CREATE FUNCTION take_wall_down(target regclass) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    EXECUTE format('DROP POLICY restricted_data_are_stored_only ON %s', target);
    EXECUTE format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', target);
END $$;
"""
WALL_BACK = """
DROP FUNCTION take_wall_down(regclass);
DROP FUNCTION wall_off(regclass);
DROP FUNCTION wall_is_open_for();
DROP FUNCTION wall_is_open();
"""


class Migration(migrations.Migration):
    dependencies = [("applications", "0021_secret_disclosures")]

    operations = [
        migrations.RunSQL(ROLE, ROLE_BACK),
        migrations.RunSQL(WALL, WALL_BACK),
        *(
            migrations.RunSQL(
                f"SELECT wall_off('applications_{table}')", f"SELECT take_wall_down('applications_{table}')"
            )
            for table in TABLES
        ),
    ]
