"""What lenders say, in whatever order and however often: one state, one offer."""

import itertools
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from applications.actors import Actor
from applications.errors import SubjectErased
from applications.models import Application, Consent, MailKind, OutboundMail
from applications.personal import Purpose
from applications.services.processing import withdraw_consent
from lenders.adapters.base import Accepted
from lenders.models import LenderMessage, Offer, Submission
from lenders.ordering import Order
from lenders.selectors.offers_page import apr_differs, offers_page
from lenders.services import choosing, ingest
from tests.lenders import scene

SHOW = Purpose.DATA_SUBJECT_RIGHTS

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=scene.DATABASES),
    pytest.mark.usefixtures("lenders"),
]


@pytest.fixture
def application() -> Application:
    return scene.sent("atra", "leja")


@pytest.fixture
def submission(application: Application) -> Submission:
    return scene.submission_at(application, "atra")


def state(submission: Submission) -> str:
    return Submission.objects.get(pk=submission.pk).status


def choose(offer: Offer) -> None:
    choosing.choose(offer_id=offer.pk, subject_id=offer.subject_id, actor=Actor.consumer(offer.subject_id))


# --- each word ---


@pytest.mark.parametrize(
    ("word", "becomes"),
    [
        ("offered", "offered"),
        ("declined", "declined"),
        ("pending", "pending"),
        ("needs_more", "action_required"),
        ("withdrawn", "withdrawn"),
        ("asleep", "queued"),
    ],
)
def test_word_moves_the_submission(submission, word, becomes):
    scene.say(submission, word)
    assert state(submission) == becomes


def test_unknown_status_is_recorded_and_changes_nothing(application, submission):
    before = Application.objects.get(pk=application.pk).version
    assert scene.say(submission, "asleep", message_id="msg_1") == "unrecognised"
    assert LenderMessage.objects.get().outcome == "unrecognised"
    assert Application.objects.get(pk=application.pk).version == before


def test_every_change_is_news_for_the_open_page(application, submission):
    versions = []
    for word in ("pending", "needs_more", "offered", "withdrawn"):
        scene.say(submission, word)
        versions.append(Application.objects.get(pk=application.pk).version)
    assert versions == sorted(set(versions))


def test_reason_and_needs_are_kept(application, submission):
    scene.say(submission, "needs_more", needs=["identification.phone", "family.dependants"])
    assert Submission.objects.get(pk=submission.pk).needs == ["identification.phone", "family.dependants"]
    scene.say(submission, "declined", reason="income_insufficient")
    assert Submission.objects.get(pk=submission.pk).decline_reason == "income_insufficient"


# --- any order, any number of times ---


@pytest.mark.parametrize("order", list(itertools.permutations(["sync", "callback", "poll"])))
def test_same_offer_in_any_order_ten_times_each_is_one_offer(submission, order):
    for path in order * 10:
        scene.say(submission, "offered", message_id=f"msg_{path}")
    assert state(submission) == "offered"
    assert Offer.objects.filter(submission=submission).count() == 1


@pytest.mark.parametrize("order", list(itertools.permutations(["pending", "offered", "withdrawn"])))
def test_withdrawal_is_final_whenever_it_comes(submission, order):
    for number, word in enumerate(order * 10):
        scene.say(submission, word, message_id=f"msg_{word}_{number % 10}")
    assert state(submission) == "withdrawn"
    assert not Offer.objects.filter(submission=submission, status="open").exists()


@pytest.mark.parametrize("words", [("pending", "offered"), ("offered", "pending")])
def test_pending_that_overtook_the_offer_does_not_take_it_back(submission, words):
    for word in words:
        scene.say(submission, word)
    assert state(submission) == "offered"


def test_first_final_word_stands(submission):
    scene.say(submission, "declined")
    assert scene.say(submission, "offered") == "out_of_place"
    assert state(submission) == "declined"
    assert not Offer.objects.filter(submission=submission).exists()


def test_same_message_again_changes_nothing(submission):
    assert scene.say(submission, "pending", message_id="msg_1") == "taken"
    assert scene.say(submission, "declined", message_id="msg_1") == "duplicate"


def test_message_id_of_another_submission_is_not_a_message_twice(submission):
    other = scene.submission_at(scene.sent("atra"), "atra")
    assert scene.say(submission, "pending", message_id="msg_1") == "taken"
    assert scene.say(other, "declined", message_id="msg_1") == "taken"
    assert state(other) == "declined"
    assert state(submission) == "pending"


