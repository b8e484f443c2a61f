"""What lenders answer to the request to delete stands, and the person reads it."""

import random
from datetime import date

import pytest
from django.utils import translation

from applications.models import AuditEntry
from lenders.adapters import base
from lenders.adapters.base import HttpAnswer
from lenders.models import DeletionNotice
from lenders.selectors.deletions import after_disclosures
from lenders.states import DeletionReason, RetentionBasis
from tests.lenders import scene
from tests.lenders.deletion_scene import AWAY, answers, notice, received, signed, waits, withdraw

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=scene.DATABASES),
    pytest.mark.usefixtures("lenders"),
]

# --- what they answer ---


def test_deleted_at_once():
    application = signed("leja")
    answers(application, "leja", "deleted")
    found = notice()
    assert (found.acknowledgement, found.basis, found.until) == ("deleted", "", None)
    assert found.acknowledged_at is not None
    assert not found.recorded_by_staff


def test_kept_with_ground_and_last_day():
    application = signed("leja")
    answers(application, "leja", "retained", basis="dispute", until="2030-01-31")
    found = notice()
    assert (found.acknowledgement, found.basis, found.until) == ("retained", "dispute", date(2030, 1, 31))


def test_pending_and_then_deleted_by_callback_moves_nothing_of_the_submission():
    application = received("leja")
    withdraw(application)
    scene.shift(scene.submission_at(application, "leja"), status="failed")  # open to others
    answers(application, "leja", "pending")
    assert scene.states(application) == {"leja": "failed"}
    assert notice().acknowledgement == ""
    assert scene.delivery_at(application, "leja", "deletion").status == "done"
    assert scene.say(scene.submission_at(application, "leja"), "deleted") == "taken"
    assert notice().acknowledgement == "deleted"


def test_lender_that_knows_of_no_such_submission_has_nothing():
    application = signed("leja")
    submission = scene.submission_at(application, "leja")
    unknown = {"errors": [{"attribute": "submission_id", "type": "unknown", "message": ""}]}
    scene.finish(scene.begun(application)["leja"], scene.signed_reply(submission, unknown, status=404))
    assert notice().acknowledgement == "deleted"


def test_unsigned_404_is_no_acknowledgement():
    application = signed("leja")
    scene.finish(scene.begun(application)["leja"], HttpAnswer(404, {}, b"<html>"))
    assert notice().acknowledgement == ""
    assert waits() == [("leja", "to_delete")]


def test_unknown_word_is_no_acknowledgement():
    application = signed("leja")
    answers(application, "leja", "asleep")
    assert notice().acknowledgement == ""
    assert scene.delivery_at(application, "leja", "deletion").error_code == "malformed_answer"


def test_callback_before_the_reply_ends_the_asking():
    application = signed("leja")
    scene.finish(scene.begun(application)["leja"], AWAY)
    scene.say(scene.submission_at(application, "leja"), "deleted")
    scene.make_due()
    assert scene.begun(application) == {}
    assert scene.delivery_at(application, "leja", "deletion").status == "done"


def test_lender_that_was_not_asked_acknowledges_nothing():
    application = received("atra")
    assert scene.say(scene.submission_at(application, "atra"), "deleted") == "out_of_place"
    assert scene.states(application) == {"atra": "offered"}
    assert not DeletionNotice.objects.exists()


@pytest.mark.parametrize("seed", range(6))
def test_acknowledgements_by_reply_and_callback_ten_times_each_leave_one_state(seed):
    application = signed("leja")
    submission = scene.submission_at(application, "leja")
    prepared = scene.begun(application)["leja"]
    deeds = [("reply", "deleted"), ("callback", "deleted"), ("callback", "retained")] * 10
    random.Random(seed).shuffle(deeds)
    for number, (way, word) in enumerate(deeds):
        if way == "reply":
            scene.finish(prepared, scene.signed_reply(submission, scene.statement(submission, word)))
        else:
            scene.say(submission, word, message_id=f"msg_{word}_{number % 4}")
    found = notice()
    assert (found.acknowledgement, found.basis, found.until) == ("deleted", "", None)
    assert AuditEntry.objects.filter(action="deletion.acknowledged").count() <= 2


def test_last_day_can_be_put_off_and_the_same_again_changes_nothing():
    application = signed("leja")
    answers(application, "leja", "retained", until="2030-01-31")
    submission = scene.submission_at(application, "leja")
    first = notice().acknowledged_at
    assert scene.say(submission, "retained", until="2030-01-31") == "duplicate"
    assert notice().acknowledged_at == first
    assert scene.say(submission, "retained", until="2031-01-31") == "taken"
    assert notice().until == date(2031, 1, 31)


# --- what the person reads ---


def test_person_reads_what_each_lender_answered():
    application = signed("leja")
    sent = scene.delivery_at(application, "leja").pk
    with translation.override("en"):
        assert after_disclosures(application.subject_id)[sent] == ["It is being asked to delete the data."]
        answers(application, "leja", "retained", until="2031-11-23")
        told = after_disclosures(application.subject_id)[sent]
    assert told[0].startswith("Asked on ")
    assert told[1] == (
        "It keeps them until 23 November 2031: the law against money laundering obliges it to keep them."
    )


def test_words_of_the_vocabularies_are_those_of_the_adapters():
    assert set(DeletionReason) == set(base.DeletionReason)
    assert set(RetentionBasis) == base.RETENTION_BASES
