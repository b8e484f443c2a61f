"""Sending an application: once, whole, to the ticked lenders alone, with what it rests on written down."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from applications.actors import Actor
from applications.errors import IllegalTransition, Incomplete, NoRecipients, SubjectErased
from applications.models import (
    Application,
    ApplicationEvent,
    AuditEntry,
    Consent,
    Contract,
    DataSubject,
    MailKind,
    NoticeKind,
    OutboundMail,
)
from applications.personal import Purpose
from applications.selectors.people import answers, own_application
from applications.services.submitting import ConsentGiven, change_status
from applications.signals import application_submitted
from applications.states import TRANSITIONS, ApplicationStatus
from lenders.errors import NotEligible
from lenders.models import Delivery, Submission
from tests import factories

WORK = Purpose.HANDLE_APPLICATIONS
SHOW = Purpose.DATA_SUBJECT_RIGHTS

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])


@pytest.fixture
def owner() -> DataSubject:
    return factories.subject()


def nothing_was_sent() -> bool:
    models = (Submission, Delivery, Contract, Consent)
    sent = Application.objects.exclude(status=ApplicationStatus.DRAFT)
    mails = OutboundMail.objects.filter(kind=MailKind.APPLICATION_SENT)
    return not any([*(model._default_manager.exists() for model in models), sent.exists(), mails.exists()])


@contextmanager
def receiver(function: Any) -> Iterator[None]:
    application_submitted.connect(function)
    try:
        yield
    finally:
        application_submitted.disconnect(function)


# --- what sending writes --------------------------------------------------------------------------------
def test_every_ticked_lender_has_one_submission_and_nobody_else(owner: DataSubject) -> None:
    for slug in ("alfa", "beta", "gamma"):
        factories.lender(slug)
    factories.send(factories.complete_draft(owner), "alfa", "beta")
    assert sorted(Submission.objects.values_list("lender__slug", flat=True)) == ["alfa", "beta"]
    assert Delivery.objects.count() == 2


def test_sending_opens_the_contract_under_the_terms_that_were_shown(owner: DataSubject) -> None:
    shown = factories.notice(NoticeKind.TERMS, number=1)
    application = factories.complete_draft(owner)
    factories.notice(NoticeKind.TERMS, number=2)
    factories.send(application, factories.lender().slug, terms=shown)
    contract = Contract.objects.get()
    assert (contract.terms, contract.application, contract.subject) == (shown, application, owner)
    assert contract.ended_at is None


def test_versions_of_the_notices_are_pinned_to_the_application(owner: DataSubject) -> None:
    application = factories.sent_application(owner)
    factories.notice(NoticeKind.TERMS, number=2)
    factories.notice(NoticeKind.PRIVACY, number=2)
    fresh = Application.objects.select_related("terms", "privacy_notice").get(pk=application.pk)
    assert fresh.terms
    assert fresh.privacy_notice
    assert (fresh.terms.kind, fresh.terms.number) == (NoticeKind.TERMS, 1)
    assert (fresh.privacy_notice.kind, fresh.privacy_notice.number) == (NoticeKind.PRIVACY, 1)


def test_consent_is_kept_in_the_exact_words_and_language(owner: DataSubject) -> None:
    wording = "Lūdzu nodot manu pieteikumu šiem aizdevējiem — “jā”."
    factories.send(
        factories.complete_draft(owner), factories.lender().slug,
        consents=[ConsentGiven(Purpose.PASS_TO_LENDERS, wording)], language="lv",
    )  # fmt: skip
    consent = Consent.objects.get()
    assert (consent.wording, consent.language, consent.purpose) == (wording, "lv", Purpose.PASS_TO_LENDERS)
    assert consent.withdrawn_at is None


def test_event_and_audit_name_the_consumer_who_sent_it(owner: DataSubject) -> None:
    application = factories.sent_application(owner)
    event = ApplicationEvent.objects.get(application=application, status=ApplicationStatus.SUBMITTED)
    entry = AuditEntry.objects.get(action="application.submitted")
    assert event.actor_identifier == entry.actor_identifier == str(owner.pk)
    assert (entry.subject_id, entry.object_id, entry.detail) == (owner.pk, str(application.pk), {})


def test_consumer_is_told_by_mail(owner: DataSubject) -> None:
    application = factories.sent_application(owner)
    mail = OutboundMail.objects.get(kind=MailKind.APPLICATION_SENT)
    assert mail.recipient == owner.email
    assert application.reference in str(mail.title) + str(mail.body)


def test_sending_is_news_to_open_pages(owner: DataSubject) -> None:
    application = factories.complete_draft(owner)
    before = Application.objects.get(pk=application.pk).version
    factories.send(application, factories.lender().slug)
    assert Application.objects.get(pk=application.pk).version > before


def test_answer_whose_question_no_longer_applies_leaves_for_nobody(owner: DataSubject) -> None:
    application = factories.complete_draft(
        owner, income_type="pension", employer="SIA “Agrāk”", pep_status="close_associate",
        pep_relation="spouse", pep_office="Ministre",
    )  # fmt: skip
    factories.send(application, factories.lender().slug)
    sent = own_application(subject_id=owner.pk, application_id=application.pk, purpose=SHOW)
    assert sent
    assert {"employer", "pep_relation"}.isdisjoint(answers(sent, purpose=WORK))
    assert answers(sent, purpose=WORK)["pep_office"] == "Ministre"


# --- what is refused ------------------------------------------------------------------------------------
def test_second_sending_is_refused_and_changes_nothing(owner: DataSubject) -> None:
    application = factories.sent_application(owner)
    with pytest.raises(IllegalTransition):
        factories.send(application, "alfa")
    assert Submission.objects.count() == Contract.objects.count() == Consent.objects.count() == 1
    assert OutboundMail.objects.filter(kind=MailKind.APPLICATION_SENT).count() == 1


def test_new_draft_is_not_sent_in_place_of_the_application_already_sent(owner: DataSubject) -> None:
    sent = factories.sent_application(owner)
    draft = factories.complete_draft(owner)
    with pytest.raises(IllegalTransition):
        factories.send(sent, "alfa")
    assert Application.objects.get(pk=draft.pk).status == ApplicationStatus.DRAFT


@pytest.mark.parametrize("name", sorted(factories.answers()))
def test_application_without_an_answer_is_not_sent(owner: DataSubject, name: str) -> None:
    application = factories.complete_draft(owner, **{name: None})
    slug = factories.lender().slug
    with pytest.raises(Incomplete):
        factories.send(application, slug)
    assert nothing_was_sent()


def test_application_with_a_document_that_expired_meanwhile_is_not_sent(owner: DataSubject) -> None:
    application = factories.complete_draft(owner, valid_until=timezone.localdate() - timedelta(days=1))
    slug = factories.lender().slug
    with pytest.raises(Incomplete):
        factories.send(application, slug)
    assert nothing_was_sent()


def test_application_to_nobody_is_not_sent(owner: DataSubject) -> None:
    with pytest.raises(NoRecipients):
        factories.send(factories.complete_draft(owner))
    assert nothing_was_sent()


@pytest.mark.parametrize(
    "changes", [{"active": False}, {"minimum_amount_cents": 2_000_00}, {"maximum_term_months": 12}]
)
def test_lender_that_cannot_be_asked_stops_the_whole_sending(
    owner: DataSubject, changes: dict[str, Any]
) -> None:
    factories.lender("alfa")
    factories.lender("beta", **changes)
    with pytest.raises(NotEligible):
        factories.send(factories.complete_draft(owner), "alfa", "beta")
    assert nothing_was_sent()


def test_lender_nobody_knows_stops_the_whole_sending(owner: DataSubject) -> None:
    factories.lender("alfa")
    with pytest.raises(NotEligible):
        factories.send(factories.complete_draft(owner), "alfa", "omega")
    assert nothing_was_sent()


def test_lender_ticked_twice_is_sent_one_submission(owner: DataSubject) -> None:
    factories.lender("alfa")
    factories.send(factories.complete_draft(owner), "alfa", "alfa")
    assert Submission.objects.count() == 1


def test_nothing_is_sent_for_an_erased_person(owner: DataSubject) -> None:
    application, slug = factories.complete_draft(owner), factories.lender().slug
    DataSubject.objects.update(erased_at=timezone.now())
    with pytest.raises(SubjectErased):
        factories.send(application, slug)
    assert nothing_was_sent()


def test_failing_receiver_rolls_everything_back(owner: DataSubject) -> None:
    def fail(**_: Any) -> None:
        assert Submission.objects.exists()
        raise RuntimeError

    application, slug = factories.complete_draft(owner, income_type="pension"), factories.lender().slug
    with receiver(fail), pytest.raises(RuntimeError):
        factories.send(application, slug)
    assert nothing_was_sent()
    assert not AuditEntry.objects.filter(action="application.submitted").exists()
    draft = Application.objects.select_related("subject").get()
    assert answers(draft, purpose=WORK)["employer"] == "SIA “Piemērs”"
    factories.send(application, slug)
    assert Submission.objects.count() == 1


# --- states ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("before", "after"),
    [(before, after) for before in ApplicationStatus for after in ApplicationStatus
     if after not in TRANSITIONS[before]],
)  # fmt: skip
def test_transition_outside_the_table_is_refused(
    owner: DataSubject, before: ApplicationStatus, after: ApplicationStatus
) -> None:
    application = factories.draft(owner)
    Application.objects.update(status=before, submitted_at=timezone.now())
    events = ApplicationEvent.objects.count()
    with pytest.raises(IllegalTransition):
        change_status(application=application, to=after, actor=Actor.consumer(owner.pk))
    assert Application.objects.get().status == before
    assert ApplicationEvent.objects.count() == events


def test_database_refuses_a_sent_application_without_its_moment(owner: DataSubject) -> None:
    factories.draft(owner)
    with pytest.raises(IntegrityError, match="a_sent_application_has_its_moment"), transaction.atomic():
        Application.objects.update(status=ApplicationStatus.SUBMITTED)


def test_every_state_that_is_left_can_be_reached() -> None:
    reached = {target for targets in TRANSITIONS.values() for target in targets}
    assert reached == set(ApplicationStatus) - {ApplicationStatus.DRAFT}
    assert set(TRANSITIONS) == set(ApplicationStatus)