def test_message_ids_of_two_lenders_do_not_meet(application, submission):
    other = scene.submission_at(application, "leja")
    assert scene.say(submission, "pending", message_id="msg_1") == "taken"
    assert scene.say(other, "pending", message_id="msg_1") == "taken"


def test_longest_message_id_of_the_protocol_is_taken(submission):
    assert scene.say(submission, "pending", message_id="m" * 128) == "taken"


def test_changed_terms_under_a_known_reference_are_ignored(submission):
    scene.say(submission, "offered")
    cheaper = scene.terms_document(submission, valid_until="2049-01-01T00:00:00Z", price_personalised=True)
    assert scene.say(submission, "offered", offer=cheaper) == "duplicate"
    assert Offer.objects.get().price_personalised is False


def test_second_offer_under_a_new_reference_stands_beside_the_first(submission):
    scene.say(submission, "offered")
    assert scene.say(submission, "offered", offer=scene.terms_document(submission, reference="B")) == "taken"
    assert Offer.objects.filter(submission=submission, status="open").count() == 2


def test_further_offer_after_one_was_chosen_is_ignored(application, submission):
    choose(scene.open_offer(application, "atra"))
    changed = scene.terms_document(submission, reference="B")
    assert scene.say(submission, "offered", offer=changed) == "out_of_place"
    assert Offer.objects.get().status == "selected"
    assert state(submission) == "selected"


# --- late ---


@pytest.mark.parametrize("was", ["queued", "pending", "no_response", "failed", "unknown"])
def test_late_answer_counts_within_the_late_window(submission, was):
    Submission.objects.filter(pk=submission.pk).update(status=was, page_wait_until=timezone.now())
    assert scene.say(submission, "offered") == "taken"
    assert state(submission) == "offered"


@pytest.mark.parametrize("word", ["offered", "declined", "pending", "needs_more"])
def test_answer_after_the_late_window_is_refused(submission, word):
    scene.shift(submission, late_until=timezone.now() - timedelta(seconds=1))
    assert scene.say(submission, word) == "too_late"
    assert state(submission) == "queued"


def test_answer_about_a_closed_application_is_refused(application, submission):
    Application.objects.filter(pk=application.pk).update(status="closed")
    assert scene.say(submission, "offered") == "too_late"


@pytest.mark.parametrize("was", ["pending", "action_required"])
def test_silent_lender_is_given_up_when_its_late_window_closes(submission, was):
    scene.Delivery.objects.update(status="done")
    scene.shift(submission, status=was)
    assert ingest.close_overdue() == 0
    scene.shift(submission, late_until=timezone.now() - timedelta(seconds=1))
    assert ingest.close_overdue() == 1
    assert state(submission) == "no_response"


def test_lender_whose_words_meant_nothing_does_not_stay_queued_for_ever(application, submission):
    (prepared,) = [one for slug, one in scene.begun(application).items() if slug == "atra"]
    scene.finish(prepared, scene.signed_reply(submission, scene.statement(submission, "asleep")))
    assert state(submission) == "queued"
    scene.shift(submission, late_until=timezone.now() - timedelta(seconds=1))
    assert ingest.close_overdue() == 1
    assert state(submission) == "no_response"


def test_submission_still_being_sent_is_not_given_up(submission):
    scene.shift(submission, late_until=timezone.now() - timedelta(seconds=1))
    assert ingest.close_overdue() == 0


def test_erased_person_does_not_stop_the_clocks_of_others(application, submission):
    gone = scene.sent("atra")
    scene.open_offer(gone, "atra")
    offer = scene.open_offer(application, "leja")
    for one in (submission, scene.submission_at(gone, "atra")):
        scene.shift(one, status="pending", late_until=timezone.now() - timedelta(hours=1))
    Offer.objects.update(valid_until=timezone.now() - timedelta(seconds=1))
    scene.Delivery.objects.update(status="done")
    scene.erase(gone.subject)
    assert ingest.close_overdue() == 1
    assert ingest.expire_offers() == 1
    assert Offer.objects.get(pk=offer.pk).status == "expired"


# --- offers that end ---


def test_open_offer_expires_and_its_submission_with_it(application, submission):
    offer = scene.open_offer(application, "atra")
    assert ingest.expire_offers() == 0
    scene.shift(offer, valid_until=timezone.now() - timedelta(seconds=1))
    assert ingest.expire_offers() == 1
    assert Offer.objects.get().status == "expired"
    assert state(submission) == "expired"


def test_submission_with_another_open_offer_does_not_expire(application, submission):
    first = scene.open_offer(application, "atra")
    scene.open_offer(application, "atra", reference="B")
    scene.shift(first, valid_until=timezone.now() - timedelta(seconds=1))
    ingest.expire_offers()
    assert state(submission) == "offered"


