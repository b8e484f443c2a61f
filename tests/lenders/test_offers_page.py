"""The offers page: where each lender stands, to the one consumer whose application it is."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from applications.actors import Actor
from applications.collation import latvian_key
from applications.models import Application
from applications.personal import Purpose
from lenders.models import Submission
from lenders.ordering import Order
from lenders.selectors.offers_page import offers_page
from lenders.services.choosing import choose
from tests.lenders import scene

SHOW = Purpose.DATA_SUBJECT_RIGHTS

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=scene.DATABASES),
    pytest.mark.usefixtures("lenders"),
]


@pytest.fixture
def application(browser: Client) -> Application:
    return scene.sent_from(browser, "atra", "leja", "piesardze")


def url(name: str, application: Application) -> str:
    with translation.override("lv"):
        return reverse(f"lenders:{name}", args=[application.pk])


def fragment(browser: Client, application: Application, etag: str = "", query: str = ""):
    headers = {"If-None-Match": etag} if etag else {}
    return browser.get(url("fragment", application) + query, headers=headers)


def test_page_says_that_lenders_are_awaited(browser, application):
    page = browser.get(url("offers", application))
    assert page.status_code == 200
    assert page.context["waiting"] is True
    assert 'data-waiting="true"' in page.text
    asked, _, left_out = page.text.partition('id="not-asked"')
    for slug in ("atra", "leja", "piesardze"):
        assert scene.SANDBOX[slug].name in asked
        assert scene.SANDBOX[slug].name not in left_out
    assert scene.SANDBOX["vetra"].name not in asked


def test_page_does_not_say_of_a_lender_left_alone_while_a_choice_stands_that_it_is_being_asked(application):
    offer = scene.open_offer(application, "atra")
    choose(offer_id=offer.pk, subject_id=offer.subject_id, actor=Actor.consumer(offer.subject_id))
    application.refresh_from_db()
    page = offers_page(application, Order.APR, purpose=SHOW)
    assert {lender.state for lender in page.lenders} == {"selected", "not_selected"}
    assert not page.waiting
    assert not page.late


def test_page_waits_until_the_last_lender_has_answered(browser, application):
    for slug, word in (("atra", "offered"), ("leja", "declined"), ("piesardze", "needs_more")):
        assert browser.get(url("offers", application)).context["waiting"] is True
        scene.say(scene.submission_at(application, slug), word)
    assert browser.get(url("offers", application)).context["waiting"] is False  # the lender waits for us


def test_silent_lender_is_late_and_not_lost(browser, application):
    Submission.objects.update(page_wait_until=timezone.now() - timedelta(seconds=1))
    page = browser.get(url("offers", application))
    assert page.context["waiting"] is False
    assert [lender.late for lender in page.context["lenders"]] == [True, True, True]


def test_offers_come_in_the_order_the_consumer_wants(browser, application):
    scene.open_offer(application, "atra")
    scene.open_offer(application, "leja")
    for order, key in (
        ("apr", lambda offer: offer.apr),
        ("total", lambda offer: offer.total_payable_cents),
        ("instalment", lambda offer: offer.instalment_cents),
        ("lender", lambda offer: latvian_key(offer.lender_name)),
    ):
        shown = browser.get(f"{url('offers', application)}?order={order}").context["offers"]
        assert shown == sorted(shown, key=key)
    assert browser.get(f"{url('offers', application)}?order=commission").context["order"] == Order.APR


def test_lenders_asked_stand_by_the_latvian_alphabet(application):
    page = offers_page(application, Order.APR, purpose=SHOW)
    slugs = ("atra", "leja", "piesardze")
    assert [lender.name for lender in page.lenders] == [scene.SANDBOX[slug].name for slug in slugs]


def test_withdrawn_and_expired_offers_are_not_shown(application):
    offer = scene.open_offer(application, "atra")
    for status, shown in (("open", 1), ("withdrawn", 0), ("expired", 0), ("selected", 1)):
        scene.shift(offer, status=status)
        assert len(offers_page(application, Order.APR, purpose=SHOW).offers) == shown


def test_fragment_is_sent_again_only_when_something_changed(browser, application):
    first = fragment(browser, application)
    etag = first["ETag"]
    assert fragment(browser, application, etag).status_code == 304
    scene.say(scene.submission_at(application, "atra"), "pending")
    second = fragment(browser, application, etag)
    assert second.status_code == 200
    assert second["ETag"] != etag


def test_fragment_differs_by_order_and_language(browser, application):
    etags = {fragment(browser, application, query=f"?order={order}")["ETag"] for order in Order.values}
    english = browser.get(f"/en{url('fragment', application)[3:]}")
    assert len(etags | {english["ETag"]}) == len(Order.values) + 1


def test_fragment_changes_when_the_page_stops_waiting(browser, application):
    etag = fragment(browser, application)["ETag"]
    Submission.objects.update(page_wait_until=timezone.now())
    assert fragment(browser, application, etag).status_code == 200


def test_fragment_changes_when_one_of_the_awaited_lenders_becomes_late(browser, application):
    etag = fragment(browser, application)["ETag"]
    scene.shift(scene.submission_at(application, "atra"), page_wait_until=timezone.now())
    assert fragment(browser, application, etag).status_code == 200


def test_fragment_changes_when_the_choice_was_told(browser, application):
    scene.begun(application)
    offer = scene.open_offer(application, "atra")
    choose(offer_id=offer.pk, subject_id=offer.subject_id, actor=scene.Actor.consumer(offer.subject_id))
    etag = fragment(browser, application)["ETag"]
    (prepared,) = scene.begun(application).values()
    submission = scene.submission_at(application, "atra")
    scene.finish(prepared, scene.signed_reply(submission, scene.statement(submission, "accepted")))
    told = fragment(browser, application, etag)
    assert told.status_code == 200
    assert told.context["page"].choice_told


def test_page_is_never_stored(browser, application):
    for name in ("offers", "fragment"):
        assert "no-store" in browser.get(url(name, application))["Cache-Control"]


@pytest.mark.parametrize("name", ["offers", "fragment"])
def test_application_of_another_is_not_found(browser, application, name):
    other = scene.sent("atra")
    answer = browser.get(url(name, other))
    assert answer.status_code == 404
    assert other.reference not in answer.text


@pytest.mark.parametrize("name", ["offers", "fragment"])
def test_stranger_is_led_to_the_way_in(application, name):
    answer = Client().get(url(name, application))
    assert answer.status_code == 302
    assert "start" in answer["Location"]


def test_another_method_is_refused(browser, application):
    assert browser.post(url("offers", application)).status_code == 405


def test_reasons_of_refusal_stay_with_the_consumer(browser, application):
    """The page must not show the lender's internal words, only those of the closed vocabulary."""
    submission = scene.submission_at(application, "atra")
    scene.say(submission, "declined", reason="<script>alert(1)</script>")
    assert "<script>alert" not in browser.get(url("offers", application)).text


def test_page_costs_a_bounded_number_of_queries(browser, application, django_assert_max_num_queries):
    for slug in ("atra", "leja"):
        scene.open_offer(application, slug)
    with django_assert_max_num_queries(12):
        browser.get(url("offers", application))
