"""Everything the sandbox can do wrong: each ends in a state on record, and the others' offers arrive."""

from pathlib import Path

import pytest
from django.utils import timezone

from applications.models import AuditEntry
from lenders.models import Attempt, Delivery, LenderMessage, Offer, Submission
from lenders.sandbox.books import FaultName
from lenders.services.choosing import choose
from tests.lenders import scene

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(databases=scene.DATABASES, transaction=True),
    pytest.mark.usefixtures("short_attempts"),
]

WHERE = ("test_faults.py", "test_bank_at_work.py", "test_sandbox.py")
LASTING = [
    ("hang", "no_response", "timed_out"),
    ("half", "no_response", "timed_out"),
    ("drip", "no_response", "timed_out"),
    ("slow", "no_response", "timed_out"),
    ("error", "failed", "unavailable"),
    ("redirect", "failed", "redirected"),
    ("malformed", "failed", "malformed_answer"),
    ("bad_signature", "failed", "bad_signature"),
    ("huge", "failed", "too_large"),
]


@pytest.mark.parametrize(("fault", "state", "code"), LASTING)
def test_lasting_fault_is_recorded_and_the_others_answer(asked, fault, state, code):
    asked.sandbox.fault("atra", fault, seconds=30, times=-1)
    application = scene.sent("atra", "leja", "piesardze")
    assert asked.settled(application, seconds=25) == {
        "atra": state,
        "leja": "offered",
        "piesardze": "declined",
    }
    found = scene.submission_at(application, "atra")
    assert found.error_code == code
    attempts = Attempt.objects.filter(delivery__submission=found)
    assert {attempt.outcome for attempt in attempts} == {code}
    assert not attempts.filter(finished_at=None).exists()
    assert not Delivery.objects.filter(status="due").exists()


@pytest.mark.parametrize("fault", ["error", "hang", "half", "drip", "slow"])
def test_passing_fault_is_overcome_and_the_lender_evaluates_once(asked, fault):
    asked.sandbox.fault("atra", fault, seconds=3, times=1)
    application = scene.sent("atra")
    assert asked.settled(application) == {"atra": "offered"}
    (evaluation,) = asked.sandbox.log()["evaluations"]
    assert evaluation["count"] == 1
    assert Offer.objects.count() == 1


def test_burst_of_errors_is_outlived(asked):
    asked.sandbox.fault("atra", "error", times=2)
    application = scene.sent("atra")
    assert asked.settled(application) == {"atra": "offered"}
    assert scene.delivery_at(application, "atra").failures == 2


def test_duplicate_callback_is_one_offer(asked):
    asked.sandbox.fault("atra", "duplicate_callback", seconds=0.1)
    application = scene.sent("atra")
    asked.until(lambda: len(asked.sandbox.log()["callbacks"]) >= 2)
    assert {one["status"] for one in asked.sandbox.log()["callbacks"]} == {204}
    assert asked.settled(application) == {"atra": "offered"}
    assert Offer.objects.count() == 1


def test_decision_that_overtakes_its_answer_stands(asked):
    asked.sandbox.fault("atra", "callback_first")
    application = scene.sent("atra")
    asked.until(lambda: scene.delivery_at(application, "atra").status == "done")
    assert scene.states(application) == {"atra": "offered"}
    assert Offer.objects.count() == 1
    assert Attempt.objects.get().outcome == "pending"


def test_forged_callback_is_refused_and_on_record(asked):
    asked.sandbox.fault("dzintars", "forged_callback")
    application = scene.sent("dzintars")
    asked.until(lambda: asked.sandbox.log()["callbacks"])
    assert [one["status"] for one in asked.sandbox.log()["callbacks"]] == [401]
    assert scene.states(application) == {"dzintars": "pending"}
    assert AuditEntry.objects.filter(action="callback.refused").count() == 1


def test_offer_that_is_changed_after_it_was_chosen_stays_as_it_was_shown(asked):
    application = scene.sent("atra")
    asked.settled(application)
    offer = Offer.objects.get()
    asked.sandbox.fault("atra", "change_offer", seconds=0.1)
    choose(offer_id=offer.pk, subject_id=offer.subject_id, actor=scene.Actor.consumer(offer.subject_id))
    asked.until(lambda: asked.sandbox.log()["callbacks"])
    assert scene.states(application) == {"atra": "selected"}
    assert Offer.objects.get().total_payable_cents == offer.total_payable_cents
    assert Offer.objects.get().restating == "open"
    assert LenderMessage.objects.filter(outcome="figures_changed").count() == 1


def test_late_callback_becomes_an_offer(asked):
    asked.sandbox.fault("atra", "late_callback", seconds=0.5)
    application = scene.sent("atra")
    asked.until(lambda: scene.states(application) == {"atra": "pending"})
    asked.until(lambda: scene.states(application) == {"atra": "offered"})


def test_callback_after_the_late_window_is_refused(asked):
    asked.sandbox.fault("atra", "late_callback", seconds=0.8)
    application = scene.sent("atra")
    asked.until(lambda: scene.states(application) == {"atra": "pending"})
    Submission.objects.update(late_until=timezone.now())
    asked.until(lambda: asked.sandbox.log()["callbacks"])
    assert scene.states(application) == {"atra": "pending"}
    assert not Offer.objects.exists()


def test_lender_that_needs_more_says_what(asked):
    asked.sandbox.fault("atra", "needs_more")
    application = scene.sent("atra")
    asked.until(lambda: scene.states(application) == {"atra": "action_required"})
    assert Submission.objects.get().needs == ["identification.phone"]


def test_withdrawn_offer_can_no_longer_be_chosen(asked):
    asked.sandbox.fault("atra", "withdraw", seconds=0.3)
    application = scene.sent("atra")
    asked.until(lambda: scene.states(application) == {"atra": "withdrawn"})
    assert Offer.objects.get().status == "withdrawn"


def test_every_fault_of_the_menu_is_tried():
    source = "".join(Path(__file__).with_name(name).read_text(encoding="utf-8") for name in WHERE)
    assert [fault for fault in FaultName if fault != "none" and f'"{fault}"' not in source] == []
