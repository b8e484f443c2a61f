"""The run: what is over goes, with the grounds looked at again, whoever received it told, and a receipt."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from applications.actors import SYSTEM
from applications.crypto import keyring
from applications.models import (
    FORM_MODELS,
    Application,
    ApplicationEvent,
    Complaint,
    Consent,
    ConsumerSession,
    Contract,
    DataSubject,
    Disclosure,
    OutboundMail,
    RestrictionGround,
    RetentionChunk,
    UsageEvent,
)
from applications.retention_rules import Ground, Stop
from applications.selectors.retention import kept_of_account, kept_of_application
from applications.services import retention as running
from applications.services.processing import restrict
from applications.services.purging import tree
from lenders.models import (
    Attempt,
    DeletionNotice,
    Delivery,
    LenderMessage,
    LenderWord,
    Offer,
    Submission,
)
from lenders.recipients import RECIPIENTS
from lenders.selectors.deletions import after_disclosures
from lenders.services.words import tell_restriction
from tests import factories, retention
from tests.lenders import scene
from tests.privacy import dpo

pytestmark = [pytest.mark.thorough, pytest.mark.django_db(databases=scene.DATABASES)]


@pytest.fixture(autouse=True)
def _lenders(db: None) -> None:
    scene.register(scene.NOWHERE, "atra", "leja")


def form_rows(application: Application) -> int:
    return sum(model._default_manager.filter(application=application).count() for model in FORM_MODELS)


def fresh(row: Any) -> Any:
    return type(row)._default_manager.get(pk=row.pk)


# --- applications ---
def test_lenders_are_told_a_week_before_and_then_the_data_go() -> None:
    application = retention.old("atra", "leja", days_ago=179)
    retention.run()
    assert fresh(application).emptied_at is None
    assert set(DeletionNotice.objects.values_list("reason", flat=True)) == {"retention_over"}
    retention.told(application)
    receipt = retention.run(days=10)
    assert fresh(application).emptied_at is not None
    assert form_rows(application) == 0
    assert receipt.counts["applications"]["applications.Identification"] == 1


def test_few_people_are_held_at_a_time_while_their_lenders_are_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for _ in range(3):
        retention.old("atra", days_ago=179)
    hold, held = running._hold, list[int]()

    def counted(people: set[UUID]) -> list[UUID]:
        held.append(len(people))
        return hold(people)

    monkeypatch.setattr(running, "TOLD_AT_ONCE", 1)
    monkeypatch.setattr(running, "_hold", counted)
    running.tell_ahead(retention.ending("applications"), retention.at())
    assert held == [1, 1, 1]
    assert DeletionNotice.objects.count() == 3


def test_application_whose_lenders_were_not_told_yet_waits_for_them() -> None:
    application = retention.old("atra")
    retention.run()
    assert fresh(application).emptied_at is None
    retention.told(application)
    retention.run()
    assert fresh(application).emptied_at is not None


def test_lender_that_cannot_be_reached_holds_it_up_for_a_week_at_most() -> None:
    application = retention.old("atra")
    retention.run()
    retention.run(days=6)
    assert fresh(application).emptied_at is None
    retention.run(days=8)
    assert fresh(application).emptied_at is not None


def test_what_is_left_is_evidence_and_says_nothing_of_what_was_typed() -> None:
    application = retention.old("atra", days_ago=179)
    retention.run()
    retention.told(application)
    Submission.objects.update(needs=["loan.purpose"])
    retention.run(days=10)
    for model in (ApplicationEvent, Offer, Delivery, Attempt):
        assert not model._default_manager.exists()
    for model in (Contract, Consent, Disclosure, DeletionNotice):
        assert model._default_manager.exists()
    submission = Submission.objects.get()
    assert (submission.lender_reference, submission.decline_reason, submission.needs) == (None, None, [])
    assert fresh(application).terms_id


def test_lender_that_signed_is_not_asked_to_delete() -> None:
    application = scene.sent("atra")
    scene.taken_by_all(application)
    submission = scene.chosen(application, "atra")
    scene.say(submission, "contract_signed")
    assert fresh(submission).offer_digest is not None
    retention.age(fresh(application), 190)
    retention.run()
    assert not DeletionNotice.objects.exists()
    assert fresh(application).emptied_at is not None
    assert fresh(submission).status == "contract_signed"
    assert fresh(submission).offer_digest is not None


def test_evidence_goes_after_ten_years() -> None:
    application = retention.old("atra")
    retention.run()
    retention.told(application)
    retention.run()
    retention.run(days=3400)
    assert Disclosure.objects.exists()
    retention.run(days=3660)
    for model in (Application, Contract, Consent, Disclosure, Submission, DeletionNotice):
        assert not model._default_manager.exists()


def test_application_that_is_still_open_stays() -> None:
    application = scene.sent("atra")
    scene.taken_by_all(application)
    retention.run(days=3000)
    assert form_rows(application)


@pytest.mark.parametrize("what", ["complaint", "restriction", "hold", "hold_on_the_application"])
def test_what_stops_deletion_is_told_and_obeyed(what: str) -> None:
    application = retention.old("atra")
    retention.run()
    retention.told(application)
    subject = application.subject
    if what == "complaint":
        Complaint.objects.create(subject=subject, text="Kur ir mana nauda?", received_at=timezone.now())
    elif what == "restriction":
        restrict(subject_id=subject.pk, ground=RestrictionGround.CLAIMS, actor=SYSTEM)
    only = application.pk if what == "hold_on_the_application" else None
    if what.startswith("hold"):
        with retention.held(subject.pk, application_id=only):
            assert kept_of_application(application).why is Stop.HOLD
            retention.run()
            assert fresh(application).emptied_at is None
        retention.run()
        assert fresh(application).emptied_at is not None
    else:
        assert kept_of_application(application).until is None
        retention.run()
        assert fresh(application).emptied_at is None


def test_hold_on_another_application_stops_nothing_but_the_account() -> None:
    application = retention.old("atra")
    retention.run()
    retention.told(application)
    other = retention.ended(scene.send(scene.draft_for(application.subject), ["leja"]))
    with retention.held(application.subject_id, application_id=other.pk):
        retention.run()
        assert fresh(application).emptied_at is not None
        assert not retention.due("people", days=4000)


def test_what_was_set_apart_for_a_claim_ends_on_its_own_day_alone() -> None:
    application = retention.old("atra")
    DataSubject.objects.filter(pk=application.subject_id).update(email=None, email_index=None)
    retention.run()
    assert not DeletionNotice.objects.exists()
    assert form_rows(application)


# --- after what was typed is gone ---
def emptied(*slugs: str, signed: str = "") -> Application:
    """Somebody's application of which only evidence is left; another of theirs is open."""
    application = scene.sent(*slugs)
    scene.taken_by_all(application)
    if signed:
        scene.say(scene.chosen(application, signed), "contract_signed")
    else:
        retention.ended(application)
    retention.age(fresh(application), 200)
    scene.send(scene.draft_for(application.subject), ["leja"])
    retention.run()
    retention.run(days=8)
    assert fresh(application).emptied_at is not None
    return fresh(application)


