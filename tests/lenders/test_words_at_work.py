"""Words of rights over real HTTP: a worker tells lenders, they answer by callback, nothing comes twice."""

import pytest

from applications.crypto.keyring import data_key_scope
from applications.models import RestrictionGround
from applications.row_security import storing
from applications.services.processing import restrict
from lenders.models import LenderWord
from lenders.selectors.reviews import ReviewState, reviews_of
from tests.lenders import scene
from tests.lenders.deletion_scene import DPO
from tests.lenders.rights_scene import INCOME, correct, restricted, review
from tests.lenders.test_engine import worker

pytestmark = [pytest.mark.slow, pytest.mark.django_db(databases=scene.DATABASES, transaction=True)]


def told(application) -> bool:
    return not LenderWord.objects.filter(submission__application=application, told_at=None).exists()


def notices(asked) -> list[tuple[str, str, tuple[str, ...]]]:
    kept = asked.sandbox.log()["notices"]
    return sorted((one["slug"], one["kind"], tuple(one["fields"])) for one in kept)


@storing()  # what the test itself looks at
def test_lenders_are_told_of_everything_while_the_use_is_restricted(asked):
    application = scene.sent("atra", "leja", "baka")
    asked.settled(application)
    restrict(subject_id=application.subject_id, ground=RestrictionGround.ACCURACY, actor=DPO)
    with data_key_scope():
        restricted(application)
        correct(application, {INCOME: 2_000_00})
    by_interface = LenderWord.objects.exclude(lender__slug="baka")
    asked.until(lambda: not by_interface.filter(told_at=None).exists(), seconds=40)
    income = ("finances.monthly_income_cents",)
    assert notices(asked) == [
        (slug, kind, fields)
        for slug in ("atra", "leja")
        for kind, fields in (("rectified", income), ("restricted", ()))
    ]
    assert LenderWord.objects.filter(lender__slug="baka", told_at=None).count() == 2  # staff tell the bank


@pytest.mark.parametrize("fault", ["error", "hang", "half"])
def test_word_that_met_a_fault_is_in_the_lenders_books_once(asked, short_attempts, fault):
    application = scene.sent("atra")
    asked.settled(application)
    asked.sandbox.fault("atra", fault, seconds=1)
    with data_key_scope():
        restricted(application)
    asked.until(lambda: told(application), seconds=30)
    assert notices(asked) == [("atra", "restricted", ())]


def test_review_is_answered_by_callback_and_the_offer_follows(asked):
    application = scene.sent("piesardze", amount_cents=900_00)
    asked.settled(application)
    assert scene.states(application) == {"piesardze": "declined"}
    with data_key_scope():
        review(application, "piesardze")
        asked.until(lambda: reviews_of(application.subject_id)[0].state is ReviewState.ANSWERED)
        (found,) = reviews_of(application.subject_id)
    assert (found.outcome, bool(found.explanation)) == ("changed", True)
    asked.until(lambda: scene.states(application) == {"piesardze": "offered"})


def test_review_that_stands_leaves_the_refusal(asked):
    application = scene.sent("piesardze")
    asked.settled(application)
    with data_key_scope():
        review(application, "piesardze")
    asked.until(lambda: LenderWord.objects.get().outcome == "upheld")
    assert scene.states(application) == {"piesardze": "declined"}


def test_killed_worker_loses_no_word_and_the_lender_sees_one(asked, process_environment, tmp_path, settings):
    application = scene.sent("atra")
    asked.settled(application)
    asked.sandbox.fault("atra", "slow", seconds=2.0, times=1)
    environment = process_environment | {
        "SANDBOX_URL": asked.sandbox.url,
        "PUBLIC_URL": settings.PUBLIC_URL,
        "SWEEP_SECONDS": "0.3",
    }
    with data_key_scope():
        restricted(application)
    with worker(environment, tmp_path / "worker.log") as process:
        scene.until(lambda: notices(asked), seconds=60)
        process.kill()
        process.wait()
    assert not told(application)
    scene.end_leases()
    asked.until(lambda: told(application))
    assert notices(asked) == [("atra", "restricted", ())]
    sendings = [one for one in asked.sandbox.log()["requests"] if one["path"].endswith("/notices")]
    assert len({one["key"] for one in sendings}) == 1
    assert len(sendings) > 1
