"""The queues as staff see them: numbers by lender, what stands still, and no table read from end to end."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from applications.actors import Actor
from applications.machinery import machinery
from applications.models import DailyJob, RestrictionGround
from applications.services import operations
from applications.services.processing import lift_restriction, restrict
from lenders.adapters.base import ErrorCode, LenderError
from lenders.attention import queue_flags, waiting_flags
from lenders.models import Delivery, Lender
from lenders.selectors.answers import answers_by_lender
from lenders.selectors.for_staff import waiting_counts, waiting_submissions
from lenders.selectors.queues import LenderQueue, lender_queues
from lenders.services.choosing import choose
from tests import role
from tests.lenders import scene
from tests.lenders.staff import staff

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=scene.DATABASES),
    pytest.mark.usefixtures("lenders"),
]

PAGE = "/admin/lenders/queues/"
ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def application():
    return scene.sent("atra", "leja")


def queue(slug: str) -> LenderQueue:
    return next(one for one in lender_queues(timezone.now()) if one.lender.slug == slug)


def numbers(slug: str) -> dict[str, int]:
    """What is not zero."""
    found = vars(queue(slug))
    return {name: number for name, number in found.items() if isinstance(number, int) and number}


# --- numbers ----------------------------------------------------------------------------------------------
def test_every_lender_has_a_queue_by_the_latvian_alphabet(application):
    names = [one.lender.name for one in lender_queues(timezone.now())]
    assert len(names) == len(scene.SLUGS)
    assert names[0] == scene.SANDBOX["atra"].name


def test_delivery_is_due_then_on_its_way_then_done(application):
    assert numbers("leja") == {"due": 1}
    prepared = scene.begun(application)["leja"]
    assert numbers("leja") == {"in_flight": 1}
    submission = scene.submission_at(application, "leja")
    scene.finish(prepared, scene.signed_reply(submission, scene.statement(submission, "pending")))
    assert numbers("leja") == {"done": 1}


def test_delivery_whose_worker_died_is_due_again(application):
    scene.begun(application)
    scene.end_leases()
    assert numbers("atra") == {"due": 1}


def test_delivery_that_failed_once_is_tried_later_and_in_the_end_given_up(application):
    scene.finish(scene.begun(application)["atra"], LenderError(ErrorCode.UNAVAILABLE, permanent=False))
    Delivery.objects.filter(lender__slug="atra").update(due_at=timezone.now() + timedelta(minutes=1))
    assert numbers("atra") == {"later": 1}
    scene.make_due(lender__slug="atra")
    scene.finish(scene.begun(application)["atra"], LenderError(ErrorCode.REJECTED, permanent=True))
    assert numbers("atra") == {"given_up": 1}


def test_what_ended_over_an_hour_ago_is_not_counted(application):
    Delivery.objects.update(status="done", finished_at=timezone.now() - timedelta(minutes=61))
    assert numbers("atra") == {}


def test_what_a_restriction_stops_is_held_back_and_not_late(application):
    Delivery.objects.update(due_at=timezone.now() - timedelta(hours=3))
    owner = application.subject_id
    row = restrict(subject_id=owner, ground=RestrictionGround.ACCURACY, actor=Actor.consumer(owner))
    assert numbers("atra") == {"held": 1}
    assert queue("atra").since is None
    lift_restriction(restriction_id=row.pk, actor=Actor.staff(1))
    assert numbers("atra") == {"due": 1}


def test_what_a_choice_stops_is_held_back(application):
    offer = scene.open_offer(application, "leja")
    choose(offer_id=offer.pk, subject_id=application.subject_id, actor=Actor.consumer(application.subject_id))
    assert numbers("atra") == {"held": 1}


# --- what is wrong ----------------------------------------------------------------------------------------
@pytest.fixture
def running() -> None:
    """A worker that beats, and everything sealed."""
    operations.beat()
    translation.activate("en")


@pytest.mark.usefixtures("running")
def test_nothing_is_flagged_while_everything_runs(application):
    assert queue_flags() == []


@pytest.mark.usefixtures("running")
def test_lender_whose_oldest_delivery_nobody_takes_up_is_flagged(application):
    Delivery.objects.filter(lender__slug="leja").update(due_at=timezone.now() - timedelta(minutes=7))
    [flag] = queue_flags()
    assert flag.sentence == (
        f"{scene.SANDBOX['leja'].name}: due and not taken up: 1. The oldest waits: 7 minutes."
    )
    assert flag.url == f"{PAGE}#lenders"


def test_silent_workers_are_flagged_with_a_link_to_their_part_of_the_page():
    flags = {flag.url: flag.sentence for flag in queue_flags()}
    assert f"{PAGE}#workers" in flags


# --- the page ---------------------------------------------------------------------------------------------
def page(*rights: str) -> str:
    response = staff("view_queues", *rights).get(PAGE, headers=ENGLISH)
    assert response.status_code == 200
    return str(response.text)


@pytest.mark.usefixtures("running")
def test_page_says_that_everything_runs():
    assert "Everything runs" in page()


@pytest.mark.usefixtures("running")
def test_page_shows_numbers_drawing_workers_and_jobs(application):
    DailyJob.objects.create(name="retention", last_success=timezone.now(), last_counts={"drafts": 7})
    text = page()
    assert text.count('<svg class="chart bars" role="img"') == 1
    assert operations.worker_name() in text
    assert "Delete what was kept for its time" in text
    for lender in Lender.objects.all():
        assert f'<th scope="row">{lender.name}</th>' in text


def test_page_says_what_is_wrong_and_every_link_leads_to_a_part_of_it(application):
    Delivery.objects.update(due_at=timezone.now() - timedelta(minutes=7))
    DailyJob.objects.create(name="retention", last_success=timezone.now() - timedelta(days=2))
    text = page()
    for part in ("lenders", "workers", "jobs"):
        assert f'href="{PAGE}#{part}"' in text
        assert f'id="{part}"' in text


def test_page_tells_of_what_waits_for_staff_to_those_who_may_see_it(application):
    scene.finish(scene.begun(application)["atra"], LenderError(ErrorCode.REJECTED, permanent=True))
    there = reverse("admin:lenders_waiting")
    assert there + "#failed" in page("view_submission")
    assert there not in page()


def test_page_is_closed_without_its_permission():
    assert staff("view_submission").get(PAGE).status_code == 403


def test_index_of_staff_counts_what_is_wrong(application):
    index = staff("view_queues").get(reverse("admin:index"), headers=ENGLISH)
    [waiting] = index.context["waiting"]
    assert waiting["page"].url == PAGE
    assert f'<span class="number">{len(waiting["flags"])}</span>' in index.text


# --- nothing is read from end to end ----------------------------------------------------------------------
MANY = 50_000
FILL_APPLICATIONS = """
INSERT INTO applications_application (id, subject_id, reference, status, version, language, created_at,
    saved_at, submitted_at)
