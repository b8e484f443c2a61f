"""Nothing is sent against a person's rights, or to a lender whose papers lapsed; nothing is lost by it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from applications.actors import Actor
from applications.crypto.keyring import data_key_scope
from applications.models import (
    Application,
    Consent,
    Disclosure,
    MailKind,
    OutboundMail,
    Restriction,
    RestrictionGround,
)
from applications.services.processing import lift_restriction, restrict, withdraw_consent
from lenders.models import Delivery, Submission
from lenders.services.choosing import choose
from lenders.services.settling import call_off_withdrawn
from lenders.states import SubmissionStatus
from tests import factories
from tests.lenders import scene

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])


@pytest.fixture(autouse=True)
def _lenders() -> Iterator[None]:
    with data_key_scope():
        scene.register("https://lenders.example", "atra", "leja")
        yield


def restricted(application: Application) -> Restriction:
    return restrict(
        subject_id=application.subject_id,
        ground=RestrictionGround.ACCURACY,
        actor=Actor.consumer(application.subject_id),
    )


def withdrawn(application: Application) -> None:
    withdraw_consent(
        consent_id=Consent.objects.get(application=application).pk,
        subject_id=application.subject_id,
        actor=Actor.consumer(application.subject_id),
    )


# --- restriction ----------------------------------------------------------------------------------------
def test_delivery_of_a_restricted_person_is_not_claimed_and_stays_due() -> None:
    application = scene.sent("atra")
    restricted(application)
    assert scene.claim() == []
    assert scene.claim(application) == []
    assert scene.delivery_at(application, "atra").status == "due"


def test_delivery_goes_out_once_the_restriction_is_lifted() -> None:
    application = scene.sent("atra")
    row = restricted(application)
    assert scene.claim() == []
    lift_restriction(restriction_id=row.pk, actor=Actor.consumer(application.subject_id))
    assert set(scene.begun(application)) == {"atra"}


def test_restriction_that_comes_after_the_claim_stops_the_call_all_the_same() -> None:
    application = scene.sent("atra")
    claimed = scene.claim(application)
    restricted(application)
    assert scene.deliveries.begin(claimed) == []
    assert scene.delivery_at(application, "atra").status == "due"
    assert not Disclosure.objects.exists()


def test_people_who_are_not_restricted_are_served_meanwhile() -> None:
    first, second = scene.sent("atra"), scene.sent("atra")
    restricted(first)
    (claim,) = scene.claim()
    assert Delivery.objects.get(pk=claim.delivery_id).subject_id == second.subject_id


def test_answer_about_a_restricted_person_is_stored_and_nobody_is_written_to() -> None:
    application = scene.sent("atra")
    submission = scene.submission_at(application, "atra")
    scene.shift(submission, page_wait_until=timezone.now() - timedelta(minutes=1))
    restricted(application)
    scene.say(submission, "offered")
    assert scene.states(application) == {"atra": SubmissionStatus.OFFERED}
    assert not OutboundMail.objects.filter(kind=MailKind.LATE_OFFER).exists()


def test_restricted_person_reads_the_offers_and_cannot_choose(client: Client) -> None:
    subject = factories.sign_in(client)
    with data_key_scope():
        application = scene.send(scene.draft_for(subject), ["atra"])
        offer = scene.open_offer(application, "atra")
    restricted(application)
    assert client.get(reverse("lenders:offers", args=[application.pk])).status_code == 200
    refused = client.post(reverse("lenders:choose", args=[application.pk, offer.pk]))
    assert refused.status_code == 409
    assert "tikai glabā" in refused.text
    assert Application.objects.get(pk=application.pk).status == "submitted"


# --- consent --------------------------------------------------------------------------------------------
def test_delivery_is_not_claimed_once_the_consent_is_taken_back() -> None:
    application = scene.sent("atra")
    withdrawn(application)
    assert scene.claim() == []


def test_what_waits_is_called_off_and_the_page_says_why(client: Client) -> None:
    application = scene.sent("atra", "leja")
    scene.say(scene.submission_at(application, "leja"), "pending")
    withdrawn(application)
    assert call_off_withdrawn() == 2
    assert scene.states(application) == {
        "atra": SubmissionStatus.CALLED_OFF,
        "leja": SubmissionStatus.PENDING,  # it has the data already, and may still answer
    }
    assert Submission.objects.get(lender__slug="atra").error_code == "consent_withdrawn"


def test_call_on_its_way_is_waited_for() -> None:
    application = scene.sent("atra")
    assert scene.begun(application)
    withdrawn(application)
    assert call_off_withdrawn() == 0


def test_restriction_alone_calls_nothing_off() -> None:
    application = scene.sent("atra")
    restricted(application)
    assert call_off_withdrawn() == 0


def test_nothing_is_called_off_twice_or_for_somebody_else() -> None:
    application, other = scene.sent("atra"), scene.sent("atra")
    withdrawn(application)
    assert (call_off_withdrawn(), call_off_withdrawn()) == (1, 0)
    assert scene.states(other) == {"atra": SubmissionStatus.QUEUED}


def test_offer_cannot_be_chosen_once_the_consent_is_taken_back() -> None:
    application = scene.sent("atra")
    offer = scene.open_offer(application, "atra")
    withdrawn(application)
    with pytest.raises(Exception, match="consent_missing"):
        choose(
            offer_id=offer.pk,
            subject_id=application.subject_id,
            actor=Actor.consumer(application.subject_id),
        )
