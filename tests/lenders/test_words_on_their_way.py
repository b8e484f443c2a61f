"""Words to lenders on their way: in order, whatever crashes, and what lenders answer to them."""

import json
import random
from datetime import timedelta
from unittest import mock
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from applications.crypto.keyring import data_key_scope
from applications.models import AuditEntry, Disclosure
from applications.recipients import Change, News, NewsKind
from lenders.adapters.base import ErrorCode, HttpAnswer, LenderError
from lenders.models import Breaker, Delivery
from lenders.recipients import RECIPIENTS
from tests.lenders import scene
from tests.lenders.deletion_scene import AWAY, DPO, received
from tests.lenders.rights_scene import (
    CITY,
    MATTER,
    answers,
    begun,
    calls_back,
    correct,
    restricted,
    told,
    word,
)

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=scene.DATABASES),
    pytest.mark.usefixtures("lenders"),
]
CRASHED = LenderError(ErrorCode.TIMED_OUT, permanent=False, ambiguous=True)


@pytest.fixture(autouse=True)
def _keys():
    with data_key_scope():
        yield


# --- order, and what is on its way ---


def test_several_words_to_one_submission_arrive_in_their_order():
    application = received("leja")
    correct(application, {CITY: "Cēsis"})
    restricted(application)
    restricted(application, lifted=True)
    arrived = []
    for _ in range(3):
        scene.make_due()
        (prepared,) = begun(application)
        arrived.append(json.loads(prepared.call.http.body)["kind"])
        answers(prepared)
    assert arrived == ["rectified", "restricted", "restriction_lifted"]


def test_word_waits_for_an_earlier_one_that_has_to_be_tried_again():
    application = received("leja")
    restricted(application)
    restricted(application, lifted=True)
    (first,) = begun(application)
    scene.finish(first, AWAY)
    Delivery.objects.filter(word__kind="restriction_lifted").update(due_at=timezone.now())
    assert begun(application) == []
    scene.make_due()
    (first,) = begun(application)
    answers(first)
    scene.make_due()
    (second,) = begun(application)
    assert json.loads(second.call.http.body)["kind"] == "restriction_lifted"


def test_word_waits_until_the_application_on_its_way_has_arrived():
    application = scene.sent("leja")
    held = scene.begun(application)["leja"]
    correct(application, {CITY: "Cēsis"})
    assert begun(application) == []
    assert scene.delivery_at(application, "leja", "word").error_code == "still_on_its_way"
    submission = scene.submission_at(application, "leja")
    scene.finish(held, scene.signed_reply(submission, scene.statement(submission, "offered")))
    scene.make_due()
    assert len(begun(application)) == 1


def test_word_is_taken_back_where_nothing_arrived_after_all():
    application = scene.sent("leja")
    held = scene.begun(application)["leja"]
    correct(application, {CITY: "Cēsis"})
    scene.finish(held, AWAY)
    Delivery.objects.filter(kind="word").update(due_at=timezone.now())
    assert begun(application) == []
    assert told(application) == []
    assert scene.delivery_at(application, "leja").status == "due"


# --- crashes, replays, and what lenders answer ---


def test_worker_that_died_told_it_perhaps_and_it_is_told_again_under_the_same_name():
    application = received("leja")
    correct(application, {CITY: "Cēsis"})
    (lost,) = begun(application)
    scene.end_leases()
    (again,) = begun(application)
    assert (again.call.http.body, again.call.http.url) == (lost.call.http.body, lost.call.http.url)
    assert again.call.http.headers["Idempotency-Key"] == lost.call.http.headers["Idempotency-Key"]
    assert Disclosure.objects.filter(delivery=again.claim.delivery_id).count() == 1
    answers(lost)  # it was only slow: its lease is gone, and its word counts for nothing
    assert word().told_at is None
    answers(again)
    assert word().told_at is not None


def test_worker_that_died_after_the_claim_leaves_it_due():
    application = received("leja")
    restricted(application)
    scene.claim(application)
    scene.end_leases()
    assert len(begun(application)) == 1


def test_outcome_that_nobody_knows_is_told_again_and_moves_nothing_of_the_submission():
    application = received("leja")
    restricted(application)
    scene.finish(begun(application)[0], CRASHED)
    assert scene.states(application) == {"leja": "offered"}
    scene.make_due()
    answers(begun(application)[0])
    assert scene.states(application) == {"leja": "offered"}
    assert Delivery.objects.filter(kind="inquiry").count() == 0


def test_callback_before_the_reply_ends_the_telling():
    application = received("leja")
    restricted(application)
    scene.finish(begun(application)[0], AWAY)
    assert calls_back(word(), "noted") == "taken"
    scene.make_due()
    assert begun(application) == []
    assert scene.delivery_at(application, "leja", "word").status == "done"


