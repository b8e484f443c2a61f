"""Lenders that do not call back are asked again: when, how long, and what a failed question does."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from applications.actors import Actor
from applications.models import Application, Consent, RestrictionGround
from applications.services.processing import lift_restriction, restrict, withdraw_consent
from lenders.adapters.base import Accepted, ErrorCode, LenderError, Offered, Unrecognised
from lenders.models import Attempt, Breaker, Delivery, Lender, LenderMessage, Offer, Submission
from lenders.selectors.for_staff import Waits, waiting_submissions
from lenders.services import ingest, polling, settling
from lenders.services.choosing import choose
from lenders.services.deliveries import CLAIM_CAP, Prepared
from lenders.services.retrying import retry
from tests.lenders import scene

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=scene.DATABASES),
    pytest.mark.usefixtures("lenders"),
]

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
AWAY = LenderError(ErrorCode.UNAVAILABLE, permanent=False)
ALREADY_REFUSED = LenderError(ErrorCode.REJECTED, permanent=True)
NEVER_HEARD = LenderError(ErrorCode.NOT_RECEIVED, permanent=False)
SILENT = LenderError(ErrorCode.TIMED_OUT, permanent=False, ambiguous=True)
AGES = st.timedeltas(timedelta(0), timedelta(days=400))


# --- when ---


@given(AGES, AGES)
def test_later_is_asked_later_and_never_sooner_after(one, other):
    earlier, later = sorted((one, other))
    pauses = [polling.next_time(START + age, START) - (START + age) for age in (earlier, later)]
    assert pauses == sorted(pauses)
    assert polling.next_time(START + earlier, START) <= polling.next_time(START + later, START)


@given(AGES, st.sampled_from([polling.LONGEST_PAUSE, polling.LONGEST_PAUSE_WHILE_SIGNING]))
def test_pause_is_bounded_both_ways(age, longest):
    pause = polling.next_time(START + age, START, longest=longest) - (START + age)
    assert polling.SHORTEST_PAUSE <= pause <= longest
    assert pause in (polling.SHORTEST_PAUSE, longest, age / 2)


def asked_within(window: timedelta, **options: timedelta) -> Sequence[datetime]:
    moments, now = [], START
    while (now := polling.next_time(now, START, **options)) <= START + window:
        moments.append(now)
    return moments


def test_three_days_are_some_ninety_questions_and_the_first_minute_a_dozen():
    moments = asked_within(timedelta(days=3))
    assert len(moments) < 100
    assert 8 <= len([moment for moment in moments if moment <= START + timedelta(minutes=1)]) <= 12


def test_three_weeks_of_signing_are_about_a_hundred_questions():
    assert len(asked_within(timedelta(days=21), longest=polling.LONGEST_PAUSE_WHILE_SIGNING)) < 110


# --- what is asked about ---


@pytest.fixture
def application() -> Application:
    return scene.sent("baka", "leja")


def bank(application: Application) -> Submission:
    return scene.submission_at(application, "baka")


def questions(status: str = "due") -> list[Delivery]:
    return list(Delivery.objects.filter(kind="inquiry", status=status).order_by("created_at"))


def considered(application: Application) -> None:
    """The bank has the application, and considers."""
    prepared = scene.begun(application)["baka"]
    scene.finish(prepared, scene.signed_reply(bank(application), said(application, "pending")))


def said(application: Application, status: str, **more: object) -> dict[str, object]:
    return scene.statement(bank(application), status, **more)


def asked(application: Application) -> Prepared:
    """The next question, begun."""
    scene.make_due(kind="inquiry")
    return next(one for one in scene.begun_in_order(application) if one.kind == "inquiry")


def answered(application: Application, status: str, **more: object) -> None:
    reply = scene.signed_reply(bank(application), said(application, status, **more))
    scene.finish(asked(application), reply)


def test_bank_that_considers_is_asked_again_two_seconds_later(application):
    considered(application)
    (question,) = questions()
    assert scene.states(application)["baka"] == "pending"
    assert timedelta(0) < question.due_at - timezone.now() <= polling.SHORTEST_PAUSE
    assert question.deadline >= question.due_at + timedelta(hours=1)


def test_lender_that_calls_back_is_not_asked(application):
    scene.say(scene.submission_at(application, "leja"), "pending")
    assert questions() == []


def test_pause_is_half_the_time_since_the_lender_was_told(application):
    considered(application)
    Delivery.objects.filter(kind="application").update(created_at=timezone.now() - timedelta(minutes=10))
    answered(application, "pending")
    (question,) = questions()
    assert timedelta(minutes=4) < question.due_at - timezone.now() < timedelta(minutes=6)


def test_decision_ends_the_questions(application):
    considered(application)
    answered(application, "offered")
    assert scene.states(application)["baka"] == "offered"
    assert questions() == []
    assert Offer.objects.count() == 1


def test_same_decision_told_twice_is_one_offer(application):
    considered(application)
    prepared = asked(application)
    reply = scene.signed_reply(bank(application), said(application, "offered"))
    scene.finish(prepared, reply)
    scene.finish(prepared, reply)
    scene.say(bank(application), "offered", offer=scene.terms_document(bank(application)))
    assert Offer.objects.count() == 1
    assert questions() == []


def test_word_we_do_not_know_is_asked_about_again(application):
    considered(application)
    answered(application, "asleep")
    assert scene.states(application)["baka"] == "pending"
    assert len(questions()) == 1


def test_application_answered_with_a_word_we_do_not_know_is_asked_about(application):
    prepared = scene.begun(application)["baka"]
    scene.finish(prepared, scene.signed_reply(bank(application), said(application, "asleep")))
    assert scene.states(application)["baka"] == "queued"
    assert len(questions()) == 1


def test_lender_that_says_more_may_follow_is_asked_again(application):
    terms = scene.offer_terms(bank(application)).offers
    for more, expected in ((True, 1), (False, 0)):
        Delivery.objects.filter(kind="inquiry").delete()
        ingest.ingest(
            submission_id=bank(application).pk,
            answer=Offered(terms, "BNK-1", more_to_come=more),
            message_id="",
            actor=Actor.lender("baka"),
        )
        assert len(questions()) == expected


def test_lender_that_waits_for_the_person_is_not_asked_until_they_answered(application):
    considered(application)
    answered(application, "needs_more")
    assert scene.states(application)["baka"] == "action_required"
    assert questions() == []
    scene.say(bank(application), "pending")  # as what was still needed is answered
    assert len(questions()) == 1


@pytest.mark.parametrize("word", ["declined", "withdrawn"])
def test_end_is_an_end(application, word):
    considered(application)
    answered(application, word)
    scene.say(bank(application), "pending")
    assert questions() == []


def test_nothing_is_asked_past_the_late_window(application):
    scene.shift(bank(application), late_until=timezone.now() + timedelta(seconds=1))
    scene.say(bank(application), "pending")
    assert scene.states(application)["baka"] == "pending"
    assert questions() == []


def test_question_that_waited_past_the_late_window_is_not_asked(application):
    considered(application)
    scene.shift(bank(application), late_until=timezone.now() - timedelta(seconds=1))
    scene.make_due(kind="inquiry")
    assert "baka" not in scene.begun(application)
    (question,) = questions("failed")
    assert question.error_code == "nothing_to_learn"
    assert scene.states(application)["baka"] == "pending"
    assert ingest.close_overdue() == 1
    assert scene.states(application)["baka"] == "no_response"


def test_question_about_what_ended_meanwhile_is_not_asked(application):
    considered(application)
    scene.say(bank(application), "withdrawn")
    scene.make_due(kind="inquiry")
    assert "baka" not in scene.begun(application)
    assert scene.states(application)["baka"] == "withdrawn"


# --- when the question fails ---


@pytest.mark.parametrize("error", [ALREADY_REFUSED, NEVER_HEARD, AWAY, SILENT])
def test_failed_questions_end_nothing_and_are_asked_again(application, error):
    considered(application)
    for _ in range(7):
        scene.finish(asked(application), error)
        assert len(questions()) == 1
        Breaker.objects.all().delete()  # what a breaker does about it is told elsewhere
    assert scene.states(application)["baka"] == "pending"
    assert questions("failed")
    answered(application, "offered")
    assert scene.states(application)["baka"] == "offered"


def test_question_that_cannot_be_answered_now_waits_before_it_is_asked_again(application):
    considered(application)
    Delivery.objects.filter(kind="application").update(created_at=timezone.now() - timedelta(minutes=10))
    scene.finish(asked(application), ALREADY_REFUSED)
    (question,) = questions()
    assert question.due_at - timezone.now() > timedelta(minutes=4)


def test_question_that_could_not_be_built_is_asked_again(application):
    """Somebody changes the secrets at this moment."""
    considered(application)
    lender = Lender.objects.get(slug="baka")
    with scene.data_key_scope():
        kept, lender.secrets = lender.secrets, {}
        lender.save()
    scene.make_due(kind="inquiry")
    assert "baka" not in scene.begun(application)
    assert [one.error_code for one in questions("failed")] == ["not_configured"]
    with scene.data_key_scope():
        lender.secrets = kept
        lender.save()
    answered(application, "offered")
    assert scene.states(application)["baka"] == "offered"


def test_question_that_was_set_aside_is_seen_by_staff_who_can_ask_again(application):
    considered(application)
    Delivery.objects.filter(kind="inquiry").update(fence=CLAIM_CAP)
    scene.make_due(kind="inquiry")
    scene.begun(application)
    [line] = waiting_submissions(timezone.now())
    assert (line.submission.pk, line.waits, line.can_be_sent) == (bank(application).pk, Waits.SET_ASIDE, True)
    retry(submission_id=bank(application).pk, actor=Actor.staff(7))
    answered(application, "offered")
    assert scene.states(application)["baka"] == "offered"


def test_question_whose_time_passed_while_no_worker_ran_is_asked_again(application):
    chosen(application)
    told(application)
    Delivery.objects.filter(kind="inquiry").update(deadline=timezone.now())
    scene.make_due(kind="inquiry")
    assert "inquiry" not in [one.kind for one in scene.begun_in_order(application)]
    assert len(questions()) == 1


@pytest.mark.parametrize("message_id", ["x" * 5000, "canary Anna", "\x00"])
def test_header_that_is_no_message_id_is_no_trouble(application, message_id):
    prepared = scene.begun(application)["baka"]
    headers = {"webhook-id": message_id}
    scene.finish(prepared, scene.signed_reply(bank(application), said(application, "pending"), **headers))
    assert scene.states(application)["baka"] == "pending"
    assert not LenderMessage.objects.exists()


# --- the person's rights ---


def test_person_whose_data_are_restricted_is_not_asked_about_until_they_are_free_again(application):
    considered(application)
    scene.make_due(kind="inquiry")
    person = Actor.consumer(application.subject_id)
    restriction = restrict(subject_id=application.subject_id, ground=RestrictionGround.ACCURACY, actor=person)
    assert "baka" not in scene.begun(application)
    assert len(questions()) == 1
    lift_restriction(restriction_id=restriction.pk, actor=person)
    assert "baka" in scene.begun(application)


def test_withdrawn_request_ends_the_questions(application):
    considered(application)
    scene.make_due(kind="inquiry")
    withdraw_consent(
        consent_id=Consent.objects.get(application=application).pk,
        subject_id=application.subject_id,
        actor=Actor.consumer(application.subject_id),
    )
    assert "baka" not in scene.begun(application)
    settling.call_off_withdrawn()
    assert questions() == []


def test_nothing_is_planned_for_a_person_who_was_erased(application):
    considered(application)
    prepared = asked(application)
    scene.erase(application.subject)
    scene.finish(prepared, ALREADY_REFUSED)
    assert questions() == []


# --- after the choice ---


def chosen(application: Application) -> Offer:
    considered(application)
    answered(application, "offered")
    offer = Offer.objects.get()
    choose(offer_id=offer.pk, subject_id=offer.subject_id, actor=Actor.consumer(offer.subject_id))
    return offer


def told(application: Application) -> None:
    """The bank took note of the choice."""
    ingest.ingest(
        submission_id=bank(application).pk,
        answer=Accepted("BNK-1"),
        message_id="",
        actor=Actor.lender("baka"),
    )


def test_bank_that_was_chosen_is_asked_for_what_comes_of_it(application):
    chosen(application)
    assert questions() == []  # it does not know yet
    told(application)
    (question,) = questions()
    assert question.due_at - timezone.now() <= polling.SHORTEST_PAUSE


def test_late_refusal_is_learnt_by_asking_and_opens_the_other_offers_again(application):
    chosen(application)
    told(application)
    answered(application, "declined")
    assert scene.states(application)["baka"] == "lender_declined_late"
    assert Application.objects.get(pk=application.pk).status == "submitted"
    assert questions() == []


def test_signing_is_asked_about_though_answers_to_the_application_count_no_more(application):
    chosen(application)
    scene.shift(bank(application), late_until=timezone.now() - timedelta(days=1))
    told(application)
    answered(application, "pending")
    assert len(questions()) == 1


def test_figures_that_changed_after_the_choice_are_noted_and_change_nothing_that_was_shown(application):
    offer = chosen(application)
    told(application)
    dearer = scene.credit.dearer(scene.terms_document(bank(application)))
    answered(application, "offered", offer=dearer)
    kept = Offer.objects.get()
    assert (kept.total_payable_cents, kept.restating) == (offer.total_payable_cents, "open")
    assert len(questions()) == 1


@pytest.mark.parametrize(("days", "expected"), [(6, 1), (8, 0)])
def test_signing_is_asked_about_until_a_week_after_the_offers_validity(application, days, expected):
    offer = chosen(application)
    scene.shift(offer, valid_until=timezone.now() - timedelta(days=days))
    told(application)
    assert len(questions()) == expected


def test_signed_contract_is_an_end(application):
    chosen(application)
    told(application)
    ingest.move(bank(application), ingest.S.CONTRACT_SIGNED)
    scene.make_due(kind="inquiry")
    assert "baka" not in scene.begun(application)
    ingest.ingest(
        submission_id=bank(application).pk,
        answer=Unrecognised("BNK-1"),
        message_id="",
        actor=Actor.lender("baka"),
    )
    assert questions() == []


# --- what may have arrived is asked about first ---


def test_uncertain_sending_is_asked_about_at_once(application):
    scene.finish(scene.begun(application)["baka"], SILENT)
    assert scene.states(application)["baka"] == "unknown"
    (question,) = questions()
    assert question.due_at <= timezone.now()
    assert asked(application).call.http.url.endswith(f"?externalId={bank(application).pk}")


def test_question_that_waits_is_brought_forward_by_an_uncertain_outcome(application):
    considered(application)
    Delivery.objects.filter(kind="inquiry").update(due_at=timezone.now() + timedelta(hours=1))
    polling.ask_now(bank(application))
    (question,) = questions()
    assert question.due_at <= timezone.now()


def sendings(application: Application) -> list[Delivery]:
    return list(Delivery.objects.filter(submission=bank(application), kind="application"))


def nothing_found(application: Application) -> None:
    prepared = asked(application)
    submission = bank(application)
    scene.finish(prepared, scene.signed_reply(submission, {"items": []}))


def a_minute_passes(application: Application) -> None:
    attempts = Attempt.objects.filter(delivery__submission=bank(application))
    for attempt in attempts:
        scene.shift(attempt, started_at=attempt.started_at - timedelta(minutes=1))


def test_bank_that_has_not_got_it_is_sent_it_again_once_it_can_no_longer_be_on_its_way(application):
    scene.finish(scene.begun(application)["baka"], SILENT)
    nothing_found(application)
    (question,) = questions()
    assert timedelta(seconds=50) < question.due_at - timezone.now() <= timedelta(minutes=1)
    assert len(sendings(application)) == 1
    a_minute_passes(application)
    nothing_found(application)
    assert questions() == []
    assert sorted(one.status for one in sendings(application)) == ["due", "failed"]
    assert scene.states(application)["baka"] == "queued"
    considered(application)
    assert scene.states(application)["baka"] == "pending"


def test_what_is_lost_every_time_is_sent_three_times_and_no_more(application):
    for _ in range(3):
        scene.finish(scene.begun(application)["baka"], SILENT)
        a_minute_passes(application)
        nothing_found(application)
    assert len(sendings(application)) == 3
    assert scene.states(application)["baka"] == "unknown"
    assert len(questions()) == 1


def test_worker_that_died_with_an_application_may_have_sent_it(application):
    scene.begun(application)
    scene.end_leases()
    prepared = scene.begun(application)
    assert "baka" not in prepared  # leja, which takes it twice as once, is sent it again
    assert prepared["leja"].kind == "application"
    assert scene.states(application) == {"baka": "unknown", "leja": "queued"}
    (delivery,) = sendings(application)
    assert (delivery.status, delivery.error_code) == ("failed", "lease_lost")
    answered(application, "offered")
    assert scene.states(application)["baka"] == "offered"
