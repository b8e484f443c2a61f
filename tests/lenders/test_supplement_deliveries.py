"""What a person gave on its way to the lender that asked: sent once, disclosed exactly, kept no longer."""

import base64
import json
from dataclasses import replace
from datetime import timedelta
from unittest import mock

import pytest
from django.utils import timezone

from applications.actors import Actor
from applications.crypto.keyring import data_key_scope
from applications.models import Consent, DataSubject, Disclosure, RestrictionGround
from applications.personal import Purpose
from applications.selectors.who_saw import who_saw
from applications.services.processing import lift_restriction, restrict, withdraw_consent
from applications.uploads import JPEG, Upload
from lenders.adapters.base import ErrorCode, LenderError
from lenders.adapters.join import JoinAdapter
from lenders.models import Attempt, Delivery, Submission, Supplement, SuppliedFile
from lenders.selectors.for_staff import waiting_submissions
from lenders.services import deliveries, ingest, settling
from lenders.services.choosing import choose
from lenders.services.retrying import retry
from lenders.services.supplied_files import GivenFile, forget_overdue
from lenders.subject_data import SUBJECT_DATA
from tests.lenders import scene
from tests.lenders.test_supplementing import INCOME, PHONE, answer, asking, now_at

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=scene.DATABASES),
    pytest.mark.usefixtures("lenders"),
]

BACK = GivenFile("document.income", Upload(JPEG, b"\xff\xd8\xff canary"))
REFUSED = LenderError(ErrorCode.REJECTED, permanent=True)
TIMED_OUT = LenderError(ErrorCode.TIMED_OUT, permanent=False, ambiguous=True)


@pytest.fixture
def given() -> Submission:
    """Somebody answered a lender: nothing of it has left yet."""
    submission = asking()
    Delivery.objects.filter(lender__slug="atra").update(due_at=timezone.now() + timedelta(days=1))
    answer(submission, PHONE, (INCOME, BACK))
    return now_at(submission)


def begun(submission: Submission) -> deliveries.Prepared:
    (prepared,) = scene.begun_in_order(submission.application)
    assert prepared.kind == "supplement"
    return prepared


def finish(submission: Submission, prepared: deliveries.Prepared, status: str, **more: object) -> None:
    scene.finish(prepared, scene.signed_reply(submission, scene.statement(submission, status, **more)))


def delivery() -> Delivery:
    return Delivery.objects.filter(kind="supplement").latest("created_at")


def contents() -> list[bytes | None]:
    with data_key_scope():
        return [file.content for file in SuppliedFile.objects.all()]


# --- what is sent ---


def test_call_brings_exactly_what_was_given(given):
    call = begun(given).call.http
    supplement = Supplement.objects.get()
    assert call.url.endswith(f"/applications/{given.pk}/supplement")
    assert call.headers["Idempotency-Key"] == str(supplement.pk)
    body = json.loads(call.body)
    assert body.pop("documents") == [
        {
            "label": "document.income",
            "media_type": file.upload.media_type,
            "content": base64.b64encode(file.upload.content).decode(),
        }
        for file in (INCOME, BACK)
    ]
    assert body == {
        "submission_id": str(given.pk),
        "supplement_id": str(supplement.pk),
        "contact": {"phone": PHONE["identification.phone"]},
    }


def test_disclosure_lists_exactly_what_leaves_and_the_person_reads_it(given):
    prepared = begun(given)
    finish(given, prepared, "pending")
    disclosure = Disclosure.objects.get(delivery=delivery().pk)
    assert disclosure.fields == ["identification.phone", "document.income"]
    assert (disclosure.recipient, disclosure.status) == ("leja", "made")
    assert disclosure.purpose == Purpose.PASS_TO_LENDERS
    sights = who_saw(given.subject_id, purpose=Purpose.DATA_SUBJECT_RIGHTS)
    assert [sight.what for sight in sights if sight.who == given.lender.name] == [
        ("Tālruņa numurs", "Dokuments par ienākumiem")
    ]


def test_every_attempt_sends_the_same_bytes(given):
    first = begun(given)
    scene.finish(first, LenderError(ErrorCode.UNAVAILABLE, permanent=False))
    scene.make_due(kind="supplement")
    assert begun(given).call.http.body == first.call.http.body


@pytest.mark.parametrize(
    ("status", "becomes"),
    [("offered", "offered"), ("declined", "declined"), ("pending", "pending"), ("asleep", "pending")],
)
def test_answer_is_taken_in_as_to_an_application(given, status, becomes):
    finish(given, begun(given), status)
    assert now_at(given).status == becomes
    assert delivery().status == "done"


