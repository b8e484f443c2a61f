"""A bank asked by the engine over real HTTP: the token, the questions, and all its twin can do wrong."""

import logging
from collections.abc import Iterator

import pytest

from applications.actors import Actor
from applications.models import Application, Disclosure
from lenders.engine import Engine
from lenders.models import Attempt, Delivery, Lender, Offer
from lenders.sandbox.secrets import client_of
from lenders.services.choosing import choose
from lenders.services.retrying import retry
from tests.lenders import scene

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(databases=scene.DATABASES, transaction=True),
    pytest.mark.usefixtures("short_attempts", "quick_questions"),
]


@pytest.fixture
def quick_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Questions follow one another as quickly as the bank thinks here, and what was sent has soon arrived."""
    monkeypatch.setattr("lenders.services.polling.SHORTEST_PAUSE", scene.timedelta(seconds=0.1))
    monkeypatch.setattr("lenders.services.settling.UNDER_WAY", scene.timedelta(seconds=1))


@pytest.fixture
def another_worker(asked) -> Iterator[Engine]:
    """The engine of a second process."""
    engine = Engine()
    yield engine
    engine.stop()


def evaluations(asked) -> list[int]:
    return [one["count"] for one in asked.sandbox.log()["evaluations"]]


def outcomes(application: Application, kind: str = "application") -> list[str]:
    attempts = Attempt.objects.filter(delivery__submission__application=application, delivery__kind=kind)
    return list(attempts.values_list("outcome", flat=True))


def bank_is(asked, application: Application, state: str) -> None:
    asked.until(lambda: scene.states(application)["baka"] == state)


def chosen(asked, application: Application) -> Offer:
    """The bank's offer is chosen, and the bank knows."""
    bank_is(asked, application, "offered")
    offer = Offer.objects.get(submission__lender__slug="baka")
    choose(offer_id=offer.pk, subject_id=offer.subject_id, actor=Actor.consumer(offer.subject_id))
    asked.until(lambda: scene.delivery_at(application, "baka", "choice").status == "done")
    return offer


# --- as it should be ---


def test_bank_is_asked_until_it_decides(asked):
    application = scene.sent("baka")
    seen = []
    asked.until(lambda: seen.append(scene.states(application)["baka"]) or seen[-1] == "offered")
    assert list(dict.fromkeys(seen)) in (["queued", "pending", "offered"], ["pending", "offered"])
    assert outcomes(application) == ["pending"]
    assert outcomes(application, "inquiry")[-1] == "offered"
    assert evaluations(asked) == [1]
    offer = Offer.objects.get()
    assert (offer.amount_cents, offer.status, offer.upfront_fees_cents) == (3000_00, "open", 15_00)
    assert offer.apr == offer.stated_apr
    assert not Delivery.objects.filter(status="due").exists()


def test_pre_approved_is_never_shown_as_an_offer(asked):
    """While it considers, the twin says PRE_APPROVED to whoever asks."""
    asked.sandbox.fault("baka", "late_callback", seconds=5)
    application = scene.sent("baka")
    asked.until(lambda: "pending" in outcomes(application, "inquiry"))
    assert scene.states(application) == {"baka": "pending"}
    assert not Offer.objects.exists()
    bank_is(asked, application, "offered")


def test_bank_receives_the_fields_it_declared_and_no_other(asked):
    bank_is(asked, scene.sent("baka"), "offered")
    (sent,) = [one for one in asked.sandbox.log()["requests"] if one["method"] == "POST"]
    declared = set(scene.SANDBOX["baka"].requested_fields) - {"pep.pep_relation", "pep.pep_office"}
    assert len(set(sent["fields"]) - {"address.type", "address.country", "pep.isPep"}) == len(declared)
    (disclosure,) = Disclosure.objects.all()
    assert disclosure.status == "made"


def test_choice_is_told_with_the_keyword_and_a_late_refusal_is_learnt_by_asking(asked):
    application = scene.sent("baka", "leja")
    asked.until(lambda: scene.states(application) == {"baka": "offered", "leja": "offered"})
    offer = chosen(asked, application)
    (told,) = asked.sandbox.log()["choices"]
    assert told["offer_reference"] == offer.reference
    submission = scene.submission_at(application, "baka")
    asked.until(lambda: "accepted" in outcomes(application, "inquiry"))
    asked.sandbox._post(
        "_say",
        {"slug": "baka", "submission_id": str(submission.pk), "status": "declined", "reason": "age"},
    )
    bank_is(asked, application, "lender_declined_late")
    assert Application.objects.get(pk=application.pk).status == "submitted"


