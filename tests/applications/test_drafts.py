"""The draft: the consumer's alone, one at a time, kept step by step."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from applications import flow
from applications.actors import Actor
from applications.errors import IllegalTransition, SubjectErased
from applications.models import (
    Application,
    AuditEntry,
    ConsumerSession,
    DataSubject,
    Identification,
    LoanRequest,
)
from applications.personal import Purpose
from applications.selectors.masked import masked_person
from applications.selectors.people import answers, draft_of, own_application, own_version
from applications.services import drafts
from applications.services.accounts import SESSION_IDLE
from applications.states import ApplicationStatus
from tests import factories, retention

WORK = Purpose.HANDLE_APPLICATIONS
SHOW = Purpose.DATA_SUBJECT_RIGHTS

pytestmark = [pytest.mark.thorough, pytest.mark.django_db(databases=["default", "keys", "aside"])]


def save(application: Application, **given: object) -> None:
    drafts.save_answers(application=application, answers=given, actor=Actor.consumer(application.subject_id))


def kept(owner: DataSubject) -> dict[str, Any]:
    draft = draft_of(owner.pk, purpose=WORK)
    assert draft
    return answers(draft, purpose=WORK)


def test_opening_a_draft_twice_gives_the_same_one() -> None:
    owner = factories.subject()
    assert factories.draft(owner) == factories.draft(owner)


def test_database_refuses_a_second_draft_of_a_person() -> None:
    owner = factories.subject()
    factories.draft(owner)
    with pytest.raises(IntegrityError), transaction.atomic():
        Application.objects.create(subject=owner, reference="JB-AAAAA-AAAAA")


def test_answers_of_a_step_are_kept_when_the_next_is_not_answered() -> None:
    owner = factories.subject()
    factories.draft(owner, given_name="Anna", surname="Bērziņa")
    assert kept(owner) == {"given_name": "Anna", "surname": "Bērziņa"}


def test_saving_a_step_leaves_the_other_answers_as_they_were() -> None:
    owner = factories.subject()
    application = factories.draft(owner, given_name="Anna", phone="+37121234567")
    save(application, phone="+37129999999")
    assert kept(owner) == {"given_name": "Anna", "phone": "+37129999999"}


def test_answer_that_was_cleared_is_no_answer() -> None:
    application = factories.draft(factories.subject(), employer="SIA “Piemērs”")
    save(application, employer=None)
    assert "employer" not in answers(Application.objects.get(pk=application.pk), purpose=WORK)


def test_every_answer_of_the_form_has_a_place() -> None:
    owner = factories.subject()
    given = factories.answers(pep_status="family_member", pep_relation="sibling", pep_office="Minister")
    factories.draft(owner, **given)
    assert kept(owner) == given
    assert set(given) == {name for step in flow.STEPS for name in flow.fields_of(step)}


def test_unknown_answer_is_a_programming_error() -> None:
    with pytest.raises(KeyError):
        save(factories.draft(factories.subject()), favourite_colour="blue")


def test_saving_moves_the_day_of_deletion() -> None:
    application = factories.draft(factories.subject())
    Application.objects.update(saved_at=timezone.now() - timedelta(days=29))
    save(application, given_name="Anna")
    assert Application.objects.get().saved_at > timezone.now() - timedelta(minutes=1)


def test_nothing_is_saved_after_the_application_was_sent() -> None:
    owner = factories.subject()
    application = factories.sent_application(owner)
    with pytest.raises(IllegalTransition):
        save(application, given_name="Zane")
    assert Identification.objects.get().given_name == "Anna"


def test_nothing_is_saved_for_an_erased_person() -> None:
    application = factories.draft(factories.subject())
    DataSubject.objects.update(erased_at=timezone.now())
    with pytest.raises(SubjectErased):
        save(application, given_name="Anna")
    assert not Identification.objects.exists()


def test_no_draft_is_opened_for_an_erased_person() -> None:
    owner = factories.subject()
    DataSubject.objects.update(erased_at=timezone.now())
    with pytest.raises(SubjectErased):
        factories.draft(owner)


# --- whose it is ----------------------------------------------------------------------------------------
def test_draft_is_found_for_its_own_consumer_only() -> None:
    factories.draft(factories.subject())
    assert draft_of(factories.subject().pk, purpose=WORK) is None


def test_draft_is_no_sent_application_even_to_its_owner() -> None:
    owner = factories.subject()
    application = factories.draft(owner)
    assert own_application(subject_id=owner.pk, application_id=application.pk, purpose=SHOW) is None


def test_sent_application_of_another_consumer_is_not_found() -> None:
    application = factories.sent_application(factories.subject())
    stranger = factories.subject()
    assert own_application(subject_id=stranger.pk, application_id=application.pk, purpose=SHOW) is None


def test_version_of_anothers_application_is_not_told() -> None:
    application = factories.sent_application(factories.subject())
    session = ConsumerSession.objects.create(
        subject=factories.subject(), token_hash=b"x" * 32,
        last_seen_at=timezone.now(), expires_at=timezone.now() + timedelta(hours=1),
    )  # fmt: skip
    assert own_version(session_id=session.pk, application_id=application.pk, idle=SESSION_IDLE) is None


def test_draft_is_not_shown_to_staff_even_masked() -> None:
    assert (
        masked_person(factories.complete_draft(factories.subject()), purpose=Purpose.SERVE_CUSTOMERS) is None
    )


def test_audit_of_a_draft_holds_nothing_that_was_typed() -> None:
    factories.complete_draft(factories.subject())
    entry = AuditEntry.objects.get(action="application.opened")
    assert entry.detail == {}


# --- how it ends ----------------------------------------------------------------------------------------
def test_draft_is_deleted_thirty_days_after_the_last_save() -> None:
    factories.complete_draft(factories.subject())
    Application.objects.update(saved_at=timezone.now() - timedelta(days=32))
    assert "drafts" in retention.run().counts
    assert not Application.objects.exists()
    assert not Identification.objects.exists()
    assert not LoanRequest.objects.exists()


def test_draft_saved_within_thirty_days_stays() -> None:
    factories.complete_draft(factories.subject())
    Application.objects.update(saved_at=timezone.now() - timedelta(days=29))
    assert "drafts" not in retention.run().counts
    assert Application.objects.exists()


def test_sent_application_is_not_deleted_as_an_old_draft() -> None:
    factories.sent_application(factories.subject())
    Application.objects.update(saved_at=timezone.now() - timedelta(days=400))
    assert "drafts" not in retention.run().counts
    assert Application.objects.get().status == ApplicationStatus.SUBMITTED


@pytest.mark.django_db(databases=["default", "keys", "aside"], transaction=True)
def test_twenty_browsers_opening_a_draft_at_once_get_the_same_one() -> None:
    owner = factories.subject()
    opened = factories.in_parallel(lambda _: factories.draft(owner).pk, 20)
    assert len(set(opened)) == 1, opened
    assert Application.objects.count() == 1


@pytest.mark.django_db(databases=["default", "keys", "aside"], transaction=True)
def test_steps_saved_at_once_are_all_kept() -> None:
    owner = factories.subject()
    application = factories.draft(owner)
    given = factories.answers()
    names = sorted(given)
    saved = factories.in_parallel(
        lambda number: save(application, **{names[number]: given[names[number]]}), len(names)
    )
    assert saved == [None] * len(names)
    assert kept(owner) == given
