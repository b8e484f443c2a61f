"""What the dry run says, what people read and what the run takes are one set, whatever happens between."""

from datetime import timedelta

import pytest
from django.utils import timezone

from applications.actors import SYSTEM
from applications.endings import forecast
from applications.models import (
    Application,
    Complaint,
    Consent,
    ConsumerSession,
    DataSubject,
    EmailChallenge,
    Image,
    LegalHold,
    MarketingPreference,
    PublicProfile,
    RestrictionGround,
    RetentionEdition,
    RetentionRun,
    StatisticsMonth,
    UsageEvent,
)
from applications.personal import Purpose
from applications.retention_rules import RULES, Period, Retention
from applications.selectors.periods import forget_known
from applications.selectors.permission import standing_restrictions
from applications.selectors.retention import kept_of_account, kept_of_application
from applications.services import housekeeping, operations
from applications.services import retention as running
from applications.services.processing import lift_restriction, restrict
from lenders.models import DeletionNotice
from privacy.models import AccessPackage, Refusal, Right
from privacy.services import requests
from tests import factories, retention
from tests.clock import later
from tests.lenders import scene
from tests.privacy import rights

pytestmark = [pytest.mark.thorough, pytest.mark.django_db(databases=scene.DATABASES)]


@pytest.fixture(autouse=True)
def _lenders(db: None) -> None:
    scene.register(scene.NOWHERE, "atra", "leja")


def foreseen(*, days: int = 0, jobs: bool = False) -> dict[str, int]:
    """How many rows the dry run says, by what ends: what the run takes, or the jobs beside it."""
    found = forecast(retention.today() + timedelta(days=days))
    return {one.ending.name: one.due for one in found if one.due and bool(one.ending.job) == jobs}


def taken(receipt: RetentionRun) -> dict[str, int]:
    """How many rows of what was looked for went, by what ended."""
    names = {one.name: one.model._meta.label for one in running.endings()}
    emptied = {"applications": "applications.Identification"}  # these rows stay, emptied
    found = {name: counts.get(emptied.get(name, names[name]), 0) for name, counts in receipt.counts.items()}
    return {name: number for name, number in found.items() if number}


TAKEN = [one.name for one in running.endings() if one.end is not None]


def in_force(days: int = 0, **changed: Period) -> RetentionEdition:
    """An edition that was approved, with other periods, from a day on."""
    whole = {name: Period.of(rule) for name, rule in RULES.items()}
    whole |= {Retention(name): period for name, period in changed.items()}
    edition = RetentionEdition.objects.create(
        number=RetentionEdition.objects.count() + 1, from_day=retention.today() + timedelta(days=days),
        periods={name.value: vars(period) for name, period in whole.items()}, reason="Decided.",
        proposed_by="1", proposed_at=timezone.now(), approved_by="2", approved_at=timezone.now(),
    )  # fmt: skip
    forget_known()
    return edition


# --- the dry run ------------------------------------------------------------------------------------------
def test_account_that_goes_with_its_last_application_is_foreseen() -> None:
    application = retention.old("atra", days_ago=179)
    retention.run()
    retention.told(application)
    assert foreseen(days=10) == {"applications": 1, "people": 1}
    assert taken(retention.run(days=10)) == {"applications": 1, "people": 1}


def test_account_that_goes_with_its_draft_is_foreseen() -> None:
    subject = retention.unused_account()
    draft = factories.complete_draft(subject)
    retention.age(draft, 40)
    UsageEvent.objects.create(subject=subject, page="/", at=timezone.now() - timedelta(days=500))
    assert foreseen() == {"usage": 1, "drafts": 1, "people": 1}
    assert taken(retention.run()) == {"usage": 1, "drafts": 1, "people": 1}


def test_application_that_waits_for_its_lenders_is_not_foreseen() -> None:
    """Nobody was told a week ahead: its hold was lifted today."""
    application = retention.old("atra")
    assert foreseen(days=1) == {}
    assert taken(retention.run(days=1)) == {}
    assert foreseen(days=7) == {}
    assert taken(retention.run(days=7)) == {}
    assert foreseen(days=8) == {"applications": 1, "people": 1}
    assert taken(retention.run(days=8)) == {"applications": 1, "people": 1}
    assert Application.objects.get(pk=application.pk).emptied_at is not None


