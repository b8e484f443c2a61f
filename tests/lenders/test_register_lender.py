"""The command that takes a lender into the solution."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from lenders.models import Lender

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])

FACTS: dict[str, Any] = {
    "slug": "piemers",
    "name": "Piemērs",
    "adapter": "join",
    "base_url": "https://api.lender.example/jo1n",
    "allowed_hosts": ["api.lender.example"],
    "requested_fields": ["loan.amount_cents", "identification.email"],
    "minimum_amount_cents": 100_00,
    "maximum_amount_cents": 1_000_00,
    "minimum_term_months": 1,
    "maximum_term_months": 12,
    "recipient": {
        "country": "LV",
        "agreement_signed_on": "2026-01-01",
        "assessed_on": "2026-01-01",
        "review_due_on": "2099-01-01",
    },
}
SECRET = "whsec_YW4gZXhhbXBsZSBzZWNyZXQgb2YgMzIgYnl0ZXMhISE="


def register(folder: Path, secrets: str = SECRET, **changes: Any) -> None:
    (folder / "facts.json").write_text(json.dumps(FACTS | changes), encoding="utf-8")
    (folder / "secrets").write_text(secrets, encoding="utf-8")
    call_command("register_lender", folder / "facts.json", secrets=folder / "secrets", stdout=StringIO())


def test_registered_lender_has_its_facts_and_secrets(tmp_path: Path) -> None:
    register(tmp_path)
    lender = Lender.objects.get(slug="piemers")
    assert (lender.name, lender.secrets) == ("Piemērs", {"signing": [SECRET]})


def test_registering_again_brings_a_lender_up_to_date(tmp_path: Path) -> None:
    register(tmp_path)
    register(tmp_path, maximum_term_months=24)
    assert Lender.objects.get(slug="piemers").maximum_term_months == 24


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"adapter": "fax"}, "adapter"),
        ({"requested_fields": ["identification.shoe_size"]}, "identification.shoe_size"),
        ({"base_url": "not a place"}, "base_url"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_wrong_fact_is_refused_by_name(tmp_path: Path, changes: dict[str, Any], named: str) -> None:
    with pytest.raises(CommandError, match=named):
        register(tmp_path, **changes)


def test_missing_secret_is_refused_without_showing_the_file(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="whsec_") as refused:
        register(tmp_path, secrets="hunter2")
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("secrets", ["", "{}", '{"client_id": "x", "client_secret": "y"}'])
def test_credentials_that_its_adapter_needs_are_named_when_they_lack(tmp_path: Path, secrets: str) -> None:
    with pytest.raises(CommandError, match="lacks: signing_secrets"):
        register(tmp_path, secrets=secrets)


def test_credentials_of_every_kind_are_kept(tmp_path: Path) -> None:
    given = {"signing": [SECRET], "client_id": "us", "client_secret": "canary", "trust": "-----BEGIN"}
    register(tmp_path, secrets=json.dumps(given))
    assert Lender.objects.get(slug="piemers").secrets == given


@pytest.mark.parametrize(
    "secrets", ['{"pin": "canary"}', '{"signing": "canary"}', '{"client_id": 7}', "{canary"]
)
def test_file_of_other_secrets_is_refused_without_showing_it(tmp_path: Path, secrets: str) -> None:
    with pytest.raises(CommandError) as refused:
        register(tmp_path, secrets=secrets)
    assert "canary" not in str(refused.value)
    assert not Lender.objects.filter(slug="piemers").exists()
