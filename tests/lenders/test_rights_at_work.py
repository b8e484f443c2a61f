"""Nothing is sent against a person's rights, or to a lender whose papers lapsed; nothing is lost by it."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from applications.actors import Actor
from applications.crypto.keyring import data_key_scope
from applications.errors import ConsentMissing
from applications.models import (
    AgreementKind,
    Application,
    Consent,
    Disclosure,
    MailKind,
    OutboundMail,
    Recipient,
    Restriction,
    RestrictionGround,
)
from applications.services import mail
from applications.services.processing import lift_restriction, restrict, withdraw_consent
from lenders.adapters.base import ErrorCode, LenderError
from lenders.errors import LenderLapsed
from lenders.models import Delivery, Submission
from lenders.services.choosing import choose
from lenders.services.ingest import close_overdue
from lenders.services.retrying import retry
from lenders.services.settling import call_off_withdrawn
from lenders.states import DeliveryKind, SubmissionStatus
from tests import factories
from tests.lenders import scene

pytestmark = [pytest.mark.thorough, pytest.mark.django_db(databases=["default", "keys", "aside"])]


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


def main_of(page: Any) -> str:
    """What stands between the head of a page and its foot."""
    text: str = page.text
    return text.partition("<main")[2].partition("</main>")[0]


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


def test_whoever_could_not_answer_a_lender_meanwhile_gets_the_time_back() -> None:
    application = scene.sent("leja")
    Delivery.objects.update(status="done")
    submission = scene.submission_at(application, "leja")
    scene.say(submission, "needs_more")
    row = restricted(application)
    scene.shift(row, since=timezone.now() - timedelta(days=2))
    before = scene.submission_at(application, "leja").late_until
    lift_restriction(restriction_id=row.pk, actor=Actor.consumer(application.subject_id))
    given_back = Submission.objects.get(pk=submission.pk).late_until - before
    assert timedelta(days=2) <= given_back < timedelta(days=2, minutes=1)


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


@pytest.mark.parametrize("stop", [restricted, withdrawn])
def test_page_invites_nobody_to_choose_while_nothing_is_passed_on(client: Client, stop: Any) -> None:
    subject = factories.sign_in(client)
    with data_key_scope():
        application = scene.send(scene.draft_for(subject), ["atra"])
        offer = scene.open_offer(application, "atra")
    choose_page = reverse("lenders:choose", args=[application.pk, offer.pk])
    assert "<form" in main_of(client.get(choose_page))
    stop(application)
    page = client.get(choose_page)
    assert "<form" not in main_of(page)
    assert str(page.context["page"].stopped) in page.text
    offers = client.get(reverse("lenders:offers", args=[application.pk]))
    assert f'id="choose-{offer.pk}"' not in offers.text
    assert f'id="more-{offer.pk}"' in offers.text


def test_page_does_not_promise_that_another_offer_can_be_chosen_once_passing_on_is_stopped(
    client: Client,
) -> None:
    subject = factories.sign_in(client)
    with data_key_scope():
        application = scene.send(scene.draft_for(subject), ["atra", "leja"])
        chosen, other = (scene.open_offer(application, lender) for lender in ("atra", "leja"))
        choose(offer_id=chosen.pk, subject_id=subject.pk, actor=Actor.consumer(subject.pk))
    pages = [reverse("lenders:offers", args=[application.pk])]
    pages += [reverse("lenders:choose", args=[application.pk, offer.pk]) for offer in (chosen, other)]
    promise = "varēs izvēlēties"
    assert all(promise in main_of(client.get(page)) for page in pages)
    withdrawn(application)
    assert not any(promise in main_of(client.get(page)) for page in pages)


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
    assert Submission.objects.get(lender__slug="atra").error_code == "request_withdrawn"


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
    with pytest.raises(Exception, match="request_withdrawn"):
        choose(
            offer_id=offer.pk,
            subject_id=application.subject_id,
            actor=Actor.consumer(application.subject_id),
        )


def test_what_may_have_arrived_is_not_said_to_be_unsent() -> None:
    """A worker died in the middle of its call: nobody knows what the lender has."""
    application = scene.sent("atra")
    assert scene.begun(application)
    scene.end_leases()
    withdrawn(application)
    assert call_off_withdrawn() == 1
    assert scene.states(application) == {"atra": SubmissionStatus.UNKNOWN}
    assert scene.say(scene.submission_at(application, "atra"), "offered") == "taken"


def test_consent_of_another_application_of_the_person_lets_nothing_out() -> None:
    with data_key_scope():
        subject, _token = scene.new_session()
        first = scene.send(scene.draft_for(subject), ["atra"])
        second = scene.send(scene.draft_for(subject), ["atra"])
    withdrawn(first)
    (claim,) = scene.claim()
    assert Delivery.objects.get(pk=claim.delivery_id).submission.application_id == second.pk


def test_staff_cannot_send_again_what_a_consent_no_longer_covers() -> None:
    application = scene.sent("atra")
    scene.finish(scene.begun(application)["atra"], LenderError(ErrorCode.REJECTED, permanent=True))
    withdrawn(application)
    with pytest.raises(ConsentMissing):
        retry(submission_id=scene.submission_at(application, "atra").pk, actor=Actor.staff(1))
    assert scene.states(application) == {"atra": SubmissionStatus.FAILED}


def test_choice_of_a_lender_whose_papers_lapsed_is_refused_and_nothing_is_held() -> None:
    application = scene.sent("atra")
    offer = scene.open_offer(application, "atra")
    Recipient.objects.filter(slug="atra").update(active=False)
    with pytest.raises(LenderLapsed):
        choose(offer_id=offer.pk, subject_id=offer.subject_id, actor=Actor.consumer(offer.subject_id))
    assert Application.objects.get(pk=application.pk).status == "submitted"


def test_choice_waits_for_papers_that_lapsed_after_it() -> None:
    application = scene.sent("atra")
    offer = scene.open_offer(application, "atra")
    choose(offer_id=offer.pk, subject_id=offer.subject_id, actor=Actor.consumer(offer.subject_id))
    Recipient.objects.filter(slug="atra").update(active=False)
    assert scene.begun(application) == {}
    assert scene.delivery_at(application, "atra", "choice").status == "due"
    Recipient.objects.filter(slug="atra").update(active=True)
    scene.make_due()
    assert set(scene.begun(application)) == {"atra"}


def test_inquiry_asks_nothing_once_a_right_stands_in_the_way() -> None:
    application = scene.sent("atra")
    submission = scene.submission_at(application, "atra")
    Delivery.objects.filter(submission=submission).update(kind=DeliveryKind.INQUIRY)
    claimed = scene.claim(application)
    restricted(application)
    assert scene.deliveries.begin(claimed) == []


# --- after a restriction ----------------------------------------------------------------------------------
def test_restriction_longer_than_the_late_window_loses_nothing() -> None:
    application = scene.sent("atra")
    row = restricted(application)
    long_ago = timezone.now() - timedelta(days=30)
    Restriction.objects.filter(pk=row.pk).update(since=long_ago)
    submission, delivery = scene.submission_at(application, "atra"), scene.delivery_at(application, "atra")
    scene.shift(submission, page_wait_until=long_ago, late_until=long_ago + timedelta(days=3))
    scene.shift(delivery, deadline=long_ago + timedelta(days=3), due_at=long_ago)
    close_overdue()
    lift_restriction(restriction_id=row.pk, actor=Actor.consumer(application.subject_id))
    assert set(scene.begun(application)) == {"atra"}
    assert scene.say(scene.submission_at(application, "atra"), "offered") == "taken"


def test_clocks_of_overlapping_restrictions_are_put_on_by_all_of_them() -> None:
    application = scene.sent("atra")
    before = scene.delivery_at(application, "atra").deadline
    actor = Actor.consumer(application.subject_id)
    first = restricted(application)
    second = restrict(subject_id=application.subject_id, ground=RestrictionGround.CLAIMS, actor=actor)
    Restriction.objects.filter(pk=first.pk).update(since=timezone.now() - timedelta(days=10))
    Restriction.objects.filter(pk=second.pk).update(since=timezone.now() - timedelta(days=5))
    lift_restriction(restriction_id=first.pk, actor=actor)
    assert scene.delivery_at(application, "atra").deadline == before
    lift_restriction(restriction_id=second.pk, actor=actor)
    assert scene.delivery_at(application, "atra").deadline - before >= timedelta(days=10)


def test_clocks_are_put_on_by_restrictions_that_overlap_one_after_another() -> None:
    application = scene.sent("atra")
    before = scene.delivery_at(application, "atra").deadline
    actor = Actor.consumer(application.subject_id)
    now = timezone.now()
    lifted_after = {RestrictionGround.ACCURACY: (10, 6), RestrictionGround.CLAIMS: (7, 3)}
    for ground, (since, until) in lifted_after.items():
        row = restrict(subject_id=application.subject_id, ground=ground, actor=actor)
        Restriction.objects.filter(pk=row.pk).update(
            since=now - timedelta(days=since), lifted_at=now - timedelta(days=until)
        )
    last = restrict(subject_id=application.subject_id, ground=RestrictionGround.UNLAWFUL, actor=actor)
    Restriction.objects.filter(pk=last.pk).update(since=now - timedelta(days=4))
    lift_restriction(restriction_id=last.pk, actor=actor)
    assert scene.delivery_at(application, "atra").deadline - before >= timedelta(days=10)


def test_page_says_that_nothing_is_passed_on(client: Client) -> None:
    subject = factories.sign_in(client)
    with data_key_scope():
        application = scene.send(scene.draft_for(subject), ["atra"])
    address = reverse("lenders:offers", args=[application.pk])
    assert 'data-key="stopped"' not in client.get(address).text
    withdrawn(application)
    assert 'data-key="stopped"' in client.get(address).text


def test_mail_queued_before_a_restriction_waits() -> None:
    application = scene.sent("atra")
    row = restricted(application)
    mailed = OutboundMail.objects.get(kind=MailKind.APPLICATION_SENT, owner_id=application.subject_id)
    mail.deliver(mailed.pk)
    mailed.refresh_from_db()
    assert (mailed.status, mailed.error_code) == ("queued", "processing_restricted")
    lift_restriction(restriction_id=row.pk, actor=Actor.consumer(application.subject_id))
    mail.deliver(mailed.pk)
    mailed.refresh_from_db()
    assert mailed.status == "sent"


def test_lender_registered_again_keeps_the_entry_that_stands() -> None:
    Recipient.objects.filter(slug="atra").update(review_due_on=date(2020, 1, 1))
    scene.register("https://lenders.example", "atra")
    assert Recipient.objects.get(slug="atra").review_due_on == date(2020, 1, 1)


def test_lender_cannot_be_bound_by_law_alone() -> None:
    with pytest.raises(IntegrityError, match="only_an_authority_is_bound_by_law_alone"):
        Recipient.objects.filter(slug="atra").update(agreement=AgreementKind.LAW)
