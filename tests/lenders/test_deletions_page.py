"""Requests to delete that wait for staff, and the officer's page of each."""

from dataclasses import replace
from datetime import date, timedelta
from unittest import mock

import pytest
from django.utils import timezone

from applications.models import Application, AuditEntry
from lenders.adapters.base import ErrorCode, LenderError
from lenders.adapters.join import JoinAdapter
from lenders.errors import NotAcknowledged, NothingToRetry
from lenders.models import Breaker, Delivery, Submission
from lenders.selectors.for_staff import ANSWERED_WITHIN, Waits, waiting_submissions
from lenders.services.deletions import ask_to_delete, record_answer
from lenders.services.retrying import retry
from lenders.services.settling import call_off_withdrawn
from lenders.states import Acknowledgement, DeletionReason, RetentionBasis
from tests.lenders import scene
from tests.lenders.deletion_scene import AWAY, DPO, answers, asked, notice, received, signed, waits, withdraw
from tests.lenders.staff import staff

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=scene.DATABASES),
    pytest.mark.usefixtures("lenders"),
]

# --- what waits for staff ---


@pytest.fixture
def by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """An adapter that takes no such requests."""
    without = replace(JoinAdapter.abilities, deletion_notices=False)
    monkeypatch.setattr(JoinAdapter, "abilities", without)


def test_lender_whose_interface_takes_no_requests_is_asked_by_hand(by_hand):
    application = signed("leja")
    assert not Delivery.objects.filter(kind="deletion").exists()
    [line] = waiting_submissions(timezone.now())
    assert (line.waits, line.can_be_sent) == (Waits.TO_DELETE, False)
    with pytest.raises(NothingToRetry):
        retry(submission_id=scene.submission_at(application, "leja").pk, actor=DPO)
    record_answer(
        notice_id=notice().pk, to=Acknowledgement.RETAINED, basis=RetentionBasis.OTHER,
        until=date(2030, 1, 1), actor=DPO,
    )  # fmt: skip
    assert (notice().acknowledgement, notice().recorded_by_staff) == ("retained", True)
    assert waits() == []


def call_off(application: Application) -> None:
    withdraw(application)


def sign_with_another(application: Application) -> None:
    scene.choose(scene.open_offer(application, "atra"))
    scene.say(scene.submission_at(application, "atra"), "contract_signed")


@pytest.mark.parametrize("ends", [call_off, sign_with_another])
def test_nobody_asks_by_hand_for_what_never_arrived_after_all(by_hand, ends):
    application = scene.sent("atra", "leja")
    on_its_way = scene.begun(application)["leja"]
    ends(application)
    assert "leja" in asked()
    scene.finish(on_its_way, AWAY)
    scene.make_due()
    call_off_withdrawn()
    scene.begun(application)
    assert "leja" not in asked()
    assert ("leja", "to_delete") not in waits()


def test_what_may_have_arrived_is_asked_for_by_hand(by_hand):
    application = scene.sent("leja")
    on_its_way = scene.begun(application)["leja"]
    withdraw(application)
    scene.finish(on_its_way, LenderError(ErrorCode.TIMED_OUT, permanent=False, ambiguous=True))
    call_off_withdrawn()
    assert ("leja", "to_delete") in waits()


def test_request_that_could_not_be_told_can_be_sent_again():
    application = signed("leja")
    scene.finish(scene.begun(application)["leja"], LenderError(ErrorCode.REJECTED, permanent=True))
    [line] = waiting_submissions(timezone.now())
    assert (line.waits, line.can_be_sent, line.code) == (Waits.TO_DELETE, True, "rejected")
    retry(submission_id=scene.submission_at(application, "leja").pk, actor=DPO)
    assert waits() == []
    assert set(scene.begun(application)) == {"leja"}


def test_request_that_was_answered_is_not_sent_again():
    application = signed("leja")
    scene.finish(scene.begun(application)["leja"], LenderError(ErrorCode.REJECTED, permanent=True))
    record_answer(notice_id=notice().pk, to=Acknowledgement.DELETED, basis="", until=None, actor=DPO)
    with pytest.raises(NothingToRetry):
        retry(submission_id=scene.submission_at(application, "leja").pk, actor=DPO)


def test_application_is_not_sent_again_to_who_was_asked_to_delete():
    application = received("atra", atra="pending")
    submission = scene.submission_at(application, "atra")
    ask_to_delete(submission=submission, reason=DeletionReason.ERASURE, actor=DPO)
    scene.shift(submission, status="failed")
    with pytest.raises(NothingToRetry):
        retry(submission_id=submission.pk, actor=DPO)