def test_signed_contract_is_learnt_by_asking_and_ends_the_questions(asked):
    application = scene.sent("baka")
    chosen(asked, application)
    submission = scene.submission_at(application, "baka")
    order = {"slug": "baka", "submission_id": str(submission.pk), "status": "contract_signed"}
    asked.sandbox._post("_say", order)
    bank_is(asked, application, "contract_signed")
    assert not Delivery.objects.filter(kind="inquiry", status="due").exists()


# --- the token ---


def test_many_applications_ask_for_one_token(asked):
    applications = [scene.sent("baka") for _ in range(4)]
    for application in applications:
        bank_is(asked, application, "offered")
    assert asked.sandbox.log()["token_requests"] == {"baka": 1}


def test_token_that_was_revoked_is_replaced_and_the_bank_sees_one_application(asked):
    asked.sandbox.fault("baka", "token_revoked")
    application = scene.sent("baka")
    bank_is(asked, application, "offered")
    assert outcomes(application) == ["token_refused", "pending"]
    assert evaluations(asked) == [1]
    assert asked.sandbox.log()["token_requests"] == {"baka": 2}


def test_token_that_was_revoked_is_not_tried_again_by_another_worker_that_still_holds_it(
    asked, another_worker
):
    for worker in (asked.engine, another_worker):
        earlier = scene.sent("baka")
        worker.wake(earlier.pk)
        scene.until(lambda: not Delivery.objects.filter(kind="application", status="due").exists())
    asked.sandbox.fault("baka", "token_revoked")
    application = scene.sent("baka")
    asked.engine.wake()
    scene.until(lambda: outcomes(application) == ["token_refused"])
    scene.until(lambda: len(outcomes(application)) == 2, between=another_worker.wake)
    scene.until(lambda: outcomes(application)[1])
    assert outcomes(application) == ["token_refused", "pending"]


def test_bank_that_refuses_a_new_token_too_is_given_up_on(asked):
    asked.sandbox.fault("baka", "token_revoked", times=-1)
    application = scene.sent("baka")
    bank_is(asked, application, "failed")
    assert outcomes(application) == ["token_refused"] * 2
    assert scene.submission_at(application, "baka").error_code == "token_refused"


def test_token_endpoint_that_is_out_of_order_for_a_moment_is_asked_again(asked):
    asked.sandbox.fault("baka", "token_error")
    application = scene.sent("baka")
    bank_is(asked, application, "offered")
    assert outcomes(application) == ["token_not_given", "pending"]


def test_without_a_token_nothing_was_sent(asked):
    asked.sandbox.fault("baka", "token_error", times=-1)
    application = scene.sent("baka")
    bank_is(asked, application, "failed")
    assert scene.submission_at(application, "baka").error_code == "token_not_given"
    assert Disclosure.objects.get().status == "not_made"
    assert evaluations(asked) == []


def test_wrong_secret_ends_it_at_once_and_nothing_was_sent(asked):
    lender = Lender.objects.get(slug="baka")
    with scene.data_key_scope():
        lender.secrets = lender.secrets | {"client_secret": "canary"}
        lender.save()
    application = scene.sent("baka")
    bank_is(asked, application, "failed")
    assert outcomes(application) == ["token_not_given"]
    assert Disclosure.objects.get().status == "not_made"


def test_neither_token_nor_secret_reaches_a_log(asked, caplog, settings):
    caplog.set_level(logging.DEBUG)
    asked.sandbox.fault("baka", "token_revoked")
    bank_is(asked, scene.sent("baka"), "offered")
    values = [held.value for held in asked.engine._tokens._held.values()]
    assert values
    for word in (*values, client_of(settings.SANDBOX_SECRET, "baka")[1], "Bearer", "Basic "):
        assert word not in caplog.text


# --- what its twin can do wrong ---

LASTING = [
    ("hang", "unknown", "timed_out"),
    ("half", "unknown", "timed_out"),
    ("drip", "unknown", "timed_out"),
    ("slow", "unknown", "timed_out"),
    ("error", "failed", "unavailable"),
    ("redirect", "failed", "redirected"),
    ("malformed", "unknown", "malformed_answer"),
    ("huge", "unknown", "too_large"),
]