@pytest.mark.parametrize("word", ["offered", "declined", "pending", "needs_more", "withdrawn"])
def test_what_lenders_say_later_is_not_written_down(word: str) -> None:
    application = emptied("atra")
    models = [branch.model for branch in tree(Application)]
    before = {model: model._default_manager.count() for model in models}
    submission = scene.submission_at(application, "atra")
    assert scene.say(submission, word, message_id="m-9") == "too_late"
    assert fresh(submission).decline_reason is None
    assert before == {model: model._default_manager.count() for model in before}


def test_answer_to_the_request_to_delete_is_taken_however_late() -> None:
    application = emptied("atra")
    submission = scene.submission_at(application, "atra")
    assert scene.say(submission, "deleted", message_id="m-9") == "taken"
    assert DeletionNotice.objects.get().acknowledgement == "deleted"
    assert not LenderMessage.objects.filter(submission=submission).exists()


def test_lender_that_keeps_data_for_its_contract_is_told_of_rights_all_the_same() -> None:
    """Our rows are gone and the lender's are not (GDPR Art. 19)."""
    application = emptied("atra", signed="atra")
    assert [one.recipient for one in RECIPIENTS.of(application.subject_id)] == ["atra"]
    tell_restriction(subject_id=application.subject_id, matter=uuid4(), lifted=False, actor=SYSTEM)
    assert LenderWord.objects.get().submission.application_id == application.pk
    RECIPIENTS.ask_to_erase(application.subject_id, actor=SYSTEM)
    assert DeletionNotice.objects.get().reason == "erasure"


def test_what_lenders_were_told_later_ends_too() -> None:
    application = emptied("atra", signed="atra")
    tell_restriction(subject_id=application.subject_id, matter=uuid4(), lifted=True, actor=SYSTEM)
    told = Delivery.objects.filter(submission__application=application)
    told.update(status="done", finished_at=timezone.now())
    retention.run(days=150)
    assert told.exists()
    retention.run(days=200)
    assert not told.exists()
    assert LenderWord.objects.exists()


def test_lender_that_was_asked_is_not_said_to_be_asked_still() -> None:
    application = emptied("atra")
    with translation.override("en"):
        (said,) = set(map(tuple, after_disclosures(application.subject_id).values()))
    assert said[-1] == "It has not answered yet."


def test_hold_keeps_evidence_of_somebody_whose_account_ended() -> None:
    application = retention.old("atra")
    gone(application)
    with retention.held(application.subject_id, application_id=application.pk):
        retention.run(days=3700)
        assert Disclosure.objects.exists()
    retention.run(days=3700)
    assert not Disclosure.objects.exists()


# --- people ---
def gone(application: Application) -> DataSubject:
    """Everything of the application went on time, and the account in the same night."""
    retention.run()
    retention.told(application)
    retention.run()
    return fresh(application.subject)


