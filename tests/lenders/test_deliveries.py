"""The queue in rows: who claims, who may write, and what becomes of a delivery that fails."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.db import connection
from django.utils import timezone

from applications.crypto.keyring import data_key_scope
from applications.models import AuditEntry, Disclosure
from lenders.adapters.base import ErrorCode, LenderError
from lenders.adapters.join import JoinAdapter
from lenders.models import Attempt, Delivery, Lender, LenderMessage, Offer
from lenders.services import choosing, deliveries, settling
from lenders.states import DeliveryKind
from tests.lenders import scene

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=scene.DATABASES),
    pytest.mark.usefixtures("lenders"),
]

REFUSED = LenderError(ErrorCode.REJECTED, permanent=True)
AWAY = LenderError(ErrorCode.UNAVAILABLE, permanent=False)
SILENT = LenderError(ErrorCode.TIMED_OUT, permanent=False, ambiguous=True)


# --- begin ---


def test_attempt_is_on_record_before_anything_is_sent():
    application = scene.sent("atra")
    (prepared,) = scene.begun(application).values()
    attempt = Attempt.objects.get(pk=prepared.attempt_id)
    assert (attempt.fence, attempt.outcome, attempt.finished_at) == (1, "", None)


def test_claim_that_was_overtaken_is_not_begun():
    application = scene.sent("atra")
    old = scene.claim(application)
    scene.end_leases()
    new = scene.claim(application)
    with data_key_scope():
        assert deliveries.begin(old) == []
        assert len(deliveries.begin(new)) == 1


def test_row_that_keeps_killing_its_workers_is_set_aside_for_staff():
    application = scene.sent("atra")
    Delivery.objects.update(fence=deliveries.CLAIM_CAP)
    assert scene.begun(application) == {}
    assert scene.delivery_at(application, "atra").status == "quarantined"
    found = scene.submission_at(application, "atra")
    assert (found.status, found.error_code) == ("failed", "quarantined")


def test_failures_do_not_count_towards_setting_aside():
    application = scene.sent("atra")
    Delivery.objects.update(fence=deliveries.CLAIM_CAP, failures=1)
    assert set(scene.begun(application)) == {"atra"}
    scene.end_leases()
    assert scene.begun(application) == {}
    assert scene.delivery_at(application, "atra").status == "quarantined"


def test_worker_that_was_overtaken_does_not_set_aside():
    application = scene.sent("atra")
    Delivery.objects.update(fence=deliveries.CLAIM_CAP)
    overtaken = scene.claim(application)
    scene.end_leases()
    scene.claim(application)
    with data_key_scope():
        assert deliveries.begin(overtaken) == []
    assert scene.delivery_at(application, "atra").status == "due"


def test_delivery_past_its_deadline_is_not_sent():
    application = scene.sent("atra")
    Delivery.objects.update(deadline=timezone.now())
    assert scene.begun(application) == {}
    assert scene.states(application) == {"atra": "no_response"}
    assert not Disclosure.objects.filter(application=application).exists()


def test_nothing_is_sent_for_an_erased_person():
    application = scene.sent()
    scene.erase(application.subject)
    assert scene.begun(application) == {}
    assert set(Delivery.objects.values_list("status", "error_code")) == {("failed", "subject_erased")}
    assert not Disclosure.objects.filter(application=application).exists()
    assert not Attempt.objects.exists()


def test_application_that_cannot_be_read_does_not_hold_up_those_claimed_with_it():
    broken, sound = scene.sent("atra"), scene.sent("atra")
    scene.keyring.destroy_key(broken.subject_id)
    with data_key_scope():
        prepared = deliveries.begin(scene.claim())
    assert [one.submission_id for one in prepared] == [scene.submission_at(sound, "atra").pk]


def test_field_that_the_form_does_not_have_fails_its_lender_alone():
    Lender.objects.filter(slug="atra").update(requested_fields=["loan.amount_cents", "loan.colour"])
    application = scene.sent("atra", "leja")
    assert set(scene.begun(application)) == {"leja"}
    assert scene.states(application) == {"atra": "failed", "leja": "queued"}
    assert scene.submission_at(application, "atra").error_code == "field_not_supported"


def lose_the_key() -> None:
    scene.keyring.forget_keys([Lender.objects.get(slug="atra").pk])


def swap_the_secrets() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE lenders_lender SET secrets = (SELECT secrets FROM lenders_lender WHERE slug = 'leja') "
            "WHERE slug = 'atra'"
        )


@data_key_scope()
def write_as_another_release() -> None:
    lender = Lender.objects.get(slug="atra")
    lender.secrets = lender.secrets | {"signing_key": "x"}
    lender.save()


@pytest.mark.parametrize("breaks", [lose_the_key, swap_the_secrets, write_as_another_release])
def test_lender_whose_secrets_do_not_open_is_not_sent_anything_and_holds_up_no_other(breaks):
    application = scene.sent("atra", "leja")
    breaks()
    assert set(scene.begun(application)) == {"leja"}
    assert scene.states(application) == {"atra": "failed", "leja": "queued"}
    assert scene.submission_at(application, "atra").error_code == "not_configured"


def test_adapter_that_fails_holds_up_the_application_at_its_lender_alone(monkeypatch):
    build = JoinAdapter.build_application

    def fails_for_atra(self: JoinAdapter, request: Any, endpoint: Any, **more: Any) -> Any:
        return build(self, request, None if endpoint.slug == "atra" else endpoint, **more)

    monkeypatch.setattr(JoinAdapter, "build_application", fails_for_atra)
    application = scene.sent("atra", "leja")
    assert set(scene.begun(application)) == {"leja"}
    Delivery.objects.filter(lender__slug="atra").update(fence=deliveries.CLAIM_CAP, lease_until=None)
    assert scene.begun(application) == {}
    assert scene.states(application) == {"atra": "failed", "leja": "queued"}


def test_choice_that_was_undone_meanwhile_is_not_told():
    application = scene.sent("atra")
    scene.begun(application)
    offer = scene.open_offer(application, "atra")
    actor = choosing.Actor.consumer(application.subject_id)
    choosing.choose(offer_id=offer.pk, subject_id=application.subject_id, actor=actor)
    scene.say(scene.submission_at(application, "atra"), "withdrawn")
    scene.end_leases()
    assert scene.begun(application) == {}
    choice = scene.delivery_at(application, "atra", "choice")
    assert (choice.status, choice.error_code) == ("failed", "no_longer_chosen")


# --- finish ---


def test_outcome_is_written_with_the_attempt():
    application = scene.sent("atra")
    (prepared,) = scene.begun(application).values()
    submission = scene.submission_at(application, "atra")
    scene.finish(prepared, scene.signed_reply(submission, scene.statement(submission, "offered")))
    attempt = Attempt.objects.get()
    assert (attempt.outcome, attempt.http_status, attempt.duration_ms) == ("offered", 200, 1)
    assert scene.delivery_at(application, "atra").status == "done"
    assert scene.states(application) == {"atra": "offered"}


@pytest.mark.parametrize("late_word", ["offered", "declined", REFUSED, AWAY])
def test_worker_that_lost_its_lease_writes_nothing(late_word):
    application = scene.sent("atra")
    (slow,) = scene.begun(application).values()
    scene.end_leases()
    (quick,) = scene.begun(application).values()
    submission = scene.submission_at(application, "atra")
    reply = (
        late_word
        if isinstance(late_word, LenderError)
        else scene.signed_reply(submission, scene.statement(submission, late_word))
    )
    scene.finish(slow, reply)
    assert scene.states(application) == {"atra": "queued"}
    assert scene.delivery_at(application, "atra").status == "due"
    assert Attempt.objects.get(pk=slow.attempt_id).outcome == "lease_lost"
    scene.finish(quick, scene.signed_reply(submission, scene.statement(submission, "pending")))
    assert scene.states(application) == {"atra": "pending"}


def test_same_outcome_written_twice_counts_once():
    application = scene.sent("atra")
    (prepared,) = scene.begun(application).values()
    submission = scene.submission_at(application, "atra")
    for _ in range(2):
        scene.finish(prepared, scene.signed_reply(submission, scene.statement(submission, "offered")))
    assert submission.offers.count() == 1


def test_answer_for_somebody_erased_meanwhile_is_not_stored():
    application = scene.sent("atra")
    (prepared,) = scene.begun(application).values()
    submission = scene.submission_at(application, "atra")
    reply = scene.signed_reply(submission, scene.statement(submission, "offered"))
    scene.erase(application.subject)
    scene.finish(prepared, reply)
    assert submission.offers.count() == 0
    assert not LenderMessage.objects.exists()
    assert Attempt.objects.get().outcome == "subject_erased"
    assert scene.delivery_at(application, "atra").status == "done"


def fails(application: Any, error: LenderError, times: int = 1) -> Delivery:
    for _ in range(times):
        scene.make_due()
        (prepared,) = scene.begun(application).values()
        scene.finish(prepared, error)
    return scene.delivery_at(application, "atra")


def test_permanent_failure_ends_it_at_once():
    application = scene.sent("atra")
    delivery = fails(application, REFUSED)
    assert (delivery.status, delivery.failures, delivery.error_code) == ("failed", 1, "rejected")
    assert scene.submission_at(application, "atra").error_code == "rejected"


def test_passing_failure_is_tried_again_later():
    application = scene.sent("atra")
    delivery = fails(application, AWAY)
    assert (delivery.status, delivery.failures, delivery.lease_until) == ("due", 1, None)
    assert scene.states(application) == {"atra": "queued"}


def test_third_failure_is_the_last():
    application = scene.sent("atra")
    assert fails(application, AWAY, times=2).status == "due"
    delivery = fails(application, AWAY)
    assert (delivery.status, delivery.failures) == ("failed", 3)
    assert scene.states(application) == {"atra": "failed"}


def test_lender_that_was_silent_to_the_end_gave_no_response():
    application = scene.sent("atra")
    fails(application, SILENT, times=3)
    assert scene.states(application) == {"atra": "no_response"}


@pytest.mark.parametrize("error", [REFUSED, SILENT])
def test_lender_that_called_back_meanwhile_did_answer(error):
    application = scene.sent("atra")
    fails(application, AWAY, times=2)
    scene.make_due()
    (prepared,) = scene.begun(application).values()
    scene.say(scene.submission_at(application, "atra"), "pending")
    scene.finish(prepared, error)
    assert scene.delivery_at(application, "atra").status == "failed"
    assert scene.states(application) == {"atra": "pending"}


def test_lender_that_called_back_is_not_sent_the_application_again():
    application = scene.sent("atra")
    fails(application, AWAY)
    scene.say(scene.submission_at(application, "atra"), "pending")
    scene.make_due()
    assert scene.begun(application) == {}
    assert scene.delivery_at(application, "atra").error_code == "already_answered"
    assert scene.states(application) == {"atra": "pending"}


def test_claim_that_came_to_nothing_is_not_a_failure_of_the_lender():
    application = scene.sent("atra")
    for _ in range(5):
        scene.begun(application)
        scene.end_leases()
    assert scene.delivery_at(application, "atra").failures == 0


def test_pause_follows_the_lenders_wish():
    application = scene.sent("atra")
    busy = LenderError(ErrorCode.UNAVAILABLE, permanent=False, retry_after=600)
    wait = fails(application, busy).due_at - timezone.now()
    assert timedelta(seconds=590) < wait <= timedelta(seconds=600)


@pytest.mark.parametrize(
    ("failures", "patient", "cap"),
    [(1, False, 2), (2, True, 4), (3, False, 8), (11, False, 300), (200, True, 6 * 3600)],
)
def test_pause_is_jittered_below_a_doubling_cap(failures, patient, cap):
    waits = [settling.wait_before_next(failures, AWAY, patient=patient).total_seconds() for _ in range(300)]
    assert max(waits) <= cap
    assert len(set(waits)) > 100
    assert max(waits) > cap / 2 > min(waits)


def test_pause_that_would_pass_the_deadline_ends_it():
    application = scene.sent("atra")
    scene.make_due()
    (prepared,) = scene.begun(application).values()
    Delivery.objects.update(deadline=timezone.now() + timedelta(seconds=30))
    scene.finish(prepared, LenderError(ErrorCode.UNAVAILABLE, permanent=False, retry_after=60))
    assert scene.delivery_at(application, "atra").status == "failed"


# --- a lender that would take a second copy for a second application ---


def forgetful(**traits: bool) -> Any:
    weaker = replace(JoinAdapter.abilities, idempotent=False, **traits)
    return mock.patch.object(JoinAdapter, "abilities", weaker)


def test_uncertain_outcome_at_a_forgetful_lender_is_asked_about_and_never_sent_again():
    application = scene.sent("atra")
    with forgetful():
        fails(application, SILENT)
        assert scene.states(application) == {"atra": "unknown"}
        (inquiry,) = scene.begun(application).values()
        assert (inquiry.kind, inquiry.call.http.method) == (DeliveryKind.INQUIRY, "GET")
        submission = scene.submission_at(application, "atra")
        scene.finish(inquiry, scene.signed_reply(submission, scene.statement(submission, "offered")))
    assert scene.states(application) == {"atra": "offered"}
    assert Delivery.objects.filter(status="due").count() == 0


def test_uncertain_outcome_at_a_lender_that_cannot_be_asked_stays_unknown():
    application = scene.sent("atra")
    with forgetful(can_be_asked=False):
        fails(application, SILENT)
    assert scene.states(application) == {"atra": "unknown"}
    assert not Delivery.objects.filter(status="due").exists()


def test_certain_failure_at_a_forgetful_lender_is_tried_again():
    application = scene.sent("atra")
    with forgetful():
        assert fails(application, AWAY).status == "due"


def test_delivery_of_a_person_whose_key_is_lost_is_set_aside_after_the_cap():
    application = scene.sent("atra")
    scene.keyring.forget_keys([application.subject_id])
    for _ in range(deliveries.CLAIM_CAP):
        assert scene.begun(application) == {}
        assert scene.delivery_at(application, "atra").status == "due"
        scene.end_leases()
    scene.begun(application)
    assert scene.delivery_at(application, "atra").status == "quarantined"


def test_failed_call_decides_nothing_about_a_person_who_was_erased_meanwhile():
    application = scene.sent("atra")
    scene.taken_by_all(application)
    scene.choose(Offer.objects.get())
    (told,) = scene.begun(application).values()
    scene.erase(application.subject)
    known = AuditEntry.objects.count()
    scene.finish(told, LenderError(ErrorCode.REJECTED, permanent=True, signed=True))
    application.refresh_from_db()
    assert (application.status, scene.states(application)) == ("chosen", {"atra": "selected"})
    choice = scene.delivery_at(application, "atra", "choice")
    assert (choice.status, choice.error_code) == ("failed", "subject_erased")
    assert AuditEntry.objects.count() == known