def test_still_missing_is_asked_for_in_a_second_round(given):
    finish(given, begun(given), "needs_more", needs=["document.residence"])
    assert (now_at(given).status, now_at(given).asking) == ("action_required", "open")


def test_late_supplement_brings_a_late_offer_that_counts(given):
    scene.shift(given, page_wait_until=timezone.now() - timedelta(seconds=1))
    finish(given, begun(given), "offered")
    assert now_at(given).status == "offered"


def test_callback_may_come_before_the_reply(given):
    prepared = begun(given)
    scene.say(given, "offered", message_id="msg_first")
    finish(given, prepared, "pending")
    assert now_at(given).status == "offered"


# --- what is kept ---


def test_files_are_kept_until_the_lender_has_them(given):
    prepared = begun(given)
    assert contents() == [INCOME.upload.content, BACK.upload.content]
    finish(given, prepared, "pending")
    assert contents() == [None, None]
    assert Supplement.objects.get().given == PHONE


def test_files_are_kept_after_a_failure_for_staff_to_send_again(given):
    scene.finish(begun(given), REFUSED)
    assert None not in contents()


def test_file_that_will_not_be_sent_any_more_is_not_kept(given):
    scene.say(given, "declined")
    scene.begun_in_order(given.application)
    assert contents() == [None, None]


def test_file_that_was_never_received_goes_once_no_answer_would_count(given):
    scene.finish(begun(given), REFUSED)
    assert forget_overdue() == {"files": 0}
    scene.shift(given, late_until=timezone.now() - timedelta(seconds=1))
    assert forget_overdue() == {"files": 2}
    assert contents() == [None, None]
    retry(submission_id=given.pk, actor=Actor.staff(7))
    assert [one.kind for one in scene.begun_in_order(given.application)] == ["application"]


def test_file_for_a_lender_is_not_kept_once_a_contract_is_signed_with_another(given):
    scene.choose(scene.open_offer(given.application, "atra"))
    scene.say(scene.submission_at(given.application, "atra"), "contract_signed")
    assert delivery().error_code == "no_longer_wanted"
    assert contents() == [None, None]


def test_file_that_is_still_to_be_sent_is_kept_though_the_late_window_was_short(given):
    scene.shift(given, late_until=timezone.now() - timedelta(seconds=1))
    assert forget_overdue() == {"files": 0}
    assert [one["content"] for one in json.loads(begun(given).call.http.body)["documents"]] == [
        base64.b64encode(one.upload.content).decode() for one in (INCOME, BACK)
    ]


def test_restriction_keeps_files(given):
    scene.finish(begun(given), REFUSED)
    scene.shift(given, late_until=timezone.now() - timedelta(seconds=1))
    actor = Actor.consumer(given.subject_id)
    restrict(subject_id=given.subject_id, ground=RestrictionGround.CLAIMS, actor=actor)
    assert forget_overdue() == {"files": 0}


def test_worker_that_lost_its_lease_forgets_no_file(given):
    prepared = begun(given)
    Delivery.objects.filter(kind="supplement").update(fence=99)
    finish(given, prepared, "offered")
    assert None not in contents()
    assert Attempt.objects.get(pk=prepared.attempt_id).outcome == "lease_lost"


@data_key_scope()
def test_person_gets_a_copy_of_what_they_gave_and_it_goes_with_them(given):
    subject = DataSubject.objects.get(pk=given.subject_id)
    rows = list(SUBJECT_DATA.export(subject, purpose=Purpose.DATA_SUBJECT_RIGHTS))
    values = [value for row in rows for value in row.values.values()]
    assert PHONE in values
    assert INCOME.upload.content in values
    counts = SUBJECT_DATA.erase(subject)
    assert (counts["lenders.Supplement"], counts["lenders.SuppliedFile"]) == (1, 2)


# --- what goes wrong ---


def test_supplement_that_the_lender_refuses_waits_for_staff(given):
    scene.finish(begun(given), REFUSED)
    assert (now_at(given).status, now_at(given).error_code) == ("failed", "rejected")
    assert [line.submission.pk for line in waiting_submissions(timezone.now())] == [given.pk]


def test_staff_send_the_same_supplement_again(given):
    first = begun(given)
    scene.finish(first, REFUSED)
    retry(submission_id=given.pk, actor=Actor.staff(7))
    assert now_at(given).status == "pending"
    again = begun(given)
    assert again.call.http.body == first.call.http.body
    assert again.call.http.headers["Idempotency-Key"] == first.call.http.headers["Idempotency-Key"]
    finish(given, again, "offered")
    assert now_at(given).status == "offered"


