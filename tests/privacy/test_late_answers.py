"""Lenders that speak of somebody after the erasure: their answer to it is kept, anything else is refused."""

from typing import Any

import pytest

from applications.models import Application
from lenders.models import LenderMessage, Submission
from privacy.models import Outcome, RecipientNotice
from tests.clock import later
from tests.lenders import scene
from tests.lenders.test_callbacks import call, envelope
from tests.privacy import rights

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=scene.DATABASES),
    pytest.mark.usefixtures("lenders"),
]


@pytest.fixture
def submission() -> Submission:
    """Of somebody who was erased before the lender answered."""
    application = scene.sent("atra")
    scene.taken_by_all(application)
    found = scene.submission_at(application, "atra")
    request = rights.run(rights.approved(application.subject))
    for slug, prepared in scene.begun(application).items():
        at = scene.submission_at(application, slug)
        scene.finish(prepared, scene.signed_reply(at, scene.statement(at, "pending")))
    with later(days=4):
        assert rights.run(request).status == "completed"
    assert not Application.objects.exists()
    return found


def said(submission: Submission, word: str, *, number: int = 1, slug: str = "atra") -> Any:
    return call(
        *envelope(scene.statement(submission, word), message_id=f"msg_{number}", slug=slug), slug=slug
    )


def notice() -> RecipientNotice:
    return RecipientNotice.objects.get()


def test_late_deletion_is_noted(submission):
    assert notice().outcome == Outcome.TOLD
    assert said(submission, "deleted").status_code == 204
    assert (notice().outcome, notice().answered_at is not None) == (Outcome.DELETED, True)


def test_late_word_of_what_is_kept_is_noted_with_its_ground(submission):
    assert said(submission, "retained").status_code == 204
    assert (notice().outcome, notice().basis) == (Outcome.RETAINED, "money_laundering_prevention")


def test_what_was_deleted_stays_deleted(submission):
    said(submission, "deleted")
    said(submission, "retained", number=2)
    assert notice().outcome == Outcome.DELETED


@pytest.mark.parametrize("word", ["offered", "declined", "pending", "contract_signed"])
def test_anything_else_is_refused_and_kept_nowhere(submission, word):
    answer = said(submission, word)
    assert (answer.status_code, answer.json()["type"]) == (410, "urn:joinbaltic:problem:erased")
    assert not LenderMessage.objects.exists()
    assert notice().outcome == Outcome.TOLD


def test_another_lender_does_not_learn_that_there_was_such_a_submission(submission):
    assert said(submission, "deleted", slug="leja").status_code in (401, 404, 422)
    assert notice().outcome == Outcome.TOLD


def test_what_staff_wrote_down_gives_way_to_the_lenders_own_word(submission):
    RecipientNotice.objects.update(outcome=Outcome.IMPOSSIBLE, by_staff=True)
    said(submission, "deleted")
    assert notice().outcome == Outcome.DELETED
