"""How lenders answer, in numbers: every submission is one answer, the median is that of the answers."""

from datetime import timedelta

import pytest
from django.utils import timezone

from applications.actors import Actor
from applications.models import Application, RestrictionGround
from applications.personal import Purpose
from applications.services.processing import object_to, restrict
from lenders.models import Offer
from lenders.selectors.answers import Answer, LenderAnswers, answers_by_lender
from lenders.services.choosing import choose
from lenders.states import SubmissionStatus
from tests.lenders import scene
from tests.lenders.staff import staff

pytestmark = [pytest.mark.django_db(databases=scene.DATABASES), pytest.mark.usefixtures("lenders")]

PAGE = "/admin/lenders/answers/"


def of(slug: str = "atra", *, days: int = 30) -> LenderAnswers:
    found = answers_by_lender(since=timezone.now() - timedelta(days=days))
    return next(one for one in found if one.name == scene.SANDBOX[slug].name)


def counted(slug: str = "atra", *, days: int = 30) -> dict[str, int]:
    return {str(answer): number for answer, number in of(slug, days=days).numbers.items() if number}


def stand(application: Application, status: str, **more: object) -> None:
    scene.shift(scene.submission_at(application, "atra"), status=status, **more)


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        ("declined", "declined"),
        ("no_response", "no_answer"),
        ("unknown", "no_answer"),
        ("failed", "failed"),
        ("pending", "open"),
        ("called_off", "open"),
    ],
)
def test_submission_counts_by_what_came_of_it(status, answer):
    stand(scene.sent("atra"), status)
    assert counted() == {answer: 1}


@pytest.mark.parametrize("status", SubmissionStatus.values)
def test_every_state_is_some_answer(status):
    stand(scene.sent("atra"), status)
    assert sum(of().numbers.values()) == 1


def test_offer_stays_an_offer_whatever_becomes_of_it():
    application = scene.sent("atra")
    offer = scene.open_offer(application, "atra")
    choose(offer_id=offer.pk, subject_id=application.subject_id, actor=Actor.consumer(application.subject_id))
    assert counted() == {"offered": 1}
    scene.say(scene.submission_at(application, "atra"), "declined")
    assert counted() == {"offered": 1}


def test_several_offers_of_one_submission_are_one_answer():
    application = scene.sent("atra")
    for reference in ("one", "two"):
        scene.open_offer(application, "atra", reference=reference)
    assert Offer.objects.count() == 2
    assert counted() == {"offered": 1}


def test_application_that_was_sent_before_is_not_counted():
    application = scene.sent("atra")
    scene.shift(application, submitted_at=timezone.now() - timedelta(days=31))
    assert counted() == {}
    assert counted(days=32) == {"open": 1}


def answered_after(minutes: int, status: str = "declined") -> None:
    application = scene.sent("atra")
    if status == "offered":
        offer = scene.open_offer(application, "atra")
        scene.shift(offer, received_at=timezone.now())
    now = timezone.now()
    stand(application, status, created_at=now - timedelta(minutes=minutes), answered_at=now)


def test_median_is_of_the_answers_offers_and_declines_alike():
    for minutes, status in ((1, "declined"), (3, "offered"), (500, "declined")):
        answered_after(minutes, status)
    answered_after(10_000, "failed")
    median = of().median
    assert median is not None
    assert round(median / timedelta(minutes=1)) == 3


def test_lender_that_has_not_answered_has_no_median():
    answered_after(5, "no_response")
    assert of().median is None
    assert of("leja") == LenderAnswers(scene.SANDBOX["leja"].name, dict.fromkeys(Answer, 0), None)


def test_whoever_objected_or_is_restricted_is_not_counted():
    objecting, restricted = scene.sent("atra"), scene.sent("atra")
    assert counted() == {"open": 2}
    object_to(subject_id=objecting.subject_id, purpose=Purpose.IMPROVE_SERVICE, actor=Actor.staff(1))
    assert counted() == {"open": 1}
    restrict(subject_id=restricted.subject_id, ground=RestrictionGround.CLAIMS, actor=Actor.staff(1))
    assert counted() == {}


def test_page_shows_drawings_with_their_numbers_in_tables():
    answered_after(3)
    page = staff("view_answers").get(PAGE, headers={"Accept-Language": "en"}).text
    assert page.count('role="img"') == 2
    assert page.count("<details>") == 1
    assert "3 minutes" in page
    row = page.partition(f'<th scope="row">{scene.SANDBOX["atra"].name}</th>')[2].partition("</tr>")[0]
    assert row.count("<td") == len(Answer) + 1


def test_page_is_closed_without_its_permission():
    assert staff("view_submission", "view_queues").get(PAGE).status_code == 403