@pytest.mark.parametrize("seed", range(4))
def test_replies_and_callbacks_in_any_order_leave_one_state(seed):
    application = received("leja")
    restricted(application)
    (prepared,) = begun(application)
    deeds = ["reply", "callback", "named"] * 5
    random.Random(seed).shuffle(deeds)
    for number, deed in enumerate(deeds):
        if deed == "reply":
            answers(prepared)
        else:
            calls_back(word(), "noted", message_id=f"msg_{number % 3}" if deed == "named" else "")
    assert AuditEntry.objects.filter(action="word.acknowledged").count() == 1
    assert scene.states(application) == {"leja": "offered"}


def test_lender_that_knows_of_no_such_submission_has_nothing_to_correct():
    application = received("leja")
    correct(application, {CITY: "Cēsis"})
    unknown = {"errors": [{"attribute": "submission_id", "type": "unknown", "message": ""}]}
    submission = scene.submission_at(application, "leja")
    scene.finish(begun(application)[0], scene.signed_reply(submission, unknown, status=404))
    assert word().acknowledged_at is not None


@pytest.mark.parametrize(
    ("status", "more"),
    [
        ("offered", {}),
        ("asleep", {}),
        ("noted", {"notice_id": str(UUID(int=5))}),
        ("noted", {"notice_id": None}),
        ("reviewed", {"outcome": "upheld", "explanation": " "}),
    ],
)
def test_reply_that_is_no_answer_to_it_tells_nothing(status, more):
    application = received("leja")
    restricted(application)
    answers(begun(application)[0], status, **more)
    assert word().told_at is None
    assert scene.delivery_at(application, "leja", "word").status == "failed"
    assert scene.states(application) == {"leja": "offered"}


def test_unsigned_reply_tells_nothing():
    application = received("leja")
    restricted(application)
    scene.finish(begun(application)[0], HttpAnswer(404, {}, b"<html>"))
    assert word().told_at is None


def test_lender_speaks_of_its_own_words_alone():
    application = received("atra", "leja")
    restricted(application)
    stranger = scene.submission_at(application, "leja")
    assert scene.say(stranger, "noted", notice_id=str(word("atra").pk)) == "out_of_place"
    assert scene.say(stranger, "noted", notice_id=str(uuid4())) == "out_of_place"
    assert word("atra").told_at is None


def test_what_is_not_a_review_is_not_reviewed():
    application = received("leja")
    restricted(application)
    more = {"outcome": "changed", "explanation": "x"}
    assert calls_back(word(), "reviewed", **more) == "out_of_place"
    assert word().outcome == ""


def test_lender_that_is_away_is_tried_for_a_month():
    application = received("leja")
    restricted(application)
    for _ in range(20):
        scene.make_due()
        Breaker.objects.all().delete()
        scene.finish(begun(application)[0], AWAY)
    delivery = scene.delivery_at(application, "leja", "word")
    assert (delivery.status, delivery.failures) == ("due", 20)
    assert delivery.deadline > timezone.now() + timedelta(days=29)


def test_contract_with_another_lender_calls_no_word_off():
    application = received("atra", "leja")
    scene.chosen(application, "atra")
    restricted(application)
    scene.say(scene.submission_at(application, "atra"), "contract_signed")
    assert set(Delivery.objects.filter(kind="word").values_list("status", flat=True)) == {"due"}


# --- the door ---


def test_door_tells_and_says_what_came_of_it():
    application = received("atra", "leja")
    news = News(NewsKind.RECTIFIED, MATTER, (Change(CITY, "Cēsis"),))
    RECIPIENTS.tell(application.subject_id, news, actor=DPO)
    leja, atra = (scene.submission_at(application, slug).pk for slug in ("leja", "atra"))
    came = RECIPIENTS.came_of(leja, matter=MATTER)
    assert (came.told_at, came.by_hand, came.untouched) == (None, False, False)
    assert RECIPIENTS.came_of(atra, matter=MATTER).untouched
    answers(begun(application)[0])
    came = RECIPIENTS.came_of(leja, matter=MATTER)
    assert came.told_at is not None
    assert came.answered_at is not None


@pytest.mark.parametrize("what", [NewsKind.RESTRICTED, NewsKind.RESTRICTION_LIFTED])
def test_door_tells_of_a_restriction(what):
    application = received("leja")
    RECIPIENTS.tell(application.subject_id, News(what, MATTER), actor=DPO)
    assert told(application) == [("leja", str(what))]


def test_door_says_of_a_lender_that_no_interface_tells_that_staff_are_to():
    application = received("leja")
    with mock.patch("lenders.services.words.takes_words", return_value=False):
        RECIPIENTS.tell(application.subject_id, News(NewsKind.RESTRICTED, MATTER), actor=DPO)
    assert RECIPIENTS.came_of(scene.submission_at(application, "leja").pk, matter=MATTER).by_hand
