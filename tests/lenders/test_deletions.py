"""Lenders that hold an application which came to nothing are asked once to delete it; their answers stand."""

import random
from dataclasses import replace
from datetime import date, timedelta
from unittest import mock

import pytest
from django.utils import timezone, translation

from applications.actors import Actor
from applications.crypto.keyring import data_key_scope
from applications.errors import ProcessingRestricted, SubjectErased
from applications.models import Application, AuditEntry, Consent, Disclosure, Recipient, RestrictionGround
from applications.personal import Purpose
from applications.services.processing import lift_restriction, restrict, withdraw_consent
from lenders.adapters import base
from lenders.adapters.base import ErrorCode, HttpAnswer, LenderError
from lenders.adapters.join import JoinAdapter
from lenders.errors import NotAcknowledged, NothingToRetry
from lenders.models import Breaker, DeletionNotice, Delivery, Submission
from lenders.selectors.deletions import after_disclosures
from lenders.selectors.for_staff import ANSWERED_WITHIN, Waits, waiting_submissions
from lenders.services.deletions import ask_to_delete, record_answer
from lenders.services.deliveries import begin
from lenders.services.retrying import retry
from lenders.services.settling import call_off_withdrawn
from lenders.states import Acknowledgement, DeletionReason, RetentionBasis
from tests.lenders import scene
from tests.lenders.staff import staff

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=scene.DATABASES),
    pytest.mark.usefixtures("lenders"),
]

DPO = Actor.staff(1)
AWAY = LenderError(ErrorCode.UNREACHABLE, permanent=False)


def received(*slugs: str, **words: str) -> Application:
    """An application that these lenders received and answered."""
    application = scene.sent(*slugs)
    scene.taken_by_all(application, **words)
    return application


def signed(*others: str, **words: str) -> Application:
    """The contract is signed with atra; the others hold the application as well."""
    application = received("atra", *others, **words)
    scene.chosen(application, "atra")
    scene.say(scene.submission_at(application, "atra"), "contract_signed")
    return application


def withdraw(application: Application) -> None:
    consent = Consent.objects.get(application=application, purpose=Purpose.PASS_TO_LENDERS)
    actor = Actor.consumer(application.subject_id)
    withdraw_consent(consent_id=consent.pk, subject_id=application.subject_id, actor=actor)


def asked() -> dict[str, str]:
    """Who was asked to delete, and why."""
    return dict(DeletionNotice.objects.values_list("lender__slug", "reason"))


def notice(slug: str = "leja") -> DeletionNotice:
    return DeletionNotice.objects.get(lender__slug=slug)


def answers(application: Application, slug: str, word: str, **more: object) -> None:
    """The lender's reply to the request itself."""
    submission = scene.submission_at(application, slug)
    prepared = scene.begun(application)[slug]
    scene.finish(prepared, scene.signed_reply(submission, scene.statement(submission, word, **more)))


def waits() -> list[tuple[str, str]]:
    return [(one.submission.lender.slug, str(one.waits)) for one in waiting_submissions(timezone.now())]


# --- who is asked ---


@pytest.mark.parametrize("stands", ["offered", "declined", "withdrawn", "pending", "needs_more"])
def test_whoever_received_the_application_is_asked_whatever_it_answered(stands):
    signed("leja", leja=stands)
    assert asked() == {"leja": "not_selected"}


@pytest.mark.parametrize("stands", ["expired", "no_response", "failed", "unknown"])
def test_whoever_holds_it_is_asked_however_it_ended(stands):
    application = received("atra", "leja")
    scene.chosen(application, "atra")
    scene.shift(scene.submission_at(application, "leja"), status=stands)
    scene.say(scene.submission_at(application, "atra"), "contract_signed")
    assert asked() == {"leja": "not_selected"}
    assert scene.states(application)["leja"] == stands


def test_lender_that_never_received_it_is_not_asked():
    application = scene.sent("atra", "leja")
    scene.choose(scene.open_offer(application, "atra"))
    scene.say(scene.submission_at(application, "atra"), "contract_signed")
    assert asked() == {}


def test_lender_that_could_not_be_reached_holds_nothing():
    signed_with_leja_away = scene.sent("atra", "leja")
    for slug, prepared in scene.begun(signed_with_leja_away).items():
        submission = scene.submission_at(signed_with_leja_away, slug)
        reply = scene.signed_reply(submission, scene.statement(submission, "offered"))
        scene.finish(prepared, AWAY if slug == "leja" else reply)
    scene.chosen(signed_with_leja_away, "atra")
    scene.say(scene.submission_at(signed_with_leja_away, "atra"), "contract_signed")
    assert asked() == {}


def test_request_says_which_submission_and_why_and_nothing_else():
    application = signed("leja")
    prepared = scene.begun(application)["leja"]
    submission = scene.submission_at(application, "leja")
    assert prepared.call.http.url.endswith(f"/leja/applications/{submission.pk}/deletion")
    assert prepared.call.http.body == (
        f'{{"submission_id":"{submission.pk}","reason":"not_selected"}}'.encode()
    )


def test_request_discloses_nothing():
    application = signed("leja")
    before = Disclosure.objects.count()
    answers(application, "leja", "deleted")
    assert Disclosure.objects.count() == before


def test_lender_whose_papers_lapsed_is_asked_to_delete():
    application = signed("leja")
    Recipient.objects.filter(slug="leja").update(active=False)
    assert set(scene.begun(application)) == {"leja"}