def test_chosen_offer_does_not_expire(application, submission):
    offer = scene.open_offer(application, "atra")
    choose(offer)
    scene.shift(offer, valid_until=timezone.now() - timedelta(seconds=1))
    assert ingest.expire_offers() == 0
    assert state(submission) == "selected"


@pytest.mark.parametrize("word", ["declined", "withdrawn"])
def test_chosen_lender_that_says_no_reopens_the_held_offers(application, submission, word):
    held = scene.open_offer(application, "leja")
    choose(scene.open_offer(application, "atra"))
    scene.say(submission, word)
    assert state(submission) == "lender_declined_late"
    application.refresh_from_db()
    assert application.status == "submitted"
    page = offers_page(application, Order.APR, purpose=SHOW)
    assert [(offer.id, offer.can_be_chosen) for offer in page.offers] == [(held.pk, True)]
    choose(held)
    application.refresh_from_db()
    assert application.status == "chosen"


@pytest.mark.parametrize("word", ["declined", "withdrawn"])
def test_no_after_the_choice_ends_every_offer_of_that_lender(application, submission, word):
    scene.open_offer(application, "atra", reference="B")
    choose(scene.open_offer(application, "atra"))
    scene.say(submission, word)
    assert set(Offer.objects.values_list("status", flat=True)) == {"withdrawn"}


def test_no_of_another_lender_leaves_the_choice_alone(application, submission):
    scene.open_offer(application, "leja")
    choose(scene.open_offer(application, "atra"))
    scene.say(scene.submission_at(application, "leja"), "withdrawn")
    assert scene.states(application) == {"atra": "selected", "leja": "withdrawn"}
    application.refresh_from_db()
    assert application.status == "chosen"


def test_accepted_choice_is_news_for_the_open_page(application, submission):
    choose(scene.open_offer(application, "atra"))
    before = Application.objects.get(pk=application.pk).version
    outcome = ingest.ingest(
        submission_id=submission.pk, answer=Accepted(), message_id="", actor=Actor.lender("atra"), asked=True
    )
    assert outcome == "accepted"
    assert Application.objects.get(pk=application.pk).version > before


# --- figures ---


def test_apr_is_computed_from_the_schedule_and_a_mismatch_is_flagged(application):
    honest = scene.open_offer(application, "leja")
    rosy = scene.open_offer(application, "atra", apr="3.90")
    assert rosy.stated_apr == Decimal("3.90")
    assert rosy.apr > 14
    assert apr_differs(rosy)
    assert not apr_differs(honest)
    shown = {offer.id: offer for offer in offers_page(application, Order.APR, purpose=SHOW).offers}
    assert shown[rosy.pk].apr_differs
    assert shown[rosy.pk].apr == rosy.apr


def test_offers_are_ordered_by_our_apr_not_the_stated_one(application):
    scene.open_offer(application, "atra", apr="0.10")
    scene.open_offer(application, "leja")
    names = [offer.lender_name for offer in offers_page(application, Order.APR, purpose=SHOW).offers]
    assert names == [scene.SANDBOX["leja"].name, scene.SANDBOX["atra"].name]


def test_rate_with_six_decimals_is_taken(application):
    assert scene.open_offer(application, "atra", borrowing_rate="14.123456").borrowing_rate == Decimal(
        "14.1235"
    )


def absurd_terms(submission: Submission) -> dict[str, Any]:
    """A hundred euros for ten million within a month: nobody can mean the APR of that."""
    return scene.terms_document(submission) | {
        "reference": "absurd",
        "amount_cents": 100_00,
        "term_months": 1,
        "instalment_cents": 9_999_999_00,
        "total_payable_cents": 9_999_999_00,
        "upfront_fees_cents": 0,
        "schedule": [{"month": 1, "amount_cents": 9_999_999_00}],
    }


@pytest.mark.parametrize("was", ["queued", "pending", "action_required", "no_response", "unknown"])
def test_offer_without_any_apr_is_a_failure_for_everybody_to_see(application, submission, was):
    scene.shift(submission, status=was)
    before = Application.objects.get(pk=application.pk).version
    assert scene.say(submission, "offered", offer=absurd_terms(submission)) == "apr_impossible"
    found = Submission.objects.get(pk=submission.pk)
    assert (found.status, found.error_code) == ("failed", "apr_impossible")
    assert not submission.offers.exists()
    assert Application.objects.get(pk=application.pk).version > before