def test_account_ends_with_the_last_that_needed_it() -> None:
    application = retention.old("atra")
    UsageEvent.objects.create(subject=application.subject, page="/", at=timezone.now())
    subject = gone(application)
    assert subject.erased_at is not None
    assert (subject.email, subject.email_index) == (None, None)
    assert not keyring.owners_with_keys([subject.pk])
    assert not OutboundMail.objects.filter(owner_id=subject.pk).exists()
    assert not UsageEvent.objects.exists()
    assert Disclosure.objects.filter(subject=subject).exists()


def test_what_is_left_of_a_person_opens_under_no_key() -> None:
    """Evidence holds nothing that is sealed: the key can go before it."""
    subject = gone(retention.old("atra"))
    for rows in (Submission.rows_of(subject), Consent.rows_of(subject), Disclosure.rows_of(subject)):
        for row in rows:
            assert [getattr(row, field.attname) for field in row._meta.concrete_fields]


def test_account_stays_while_another_application_is_open() -> None:
    application = retention.old("atra")
    scene.send(scene.draft_for(application.subject), ["leja"])
    subject = gone(application)
    assert fresh(application).emptied_at is not None
    assert subject.erased_at is None
    assert kept_of_account(subject).until is None


def test_account_is_kept_for_the_contract_and_then_for_claims() -> None:
    application = scene.sent("atra")
    assert kept_of_account(application.subject).why == Ground.CONTRACT
    kept = kept_of_account(retention.ended(application).subject)
    assert kept.why == Ground.LEGAL_PERIOD
    with translation.override("en"):
        assert "6 months after the contract to use the solution ends" in str(kept.text)


def test_account_without_a_contract_is_kept_from_its_last_use_on() -> None:
    kept = kept_of_account(factories.subject())
    assert kept.why == Ground.PURPOSE
    with translation.override("en"):
        assert "6 months after the last sign-in" in str(kept.text)


def test_account_stays_while_somebody_is_signed_in() -> None:
    application = retention.old("atra")
    ConsumerSession.objects.update(expires_at=timezone.now() + timedelta(minutes=5))
    assert gone(application).erased_at is None


def test_account_that_was_never_used_ends_after_its_last_use() -> None:
    subject, _token = scene.new_session()
    retention.run(days=180)
    assert fresh(subject).erased_at is None
    retention.run(days=186)
    assert fresh(subject).erased_at is not None


def test_account_stays_until_the_person_was_told_of_a_disclosure() -> None:
    application = retention.old("atra")
    mail = OutboundMail.objects.create(
        owner_id=application.subject_id, kind="disclosed", due_at=timezone.now(), recipient="a@b.lv",
        title="…", body="…",
    )  # fmt: skip
    assert gone(application).erased_at is None
    OutboundMail.objects.filter(pk=mail.pk).update(status="sent")
    assert gone(application).erased_at is not None


def test_tombstone_goes_ten_years_later() -> None:
    subject = gone(retention.old("atra"))
    retention.run(days=3000)
    assert DataSubject.objects.filter(pk=subject.pk).exists()
    retention.run(days=3700)
    assert not DataSubject.objects.filter(pk=subject.pk).exists()


def test_whoever_comes_back_is_somebody_new() -> None:
    application = retention.old("atra")
    email = application.subject.email
    subject = gone(application)
    again = scene.accounts.subject_with_email(email, purpose=scene.Purpose.SERVE_CUSTOMERS)
    assert again is None
    assert subject.erased_at is not None


# --- the receipt ---
def test_receipt_counts_and_names_nobody() -> None:
    application = retention.old("atra")
    retention.run()
    retention.told(application)
    receipt = retention.run()
    assert receipt.finished_at is not None
    assert receipt.counts["people"]["applications.DataSubject"] == 1
    assert str(application.subject_id) not in str(receipt.counts)
    assert [chunk.owners for chunk in RetentionChunk.objects.filter(ending="people")] == [
        [application.subject_id]
    ]


def test_run_again_takes_nothing() -> None:
    gone(retention.old("atra"))
    assert retention.run().counts == {}


def test_more_than_a_chunk_goes() -> None:
    application = scene.sent("atra")
    for _ in range(5):
        UsageEvent.objects.create(
            subject=application.subject, page="/", at=timezone.now() - timedelta(days=420)
        )
    with retention.chunks_of(2):
        assert retention.counts(retention.run(), "usage") == 5


# --- staff ---
@pytest.mark.parametrize("whole", [False, True])
def test_staff_see_that_there_was_an_application_and_no_more(whole: bool) -> None:
    application = retention.old("atra")
    if not whole:
        scene.draft_for(application.subject)
    gone(application)
    officer = dpo.dpo()
    listed = officer.get(reverse("admin:applications_application_changelist"))
    assert application.reference in listed.text
    page = officer.get(reverse("admin:applications_application_change", args=[application.pk]))
    assert page.status_code == 200
    for name in ("consent", "disclosure"):
        assert officer.get(reverse(f"admin:applications_{name}_changelist")).status_code == 200
