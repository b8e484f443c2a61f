"""Every category shows its clock: whatever is held about anybody, something ends it."""

import io
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import models
from django.utils import timezone

from applications.data_policy import POLICIES, retention_of
from applications.declarations import personal_fields
from applications.endings import Ending, endings, forecast
from applications.models import Application, DataSubject, LegalHold, UsageEvent
from applications.personal import Category
from applications.retention_rules import RULES, Retention
from applications.services.operations import DAILY_JOBS
from applications.services.purging import emptied, is_evidence, tree
from privacy.datamap import by_category
from tests import factories, retention, services

DATABASES = ["default", "keys", "aside"]
HOLDERS = [model for model in apps.get_models() if personal_fields(model)]
ENDINGS = endings()


@pytest.mark.parametrize("model", HOLDERS, ids=lambda model: model.__name__)
def test_whatever_holds_personal_data_ends_by_the_rule_of_each_field(model: type[models.Model]) -> None:
    by = {one.rule for one in ENDINGS if model in one.covers}
    rules = {retention_of(one.mark) for one in personal_fields(model) if one.mark}
    assert rules <= by


@pytest.mark.parametrize("category", Category)
def test_every_category_of_the_mission_has_a_clock_that_something_strikes(category: Category) -> None:
    fields = by_category()[category]
    assert fields
    for entry in fields:
        assert [one for one in ENDINGS if one.rule is entry.retention and entry.declared.model in one.covers]
    assert POLICIES[category].retention in RULES


@pytest.mark.parametrize("rule", Retention)
def test_every_rule_is_somebodys(rule: Retention) -> None:
    assert [one for one in ENDINGS if one.rule is rule]


@pytest.mark.parametrize("one", ENDINGS, ids=lambda one: one.name)
def test_declaration_is_carried_out_by_the_run_or_by_a_daily_job(one: Ending) -> None:
    assert (one.end is None) == bool(one.job)
    assert not one.job or one.job in DAILY_JOBS
    assert one.label
    assert [other.name for other in ENDINGS].count(one.name) == 1


def test_every_daily_job_is_known_once_the_product_is_ready_and_has_a_name() -> None:
    """One that comes with a later import would be found by a worker in the midst of its daily round; one that
    nothing imports is never done.
    """
    script = (
        "import django; django.setup()\n"
        "from applications.endings import endings\n"
        "from applications.machinery import JOBS\n"
        "from applications.services.operations import DAILY_JOBS\n"
        "before = set(DAILY_JOBS); endings(); print(sorted({*DAILY_JOBS} ^ before | {*JOBS} ^ before))"
    )
    said = subprocess.run(
        [sys.executable, "-c", script], env=services.process_environment(), capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert said.stdout.splitlines()[-1] == "[]"


# --- evidence ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("root", [Application, DataSubject], ids=lambda model: model.__name__)
def test_whatever_evidence_hangs_on_stays_with_it(root: type[models.Model]) -> None:
    parents = {branch.model: {parent for _column, parent in branch.links} for branch in tree(root)}
    for model in filter(is_evidence, parents):
        assert all(parent is root or is_evidence(parent) for parent in parents[model])


@pytest.mark.parametrize("model", list(filter(is_evidence, HOLDERS)), ids=lambda model: model.__name__)
def test_what_is_not_evidence_can_be_taken_out_of_a_row(model: type[models.Model]) -> None:
    for name, nothing in emptied(model).items():
        field: Any = model._meta.get_field(name)
        assert nothing is not None or field.null


# --- the forecast -----------------------------------------------------------------------------------------
def said(*words: str) -> str:
    out = io.StringIO()
    call_command("retention", *words, stdout=out)
    return out.getvalue()


@pytest.mark.django_db(databases=DATABASES)
def test_dry_run_says_how_many_go_tomorrow_by_which_period_and_why() -> None:
    factories.complete_draft(factories.subject())
    Application.objects.update(saved_at=timezone.now() - timedelta(days=32))
    text = said("--dry-run")
    assert "       1  Drafts never sent: 30 days after the last save, because the purpose still needs" in text
    assert "edition 0 of the periods (a proposal: nobody has confirmed it yet)" in text
    assert Application.objects.exists()


@pytest.mark.django_db(databases=DATABASES)
def test_dry_run_says_what_holds_and_restrictions_keep() -> None:
    subject = factories.subject()
    UsageEvent.objects.create(subject=subject, page="/", at=timezone.now())
    with retention.held(subject.pk):
        text = said("--dry-run", "--at", "2099-01-01")
        assert LegalHold.objects.get().case_number not in text
    assert "       0  Uses of the site: 13 months" in text
    assert "; 1 more are held, restricted or in an open matter" in text


@pytest.mark.django_db(databases=DATABASES)
def test_dry_run_names_nobody() -> None:
    subject = factories.subject()
    factories.complete_draft(subject)
    text = said("--dry-run", "--at", "2099-01-01")
    for secret in (str(subject.pk), subject.customer_reference, subject.email or ""):
        assert secret not in text


@pytest.mark.django_db(databases=DATABASES)
def test_dry_run_of_today_is_what_the_run_then_takes() -> None:
    factories.complete_draft(factories.subject())
    Application.objects.update(saved_at=timezone.now() - timedelta(days=32))
    foreseen = {one.ending.name for one in forecast(retention.today()) if one.due}
    assert foreseen == set(retention.run().counts) == {"drafts"}


def test_day_goes_with_the_dry_run_alone() -> None:
    with pytest.raises(CommandError):
        said("--at", "2099-01-01")


@pytest.mark.django_db(databases=DATABASES)
def test_command_without_it_is_the_run() -> None:
    factories.complete_draft(factories.subject())
    Application.objects.update(saved_at=timezone.now() - timedelta(days=32))
    assert "drafts: " in said()
    assert not Application.objects.exists()