def test_lender_that_does_not_answer_waits_after_two_weeks():
    application = signed("leja")
    answers(application, "leja", "pending")
    assert waits() == []
    scene.shift(notice(), requested_at=timezone.now() - ANSWERED_WITHIN - timedelta(minutes=1))
    assert waits() == [("leja", "no_word")]


def test_lender_that_is_away_is_asked_for_a_month_and_waits_for_staff_after_two_weeks():
    application = signed("leja")
    for _ in range(40):
        scene.make_due()
        Breaker.objects.all().delete()
        scene.finish(scene.begun(application)["leja"], AWAY)
    delivery = scene.delivery_at(application, "leja", "deletion")
    assert (delivery.status, delivery.failures) == ("due", 40)
    assert waits() == []
    scene.shift(notice(), requested_at=timezone.now() - ANSWERED_WITHIN - timedelta(minutes=1))
    assert waits() == [("leja", "no_word")]
    scene.shift(delivery, deadline=timezone.now())
    scene.make_due()
    assert scene.begun(application) == {}
    assert waits() == [("leja", "to_delete")]


def test_what_is_kept_waits_once_its_last_day_is_over():
    application = signed("leja")
    answers(application, "leja", "retained")
    assert waits() == []
    scene.shift(notice(), until=timezone.localdate() - timedelta(days=1))
    assert waits() == [("leja", "kept")]
    scene.say(scene.submission_at(application, "leja"), "deleted")
    assert waits() == []


@pytest.mark.parametrize(
    ("to", "basis"),
    [
        (Acknowledgement.NONE, ""),
        (Acknowledgement.RETAINED, ""),
        (Acknowledgement.DELETED, RetentionBasis.OTHER),
    ],
)
def test_answer_that_makes_no_sense_is_not_recorded(to, basis):
    signed("leja")
    with pytest.raises(NotAcknowledged):
        record_answer(notice_id=notice().pk, to=to, basis=basis, until=None, actor=DPO)
    assert notice().acknowledgement == ""


def test_what_was_deleted_is_not_recorded_as_kept():
    application = signed("leja")
    answers(application, "leja", "deleted")
    with pytest.raises(NotAcknowledged):
        record_answer(
            notice_id=notice().pk, to=Acknowledgement.RETAINED, basis=RetentionBasis.OTHER, until=None,
            actor=DPO,
        )  # fmt: skip


def change_page() -> str:
    return f"/admin/lenders/deletionnotice/{notice().pk}/change/"


def test_staff_record_an_answer_in_the_admin(by_hand):
    signed("leja")
    client = staff("view_deletionnotice", "change_deletionnotice")
    client.post(change_page(), {"acknowledgement": "retained", "basis": "dispute", "until": "2030-05-01"})
    assert (notice().acknowledgement, notice().until) == ("retained", date(2030, 5, 1))
    entry = AuditEntry.objects.get(action="deletion.acknowledged")
    assert entry.actor_kind == "staff"


@pytest.mark.parametrize(
    "wrong",
    [
        {"acknowledgement": ""},
        {"acknowledgement": "retained", "basis": ""},
        {"acknowledgement": "deleted", "basis": "dispute"},
        {"acknowledgement": "burnt"},
    ],
)
def test_wrong_answer_is_told_beside_its_field_and_nothing_is_recorded(by_hand, wrong):
    signed("leja")
    client = staff("view_deletionnotice", "change_deletionnotice")
    page = client.post(change_page(), wrong)
    assert page.status_code == 200
    assert "errorlist" in page.text
    assert notice().acknowledgement == ""


def test_staff_who_may_only_look_record_nothing(by_hand):
    signed("leja")
    assert staff("view_deletionnotice").post(change_page(), {"acknowledgement": "deleted"}).status_code == 403
    assert notice().acknowledgement == ""


def test_unknown_adapter_is_asked_by_hand():
    application = received("atra")
    submission = Submission.objects.select_related("lender").get(application=application)
    submission.lender.adapter = "telex"
    assert ask_to_delete(submission=submission, reason=DeletionReason.ERASURE, actor=DPO) is not None
    with mock.patch("lenders.selectors.deletions.told_by_interface", return_value=[]):
        assert waits() == [("atra", "to_delete")]
