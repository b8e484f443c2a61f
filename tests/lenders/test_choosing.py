"""The consumer's choice: one offer, their own, open and valid; told to its lender once."""

import threading
from datetime import timedelta

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from applications.actors import Actor
from applications.errors import IllegalTransition, Refusal, SubjectErased
from applications.models import Application, ApplicationEvent, AuditEntry, MailKind, OutboundMail
from lenders.errors import OfferNotOpen
from lenders.models import Delivery, Offer, Submission
from lenders.services.choosing import choose
from tests.lenders import scene

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=scene.DATABASES),
    pytest.mark.usefixtures("lenders"),
]


@pytest.fixture
def application() -> Application:
    return scene.sent("atra", "leja")


def pick(offer: Offer) -> None:
    choose(offer_id=offer.pk, subject_id=offer.subject_id, actor=Actor.consumer(offer.subject_id))


def test_chosen_offer_is_told_to_its_lender_and_the_others_are_held(application):
    held, offer = scene.open_offer(application, "leja"), scene.open_offer(application, "atra")
    pick(offer)
    assert scene.states(application) == {"atra": "selected", "leja": "offered"}
    assert Offer.objects.get(pk=held.pk).status == "open"
    assert scene.delivery_at(application, "atra", "choice").status == "due"
    application.refresh_from_db()
    assert application.status == "chosen"


def test_choice_is_written_down(application):
    pick(scene.open_offer(application, "atra"))
    assert ApplicationEvent.objects.filter(application=application, status="chosen").count() == 1
    assert AuditEntry.objects.filter(action="offer.chosen", subject_id=application.subject_id).count() == 1
    assert OutboundMail.objects.filter(kind=MailKind.OFFER_CHOSEN).count() == 1


def test_choosing_twice_is_choosing_once(application):
    offer = scene.open_offer(application, "atra")
    pick(offer)
    pick(offer)
    assert Delivery.objects.filter(kind="choice").count() == 1
    assert OutboundMail.objects.filter(kind=MailKind.OFFER_CHOSEN).count() == 1


def test_second_offer_cannot_be_chosen_while_a_choice_stands(application):
    first, second = scene.open_offer(application, "atra"), scene.open_offer(application, "leja")
    pick(first)
    with pytest.raises(IllegalTransition):
        pick(second)
    assert Offer.objects.get(pk=second.pk).status == "open"


def test_offer_of_somebody_else_cannot_be_chosen(application):
    offer = scene.open_offer(application, "atra")
    stranger, _ = scene.new_session()
    with pytest.raises(OfferNotOpen):
        choose(offer_id=offer.pk, subject_id=stranger.pk, actor=Actor.consumer(stranger.pk))
    assert Offer.objects.get(pk=offer.pk).status == "open"


@pytest.mark.parametrize("status", ["withdrawn", "expired", "not_selected"])
def test_offer_that_is_not_open_cannot_be_chosen(application, status):
    offer = scene.open_offer(application, "atra")
    scene.shift(offer, status=status)
    with pytest.raises(OfferNotOpen):
        pick(offer)
    assert scene.states(application)["atra"] == "offered"


def test_offer_past_its_validity_is_refused_before_the_sweep_sees_it(application):
    offer = scene.open_offer(application, "atra")
    scene.shift(offer, valid_until=timezone.now())
    with pytest.raises(OfferNotOpen):
        pick(offer)
    application.refresh_from_db()
    assert application.status == "submitted"
    assert not Delivery.objects.filter(kind="choice").exists()


def test_nothing_is_chosen_for_an_erased_person(application):
    offer = scene.open_offer(application, "atra")
    scene.erase(application.subject)
    with pytest.raises(SubjectErased):
        pick(offer)


@pytest.mark.slow
@pytest.mark.django_db(databases=scene.DATABASES, transaction=True)
def test_two_different_offers_chosen_at_once_leave_one_chosen():
    application = scene.sent("atra", "leja", "dzintars")
    offers = [scene.open_offer(application, slug) for slug in ("atra", "leja", "dzintars")] * 2
    refused, together = [], threading.Barrier(len(offers))

    def run(offer: Offer) -> None:
        try:
            together.wait(10)
            pick(offer)
        except Refusal as refusal:
            refused.append(refusal.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[offer]) for offer in offers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert Offer.objects.filter(status="selected").count() == 1
    assert Submission.objects.filter(status="selected").count() == 1
    assert Delivery.objects.filter(kind="choice").count() == 1
    assert refused == ["illegal_transition"] * 4  # both presses on the winner succeed


# --- the page ---


def signed_in(browser: Client) -> Application:
    return scene.sent_from(browser, "atra", "leja")


def choose_url(offer: Offer) -> str:
    return reverse("lenders:choose", args=[offer.submission.application_id, offer.pk])


def test_page_shows_the_offer_and_the_keyword_before_anything_is_chosen(browser):
    offer = scene.open_offer(signed_in(browser), "leja")
    page = browser.get(choose_url(offer))
    assert page.status_code == 200
    assert scene.ANSWERS["keyword"] in page.text
    assert offer.submission.lender.name in page.text
    assert Offer.objects.get(pk=offer.pk).status == "open"


def test_pressing_the_button_leads_back_to_the_offers(browser):
    application = signed_in(browser)
    offer = scene.open_offer(application, "leja")
    answer = browser.post(choose_url(offer))
    assert (answer.status_code, answer["Location"]) == (302, reverse("lenders:offers", args=[application.pk]))
    assert Offer.objects.get(pk=offer.pk).status == "selected"


def test_expired_offer_is_refused_with_a_sentence(browser):
    offer = scene.open_offer(signed_in(browser), "leja")
    scene.shift(offer, valid_until=timezone.now() - timedelta(seconds=1))
    answer = browser.post(choose_url(offer))
    assert answer.status_code == 409
    assert 'role="alert"' in answer.text
    assert str(OfferNotOpen.sentence) in answer.text or answer.context["refusal"] == OfferNotOpen.sentence


def test_held_offer_is_refused_with_a_sentence(browser):
    application = signed_in(browser)
    first, second = scene.open_offer(application, "atra"), scene.open_offer(application, "leja")
    browser.post(choose_url(first))
    assert browser.post(choose_url(second)).status_code == 409


@pytest.mark.parametrize("method", ["get", "post"])
def test_offer_of_somebody_else_is_not_found(browser, method):
    signed_in(browser)
    offer = scene.open_offer(scene.sent("atra"), "atra")
    assert getattr(browser, method)(choose_url(offer)).status_code == 404


def test_own_offer_under_another_application_is_not_found(browser):
    application = signed_in(browser)
    offer = scene.open_offer(scene.sent("atra"), "atra")
    assert browser.post(reverse("lenders:choose", args=[application.pk, offer.pk])).status_code == 404
