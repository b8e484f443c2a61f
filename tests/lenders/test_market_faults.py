"""What the lender group of the sandbox can do wrong: each ends in a state on record, with its offers."""

from pathlib import Path

import pytest

from applications.models import AuditEntry
from lenders.models import Attempt, Offer, Submission
from lenders.sandbox.books import FaultName
from lenders.services.choosing import choose
from tests.lenders import scene

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(databases=scene.DATABASES, transaction=True),
    pytest.mark.usefixtures("short_attempts"),
]

GROUP = "krasts"
PRODUCTS = 1 + len(scene.SANDBOX[GROUP].other_products)


def complete() -> bool:
    """All products have answered, and the page knows."""
    submission = Submission.objects.get()
    return (submission.status, submission.more_to_come) == ("offered", False) and (
        Offer.objects.filter(status="open").count() == PRODUCTS
    )


LOST = [
    (FaultName.HANG, "timed_out"),
    (FaultName.HALF, "timed_out"),
    (FaultName.DRIP, "timed_out"),
    (FaultName.SLOW, "timed_out"),
    (FaultName.MALFORMED, "malformed_answer"),
    (FaultName.BAD_SIGNATURE, "wrong_submission"),
    (FaultName.HUGE, "too_large"),
]


@pytest.mark.parametrize(("fault", "code"), LOST)
def test_lost_reply_is_on_record_and_the_callbacks_make_up_for_it(asked, fault, code):
    asked.sandbox.fault(GROUP, fault, seconds=30, times=-1)
    application = scene.sent(GROUP)
    asked.until(lambda: scene.delivery_at(application, GROUP).status != "due")
    asked.until(complete)
    assert code in set(Attempt.objects.values_list("outcome", flat=True))
    assert not Attempt.objects.filter(finished_at=None).exists()
    (evaluation,) = asked.sandbox.log()["evaluations"]
    assert evaluation["count"] == 1


@pytest.mark.parametrize(
    ("fault", "code"), [(FaultName.ERROR, "unavailable"), (FaultName.REDIRECT, "redirected")]
)
def test_group_that_takes_nothing_in_has_failed(asked, fault, code):
    asked.sandbox.fault(GROUP, fault, times=-1)
    application = scene.sent(GROUP)
    assert asked.settled(application) == {GROUP: "failed"}
    assert scene.submission_at(application, GROUP).error_code == code
    assert asked.sandbox.log()["evaluations"] == []


@pytest.mark.parametrize(
    "fault",
    [FaultName.ERROR, FaultName.CALLBACK_FIRST, FaultName.LATE_CALLBACK, FaultName.DUPLICATE_CALLBACK],
)
def test_fault_that_passes_leaves_every_offer_once(asked, fault):
    asked.sandbox.fault(GROUP, fault, seconds=0.2)
    scene.sent(GROUP)
    asked.until(complete)
    asked.until(lambda: len(asked.sandbox.log()["callbacks"]) >= PRODUCTS - 1)
    assert {one["status"] for one in asked.sandbox.log()["callbacks"]} == {204}
    assert complete()


def test_forged_callback_is_refused_and_on_record(asked):
    asked.sandbox.fault(GROUP, FaultName.FORGED_CALLBACK)
    scene.sent(GROUP)
    asked.until(complete)
    asked.until(lambda: [one["status"] for one in asked.sandbox.log()["callbacks"]] == [401, 204])
    assert AuditEntry.objects.filter(action="callback.refused").count() == 1


def test_group_that_misses_something_says_what(asked):
    asked.sandbox.fault(GROUP, FaultName.NEEDS_MORE)
    application = scene.sent(GROUP)
    asked.until(lambda: scene.states(application) == {GROUP: "action_required"})
    assert Submission.objects.get().needs == ["identification.phone"]


def test_withdrawn_offers_can_no_longer_be_chosen(asked):
    asked.sandbox.fault(GROUP, FaultName.WITHDRAW, seconds=0.2)
    application = scene.sent(GROUP)
    asked.until(lambda: scene.states(application) == {GROUP: "withdrawn"})
    assert set(Offer.objects.values_list("status", flat=True)) == {"withdrawn"}


def test_offer_that_is_changed_after_it_was_chosen_stays_as_it_was_shown(asked):
    application = scene.sent(GROUP)
    asked.until(complete)
    offer = Offer.objects.filter(status="open").order_by("received_at")[0]
    asked.sandbox.fault(GROUP, FaultName.CHANGE_OFFER, seconds=0.1)
    choose(offer_id=offer.pk, subject_id=offer.subject_id, actor=scene.Actor.consumer(offer.subject_id))
    asked.until(lambda: len(asked.sandbox.log()["callbacks"]) == PRODUCTS)
    assert scene.states(application) == {GROUP: "selected"}
    changed = Offer.objects.get(pk=offer.pk)
    assert (changed.total_payable_cents, changed.restating) == (offer.total_payable_cents, "open")
    asked.until(lambda: scene.delivery_at(application, GROUP, "choice").status == "done")


def test_group_whose_callbacks_do_not_arrive_is_asked_until_all_is_there(asked, settings):
    settings.PUBLIC_URL = scene.NOWHERE
    scene.sent(GROUP)
    asked.until(complete, seconds=30)
    assert 204 not in {one["status"] for one in asked.sandbox.log()["callbacks"]}


# The group wants a key, and no token; it takes no request for review.
MEANINGLESS = {FaultName.NONE, FaultName.TOKEN_ERROR, FaultName.TOKEN_REVOKED, FaultName.REVIEW_CHANGES}


def test_every_fault_of_the_menu_is_tried_here():
    source = Path(__file__).read_text(encoding="utf-8")
    tried = {one for one in FaultName if f"FaultName.{one.name}" in source}
    assert tried >= set(FaultName) - MEANINGLESS
