"""Whether the machinery runs: what is wrong is said, and nothing is when all is well."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone, translation

from applications.actors import SYSTEM
from applications.machinery import JOB_WITHIN, LONGEST_RUN, Job, Machinery, Worker, machinery, troubles
from applications.models import DailyJob, MailStatus, OutboundMail, RestrictionGround, WorkerHeartbeat
from applications.selectors.machinery import Unsealed, unsealed
from applications.selectors.outbox import Outbox, outbox
from applications.services import audit, mail, operations, sealing
from applications.services.operations import DAILY_JOBS
from applications.services.processing import restrict
from tests import factories

database = pytest.mark.django_db(databases=["default", "keys", "aside"])
NOW = datetime(2026, 11, 5, 12, 0, tzinfo=timezone.get_default_timezone())
QUIET = Outbox(due=0, since=None, later=0, held=0, again=0)


@pytest.fixture(autouse=True)
def _english() -> None:
    translation.activate("en")


def said(**changes: Any) -> list[str]:
    """What is said of a sound machine with these changes."""
    facts: dict[str, Any] = {
        "workers": [Worker("here:1", timedelta(seconds=2))],
        "jobs": [Job("retention", "Delete drafts", NOW, 0, overdue=False)],
        "outbox": QUIET,
        "unsealed": Unsealed(0, None),
        "unwritten": Unsealed(0, None),
    }
    return [trouble.sentence for trouble in troubles(Machinery(**(facts | changes)), NOW)]


# --- the judgement ----------------------------------------------------------------------------------------
def test_nothing_is_said_when_all_is_well() -> None:
    assert said() == []


@pytest.mark.parametrize("workers", [[], [Worker("here:1", timedelta(minutes=3))]], ids=["none", "silent"])
def test_silence_of_all_workers_is_said(workers: list[Worker]) -> None:
    assert said(workers=workers) == [
        "No worker has given a sign of life for 2 minutes: nothing is sent to lenders, no mail leaves."
    ]


def test_one_silent_worker_beside_a_living_one_is_nothing_wrong() -> None:
    assert said(workers=[Worker("a", timedelta(0)), Worker("b", timedelta(minutes=50))]) == []


@pytest.mark.parametrize(("minutes", "sentences"), [(14, 0), (16, 1)])
def test_mail_that_does_not_leave_is_said(minutes: int, sentences: int) -> None:
    stuck = Outbox(due=3, since=NOW - timedelta(minutes=minutes), later=0, held=0, again=0)
    assert len(said(outbox=stuck)) == sentences


def test_mail_is_told_with_its_number_and_age() -> None:
    stuck = Outbox(due=1234, since=NOW - timedelta(hours=2), later=0, held=0, again=0)
    assert said(outbox=stuck) == ["Mail that is due and does not leave: 1,234. The oldest waits: 2 hours."]


@pytest.mark.parametrize(("minutes", "sentences"), [(4, 0), (6, 1)])
def test_entries_that_nobody_seals_are_said(minutes: int, sentences: int) -> None:
    assert len(said(unsealed=Unsealed(2, NOW - timedelta(minutes=minutes)))) == sentences


def test_overdue_job_is_said_in_words() -> None:
    job = Job("retention", "Delete drafts", None, 0, overdue=True)
    assert said(jobs=[job]) == ["Daily job overdue: Delete drafts."]


# --- daily jobs -------------------------------------------------------------------------------------------
@database
@pytest.mark.parametrize(
    ("row", "overdue"),
    [
        (None, False),
        ({"last_success": JOB_WITHIN - timedelta(minutes=1)}, False),
        ({"last_success": JOB_WITHIN + timedelta(minutes=1)}, True),
        ({"started_at": timedelta(seconds=5)}, False),
        ({"started_at": LONGEST_RUN + timedelta(seconds=5)}, True),
    ],
)
def test_job_is_overdue_when_it_has_not_succeeded_for_too_long(
    row: dict[str, timedelta] | None, overdue: bool
) -> None:
    if row is not None:
        DailyJob.objects.create(
            name="retention", **{name: NOW - ago for name, ago in row.items()}, last_counts={"drafts": 7}
        )
    [job] = [one for one in machinery(NOW).jobs if one.name == "retention"]
    assert job.overdue is overdue


@database
def test_every_job_is_listed_with_its_rows_and_one_that_is_gone_is_not() -> None:
    DailyJob.objects.create(name="end_challenges", last_success=NOW, last_counts={"mails": 2, "codes": 3})
    DailyJob.objects.create(name="a_job_of_yesterday")
    jobs = {one.name: one for one in machinery(NOW).jobs}
    assert jobs.keys() == DAILY_JOBS.keys()
    assert jobs["end_challenges"].rows == 5


@database
def test_worker_that_beats_is_alive() -> None:
    operations.beat()
    WorkerHeartbeat.objects.create(worker="gone:1", beat_at=timezone.now() - timedelta(minutes=30))
    assert [one.alive for one in machinery(timezone.now()).workers] == [True, False]


# --- the outbox -------------------------------------------------------------------------------------------
@database
def test_sent_and_failed_mail_waits_no_more() -> None:
    factories.ask_for_code(factories.address())
    now = timezone.now()
    assert outbox(now).due == 1
    for status in (MailStatus.SENT, MailStatus.FAILED):
        OutboundMail.objects.update(status=status)
        assert outbox(now) == QUIET


@database
def test_mail_that_failed_once_is_tried_again_later() -> None:
    factories.ask_for_code(factories.address())
    now = timezone.now()
    OutboundMail.objects.update(due_at=now + timedelta(minutes=1), error_code="SMTPException")
    assert outbox(now) == Outbox(due=0, since=None, later=1, held=0, again=1)


@database
def test_mail_to_a_restricted_person_is_held_back_and_not_late() -> None:
    application = factories.sent_application(factories.subject())
    OutboundMail.objects.exclude(owner_id=application.subject_id).delete()
    OutboundMail.objects.update(due_at=timezone.now() - timedelta(hours=5))
    assert outbox(timezone.now()).due == 1
    restrict(subject_id=application.subject_id, ground=RestrictionGround.CLAIMS, actor=SYSTEM)
    found = outbox(timezone.now())
    assert (found.due, found.since, found.held) == (0, None, 1)
    assert mail.claim_due() == []


# --- the audit --------------------------------------------------------------------------------------------
@database
def test_sealed_entries_are_not_counted() -> None:
    audit.record(actor=SYSTEM, action="a.b")
    assert unsealed().number >= 1
    sealing.seal()
    assert unsealed() == Unsealed(0, None)
