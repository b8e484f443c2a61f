"""Staff send again what failed; a lender that had it all along takes no second copy."""

from dataclasses import replace
from datetime import timedelta
from unittest import mock

import pytest
from django.utils import timezone

from applications.actors import Actor
from applications.errors import SubjectErased
from applications.models import Application, AuditEntry, RestrictionGround
from applications.services.processing import restrict
from lenders.adapters.base import ErrorCode, LenderError
from lenders.adapters.join import JoinAdapter
from lenders.errors import NothingToRetry
from lenders.models import Attempt, Delivery, Submission
from lenders.selectors.offers_page import waiting_submissions
from lenders.services import deliveries, ingest, settling
from lenders.services.choosing import choose
from lenders.services.fan_out import new_delivery
from lenders.services.retrying import retry
from lenders.states import DeliveryKind
from tests.lenders import scene
from tests.lenders.staff import staff

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=scene.DATABASES),
    pytest.mark.usefixtures("lenders"),
]

STAFF = Actor.staff(7)


@pytest.fixture
def application() -> Application:
    application = scene.sent("atra")
    (prepared,) = scene.begun(application).values()
    scene.finish(prepared, LenderError(ErrorCode.REJECTED, permanent=True))
    return application


def again(application: Application) -> Submission:
    submission = scene.submission_at(application, "atra")
    retry(submission_id=submission.pk, actor=STAFF)
    submission.refresh_from_db()
    return submission


def test_failed_submission_is_queued_with_a_new_delivery(application):
    assert again(application).status == "queued"
    assert sorted(Delivery.objects.values_list("status", flat=True)) == ["due", "failed"]
    assert AuditEntry.objects.filter(action="submission.retried", actor_identifier="7").count() == 1


def test_idempotency_key_stays_the_submissions_own(application):
    submission = again(application)
    (prepared,) = scene.begun(application).values()
    assert prepared.call.http.headers["Idempotency-Key"] == str(submission.pk)


def test_page_waits_again_and_a_new_late_window_opens(application):
    submission = scene.submission_at(application, "atra")
    scene.shift(submission, page_wait_until=timezone.now(), late_until=timezone.now())
    assert not waiting_submissions(application)
    again(application)
    assert waiting_submissions(application)
    assert scene.say(submission, "offered") == "taken"


def test_lender_that_repeats_its_old_words_is_understood_anew(application):
    """The same message has the same id: what the lender said before the retry, it may say after it."""
    submission = again(application)
    said = scene.statement(submission, "pending")
    scene.finish(*scene.begun(application).values(), scene.signed_reply(submission, said))
    scene.shift(submission, late_until=timezone.now())
    assert ingest.close_overdue() == 1
    again(application)
    scene.finish(*scene.begun(application).values(), scene.signed_reply(submission, said))
    submission.refresh_from_db()
    assert submission.status == "pending"


@pytest.mark.parametrize(
    "status", ["queued", "pending", "offered", "declined", "withdrawn", "expired", "lender_declined_late"]
)
def test_what_did_not_fail_is_not_sent_again(application, status):
    scene.shift(scene.submission_at(application, "atra"), status=status)
    with pytest.raises(NothingToRetry):
        again(application)
    assert not Delivery.objects.filter(status="due").exists()


def test_second_retry_finds_nothing_to_do(application):
    again(application)
    with pytest.raises(NothingToRetry):
        again(application)
    assert Delivery.objects.filter(status="due").count() == 1


def test_choice_that_could_not_be_told_is_told_again(application):
    again(application)
    scene.begun(application)
    offer = scene.open_offer(application, "atra")
    Delivery.objects.update(status="done", lease_until=None)
    choose(offer_id=offer.pk, subject_id=offer.subject_id, actor=Actor.consumer(offer.subject_id))
    before = Application.objects.get(pk=application.pk).version
    (prepared,) = scene.begun(application).values()
    scene.finish(prepared, LenderError(ErrorCode.MALFORMED_ANSWER, permanent=True))
    assert Application.objects.get(pk=application.pk).version > before  # the page learns of it
    assert again(application).status == "selected"
    (prepared,) = scene.begun(application).values()
    assert prepared.kind == "choice"


def test_choice_still_on_its_way_is_not_told_again(application):
    offer = scene.open_offer(application, "atra")
    choose(offer_id=offer.pk, subject_id=offer.subject_id, actor=Actor.consumer(offer.subject_id))
    with pytest.raises(NothingToRetry):
        again(application)


def test_nothing_is_sent_again_for_a_closed_application(application):
    Application.objects.filter(pk=application.pk).update(status="closed")
    with pytest.raises(NothingToRetry):
        again(application)


def test_nothing_is_sent_again_for_an_erased_person(application):
    scene.erase(application.subject)
    with pytest.raises(SubjectErased):
        again(application)
    assert not Delivery.objects.filter(status="due").exists()


def test_field_that_the_lender_needs_no_longer_is_not_sent_again(application):
    lender = scene.submission_at(application, "atra").lender
    kept = lender.requested_fields[:-1]
    lender.requested_fields = [*kept, "family.dependants"]  # needed since then, and not shown to the person
    lender.save()
    assert again(application).requested_fields == kept


# --- the lender has it in other words ---

IN_OTHER_WORDS = LenderError(ErrorCode.ALREADY_RECEIVED, permanent=True)


