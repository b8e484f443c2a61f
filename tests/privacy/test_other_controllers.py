"""The register of other controllers: which addresses and keys it takes, and who keeps it."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from applications.models import AuditEntry
from applications.personal import RecipientKind
from privacy.errors import EndpointRefused, KeysRefused
from privacy.models import OtherController
from privacy.portability.keys import jwks
from privacy.services.registers import checked_endpoint, checked_keys, save_other_controller
from tests.lenders import scene
from tests.privacy import dpo, elsewhere, rights

pytestmark = [pytest.mark.thorough, pytest.mark.django_db(databases=scene.DATABASES)]
ENDPOINT = "https://apply.example/portability/v1/transfers"
KEY = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}


def row(**changes: Any) -> OtherController:
    recipient = dpo.recipient("other", kind=RecipientKind.CONTROLLER)
    return OtherController(
        **{"recipient": recipient, "endpoint": ENDPOINT, "keys": {"keys": [KEY]}} | changes
    )


def test_key_set_is_kept_by_thumbprints_and_the_entry_is_audited() -> None:
    entered = row()
    save_other_controller(controller=entered, changed=["keys"], actor=rights.OFFICER)
    assert entered.keys == [KEY | {"kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"}]
    assert AuditEntry.objects.filter(action="othercontroller.entered").exists()


@pytest.mark.parametrize(
    "endpoint",
    ["", "http://apply.example/", "https://127.0.0.1/", "https://10.0.0.1/", "https://a@apply.example/",
     "https://apply.example/#x", "ftp://apply.example/", "https:///x", "https://2130706433/", "x"],
)  # fmt: skip
def test_address_that_may_not_be_called_is_refused(endpoint: str) -> None:
    with pytest.raises(EndpointRefused):
        checked_endpoint(endpoint)


@pytest.mark.parametrize(
    "keys", [None, [], {}, "text", 7, {"keys": []}, [KEY | {"d": KEY["x"]}], [KEY | {"x": "short"}], [1]]
)
def test_what_is_no_public_key_set_is_refused(keys: Any) -> None:
    with pytest.raises(KeysRefused):
        checked_keys(keys, row().pk)


def test_key_of_somebody_else_is_refused() -> None:
    """By its key a sender is known."""
    elsewhere.controller()
    with pytest.raises(KeysRefused):
        checked_keys(jwks(), row().pk)


def test_country_outside_the_eea_is_refused_by_the_database() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        dpo.recipient("far", kind=RecipientKind.CONTROLLER, country="US")


def test_officer_enters_one_and_is_told_what_is_wrong() -> None:
    browser = dpo.dpo()
    recipient = dpo.recipient("other", kind=RecipientKind.CONTROLLER)
    address = reverse("admin:privacy_othercontroller_add")
    given = {"recipient": str(recipient.pk), "endpoint": "http://inside/", "keys": "{}"}
    refused = browser.post(address, given)
    assert refused.status_code == 200
    assert refused.context["adminform"].errors.keys() == {"endpoint", "keys"}
    good = given | {
        "endpoint": ENDPOINT,
        "keys": f'{{"keys": [{{"kty": "OKP", "crv": "Ed25519", "x": "{KEY["x"]}"}}]}}',
    }
    assert browser.post(address, good).status_code == 302
    assert OtherController.objects.get().endpoint == ENDPOINT
