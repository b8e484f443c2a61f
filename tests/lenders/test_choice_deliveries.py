"""The choice on its way to its lender, and the lenders that are left alone while it stands."""

from datetime import timedelta

import pytest
from django.utils import timezone

from applications.actors import Actor
from applications.crypto.keyring import data_key_scope
from applications.models import Application
from applications.personal import Purpose
from lenders.adapters.base import Accepted, ErrorCode, HttpAnswer, LenderError
from lenders.models import Delivery, Offer
from lenders.ordering import Order
from lenders.selectors.for_staff import Waits, waiting_submissions
from lenders.selectors.offers_page import offers_page
from lenders.services import choosing, deliveries, retrying
from lenders.states import DeliveryKind
from tests.lenders import scene

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=scene.DATABASES),
    pytest.mark.usefixtures("lenders"),
]

REFUSED_BY_ITSELF = LenderError(ErrorCode.REJECTED, permanent=True, signed=True)


def choose(offer: Offer) -> None:
    choosing.choose(offer_id=offer.pk, subject_id=offer.subject_id, actor=Actor.consumer(offer.subject_id))


def chosen(*others: str) -> Application:
    """An application at atra, whose offer was chosen, and at others; nothing but the choice is under way."""
    application = scene.sent("atra", *others)
    scene.begun(application)
    Delivery.objects.update(status="done", lease_until=None)
    choose(scene.open_offer(application, "atra"))
    return application


def chosen_while_leja_waits() -> Application:
    application = scene.sent("atra", "leja")
    choose(scene.open_offer(application, "atra"))
    return application


def test_lender_not_asked_yet_receives_nothing_while_another_offer_is_chosen():
    application = chosen_while_leja_waits()
    assert "leja" not in scene.begun(application)
    assert scene.claim() == []
    assert scene.delivery_at(application, "leja").status == "due"
    assert scene.states(application) == {"atra": "selected", "leja": "queued"}


def test_lender_whose_first_worker_died_is_asked_again_when_the_chosen_one_declines():
    application = scene.sent("atra", "leja")
    scene.begun(application)
    choose(scene.open_offer(application, "atra"))
    scene.end_leases()
    assert "leja" not in scene.begun(application)
    scene.say(scene.submission_at(application, "atra"), "declined")
    assert set(scene.begun(application)) == {"leja"}


def test_offer_of_a_lender_whose_first_worker_died_is_held():
    application = chosen_while_leja_waits()
    held = scene.open_offer(application, "leja")
    scene.say(scene.submission_at(application, "atra"), "declined")
    choose(held)
    assert scene.states(application) == {"atra": "lender_declined_late", "leja": "selected"}


def test_application_claimed_before_another_offer_was_chosen_is_given_back():
    application = scene.sent("atra", "leja")
    offer = scene.open_offer(application, "atra")
    claims = scene.claim(application)
    choose(offer)
    with data_key_scope():
        assert deliveries.begin(claims) == []
    found = scene.delivery_at(application, "leja")
    assert (found.status, found.fence, found.error_code) == ("due", 0, "another_chosen")
    assert scene.states(application)["leja"] == "queued"


@pytest.mark.parametrize("over", ["deadline", "application"])
def test_lender_never_asked_was_not_selected_when_the_time_for_it_is_over(over):
    application = chosen_while_leja_waits()
    if over == "deadline":
        scene.shift(scene.delivery_at(application, "leja"), deadline=timezone.now())
    else:
        scene.shift(application, status="closed")
    assert "leja" not in scene.begun(application)
    assert scene.delivery_at(application, "leja").error_code == "no_longer_wanted"
    assert scene.states(application)["leja"] == "not_selected"  # not "could not be reached": nobody tried


def test_choice_that_the_lender_rejects_gives_the_held_offers_back():
    application = scene.sent("atra", "leja")
    offer, held = scene.open_offer(application, "atra"), scene.open_offer(application, "leja")
    choose(offer)
    (prepared,) = scene.begun(application).values()
    scene.finish(prepared, REFUSED_BY_ITSELF)
    assert scene.states(application) == {"atra": "lender_declined_late", "leja": "offered"}
    choose(held)
    assert scene.states(application)["leja"] == "selected"


def test_rejection_of_a_choice_that_was_undone_meanwhile_leaves_the_next_choice_alone():
    application = chosen("leja")
    second = scene.open_offer(application, "leja")
    (told,) = scene.begun(application).values()
    scene.say(scene.submission_at(application, "atra"), "declined")
    choose(second)
    scene.finish(told, REFUSED_BY_ITSELF)
    assert scene.states(application) == {"atra": "lender_declined_late", "leja": "selected"}
    assert Offer.objects.get(pk=second.pk).status == "selected"
    application.refresh_from_db()
    assert application.status == "chosen"


