"""Improvement statistics: counted under pseudonyms that end, never against a person's will."""

from datetime import date, datetime, time, timedelta
from typing import Any
from unittest import mock

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from applications.actors import SYSTEM, Actor
from applications.admin.statistics import last_year
from applications.crypto import keyring
from applications.crypto.keyring import data_key_scope
from applications.models import (
    Application,
    DataSubject,
    Milestone,
    MilestoneReached,
    RestrictionGround,
    StatisticsMonth,
)
from applications.personal import Purpose
from applications.selectors.statistics import months_with_counts, sent_per_day
from applications.services import statistics
from applications.services.housekeeping import sweep_orphan_keys
from applications.services.operations import DAILY_JOBS
from applications.services.processing import object_to, restrict
from applications.services.statistics import reached, rotate_pseudonyms
from tests import factories

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])


def rows() -> set[tuple[bytes, str]]:
    return {(bytes(one.pseudonym), one.milestone) for one in MilestoneReached.objects.all()}


def at(monkeypatch: pytest.MonkeyPatch, day: date) -> None:
    monkeypatch.setattr(timezone, "localdate", lambda *_: day)


def test_milestone_is_counted_once_a_person_and_month() -> None:
    subject, other = factories.subject(), factories.subject()
    for who in (subject, subject, other):
        reached(subject_id=who.pk, milestone=Milestone.SENT)
    assert len(rows()) == 2


def test_what_is_kept_is_a_pseudonym_and_a_word_of_the_vocabulary() -> None:
    subject = factories.subject()
    reached(subject_id=subject.pk, milestone=Milestone.SENT)
    ((pseudonym, milestone),) = rows()
    assert pseudonym not in (subject.pk.bytes, subject.pk.bytes[:16])
    assert len(pseudonym) == 16
    assert milestone in Milestone.values
    names = {field.name for field in MilestoneReached._meta.concrete_fields}
    assert names == {"id", "month", "pseudonym", "milestone"}


def test_same_person_has_another_pseudonym_next_month(monkeypatch: pytest.MonkeyPatch) -> None:
    subject = factories.subject()
    for day in (date(2026, 5, 31), date(2026, 6, 1)):
        at(monkeypatch, day)
        reached(subject_id=subject.pk, milestone=Milestone.SENT)
    assert len({pseudonym for pseudonym, _ in rows()}) == 2
    assert StatisticsMonth.objects.count() == 2


def test_nothing_is_counted_against_an_objection() -> None:
    subject = factories.subject()
    object_to(subject_id=subject.pk, purpose=Purpose.IMPROVE_SERVICE, actor=Actor.consumer(subject.pk))
    reached(subject_id=subject.pk, milestone=Milestone.SENT)
    assert rows() == set()


def test_objection_takes_back_what_was_counted() -> None:
    subject, other = factories.subject(), factories.subject()
    for who in (subject, other):
        reached(subject_id=who.pk, milestone=Milestone.SENT)
    object_to(subject_id=subject.pk, purpose=Purpose.IMPROVE_SERVICE, actor=Actor.consumer(subject.pk))
    assert len(rows()) == 1
    assert not MilestoneReached.rows_of(subject).exists()


def test_nothing_is_counted_while_the_data_are_restricted() -> None:
    subject = factories.subject()
    restrict(subject_id=subject.pk, ground=RestrictionGround.CLAIMS, actor=Actor.consumer(subject.pk))
    reached(subject_id=subject.pk, milestone=Milestone.SENT)
    assert rows() == set()


def test_nothing_is_counted_for_an_erased_person() -> None:
    subject = factories.subject()
    DataSubject.objects.filter(pk=subject.pk).update(erased_at=timezone.now())
    reached(subject_id=subject.pk, milestone=Milestone.SENT)
    assert rows() == set()


# --- months end -----------------------------------------------------------------------------------------
def counted_in(monkeypatch: pytest.MonkeyPatch, day: date) -> DataSubject:
    subject = factories.subject()
    at(monkeypatch, day)
    with data_key_scope():
        reached(subject_id=subject.pk, milestone=Milestone.SENT)
    return subject


@pytest.mark.parametrize(("today", "sealed"), [(date(2026, 7, 1), 0), (date(2026, 7, 2), 1)])
def test_month_can_be_resolved_for_a_month_after_it_ended(
    monkeypatch: pytest.MonkeyPatch, today: date, sealed: int
) -> None:
    subject = counted_in(monkeypatch, date(2026, 5, 15))
    at(monkeypatch, today)
    assert rotate_pseudonyms()["months_sealed"] == sealed
    assert MilestoneReached.rows_of(subject).exists() == (not sealed)
    assert months_with_counts().get().sent == 1  # the number stays


