"""The command that takes a lender into the solution."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from lenders.models import Lender

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])

PAPERS = {
    "country": "LV",
    "hosting_country": "EE",
    "licence_number": "NK-2026-1",
    "licence_authority": "PTAC",
    "licence_until": "2098-01-01",
    "agreement_signed_on": "2026-01-01",
    "assessed_on": "2026-01-01",
    "review_due_on": "2099-01-01",
}
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
    "recipient": PAPERS,
}
SECRET = "whsec_YW4gZXhhbXBsZSBzZWNyZXQgb2YgMzIgYnl0ZXMhISE="


def register(folder: Path, secrets: str = SECRET, **changes: Any) -> str:
    """What the command says."""
    (folder / "facts.json").write_text(json.dumps(FACTS | changes), encoding="utf-8")
    (folder / "secrets").write_text(secrets, encoding="utf-8")
    said = StringIO()
    call_command("register_lender", folder / "facts.json", secrets=folder / "secrets", stdout=said)
    return said.getvalue()


def test_registered_lender_has_its_facts_and_secrets(tmp_path: Path) -> None:
    register(tmp_path)
    lender = Lender.objects.get(slug="piemers")
    assert (lender.name, lender.secrets) == ("Piemērs", {"signing": [SECRET]})


def test_registered_lender_accepts_what_it_published(tmp_path: Path) -> None:
    said = register(tmp_path, languages=["lv"], minimum_age=21, maximum_age=75, maximum_age_at_end=80)
    lender = Lender.objects.get(slug="piemers")
    found = (lender.languages, lender.minimum_age, lender.maximum_age, lender.maximum_age_at_end)
    assert found == (["lv"], 21, 75, 80)
    assert lender.fit_to_receive
    assert said == "piemers is registered.\n"


def test_lender_that_says_nothing_of_it_serves_every_language_and_every_adult(tmp_path: Path) -> None:
    register(tmp_path)
    lender = Lender.objects.get(slug="piemers")
    assert (lender.languages, lender.minimum_age, lender.maximum_age) == (["lv", "en", "ru"], 18, None)


def test_lender_without_a_licence_is_registered_and_the_command_says_that_it_is_sent_nothing(
    tmp_path: Path,
) -> None:
    papers = {name: value for name, value in PAPERS.items() if not name.startswith("licence")}
    assert "is sent nothing yet" in register(tmp_path, recipient=papers)
    assert not Lender.objects.get(slug="piemers").fit_to_receive


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
        ({"languages": ["lv", "de"]}, "languages"),
        ({"minimum_age": 16}, "18"),
        ({"minimum_age": 30, "maximum_age": 20}, "18"),
        ({"allowed_hosts": ["api.other.example"]}, "base_url.*allowed_hosts"),
        ({"base_url": "http://api.lender.example/jo1n"}, "base_url.*https"),
        ({"recipient": PAPERS | {"hosting_country": "US"}}, "hosting_country"),
        ({"recipient": {"country": "LV"}}, "hosting_country"),
        ({"recipient": PAPERS | {"licence_authority": ""}}, "[Ll]icenc"),
        ({"recipient": PAPERS | {"licence_until": "soon"}}, "licence_until"),
        ({"recipient": PAPERS | {"licence": "1"}}, "licence"),
        ({"allowed_hosts": "api.lender.example"}, "allowed_hosts is a list"),
        ({"requested_fields": "loan.amount_cents"}, "requested_fields is a list"),
        ({"requested_fields": ["loan.keyword"]}, "loan.keyword"),
        ({"minimum_amount_cents": 1_000_01}, "minimum_amount_cents is more than maximum_amount_cents"),
        ({"minimum_term_months": 13}, "minimum_term_months is more than maximum_term_months"),
        ({"paused_at": "2026-01-01"}, "paused_at"),
        ({"name": ""}, "name: This field cannot be blank"),
    ],
)
def test_wrong_fact_is_refused_by_name(tmp_path: Path, changes: dict[str, Any], named: str) -> None:
    with pytest.raises(CommandError, match=named):
        register(tmp_path, **changes)


def test_address_on_this_machine_is_refused_with_those_that_are_spoken_to(
    tmp_path: Path, settings: Any
) -> None:
    settings.LOCAL_LENDERS = ["127.0.0.1:9000"]
    with pytest.raises(CommandError, match=r"127\.0\.0\.1:9000; LOCAL_LENDERS"):
        register(tmp_path, base_url="http://127.0.0.1:9001/jo1n")


def test_lender_on_this_machine_that_is_named_is_registered(tmp_path: Path, settings: Any) -> None:
    settings.LOCAL_LENDERS = ["127.0.0.1:9000"]
    assert register(tmp_path, base_url="http://127.0.0.1:9000/jo1n") == "piemers is registered.\n"


def test_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"nowhere\.json: No such file"):
        call_command("register_lender", tmp_path / "nowhere.json", secrets=tmp_path / "secrets")


def test_file_that_is_no_json_is_named_with_the_place(tmp_path: Path) -> None:
    (tmp_path / "facts.json").write_text('{"slug": "piemers",}')
    with pytest.raises(CommandError, match=r"facts.json is no JSON: .*\(line 1, column \d+\)"):
        call_command("register_lender", tmp_path / "facts.json", secrets=tmp_path / "secrets")


@pytest.mark.parametrize("secret", ["whsec_canary!", "whsec_Y2FuYXJ5", "whsec_"])
def test_signing_secret_that_cannot_sign_is_refused(tmp_path: Path, secret: str) -> None:
    with pytest.raises(CommandError, match="base64 of 24 bytes") as refused:
        register(tmp_path, secrets=secret)
    assert "anary" not in str(refused.value)


def test_certificate_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    given = {"certificate": "canary", "private_key": "canary"}
    with pytest.raises(CommandError, match="PEM") as refused:
        register(tmp_path, secrets=json.dumps(given), adapter="xml")
    assert "canary" not in str(refused.value)


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