def test_lender_that_never_answers_is_given_up_in_the_end(given):
    for _ in range(settling.FAILURE_CAP["supplement"]):
        scene.finish(begun(given), TIMED_OUT)
        scene.make_due(kind="supplement")
    assert (now_at(given).status, delivery().status) == ("no_response", "failed")
    scene.say(given, "offered")  # it may have had it all along
    assert now_at(given).status == "offered"


def test_fate_unknown_at_a_lender_that_would_take_it_twice_is_asked_after(given):
    prepared = begun(given)
    once = replace(JoinAdapter.abilities, idempotent=False)
    with mock.patch.object(JoinAdapter, "abilities", once):
        scene.finish(prepared, TIMED_OUT)
    assert now_at(given).status == "unknown"
    assert Delivery.objects.get(submission=given, status="due").kind == "inquiry"
    finish(given, scene.begun_in_order(given.application)[0], "offered")
    assert now_at(given).status == "offered"


def test_what_no_lender_may_have_is_not_sent_whatever_the_row_says(given):
    with data_key_scope():
        kept = Supplement.objects.get()
        kept.answers_loan = {"loan.keyword": "canary"}
        kept.save()
    assert scene.begun_in_order(given.application) == []
    assert (delivery().status, delivery().error_code) == ("failed", "field_not_supported")
    assert not Disclosure.objects.filter(delivery=delivery().pk).exists()


# --- what stands in the way meanwhile ---


@pytest.mark.parametrize("said", ["offered", "declined"])
def test_lender_that_decided_meanwhile_gets_nothing_more(given, said):
    scene.say(given, said)
    assert scene.begun_in_order(given.application) == []
    assert (delivery().status, delivery().error_code) == ("failed", "already_answered")
    assert not Disclosure.objects.filter(delivery=delivery().pk).exists()
    assert now_at(given).status == said


def test_withdrawn_request_stops_it_and_the_page_says_so(given):
    consent = Consent.objects.get(application=given.application)
    withdraw_consent(
        consent_id=consent.pk, subject_id=given.subject_id, actor=Actor.consumer(given.subject_id)
    )
    assert scene.begun_in_order(given.application) == []
    settling.call_off_withdrawn()
    assert (now_at(given).status, now_at(given).asking) == ("action_required", "nothing")
    assert not Disclosure.objects.filter(delivery=delivery().pk).exists()


def test_withdrawn_after_an_attempt_that_may_have_carried_it_nobody_knows(given):
    begun(given)
    scene.end_leases()
    consent = Consent.objects.get(application=given.application)
    withdraw_consent(
        consent_id=consent.pk, subject_id=given.subject_id, actor=Actor.consumer(given.subject_id)
    )
    settling.call_off_withdrawn()
    assert now_at(given).status == "unknown"


def test_restriction_holds_it_and_lifting_lets_it_go(given):
    actor = Actor.consumer(given.subject_id)
    restriction = restrict(subject_id=given.subject_id, ground=RestrictionGround.ACCURACY, actor=actor)
    assert scene.begun_in_order(given.application) == []
    assert delivery().status == "due"
    lift_restriction(restriction_id=restriction.pk, actor=Actor.staff(1))
    begun(given)


def test_choice_of_another_offer_holds_it_until_that_lender_declines(given):
    offer = scene.open_offer(given.application, "atra")
    choose(offer_id=offer.pk, subject_id=offer.subject_id, actor=Actor.consumer(offer.subject_id))
    assert "supplement" not in {one.kind for one in scene.begun_in_order(given.application)}
    ingest.decline_late(scene.submission_at(given.application, "atra"), Actor.lender("atra"))
    begun(given)


def test_nothing_leaves_for_an_erased_person(given):
    scene.erase(given.application.subject)
    assert scene.begun_in_order(given.application) == []
    assert delivery().error_code == "subject_erased"
    assert not Disclosure.objects.filter(delivery=delivery().pk).exists()


# --- over real HTTP ---


@pytest.mark.slow
@pytest.mark.django_db(databases=scene.DATABASES, transaction=True)
def test_sandbox_lender_asks_gets_it_and_offers(asked):
    asked.sandbox.fault("leja", "needs_more", needs=["identification.phone", "document.income"])
    application = scene.sent("leja")
    asked.until(lambda: scene.states(application) == {"leja": "action_required"})
    submission = scene.submission_at(application, "leja")
    assert submission.needs == ["identification.phone", "document.income"]
    answer(submission)
    asked.until(lambda: scene.states(application) == {"leja": "offered"})
    sent = [one for one in asked.sandbox.log()["requests"] if one["path"].endswith("/supplement")]
    assert [one["fields"] for one in sent] == [["contact.phone", "document.income"]]
    assert Disclosure.objects.filter(status="made").count() == 2
