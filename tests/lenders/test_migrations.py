"""Migrating with rows in the tables loses nothing."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("migrated_again"),
    pytest.mark.django_db(transaction=True, databases=["default", "keys", "aside"]),
]


@pytest.fixture
def migrated_again(superuser: None) -> Iterator[None]:
    """What follows a migration was left out, and the role may not do it when the tables are emptied."""
    yield
    call_command("migrate", verbosity=0)


def migrated(*targets: tuple[str, str]) -> Any:
    """The models as they were after these migrations."""
    executor = MigrationExecutor(connection)
    executor.migrate(list(targets))
    return executor.loader.project_state(list(targets)).apps


def test_lender_registered_before_the_register_gets_an_entry_without_papers() -> None:
    newest = [
        node for node in MigrationExecutor(connection).loader.graph.leaf_nodes() if node[0] == "lenders"
    ]
    try:
        lender = migrated(("lenders", "0001_initial")).get_model("lenders", "Lender")
        lender.objects.create(
            id=uuid4(), slug="vecais", name="Vecais", adapter="join", base_url="https://vecais.example",
            allowed_hosts=["vecais.example"], requested_fields=[], minimum_amount_cents=1,
            maximum_amount_cents=2, minimum_term_months=1, maximum_term_months=2,
        )  # fmt: skip
        entry = migrated(*newest).get_model("lenders", "Lender").objects.get(slug="vecais").recipient
        assert (entry.slug, entry.kind, entry.agreement_signed_on) == ("vecais", "lender", None)
    finally:
        migrated(*newest)


def test_recipient_of_before_is_hosted_where_it_is_established_and_a_lender_has_no_licence() -> None:
    newest = [
        node for node in MigrationExecutor(connection).loader.graph.leaf_nodes()
        if node[0] in ("applications", "lenders", "privacy")
    ]  # fmt: skip
    try:
        recipient = migrated(("applications", "0014_handed_over")).get_model("applications", "Recipient")
        recipient.objects.create(
            slug="vecais", name="Vecais", kind="lender", country="EE", agreement="cooperation"
        )
        entry = migrated(*newest).get_model("applications", "Recipient").objects.get(slug="vecais")
        assert (entry.hosting_country, entry.licence_number, entry.licence_until) == ("EE", "", None)
    finally:
        migrated(*newest)
