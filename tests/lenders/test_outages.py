"""What will pass by itself: deliveries wait for the keys to come back; no outage sets them aside."""

from typing import Any
from unittest import mock

import pytest
from django.db import OperationalError
from django.test import override_settings
from django.utils import timezone

from applications.crypto.keyring import data_key_scope
from applications.crypto.models import DataKey
from lenders.models import Delivery, Lender
from lenders.services import deliveries
from tests.lenders import scene

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=scene.DATABASES),
    pytest.mark.usefixtures("lenders"),
]


def keys_away() -> Any:
    return mock.patch("applications.crypto.keyring._keys", side_effect=OperationalError)


def epoch_missing() -> Any:
    return override_settings(MASTER_KEYS={"another": bytes(32)})


@pytest.mark.parametrize(
    ("outage", "code"), [(keys_away, "database_away"), (epoch_missing, "not_configured")]
)
def test_outage_of_the_keys_is_waited_for(outage, code):
    application = scene.sent("atra", "leja")
    with outage():
        for _ in range(deliveries.CLAIM_CAP + 2):
            scene.make_due()
            assert scene.begun(application) == {}
    found = scene.delivery_at(application, "atra")
    assert (found.status, found.fence, found.error_code) == ("due", 0, code)
    assert found.due_at > timezone.now()
    scene.make_due()
    assert set(scene.begun(application)) == {"atra", "leja"}


def test_person_whose_master_key_is_not_at_hand_is_waited_for():
    application = scene.sent("atra", "leja")
    DataKey.objects.using("keys").filter(owner_id=application.subject_id).update(epoch="unknown")
    Delivery.objects.update(fence=deliveries.CLAIM_CAP - 1)
    assert scene.begun(application) == {}
    assert set(Delivery.objects.values_list("status", "fence", "error_code")) == {
        ("due", deliveries.CLAIM_CAP - 1, "unknown_epoch")
    }


def test_lender_whose_master_key_is_not_at_hand_is_waited_for_alone():
    application = scene.sent("atra", "leja")
    atra = Lender.objects.get(slug="atra")
    DataKey.objects.using("keys").filter(owner_id=atra.pk).update(epoch="unknown")
    assert set(scene.begun(application)) == {"leja"}
    found = scene.delivery_at(application, "atra")
    assert (found.status, found.fence, found.error_code) == ("due", 0, "not_configured")
    assert scene.states(application)["atra"] == "queued"


def test_outage_is_not_waited_for_beyond_the_deadline():
    application = scene.sent("atra")
    Delivery.objects.update(deadline=timezone.now())
    with epoch_missing():
        scene.begun(application)
    assert scene.states(application) == {"atra": "no_response"}


def test_claim_that_was_overtaken_is_not_begun_when_the_newer_one_was_given_back():
    application = scene.sent("atra")
    old = scene.claim(application)
    scene.end_leases()
    with keys_away():
        scene.begun(application)
    assert scene.delivery_at(application, "atra").fence == old[0].fence
    with data_key_scope():
        assert deliveries.begin(old) == []
