"""What is sealed is in no sample that PostgreSQL keeps of columns."""

import os

import pytest
from django.apps import apps
from django.db import connection, connections

from applications.crypto.sampling import leave_out_of_samples, sealed_columns
from tests import factories

pytestmark = [
    pytest.mark.django_db(databases=["default", "keys", "aside"]),
    pytest.mark.usefixtures("superuser"),
]
SEALED = [
    (model, column)
    for label in ("applications", "lenders", "privacy", "crypto")
    for model in apps.get_app_config(label).get_models()
    for column in sealed_columns(model)
]


def sampled(using: str, table: str) -> set[str]:
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT attname FROM pg_stats WHERE tablename = %s", [table])
        return {name for (name,) in cursor.fetchall()}


def test_every_sealed_column_of_the_product_is_left_out():
    targets = {}
    for using in ("default", "keys"):
        with connections[using].cursor() as cursor:
            cursor.execute("SELECT attrelid::regclass::text, attname, attstattarget FROM pg_attribute")
            targets |= {(table, name): target for table, name, target in cursor.fetchall()}
    assert len(SEALED) > 50
    assert {one for one in SEALED if targets[one[0]._meta.db_table, one[1]] != 0} == set()


def test_analyze_copies_no_envelope_and_no_digest():
    for _person in range(3):
        factories.subject(f"{os.urandom(4).hex()}@piemers.lv")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE applications_datasubject")
    found = sampled("default", "applications_datasubject")
    assert "language" in found
    assert not found & {"email", "email_index"}


def test_repeating_it_changes_nothing_and_takes_no_lock(django_assert_num_queries):
    crypto = apps.get_app_config("crypto")
    with django_assert_num_queries(2, connection=connections["keys"]):  # the tables there are, and one look
        leave_out_of_samples(app_config=crypto, using="keys")
