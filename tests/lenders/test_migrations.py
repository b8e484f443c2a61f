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


def test_lender_and_recipient_of_before_are_carried_along() -> None:
    """A lender from before the register gets an entry without papers; a recipient is hosted where it is
    established, and a lender has no licence."""
    newest = [
        node for node in MigrationExecutor(connection).loader.graph.leaf_nodes()
        if node[0] in ("applications", "lenders", "privacy")
    ]  # fmt: skip
    try:
        before = migrated(("lenders", "0001_initial"), ("applications", "0014_handed_over"))
        before.get_model("lenders", "Lender").objects.create(
            id=uuid4(), slug="vecais", name="Vecais", adapter="join", base_url="https://vecais.example",
            allowed_hosts=["vecais.example"], requested_fields=[], minimum_amount_cents=1,
            maximum_amount_cents=2, minimum_term_months=1, maximum_term_months=2,
        )  # fmt: skip
        before.get_model("applications", "Recipient").objects.create(
            slug="senais", name="Senais", kind="lender", country="EE", agreement="cooperation"
        )
        now = migrated(*newest)
        entry = now.get_model("lenders", "Lender").objects.get(slug="vecais").recipient
        assert (entry.slug, entry.kind, entry.agreement_signed_on) == ("vecais", "lender", None)
        entry = now.get_model("applications", "Recipient").objects.get(slug="senais")
        assert (entry.hosting_country, entry.licence_number, entry.licence_until) == ("EE", "", None)
    finally:
        migrated(*newest)