def test_offer_without_any_apr_leaves_its_sisters_standing(submission):
    both = [absurd_terms(submission), scene.terms_document(submission)]
    assert scene.say(submission, "offered", offers=both) == "taken"
    assert state(submission) == "offered"
    assert submission.offers.get().reference != "absurd"


def test_offer_without_any_apr_does_not_take_back_what_was_offered_before(submission):
    scene.say(submission, "offered")
    assert scene.say(submission, "offered", offer=absurd_terms(submission)) == "apr_impossible"
    assert state(submission) == "offered"
    assert submission.offers.get().status == "open"


# --- after an erasure ---


@pytest.mark.parametrize("word", ["offered", "declined", "pending", "withdrawn"])
def test_nothing_is_taken_about_an_erased_person(application, submission, word):
    said = scene.answer(submission, word)
    scene.erase(application.subject)
    with pytest.raises(SubjectErased):
        ingest.ingest(
            submission_id=submission.pk, answer=said, message_id="msg_1", actor=Actor.lender("atra")
        )
    assert not LenderMessage.objects.exists()


def test_offer_that_comes_after_the_pages_wait_is_told_by_mail(submission: Submission) -> None:
    scene.shift(submission, page_wait_until=timezone.now() - timedelta(seconds=1))
    scene.say(submission, "offered")
    told = OutboundMail.objects.filter(kind=MailKind.LATE_OFFER, owner_id=submission.subject_id)
    assert told.count() == 1


def test_lender_that_adds_offers_all_the_time_is_told_of_once_an_hour_and_shows_so_many(submission) -> None:
    scene.shift(submission, page_wait_until=timezone.now() - timedelta(hours=2))
    outcomes = [
        scene.say(submission, "offered", offer=scene.terms_document(submission, reference=f"N{number}"))
        for number in range(ingest.MOST_OFFERS + 2)
    ]
    assert outcomes[-3:] == ["taken", "too_many", "too_many"]
    assert submission.offers.count() == ingest.MOST_OFFERS
    assert OutboundMail.objects.filter(kind=MailKind.LATE_OFFER).count() == 1
    for offer in submission.offers.all():
        scene.shift(offer, received_at=offer.received_at - timedelta(minutes=61))
    submission.offers.filter(reference_digest=submission.offers.first().reference_digest).delete()
    scene.say(submission, "offered", offer=scene.terms_document(submission, reference="LATER"))
    assert OutboundMail.objects.filter(kind=MailKind.LATE_OFFER).count() == 2


def test_offer_that_nobody_may_choose_any_more_is_not_mailed(application, submission) -> None:
    scene.shift(submission, page_wait_until=timezone.now() - timedelta(seconds=1))
    withdraw_consent(
        consent_id=Consent.objects.get().pk,
        subject_id=application.subject_id,
        actor=Actor.consumer(application.subject_id),
    )
    scene.say(submission, "offered")
    assert not OutboundMail.objects.filter(kind=MailKind.LATE_OFFER).exists()


def test_offer_that_comes_while_the_page_waits_is_not_mailed(submission: Submission) -> None:
    scene.say(submission, "offered")
    assert not OutboundMail.objects.filter(kind=MailKind.LATE_OFFER).exists()


def test_page_says_that_an_answer_may_still_come_once_it_waits_no_longer(application: Application) -> None:
    Submission.objects.filter(application=application).update(page_wait_until=timezone.now())
    page = offers_page(application, Order.APR, purpose=SHOW)
    assert (page.waiting, page.late) == (False, True)


def test_lender_that_declines_after_its_offer_takes_the_offer_back(submission: Submission) -> None:
    scene.say(submission, "offered")
    scene.say(submission, "declined", reason="credit_history")
    assert state(submission) == "declined"
    assert [offer.status for offer in submission.offers.all()] == ["withdrawn"]


def test_offer_that_has_expired_on_arrival_is_not_shown(submission: Submission) -> None:
    past = (timezone.now() - timedelta(minutes=1)).isoformat()
    terms = scene.terms_document(submission, valid_until=past)
    assert scene.say(submission, "offered", offer=terms) == "expired"
    assert not submission.offers.exists()


def test_offer_whose_apr_nobody_can_mean_is_not_shown(submission: Submission) -> None:
    terms = scene.terms_document(
        submission,
        amount_cents=10000,
        upfront_fees_cents=5000,
        schedule=[{"month": 1, "amount_cents": 10000}],
        instalment_cents=10000,
        term_months=1,
        total_payable_cents=15000,
    )
    assert scene.say(submission, "offered", offer=terms) == "apr_impossible"
    assert not submission.offers.exists()