def test_withdrawal_asks_everybody_who_received_it_and_nothing_more_is_sent():
    application = scene.sent("atra", "leja")
    (atra,) = (one for one in scene.begun_in_order(application) if one.call.endpoint.slug == "atra")
    submission = scene.submission_at(application, "atra")
    scene.finish(atra, scene.signed_reply(submission, scene.statement(submission, "pending")))
    Disclosure.objects.exclude(recipient="atra").delete()  # leja's worker never got to it
    Delivery.objects.filter(lender__slug="leja").update(lease_until=None)
    withdraw(application)
    assert asked() == {"atra": "consent_withdrawn"}
    assert set(scene.begun(application)) == {"atra"}
    assert call_off_withdrawn() == 1
    assert scene.states(application) == {"atra": "pending", "leja": "called_off"}


def test_request_to_delete_is_not_called_off_by_the_withdrawal_that_caused_it():
    application = received("atra")
    withdraw(application)
    assert call_off_withdrawn() == 0
    answers(application, "atra", "deleted")
    assert notice("atra").acknowledgement == "deleted"


def test_chosen_lender_is_asked_as_well_when_the_request_is_taken_back_before_a_contract():
    application = received("atra")
    scene.chosen(application, "atra")
    withdraw(application)
    assert asked() == {"atra": "consent_withdrawn"}


def test_lender_with_a_contract_is_not_asked_by_a_later_withdrawal():
    application = signed("leja")
    withdraw(application)
    assert asked() == {"leja": "not_selected"}


def test_withdrawal_and_then_a_contract_ask_once():
    application = received("atra", "leja")
    scene.chosen(application, "atra")
    withdraw(application)
    scene.say(scene.submission_at(application, "atra"), "contract_signed")
    assert asked() == {"atra": "consent_withdrawn", "leja": "consent_withdrawn"}
    assert Delivery.objects.filter(kind="deletion").count() == 2


def test_erasure_can_ask_and_asks_once():
    application = received("atra")
    submission = scene.submission_at(application, "atra")
    for _ in range(3):
        found = ask_to_delete(submission=submission, reason=DeletionReason.ERASURE, actor=DPO)
        assert found == notice("atra")
    assert Delivery.objects.filter(kind="deletion").count() == 1
    assert AuditEntry.objects.filter(action="deletion.requested").count() == 1


def test_nobody_is_asked_about_an_erased_person():
    application = received("atra")
    submission = scene.submission_at(application, "atra")
    ask_to_delete(submission=submission, reason=DeletionReason.ERASURE, actor=DPO)
    claims = scene.claim(application)
    scene.erase(application.subject)
    with data_key_scope():
        assert begin(claims) == []
    assert scene.delivery_at(application, "atra", "deletion").error_code == "subject_erased"
    with pytest.raises(SubjectErased):
        ask_to_delete(submission=submission, reason=DeletionReason.ERASURE, actor=DPO)


def test_request_waits_while_the_persons_data_are_restricted():
    application = signed("leja")
    claims = scene.claim(application)
    row = restrict(subject_id=application.subject_id, ground=RestrictionGround.UNLAWFUL, actor=DPO)
    with data_key_scope():
        assert begin(claims) == []  # claimed just before
    scene.make_due()
    assert scene.begun(application) == {}
    lift_restriction(restriction_id=row.pk, actor=DPO)
    scene.make_due()
    assert set(scene.begun(application)) == {"leja"}


def test_staff_cannot_send_the_request_again_while_restricted():
    application = signed("leja")
    scene.finish(scene.begun(application)["leja"], LenderError(ErrorCode.REJECTED, permanent=True))
    restrict(subject_id=application.subject_id, ground=RestrictionGround.CLAIMS, actor=DPO)
    with pytest.raises(ProcessingRestricted):
        retry(submission_id=scene.submission_at(application, "leja").pk, actor=DPO)


# --- what was on its way ---


def on_its_way() -> tuple[Application, scene.deliveries.Prepared]:
    """The contract is signed while a worker hands the application to leja."""
    application = scene.sent("atra", "leja")
    held = scene.begun(application)
    submission = scene.submission_at(application, "atra")
    scene.finish(held["atra"], scene.signed_reply(submission, scene.statement(submission, "offered")))
    scene.chosen(application, "atra")
    scene.say(submission, "contract_signed")
    return application, held["leja"]


def test_request_waits_until_what_is_on_its_way_has_arrived():
    application, late = on_its_way()
    assert scene.begun(application) == {}
    found = scene.delivery_at(application, "leja", "deletion")
    assert (found.status, found.error_code) == ("due", "still_on_its_way")
    submission = scene.submission_at(application, "leja")
    scene.finish(late, scene.signed_reply(submission, scene.statement(submission, "offered")))
    assert scene.states(application)["leja"] == "not_selected"
    scene.make_due()
    assert set(scene.begun(application)) == {"leja"}


def test_request_is_taken_back_where_nothing_arrived_after_all():
    application, late = on_its_way()
    scene.finish(late, AWAY)
    for _ in range(2):  # once more where both were claimed together
        scene.make_due()
        assert scene.begun(application) == {}
    assert asked() == {}
    assert scene.delivery_at(application, "leja", "deletion").error_code == "never_left"
    assert scene.delivery_at(application, "leja").status == "failed"
    assert waits() == []


def test_worker_that_died_may_have_carried_it_so_the_lender_is_asked():
    application, _late = on_its_way()
    begun = []
    for _ in range(2):
        scene.end_leases()
        scene.make_due()
        begun += [one.kind for one in scene.begun_in_order(application)]
    assert set(begun) == {"deletion"}


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


def test_unknown_adapter_is_asked_by_hand():
    application = received("atra")
    submission = Submission.objects.select_related("lender").get(application=application)
    submission.lender.adapter = "telex"
    assert ask_to_delete(submission=submission, reason=DeletionReason.ERASURE, actor=DPO) is not None
    with mock.patch("lenders.selectors.deletions.get_adapter", side_effect=AWAY):
        assert waits() == [("atra", "to_delete")]