SELECT gen_random_uuid(), subject_id, 'T-' || n, 'closed', 1, 'lv', %(old)s, %(old)s, %(old)s
FROM applications_application, generate_series(1, %(many)s) n WHERE id = %(application)s
"""
FILL_SUBMISSIONS = """
INSERT INTO lenders_submission (id, subject_id, application_id, lender_id, status, requested_fields, needs,
    more_to_come, asking, signing_claim, error_code, page_wait_until, late_until, created_at, answered_at)
SELECT gen_random_uuid(), s.subject_id, a.id, s.lender_id,
    (ARRAY['declined', 'expired', 'failed', 'withdrawn'])[1 + row_number() OVER () %% 4],
    s.requested_fields, s.needs, false, s.asking, '', 'unavailable', %(old)s, %(old)s, %(old)s, %(old)s
FROM lenders_submission s, applications_application a WHERE s.id = %(submission)s AND a.status = 'closed'
"""
FILL_DELIVERIES = """
INSERT INTO lenders_delivery (id, subject_id, submission_id, lender_id, kind, status, fence, failures, due_at,
    deadline, error_code, created_at, finished_at)
SELECT gen_random_uuid(), subject_id, id, lender_id, 'application', 'done', 1, 0, created_at, created_at, '',
    created_at, created_at
FROM lenders_submission WHERE error_code = 'unavailable'
"""
ANALYZE = "ANALYZE lenders_submission, lenders_delivery, applications_application, applications_outboundmail"
LARGE = ("lenders_delivery", "lenders_submission", "applications_application")


@pytest.fixture
def history(application) -> None:
    """Fifty thousand submissions of the past with their deliveries, none of which waits for anybody."""
    facts = {
        "many": MANY,
        "old": timezone.now() - timedelta(days=40),
        "application": application.pk,
        "submission": scene.submission_at(application, "atra").pk,
    }
    with role.superuser(), connection.cursor() as cursor:
        for statement in (FILL_APPLICATIONS, FILL_SUBMISSIONS, FILL_DELIVERIES, ANALYZE):
            cursor.execute(statement, facts)
    assert Delivery.objects.count() > MANY


def whole_tables(sql: str) -> list[str]:
    """The large tables that PostgreSQL would read from end to end for a query."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {sql}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    return [table for table in LARGE if f"Seq Scan on {table}" in plan]


def test_queues_are_read_from_indexes_whatever_lies_behind(application, history):
    scene.finish(scene.begun(application)["atra"], LenderError(ErrorCode.REJECTED, permanent=True))
    now = timezone.now()
    with CaptureQueriesContext(
        connection,
    ) as captured:
        lender_queues(now)
        machinery(now)
        waiting_counts(now)
        waiting_submissions(now)
        answers_by_lender(since=now - timedelta(days=30))
        waiting_flags()
    assert 15 < len(captured) < 50
    assert whole_tables("SELECT max(error_code) FROM lenders_delivery")  # the net has no hole
    for query in captured.captured_queries:
        assert not whole_tables(query["sql"]), query["sql"]