@pytest.mark.parametrize(("fault", "state", "code"), LASTING)
def test_lasting_fault_is_recorded_and_the_others_answer(asked, fault, state, code):
    asked.sandbox.fault("baka", fault, seconds=30, times=-1)
    application = scene.sent("baka", "atra")
    asked.until(lambda: scene.states(application) == {"baka": state, "atra": "offered"}, seconds=25)
    assert scene.submission_at(application, "baka").error_code == code
    assert set(outcomes(application)) >= {code}
    assert len([one for one in evaluations(asked) if one > 1]) == 0
    assert not Offer.objects.filter(submission__lender__slug="baka").exists()


@pytest.mark.parametrize("fault", ["error", "hang", "half", "drip", "slow", "malformed", "huge"])
def test_passing_fault_is_overcome_and_the_bank_has_one_application(asked, fault):
    asked.sandbox.fault("baka", fault, seconds=3, times=1)
    application = scene.sent("baka")
    bank_is(asked, application, "offered")
    assert evaluations(asked) == [1]
    assert Offer.objects.count() == 1


def test_bank_is_asked_what_it_has_before_what_failed_is_sent_again_by_staff(asked):
    asked.sandbox.fault("baka", "redirect")
    application = scene.sent("baka")
    bank_is(asked, application, "failed")
    retry(submission_id=scene.submission_at(application, "baka").pk, actor=scene.SYSTEM)
    bank_is(asked, application, "offered")
    assert outcomes(application, "inquiry")[0] == "not_received"
    assert outcomes(application) == ["redirected", "pending"]
    assert evaluations(asked) == [1]


def test_application_that_never_arrived_is_sent_again_by_itself(asked):
    """The worker dies before anything left; the bank says that it has no such application."""
    application = scene.sent("baka")
    assert set(scene.begun(application)) == {"baka"}
    scene.end_leases()
    bank_is(asked, application, "unknown")
    bank_is(asked, application, "offered")
    assert outcomes(application) == ["", "pending"]
    assert "not_received" in outcomes(application, "inquiry")
    assert evaluations(asked) == [1]


def test_questions_that_fail_meanwhile_end_nothing(asked):
    asked.sandbox.fault("baka", "late_callback", seconds=2)
    application = scene.sent("baka")
    bank_is(asked, application, "pending")
    asked.sandbox.fault("baka", "error", times=4)
    asked.until(lambda: "unavailable" in outcomes(application, "inquiry"))
    assert scene.states(application) == {"baka": "pending"}
    bank_is(asked, application, "offered")


def test_bank_that_needs_more_says_what_and_is_not_asked_meanwhile(asked):
    asked.sandbox.fault("baka", "needs_more")
    application = scene.sent("baka")
    bank_is(asked, application, "action_required")
    assert scene.submission_at(application, "baka").needs == ["identification.phone"]
    assert not Delivery.objects.filter(status="due").exists()


def test_offer_that_was_taken_back_is_refused_when_it_is_chosen(asked):
    asked.sandbox.fault("baka", "withdraw", seconds=1)
    application = scene.sent("baka")
    bank_is(asked, application, "offered")
    scene.time.sleep(1)
    chosen(asked, application)
    assert scene.states(application) == {"baka": "lender_declined_late"}
    assert Offer.objects.get().status == "withdrawn"


def test_offer_that_is_changed_after_it_was_accepted_stays_as_it_was_chosen(asked):
    application = scene.sent("baka")
    bank_is(asked, application, "offered")
    asked.sandbox.fault("baka", "change_offer", seconds=0)
    offer = chosen(asked, application)
    asked.until(lambda: Offer.objects.get().restating == "open")
    assert Offer.objects.get().total_payable_cents == offer.total_payable_cents
    assert scene.states(application) == {"baka": "selected"}


@pytest.mark.parametrize(
    "fault", ["bad_signature", "callback_first", "duplicate_callback", "forged_callback"]
)
def test_faults_of_callbacks_leave_it_as_it_is(asked, fault):
    asked.sandbox.fault("baka", fault)
    application = scene.sent("baka")
    bank_is(asked, application, "offered")
    assert Offer.objects.count() == 1
    assert asked.sandbox.log()["callbacks"] == []
