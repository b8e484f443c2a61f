"""Lenders that received something are told of corrections and restrictions: once, nothing they had not."""

import json
from datetime import date
from uuid import UUID, uuid4

import pytest
from django.utils import translation

from applications.crypto.keyring import data_key_scope
from applications.errors import SubjectErased
from applications.form_fields import STATEMENT_LABEL
from applications.models import AuditEntry, Disclosure, Recipient, RestrictionGround
from applications.personal import Purpose
from applications.recipients import Change
from applications.row_security import storing
from applications.selectors.who_saw import who_saw
from applications.services.processing import restrict
from lenders.adapters.base import ErrorCode, LenderError
from lenders.models import Delivery, LenderWord
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
    with storing():
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