def test_dry_run_of_jobs_goes_by_the_edition_of_its_day() -> None:
    factories.ask_for_code(factories.address())
    in_force(days=3, code=Period(days=20))
    assert foreseen(days=2, jobs=True)["codes"] == 1
    assert "codes" not in foreseen(days=3, jobs=True)


@pytest.mark.parametrize("hours", [0, 12, 23, 24, 36])
def test_codes_go_on_the_day_of_which_the_dry_run_says_so(hours: int) -> None:
    factories.ask_for_code(factories.address())
    left = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    left = left + timedelta(days=1, hours=hours) - timezone.now()
    with later(seconds=left.total_seconds()):  # some hour of the next day
        assert foreseen(jobs=True).get("codes", 0) == EmailChallenge.objects.count() - _left_after_the_job()


def _left_after_the_job() -> int:
    housekeeping.end_challenges()
    return EmailChallenge.objects.count()


def test_months_of_statistics_are_foreseen_for_the_day_on_which_they_go() -> None:
    first = retention.today().replace(day=1)
    month = StatisticsMonth(month=first, secret=None)
    StatisticsMonth.objects.bulk_create([month])
    for days in range(0, 460, 15):
        with later(days=days):
            due = foreseen(jobs=True).get("milestones", 0)
            before = StatisticsMonth.objects.count()
            operations.DAILY_JOBS["rotate_pseudonyms"]()
            assert due == before - StatisticsMonth.objects.count()


def test_every_run_of_a_long_time_takes_what_was_foreseen_the_day_before() -> None:
    """People with rows of every kind, over which holds, restrictions and matters come and go."""
    people = [application.subject for application in (retention.old("atra", days_ago=150) for _ in range(3))]
    people += [retention.unused_account(), factories.subject()]
    now = timezone.now()
    for number, subject in enumerate(people):
        UsageEvent.objects.create(subject=subject, page="/", at=now - timedelta(days=380 + number))
        Complaint.objects.create(
            subject=subject, text="Nē.", received_at=now, closed_at=now - timedelta(days=700 + number)
        )
        PublicProfile.objects.create(
            subject=subject, address="x.example/y", seen_at=now - timedelta(days=690 + 9 * number)
        )
    restriction = restrict(subject_id=people[0].pk, ground=RestrictionGround.CLAIMS, actor=SYSTEM)
    restriction_ends, hold_ends = 45, 20
    LegalHold.objects.create(
        subject=people[1], ground="claim", case_number="C-1", placed_at=now,
        until=retention.today() + timedelta(days=hold_ends),
    )  # fmt: skip
    for days in range(1, 260, 11):
        if days > restriction_ends and standing_restrictions().exists():
            lift_restriction(restriction_id=restriction.pk, actor=SYSTEM)
        with later(days=days - 1):
            said = {one.ending.name: one.due for one in forecast(retention.today() + timedelta(days=1))}
        receipt = retention.run(days=days)
        found = taken(receipt)
        assert {name: said[name] for name in TAKEN if said[name]} == found, days
    assert not DataSubject.objects.filter(erased_at__isnull=True, pk__in=[one.pk for one in people]).exists()


# --- holds and matters ------------------------------------------------------------------------------------
@pytest.mark.parametrize("what", ["draft", "usage"])
def test_open_matter_stops_whatever_is_about_its_person(what: str) -> None:
    subject = factories.subject()
    draft = factories.complete_draft(subject)
    retention.age(draft, 40)
    UsageEvent.objects.create(subject=subject, page="/", at=timezone.now() - timedelta(days=500))
    rights.ask(subject, Right.ERASURE)
    name = {"draft": "drafts", "usage": "usage"}[what]
    assert name not in foreseen()
    assert kept_of_application(Application.objects.get(pk=draft.pk)).until is None
    assert retention.counts(retention.run(), name) == 0


def test_words_of_a_request_stay_while_their_person_is_held() -> None:
    subject = factories.subject()
    request = rights.ask(subject, Right.ERASURE)
    requests.refuse(request_id=request.pk, why=Refusal.UNFOUNDED, actor=rights.OFFICER, reasons="x")
    with later(days=200):
        with retention.held(subject.pk):
            assert operations.DAILY_JOBS["forget_words_of_requests"]() == {"requests": 0}
        assert operations.DAILY_JOBS["forget_words_of_requests"]() == {"requests": 1}