def test_choice_that_a_gateway_rejects_still_stands():
    application = chosen()
    (prepared,) = scene.begun(application).values()
    scene.finish(prepared, HttpAnswer(403, {}, b"<html>"))
    assert scene.states(application) == {"atra": "selected"}
    assert Offer.objects.get().status == "selected"
    choice = scene.delivery_at(application, "atra", "choice")
    assert (choice.status, choice.error_code) == ("failed", "rejected")


def test_choice_is_not_told_on_the_strength_of_an_unknown_word():
    application = chosen()
    (prepared,) = scene.begun(application).values()
    submission = scene.submission_at(application, "atra")
    scene.finish(prepared, scene.signed_reply(submission, scene.statement(submission, "asleep")))
    choice = scene.delivery_at(application, "atra", "choice")
    assert (choice.status, choice.error_code) == ("failed", "malformed_answer")
    assert scene.states(application) == {"atra": "selected"}


# --- told once, with nobody knowing what came of it ---

SILENT = LenderError(ErrorCode.TIMED_OUT, permanent=False, ambiguous=True)


def silent_at(slug: str) -> Application:
    """The choice was sent to a lender that would take it twice, and nothing came back."""
    application = scene.sent(slug, "leja")
    scene.begun(application)
    Delivery.objects.update(status="done", lease_until=None)
    scene.open_offer(application, "leja")
    choose(scene.open_offer(application, slug))
    scene.finish(scene.begun(application)[slug], SILENT)
    assert scene.delivery_at(application, slug, "choice").status == "failed"
    return application


def tell_again(application: Application, slug: str) -> deliveries.Prepared:
    retrying.retry(submission_id=scene.submission_at(application, slug).pk, actor=Actor.staff(1))
    found = {one.kind: one for one in scene.begun_in_order(application)}
    return found[DeliveryKind.CHOICE]


def test_refusal_of_a_choice_that_may_have_been_told_before_takes_nothing_back():
    application = silent_at("vecpilseta")
    scene.finish(tell_again(application, "vecpilseta"), REFUSED_BY_ITSELF)
    assert scene.states(application)["vecpilseta"] == "selected"
    assert [line.waits for line in waiting_submissions(timezone.now())] == [Waits.CHOICE]


def test_refusal_of_a_choice_that_never_left_before_is_a_late_decline():
    application = scene.sent("vecpilseta", "leja")
    scene.begun(application)
    Delivery.objects.update(status="done", lease_until=None)
    choose(scene.open_offer(application, "vecpilseta"))
    away = LenderError(ErrorCode.UNREACHABLE, permanent=True)
    scene.finish(scene.begun(application)["vecpilseta"], away)
    scene.finish(tell_again(application, "vecpilseta"), REFUSED_BY_ITSELF)
    assert scene.states(application)["vecpilseta"] == "lender_declined_late"


def test_bank_that_says_when_it_is_asked_that_it_knows_ends_the_doubt():
    application = silent_at("baka")
    bank = scene.submission_at(application, "baka")
    question = {one.kind: one for one in scene.begun_in_order(application)}[DeliveryKind.INQUIRY]
    accepted = scene.signed_reply(bank, scene.statement(bank, "accepted"))
    scene.finish(question, accepted)
    assert scene.delivery_at(application, "baka", "choice").status == "done"
    assert waiting_submissions(timezone.now()) == []
    page = offers_page(application, Order.APR, purpose=Purpose.DATA_SUBJECT_RIGHTS)
    assert (page.choice_told, page.choice_failed) == (True, False)


def test_word_that_a_choice_is_known_moves_nobody_who_was_not_chosen():
    application = scene.sent("baka")
    bank = scene.submission_at(application, "baka")
    answer = Accepted("BNK-1")
    scene.ingest(submission_id=bank.pk, answer=answer, message_id="", actor=Actor.lender("baka"))
    assert scene.states(application) == {"baka": "pending"}


def test_choice_is_tried_for_a_day_however_late_it_was_made():
    application = scene.sent("atra")
    offer = scene.open_offer(application, "atra")
    scene.shift(offer.submission, late_until=timezone.now() - timedelta(days=1))
    choose(offer)
    left = scene.delivery_at(application, "atra", "choice").deadline - timezone.now()
    assert left > timedelta(hours=23)