@pytest.fixture
def inquiry(application: Application) -> deliveries.Prepared:
    """What follows on a retry that the lender answers with: you sent me this before, otherwise."""
    again(application)
    scene.finish(*scene.begun(application).values(), IN_OTHER_WORDS)
    (prepared,) = scene.begun(application).values()
    return prepared


def test_lender_that_has_it_in_other_words_is_asked_what_came_of_it(application, inquiry):
    assert (inquiry.kind, inquiry.call.http.method) == ("inquiry", "GET")
    assert scene.states(application) == {"atra": "queued"}
    assert scene.delivery_at(application, "atra").error_code == "already_received"
    submission = scene.submission_at(application, "atra")
    scene.finish(inquiry, scene.signed_reply(submission, scene.statement(submission, "offered")))
    assert scene.states(application) == {"atra": "offered"}


def test_lender_that_then_cannot_say_what_came_of_it_can_be_tried_again(application, inquiry):
    scene.finish(inquiry, LenderError(ErrorCode.MALFORMED_ANSWER, permanent=True))
    assert scene.states(application) == {"atra": "failed"}
    assert again(application).status == "queued"


def test_lender_about_to_be_asked_already_is_asked_once(application, inquiry):
    scene.shift(scene.submission_at(application, "atra"), status="failed")
    again(application)
    scene.make_due()
    scene.finish(*scene.begun(application).values(), IN_OTHER_WORDS)
    assert Delivery.objects.filter(kind="inquiry").count() == 1


def test_lender_that_cannot_be_asked_has_failed(application):
    again(application)
    with mock.patch.object(JoinAdapter, "abilities", replace(JoinAdapter.abilities, can_be_asked=False)):
        scene.finish(*scene.begun(application).values(), IN_OTHER_WORDS)
    assert scene.states(application) == {"atra": "failed"}


def test_retry_while_a_try_is_waiting_brings_that_try_forward():
    application = scene.sent("atra")
    submission = scene.submission_at(application, "atra")
    Submission.objects.filter(pk=submission.pk).update(status="failed", error_code="apr_impossible")
    Delivery.objects.update(due_at=timezone.now() + timedelta(hours=1))
    retry(submission_id=submission.pk, actor=STAFF)
    assert scene.delivery_at(application, "atra").due_at <= timezone.now()


# --- nobody knew whether it arrived, and the lender says that it did not ---


@pytest.fixture
def unknown() -> Submission:
    """The bank took an application or not, and does not say which."""
    application = scene.sent("baka")
    (prepared,) = scene.begun(application).values()
    scene.finish(prepared, LenderError(ErrorCode.TIMED_OUT, permanent=False, ambiguous=True))
    Delivery.objects.filter(kind="inquiry").update(status="failed")
    submission = scene.submission_at(application, "baka")
    assert submission.status == "unknown"
    return submission


def a_minute_later() -> None:
    for attempt in Attempt.objects.all():
        scene.shift(attempt, started_at=attempt.started_at - settling.UNDER_WAY)


def test_what_did_not_arrive_is_sent_again_on_the_word_of_the_lender(unknown):
    a_minute_later()
    retry(submission_id=unknown.pk, actor=STAFF, lacks_it=True)
    unknown.refresh_from_db()
    assert unknown.status == "queued"
    assert scene.delivery_at(unknown.application, "baka").status == "due"
    assert AuditEntry.objects.get(action="submission.retried").detail["lacks_it"] is True


def test_it_is_not_sent_again_without_that_word(unknown):
    a_minute_later()
    with pytest.raises(NothingToRetry):
        retry(submission_id=unknown.pk, actor=STAFF)


def test_it_is_not_sent_again_while_the_first_may_be_on_its_way(unknown):
    with pytest.raises(NothingToRetry):
        retry(submission_id=unknown.pk, actor=STAFF, lacks_it=True)


@pytest.mark.parametrize("stands", ["failed", "pending", "offered", "action_required"])
def test_what_is_known_of_is_not_sent_again_as_lacking(unknown, stands):
    a_minute_later()
    scene.shift(unknown, status=stands)
    with pytest.raises(NothingToRetry):
        retry(submission_id=unknown.pk, actor=STAFF, lacks_it=True)


def test_lender_that_lacks_what_it_asked_for_is_not_sent_a_second_application(unknown):
    a_minute_later()
    new_delivery(unknown, DeliveryKind.SUPPLEMENT).save(force_insert=True)
    with pytest.raises(NothingToRetry):
        retry(submission_id=unknown.pk, actor=STAFF, lacks_it=True)


def test_page_of_what_waits_sends_it_again(unknown):
    a_minute_later()
    client, page = staff("view_submission", "retry_submission"), "/admin/lenders/waiting/"
    assert 'name="lacks_it"' in client.get(page).text
    client.post(page, {"submission": str(unknown.pk)})
    assert Submission.objects.get().status == "unknown"
    client.post(page, {"lacks_it": "1", "submission": str(unknown.pk)})
    assert Submission.objects.get().status == "queued"


def test_nothing_is_offered_for_a_person_whose_right_is_against_it(unknown):
    restrict(subject_id=unknown.subject_id, ground=RestrictionGround.ACCURACY, actor=STAFF)
    page = staff("view_submission", "retry_submission").get("/admin/lenders/waiting/")
    assert f'name="submission" value="{unknown.pk}"' not in page.text