def test_lenders_are_not_asked_to_delete_while_a_hold_stands_that_ends_within_the_week() -> None:
    application = retention.old("atra")
    hold = LegalHold.objects.create(
        subject=application.subject, ground="claim", case_number="C-1", placed_at=timezone.now(),
        until=retention.today() + timedelta(days=3),
    )  # fmt: skip
    retention.run()
    assert not DeletionNotice.objects.exists()
    retention.run(days=4)
    assert DeletionNotice.objects.exists()
    assert hold.lifted_at is None


def test_account_stays_until_a_copy_that_was_handed_out_expires() -> None:
    application = retention.old("atra", days_ago=179)
    retention.run()
    retention.told(application)
    request = rights.approved(application.subject, Right.ACCESS)
    request = rights.run(request)
    package = AccessPackage.objects.get(request=request)
    assert package.expires_at is not None
    retention.run(days=10)
    subject = DataSubject.objects.get(pk=application.subject_id)
    assert subject.erased_at is None
    assert kept_of_account(subject).until is None
    retention.run(days=40)
    assert DataSubject.objects.get(pk=subject.pk).erased_at is not None


# --- periods ----------------------------------------------------------------------------------------------
def test_longer_period_in_the_midst_of_a_run_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(4):
        retention.age(factories.complete_draft(factories.subject()), 40)
    take = running.take

    def then_decided(*given: object) -> None:
        take(*given)  # type: ignore[arg-type]
        if not RetentionEdition.objects.exists():
            in_force(draft=Period(days=90))

    monkeypatch.setattr(running, "take", then_decided)
    with retention.chunks_of(1), pytest.raises(running.Incomplete):
        running.run()
    assert Application.objects.count() == 3
    running.run()
    assert Application.objects.count() == 3
    forget_known()


def test_lenders_are_not_asked_ahead_of_a_day_on_which_a_longer_period_holds() -> None:
    retention.old("atra", days_ago=179)
    in_force(days=2, application=Period(months=24))
    retention.run()
    assert not DeletionNotice.objects.exists()
    forget_known()


def test_account_that_is_kept_longer_than_sign_ins_is_kept_from_its_last_use_on() -> None:
    in_force(account=Period(months=24))
    subject, _token = scene.new_session()
    retention.age(subject, 900)
    last = kept_of_account(subject).until
    for days in (400, 700):
        retention.run(days=days)
        forget_known()
        assert kept_of_account(subject).until == last
        assert DataSubject.objects.get(pk=subject.pk).erased_at is None
    retention.run(days=760)
    assert DataSubject.objects.get(pk=subject.pk).erased_at is not None
    assert not ConsumerSession.objects.exists()
    forget_known()


# --- on consent -------------------------------------------------------------------------------------------
def consented(subject: DataSubject, *, given: int, withdrawn: int | None) -> Consent:
    """A consent to be told of services, given and withdrawn so many days ago."""
    now = timezone.now()
    return Consent.objects.create(
        subject=subject, purpose=Purpose.INFORM_PUBLIC, wording="Jā.", language="lv",
        given_at=now - timedelta(days=given),
        withdrawn_at=None if withdrawn is None else now - timedelta(days=withdrawn),
    )  # fmt: skip


@pytest.mark.parametrize("days", [0, 1, 700, 728, 735])
def test_what_was_preferred_is_proof_for_its_period_after_the_consent_was_withdrawn(days: int) -> None:
    subject = factories.subject()
    consented(subject, given=1500, withdrawn=1)
    MarketingPreference.objects.create(
        subject=subject, channel="e_mail", wanted=True, decided_at=timezone.now() - timedelta(days=1500)
    )
    retention.age(subject, 1500)
    for session in ConsumerSession.objects.filter(subject=subject):
        retention.age(session, 1500)
    over = kept_of_account(subject).over(retention.today() + timedelta(days=days))
    assert bool(retention.due("preferences", days=days)) == over == (days == 735)


@pytest.mark.parametrize("days", [0, 1])
def test_image_goes_on_the_day_after_its_consent_was_withdrawn(days: int) -> None:
    subject = factories.subject()
    consented(subject, given=100, withdrawn=0)
    Image.objects.create(
        subject=subject, content=b"...", media_type="image/png", given_at=timezone.now() - timedelta(days=100)
    )
    assert bool(retention.due("images", days=days)) == (days == 1)
