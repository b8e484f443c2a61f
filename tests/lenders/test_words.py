"""Lenders that received something are told of corrections and restrictions: once, nothing they had not."""

import json
import random
from datetime import date, timedelta
from unittest import mock
from uuid import UUID, uuid4

import pytest
from django.utils import timezone, translation

from applications.crypto.keyring import data_key_scope
from applications.errors import SubjectErased
from applications.form_fields import STATEMENT_LABEL
from applications.models import AuditEntry, Disclosure, Recipient, RestrictionGround
from applications.personal import Purpose
from applications.recipients import Change, News, NewsKind
from applications.selectors.who_saw import who_saw
from applications.services.processing import restrict
from lenders.adapters.base import ErrorCode, HttpAnswer, LenderError
from lenders.models import Breaker, Delivery, LenderWord
from lenders.recipients import RECIPIENTS
from lenders.services.deliveries import begin
from lenders.services.words import tell_rectified
from tests.lenders import scene
from tests.lenders.deletion_scene import AWAY, DPO, received, withdraw
from tests.lenders.rights_scene import (
    CITY,
    EMPLOYER,
    INCOME,
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


# --- who is told what ---


def test_each_lender_is_told_what_it_had_received_and_nothing_else():
    application = received("atra", "leja", "dzintars")
    correct(application, {CITY: "Cēsis", INCOME: 2_000_00})
    given = {one.lender.slug: one.given for one in LenderWord.objects.select_related("lender")}
    assert given == {  # of the address only leja knows
        "atra": {INCOME: 2_000_00},
        "leja": {CITY: "Cēsis", INCOME: 2_000_00},
        "dzintars": {INCOME: 2_000_00},
    }


def test_lender_that_received_none_of_it_is_not_told():
    application = received("atra", "leja")
    correct(application, {CITY: "Cēsis"})
    assert told(application) == [("leja", "rectified")]


def test_message_carries_the_new_values_in_their_places():
    application = received("leja")
    correct(application, {CITY: "Cēsis", EMPLOYER: None, "identification.birth_date": date(1990, 2, 2)})
    (prepared,) = begun(application)
    submission, about = scene.submission_at(application, "leja"), word()
    body = json.loads(prepared.call.http.body)
    assert prepared.call.http.url.endswith(f"/leja/applications/{submission.pk}/notices")
    assert prepared.call.http.headers["Idempotency-Key"] == str(about.pk)
    del body["said_at"]
    assert body == {
        "submission_id": str(submission.pk),
        "notice_id": str(about.pk),
        "kind": "rectified",
        "address": {"city": "Cēsis"},
        "customer": {"birth_date": "1990-02-02"},
        "finances": {"employer": None},
    }


def test_correction_of_one_application_tells_the_lenders_of_that_one():
    first = received("leja")
    change = Change(CITY, "Cēsis", application_id=uuid4())
    tell_rectified(subject_id=first.subject_id, matter=MATTER, changes=[change], actor=DPO)
    assert told(first) == []
    change = Change(CITY, "Cēsis", application_id=first.pk)
    tell_rectified(subject_id=first.subject_id, matter=MATTER, changes=[change], actor=DPO)
    assert told(first) == [("leja", "rectified")]


def test_statement_that_completes_goes_to_whoever_received_anything():
    application = received("atra")
    correct(application, {STATEMENT_LABEL: "canary: no janvāra cits darbs"})
    (prepared,) = begun(application)
    assert json.loads(prepared.call.http.body)["statement"] == "canary: no janvāra cits darbs"
    assert prepared.call.discloses.labels == (STATEMENT_LABEL,)


def test_label_of_no_answer_is_an_error_not_a_silence():
    application = received("atra")
    with pytest.raises(KeyError):
        correct(application, {"identification.shoe_size": "42"})
    assert told(application) == []


def test_lender_that_received_nothing_yet_is_not_told():
    application = scene.sent("leja")
    correct(application, {CITY: "Cēsis"})
    restricted(application)
    assert told(application) == []


def test_lender_that_deleted_what_it_had_is_not_told():
    application = received("atra", "leja")
    withdraw(application)
    scene.say(scene.submission_at(application, "atra"), "deleted")
    restricted(application)
    assert told(application) == [("leja", "restricted")]


def test_lender_that_deletes_before_it_is_told_is_sent_no_new_values():
    application = received("leja")
    correct(application, {CITY: "Cēsis"})
    scene.finish(begun(application)[0], AWAY)
    withdraw(application)
    scene.say(scene.submission_at(application, "leja"), "deleted")
    scene.make_due()
    assert begun(application) == []
    assert told(application) == []
    came = RECIPIENTS.came_of(scene.submission_at(application, "leja").pk, matter=MATTER)
    assert (came.deleted, came.by_hand) == (True, False)


def test_lender_that_deletes_while_it_is_told_leaves_the_disclosure_on_record():
    application = received("leja")
    correct(application, {CITY: "Cēsis"})
    (prepared,) = begun(application)
    withdraw(application)
    scene.say(scene.submission_at(application, "leja"), "deleted")
    submission = scene.submission_at(application, "leja")
    document = scene.statement(submission, "noted", notice_id=str(UUID(int=1)))
    scene.finish(prepared, scene.signed_reply(submission, document))
    assert Disclosure.objects.get(delivery=prepared.claim.delivery_id).status == "made"
    assert told(application) == []


def test_restriction_tells_no_value_and_discloses_nothing():
    application = received("atra")
    before = Disclosure.objects.count()
    restricted(application)
    (prepared,) = begun(application)
    body = json.loads(prepared.call.http.body)
    assert set(body) == {"submission_id", "notice_id", "kind", "said_at"}
    answers(prepared)
    assert Disclosure.objects.count() == before
    assert word("atra").acknowledged_at is not None


@pytest.mark.parametrize("times", [2, 5])
def test_said_again_it_is_one_word(times):
    application = received("atra", "leja")
    for _ in range(times):
        correct(application, {CITY: "Cēsis", INCOME: 1})
        restricted(application)
    assert sorted(told(application)) == sorted(
        [(slug, kind) for slug in ("atra", "leja") for kind in ("rectified", "restricted")]
    )
    assert Delivery.objects.filter(kind="word").count() == 4
    assert AuditEntry.objects.filter(action="word.asked").count() == 4


def test_what_left_is_in_the_register_and_the_person_reads_it():
    application = received("leja")
    correct(application, {CITY: "Cēsis"})
    (prepared,) = begun(application)
    row = Disclosure.objects.get(delivery=prepared.claim.delivery_id)
    assert (row.status, row.fields, row.purpose, row.basis) == (
        "intended", [CITY], "data_subject_rights", "legal_obligation",
    )  # fmt: skip
    answers(prepared)
    with translation.override("en"):
        newest = who_saw(application.subject_id, purpose=Purpose.DATA_SUBJECT_RIGHTS)[0]
    assert (newest.what, newest.certain) == (("City or municipality",), True)


def test_values_are_let_go_once_the_lender_has_them():
    application = received("leja")
    correct(application, {CITY: "Cēsis", STATEMENT_LABEL: "canary"})
    assert word().given
    answers(begun(application)[0])
    about = word()
    assert (about.given, about.text, about.labels) == ({}, None, ())
    assert about.told_at is not None


def test_values_appear_in_no_repr():
    application = received("leja")
    correct(application, {CITY: "canary-Cēsis"})
    (prepared,) = begun(application)
    assert "canary" not in repr([prepared, word(), Change(CITY, "canary-Cēsis")])


# --- rights that stand ---


def test_word_goes_out_although_the_use_is_restricted_and_the_request_was_withdrawn():
    application = received("atra")
    restrict(subject_id=application.subject_id, ground=RestrictionGround.ACCURACY, actor=DPO)
    withdraw(application)
    correct(application, {INCOME: 1})
    restricted(application)
    (first,) = begun(application)
    answers(first)
    scene.make_due()
    (second,) = begun(application)
    answers(second)
    assert not LenderWord.objects.filter(told_at__isnull=True).exists()


def test_nothing_is_told_of_an_erased_person():
    application = received("leja")
    correct(application, {CITY: "Cēsis"})
    claims = scene.claim(application)
    scene.erase(application.subject)
    assert begin(claims) == []
    assert scene.delivery_at(application, "leja", "word").error_code == "subject_erased"
    for say in (restricted, lambda one: correct(one, {CITY: "x"})):
        with pytest.raises(SubjectErased):
            say(application)


def test_corrected_values_wait_for_the_lenders_papers_and_word_of_a_restriction_does_not():
    application = received("leja")
    Recipient.objects.filter(slug="leja").update(active=False)
    correct(application, {CITY: "Cēsis"})
    assert begun(application) == []
    assert scene.delivery_at(application, "leja", "word").error_code == "recipient_lapsed"
    Recipient.objects.filter(slug="leja").update(active=True)
    scene.make_due()
    answers(begun(application)[0])
    Recipient.objects.filter(slug="leja").update(active=False)
    restricted(application)
    assert len(begun(application)) == 1


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
