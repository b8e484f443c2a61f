"""An erasure that meets something else on its way: a click, another request, the word of a lender."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any
from unittest import mock

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import connections, transaction
from django.utils import timezone

from applications.crypto import keyring
from applications.crypto.errors import KeyDestroyed
from applications.crypto.keyring import data_key_scope
from applications.models import Application, Complaint, IdentityDocument, OutboundMail
from applications.personal import Category, Purpose
from applications.selectors.revealed import revealed_person
from applications.services.locking import lock_subject
from lenders.models import DeletionNotice
from privacy.models import AccessPackage, Exception17, Outcome, RecipientNotice, Right, RightsRequest
from privacy.rights import notification
from privacy.rights.registry import module_of
from privacy.services import deciding, ending, running
from privacy.services.requests import Kept
from privacy.states import RequestStatus
from tests import factories
from tests.clock import later
from tests.lenders import scene
from tests.privacy import rights
from tests.privacy.test_late_answers import said

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=scene.DATABASES),
]
S = RequestStatus


@pytest.fixture
def application(lenders: None) -> Application:
    """Received by two lenders."""
    found = scene.sent("atra", "leja")
    scene.taken_by_all(found)
    return found


def answered(application: Application, word: str = "deleted") -> None:
    """Every lender that is asked to delete answers."""
    for slug, prepared in scene.begun(application).items():
        submission = scene.submission_at(application, slug)
        scene.finish(prepared, scene.signed_reply(submission, scene.statement(submission, word)))


def test_application_that_is_sent_while_recipients_answer_is_told_of_as_well(application):
    request = rights.run(rights.approved(application.subject))
    with data_key_scope():
        second = scene.send(scene.draft_for(application.subject), ["leja"])
    scene.taken_by_all(second)
    answered(application)
    request = rights.run(request)
    assert (request.step, request.trouble) == ("wait", "recipients")
    waiting = request.told.filter(outcome=Outcome.WAITING)
    assert [one.reference for one in waiting] == [scene.submission_at(second, "leja").pk]
    answered(second)
    request = rights.run(request)
    assert request.status == S.COMPLETED
    assert sorted(request.told.values_list("recipient", "outcome")) == [
        ("atra", "deleted"), ("leja", "deleted"), ("leja", "deleted"),
    ]  # fmt: skip


# --- at once ---


def beside(work: Callable[[], Any]) -> Callable[[], Any]:
    """For a thread: its connections are closed when it ends."""

    def run() -> Any:
        try:
            return work()
        finally:
            connections.close_all()

    return run


@pytest.mark.django_db(databases=scene.DATABASES, transaction=True)
def test_click_while_the_erasure_closes_and_the_erasure_do_not_wait_for_each_other():
    subject = factories.subject()
    request = rights.approved(subject)
    while rights.current(request).step != "close":
        running.run_step(request.pk)
    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            lock_subject(subject.pk)
            closing = threads.submit(beside(lambda: running.run_step(request.pk)))
            scene.until(lambda: closing.done() or scene.somebody_waits_for_us())
            assert rights.ask(subject).pk == request.pk
        assert closing.result(30) is True


@pytest.mark.django_db(databases=scene.DATABASES, transaction=True)
def test_what_staff_write_down_of_a_recipient_and_the_erasure_do_not_wait_for_each_other(lenders):
    application = scene.sent("atra")
    scene.taken_by_all(application)
    request = rights.run(rights.approved(application.subject))
    told = request.told.get()
    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            RecipientNotice.objects.select_for_update().get(pk=told.pk)
            waiting = threads.submit(beside(lambda: running.run_step(request.pk)))
            scene.until(lambda: waiting.done() or scene.somebody_waits_for_us())
            deciding.record_told(notice_id=told.pk, outcome=Outcome.IMPOSSIBLE, actor=rights.OFFICER)
        waiting.result(30)
    told.refresh_from_db()
    assert told.outcome == Outcome.IMPOSSIBLE


# --- a copy that is asked for as well ---


def test_copy_that_is_asked_for_while_recipients_answer_comes_first(application):
    request = rights.run(rights.approved(application.subject))
    assert request.step == "wait"
    access = rights.ask(application.subject, Right.ACCESS)
    running.run_step(access.pk)  # it has begun: nothing ends it but its answer
    answered(application)
    request = rights.run(request)
    assert (request.status, request.trouble) == (S.RUNNING, "access_first")
    assert rights.run(access).status == S.COMPLETED
    with later(days=27):
        assert rights.run(request).status == S.COMPLETED


def test_copy_that_nobody_opened_yet_is_left_for_a_week(lenders):
    subject = factories.subject()
    access = rights.ask(subject, Right.ACCESS)
    request = rights.approved(subject)
    assert rights.run(access).status == S.COMPLETED
    assert rights.run(request).trouble == "access_first"
    with later(days=6):
        assert rights.run(request).trouble == "access_first"
    with later(days=8):
        assert rights.run(request).status == S.COMPLETED


def test_copy_that_was_opened_holds_nothing_up(lenders):
    subject = factories.subject()
    access = rights.run(rights.ask(subject, Right.ACCESS))
    AccessPackage.objects.filter(request=access).update(opened_at=timezone.now())
    assert rights.run(rights.approved(subject)).status == S.COMPLETED


def test_copy_that_nobody_opened_does_not_hold_an_erasure_beyond_its_time(lenders):
    subject = factories.subject()
    request = rights.approved(subject)
    with later(days=27):
        rights.run(rights.ask(subject, Right.ACCESS))
        assert rights.run(request).status == S.COMPLETED


# --- the word of a lender ---


def test_word_of_a_lender_while_the_rows_still_wait_to_be_deleted_is_noted(application, monkeypatch):
    submission = scene.submission_at(application, "atra")
    request = rights.run(rights.approved(application.subject))
    answered(application, "pending")
    with monkeypatch.context() as broken, later(days=4):
        broken.setattr(keyring, "destroy_key", mock.Mock(side_effect=ConnectionError))
        assert rights.run(request).step == "destroy_key"
    assert said(submission, "offered").status_code == 410
    assert said(submission, "deleted", number=2).status_code == 204
    assert request.told.get(recipient="atra").outcome == Outcome.DELETED


def partly_erased(application: Application) -> RightsRequest:
    """The application stays; no lender had answered."""
    kept = (Kept(application.pk, Exception17.CLAIMS, date(2027, 6, 1)),)
    request = rights.run(rights.approved(application.subject, kept=kept))
    answered(application, "pending")
    with later(days=4):
        request = rights.run(request)
    assert request.status == S.COMPLETED
    return request


def test_late_word_about_an_application_that_stays_is_noted_with_the_proof(application):
    request = partly_erased(application)
    submission = scene.submission_at(application, "leja")
    assert said(submission, "deleted", slug="leja").status_code == 204
    assert DeletionNotice.objects.get(submission=submission).acknowledgement == "deleted"
    assert request.told.get(recipient="leja").outcome == Outcome.DELETED


# --- an application that stays has nobody to write to ---


def test_lender_of_an_application_that_stays_is_still_told_through_its_interface(application):
    kept = (Kept(application.pk, Exception17.CLAIMS, date(2027, 6, 1)),)
    request = rights.run(rights.approved(application.subject, kept=kept))
    with later(days=11):
        assert rights.run(request).status == S.COMPLETED
    assert set(request.told.values_list("outcome", flat=True)) == {Outcome.WAITING}
    scene.make_due(submission__application=application)
    answered(Application.objects.get(pk=application.pk))
    assert notification.follow_what_stays() == {"recipients": 2}
    assert set(request.told.values_list("outcome", flat=True)) == {Outcome.DELETED}
    assert notification.follow_what_stays() == {"recipients": 0}


def test_application_that_stayed_goes_when_its_day_is_over(application):
    until = timezone.localdate() + timedelta(days=60)
    kept = (Kept(application.pk, Exception17.CLAIMS, until),)
    request = rights.run(rights.approved(application.subject, kept=kept))
    answered(application)
    request = rights.run(request)
    heir = Application.objects.get(pk=application.pk).subject_id
    with later(days=60):
        assert ending.end_what_stayed() == {"applications": 0}
    with later(days=61):
        assert ending.end_what_stayed() == {"applications": 1}
        assert ending.end_what_stayed() == {"applications": 0}
    assert not Application.objects.filter(pk=application.pk).exists()
    with pytest.raises(KeyDestroyed):
        keyring.cipher_for(heir)
    request = rights.current(request)
    stayed = module_of(Right.ERASURE).prove(request)[-1]
    assert stayed.lines[0][1:] == (f"{until:%d.%m.%Y.}", f"{until + timedelta(days=1):%d.%m.%Y.}")


def test_open_complaint_stays_with_the_application_that_stays_for_it(application):
    with data_key_scope():
        for text, closed_at in (("open", None), ("closed", timezone.now())):
            Complaint(
                subject=application.subject, text=text, received_at=timezone.now(), closed_at=closed_at
            ).save(force_insert=True)
    kept = (Kept(application.pk, Exception17.CLAIMS, date(2027, 6, 1)),)
    request = rights.run(rights.approved(application.subject, kept=kept))
    answered(application)
    assert rights.run(request).status == S.COMPLETED
    with data_key_scope():
        assert [one.text for one in Complaint.objects.all()] == ["open"]


@pytest.mark.parametrize("word", ["contract_signed", "declined"])
def test_lender_may_speak_of_an_application_that_stays(application, word):
    scene.chosen(application, "atra")
    partly_erased(application)
    before = OutboundMail.objects.count()
    assert said(scene.submission_at(application, "atra"), word).status_code == 204
    assert scene.states(application)["atra"] == {"declined": "lender_declined_late"}.get(word, word)
    assert OutboundMail.objects.count() == before


def test_staff_can_look_at_an_application_that_stays(application):
    partly_erased(application)
    stays = Application.objects.get(pk=application.pk)
    shown = revealed_person(stays, categories=[Category.IDENTIFICATION], purpose=Purpose.LEGAL_CLAIMS)
    assert "Canary-Māra" in dict(shown[0].rows).values()


# --- what looks like something of the person ---


def test_number_that_stands_in_anything_is_not_looked_for(lenders):
    bystander = factories.subject()
    subject = factories.sent_application(factories.subject()).subject
    identity = IdentityDocument.objects.get(subject=subject)
    identity.document_number = f"{bystander.created_at:%f}"  # as it stands in a moment of somebody else
    identity.save(update_fields=["document_number"])
    request = rights.run(rights.approved(subject))
    assert (request.status, request.trouble, request.erasure.residue) == (S.COMPLETED, "", [])


def test_session_of_staff_that_saw_the_person_forgets_it_and_goes_on(application):
    session = SessionStore()
    session["revealed"] = {"application": str(application.pk), "until": 0}
    session["proof"] = {"seen": 1}
    session.create()
    request = rights.run(rights.approved(application.subject))
    answered(application)
    assert rights.run(request).status == S.COMPLETED
    assert dict(SessionStore(session.session_key).items()) == {"proof": {"seen": 1}}