def test_sealed_month_is_numbers_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The order of rows could be held against the order of applications."""
    counted_in(monkeypatch, date(2026, 5, 15))
    counted_in(monkeypatch, date(2026, 5, 16))
    at(monkeypatch, date(2026, 7, 2))
    rotate_pseudonyms()
    assert rows() == set()
    month = StatisticsMonth.objects.get()
    assert (month.totals, month.secret) == ({"sent": 2}, None)


def test_crash_before_the_key_is_destroyed_leaves_a_sealed_month(monkeypatch: pytest.MonkeyPatch) -> None:
    subject = counted_in(monkeypatch, date(2026, 5, 15))
    at(monkeypatch, date(2026, 7, 2))
    with mock.patch.object(keyring, "destroy_key", side_effect=OSError), pytest.raises(OSError):
        rotate_pseudonyms()
    assert not MilestoneReached.rows_of(subject).exists()
    assert months_with_counts().get().sent == 1


def test_key_of_a_sealed_month_is_destroyed(monkeypatch: pytest.MonkeyPatch) -> None:
    counted_in(monkeypatch, date(2026, 5, 15))
    month = StatisticsMonth.objects.get()
    at(monkeypatch, date(2026, 8, 1))
    rotate_pseudonyms()
    with pytest.raises(keyring.KeyDestroyed):
        keyring.cipher_for(month.pk)


@pytest.mark.parametrize(("today", "left"), [(date(2027, 6, 30), 1), (date(2027, 7, 1), 0)])
def test_month_is_deleted_after_thirteen_months(
    monkeypatch: pytest.MonkeyPatch, today: date, left: int
) -> None:
    counted_in(monkeypatch, date(2026, 5, 15))
    at(monkeypatch, today)
    rotate_pseudonyms()
    assert StatisticsMonth.objects.count() == left


def test_rotation_runs_every_day() -> None:
    assert DAILY_JOBS["rotate_pseudonyms"] is rotate_pseudonyms


def test_key_of_a_living_month_is_no_orphan() -> None:
    reached(subject_id=factories.subject().pk, milestone=Milestone.SENT)
    month = StatisticsMonth.objects.get()
    keyring._keys().update(created_at=timezone.now() - timedelta(days=3))
    sweep_orphan_keys()
    with data_key_scope():
        assert month.secret


# --- where it is counted ----------------------------------------------------------------------------------
def test_the_way_to_a_choice_is_counted(django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        factories.sent_application(factories.subject())
    assert {milestone for _, milestone in rows()} == {Milestone.STARTED, Milestone.SENT}


def test_failure_to_count_fails_nothing_else(django_capture_on_commit_callbacks: Any) -> None:
    subject = factories.subject()
    with (
        mock.patch.object(statistics, "reached", side_effect=RuntimeError),
        django_capture_on_commit_callbacks(execute=True),
    ):
        application = factories.sent_application(subject)
    assert application.status == "submitted"


# --- in drawings --------------------------------------------------------------------------------------------
def test_last_year_has_twelve_months_those_without_anybody_included() -> None:
    chart = last_year(date(2027, 2, 15))
    assert chart.labels[0] == "2026-03"
    assert chart.labels[-1] == "2027-02"
    assert len(chart.labels) == 12
    assert chart.empty


def test_person_stands_in_the_column_of_the_month_and_milestone() -> None:
    with data_key_scope():
        reached(subject_id=factories.subject().pk, milestone=Milestone.SENT)
    chart = last_year(timezone.localdate())
    assert [one.values[-1] for one in chart.series] == [0, 1, 0, 0]
    assert not any(value for one in chart.series for value in one.values[:-1])


def test_list_of_months_has_the_drawing_above_it() -> None:
    client = Client()
    factories.sign_in_staff(client, factories.root())
    page = client.get(reverse("admin:applications_statisticsmonth_changelist")).content.decode()
    assert page.count('class="chart-figure"') == 1


def test_days_are_those_of_riga_and_one_without_an_application_is_there() -> None:
    application = factories.sent_application(factories.subject())
    midnight = datetime.combine(date(2026, 11, 5), time.min, timezone.get_default_timezone())
    Application.objects.filter(pk=application.pk).update(submitted_at=midnight)
    days = sent_per_day(first=date(2026, 11, 3), last=date(2026, 11, 5))
    assert days == [(date(2026, 11, 3), 0), (date(2026, 11, 4), 0), (date(2026, 11, 5), 1)]
    Application.objects.filter(pk=application.pk).update(submitted_at=midnight - timedelta(seconds=1))
    assert [number for _day, number in sent_per_day(first=date(2026, 11, 4), last=date(2026, 11, 5))] == [
        1,
        0,
    ]


def test_day_does_not_count_whoever_objected() -> None:
    application = factories.sent_application(factories.subject())
    today = timezone.localdate()
    assert sent_per_day(first=today, last=today) == [(today, 1)]
    object_to(subject_id=application.subject_id, purpose=Purpose.IMPROVE_SERVICE, actor=SYSTEM)
    assert sent_per_day(first=today, last=today) == [(today, 0)]
