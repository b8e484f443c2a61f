"""A lender needs more: the person gives exactly that to it alone, does not want to, or is asked by mail."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from applications.actors import Actor
from applications.crypto.keyring import data_key_scope
from applications.errors import IllegalTransition, ProcessingRestricted, RequestWithdrawn, SubjectErased
from applications.models import (
    Application,
    AuditEntry,
    Consent,
    Identification,
    MailKind,
    OutboundMail,
    Recipient,
    RestrictionGround,
)
from applications.personal import Purpose
from applications.row_security import opened
from applications.services.processing import lift_restriction, restrict, withdraw_consent
from applications.uploads import PDF, Upload
from lenders.errors import AsksForElse, MayNotReceiveNow, NothingAsked
from lenders.models import DeletionNotice, Delivery, Submission, Supplement, SuppliedFile
from lenders.selectors.more_page import asked_for
from lenders.services import ingest
from lenders.services.choosing import choose
from lenders.services.supplementing import ask_by_mail, give, refuse
from lenders.services.supplied_files import GivenFile
from lenders.states import DeletionReason
from tests.factories import in_parallel
from tests.lenders import scene

pytestmark = [pytest.mark.django_db(databases=scene.DATABASES), pytest.mark.usefixtures("lenders")]

PHONE = {"identification.phone": "+37129999999"}
INCOME = GivenFile("document.income", Upload(PDF, b"%PDF-1.7 canary %%EOF"))
NEEDS = ["identification.phone", "document.income"]


def asking(*needs: str, slug: str = "leja", **answers: Any) -> Submission:
    """Somebody's submission whose lender has just said what it needs."""
    application = scene.sent(slug, "atra", **answers)
    submission = scene.submission_at(application, slug)
    Delivery.objects.filter(submission=submission).update(status="done")
    assert scene.say(submission, "needs_more", needs=list(needs or NEEDS)) == "taken"
    return scene.submission_at(application, slug)


def consumer(submission: Submission) -> Actor:
    return Actor.consumer(submission.subject_id)


@data_key_scope()
def answer(submission: Submission, answers: Any = PHONE, files: Any = (INCOME,)) -> None:
    give(
        submission_id=submission.pk,
        subject_id=submission.subject_id,
        answers=answers,
        files=files,
        actor=consumer(submission),
    )


def say_no(submission: Submission) -> None:
    refuse(submission_id=submission.pk, subject_id=submission.subject_id, actor=consumer(submission))


def now_at(submission: Submission) -> Submission:
    return scene.submission_at(submission.application, submission.lender.slug)


def supplements(submission: Submission) -> int:
    return Delivery.objects.filter(submission=submission, kind="supplement").count()


# --- giving ---


def test_what_is_given_is_kept_apart_and_sent_to_this_lender_alone():
    submission = asking()
    answer(submission)
    kept = Supplement.objects.get()
    assert kept.given == PHONE
    (file,) = kept.files.all()
    assert (file.label, file.media_type, file.content) == ("document.income", PDF, INCOME.upload.content)
    assert file.file_financial is not None
    assert Identification.objects.get(application=submission.application).phone == scene.ANSWERS["phone"]
    assert Delivery.objects.get(kind="supplement").submission_id == submission.pk
    assert scene.states(submission.application) == {"leja": "pending", "atra": "queued"}


def test_every_answer_comes_back_with_its_type():
    given = {
        "identification.birth_date": scene.ANSWERS["birth_date"],
        "identification.email": "canary@example.lv",
        "loan.amount_cents": 1,
        "financial.employer": "SIA Canary",
        "family.dependants": 0,
        "pep.pep_status": "none",
        "identity_document.document_type": "passport",
        "identity_document.valid_until": scene.ANSWERS["valid_until"],
    }
    submission = asking(*given)
    answer(submission, given, ())
    assert Supplement.objects.get().given == given


def test_what_is_given_is_written_down_without_its_values():
    submission = asking()
    answer(submission)
    entry = AuditEntry.objects.get(action="supplement.given")
    assert (entry.subject_id, entry.detail) == (submission.subject_id, {})


def test_page_waits_again_and_the_late_window_is_never_shortened():
    submission = asking()
    far = timezone.now() + timedelta(days=30)
    scene.shift(submission, page_wait_until=timezone.now(), late_until=far)
    answer(now_at(submission))
    assert now_at(submission).page_wait_until > timezone.now()
    assert now_at(submission).late_until == far


def test_given_just_before_the_window_closes_the_lender_has_its_whole_time_again():
    submission = asking()
    scene.shift(submission, late_until=timezone.now() + timedelta(seconds=5))
    answer(now_at(submission))
    hours = submission.lender.late_window_hours
    assert now_at(submission).late_until > timezone.now() + timedelta(hours=hours)
    assert Delivery.objects.get(kind="supplement").deadline >= now_at(submission).late_until


@pytest.mark.parametrize(
    ("answers", "files"),
    [
        (PHONE, ()),
        ({}, (INCOME,)),
        ({}, ()),
        (PHONE | {"identification.city": "Rīga"}, (INCOME,)),
        (PHONE, (INCOME, GivenFile("document.identity", INCOME.upload))),
        ({"identification.city": "Rīga"}, (INCOME,)),
        (PHONE | {"loan.keyword": "canary"}, (INCOME,)),
        (PHONE | {"no.such": "canary"}, (INCOME,)),
    ],
)
def test_less_more_or_something_else_than_asked_for_is_refused(answers, files):
    submission = asking()
    with pytest.raises(AsksForElse):
        answer(submission, answers, files)
    assert not Supplement.objects.exists()
    assert now_at(submission).status == "action_required"


def test_keyword_and_what_lenders_may_not_have_are_never_asked_for():
    submission = asking()
    submission.needs = ["loan.keyword", "account.notes", "interests.profile", *NEEDS]
    assert asked_for(submission) == tuple(NEEDS)


def test_lender_that_takes_nothing_afterwards_is_given_nothing(monkeypatch):
    submission = asking()
    scene.shift(submission.lender, adapter="telex")
    with pytest.raises(NothingAsked):
        answer(now_at(submission))


@pytest.mark.slow
@pytest.mark.django_db(databases=scene.DATABASES, transaction=True)
def test_hundred_presses_at_once_are_one_supplement():
    submission = asking()
    outcomes = in_parallel(lambda _: answer(submission), 100)
    assert [one for one in outcomes if one is None] == [None]
    assert {type(one) for one in outcomes} == {type(None), IllegalTransition}
    assert (Supplement.objects.count(), SuppliedFile.objects.count(), supplements(submission)) == (1, 1, 1)


# --- what stands in the way ---


def test_second_press_gives_nothing():
    submission = asking()
    answer(submission)
    with pytest.raises(IllegalTransition):
        answer(submission)
    assert supplements(submission) == 1


def test_nothing_is_given_to_a_lender_that_has_decided():
    submission = asking()
    scene.say(submission, "declined")
    with pytest.raises(IllegalTransition):
        answer(submission)


def test_nothing_is_given_after_the_window_has_closed_though_no_sweep_has_seen_it():
    submission = asking()
    scene.shift(submission, late_until=timezone.now())
    with pytest.raises(NothingAsked):
        answer(submission)


def test_nothing_is_given_while_another_offer_is_chosen():
    submission = asking()
    offer = scene.open_offer(submission.application, "atra")
    choose(offer_id=offer.pk, subject_id=offer.subject_id, actor=consumer(submission))
    with pytest.raises(NothingAsked):
        answer(submission)


def test_nothing_is_given_by_somebody_else():
    submission = asking()
    stranger, _ = scene.new_session()
    with pytest.raises(NothingAsked):
        give(
            submission_id=submission.pk, subject_id=stranger.pk, answers=PHONE, files=[INCOME],
            actor=Actor.consumer(stranger.pk),
        )  # fmt: skip


def test_nothing_is_given_for_an_erased_person():
    submission = asking()
    scene.erase(submission.application.subject)
    with pytest.raises(SubjectErased):
        answer(submission)


def test_nothing_is_given_while_the_data_are_only_stored():
    submission = asking()
    restrict(
        subject_id=submission.subject_id,
        ground=RestrictionGround.ACCURACY,
        actor=consumer(submission),
    )
    own_pages = opened(Purpose.DATA_SUBJECT_RIGHTS, person=submission.subject_id)
    with own_pages, pytest.raises(ProcessingRestricted):
        answer(submission)


def test_nothing_is_given_once_the_request_is_withdrawn():
    submission = asking()
    withdraw_consent(
        consent_id=Consent.objects.get(application=submission.application).pk,
        subject_id=submission.subject_id,
        actor=consumer(submission),
    )
    with pytest.raises(RequestWithdrawn):
        answer(submission)


def test_nothing_is_given_to_a_lender_whose_papers_have_lapsed():
    submission = asking()
    Recipient.objects.filter(lender=submission.lender).update(review_due_on="2020-01-01")
    with pytest.raises(MayNotReceiveNow):
        answer(submission)


def test_nothing_is_given_to_a_lender_that_was_asked_to_delete():
    submission = asking()
    DeletionNotice.objects.create(
        subject_id=submission.subject_id,
        submission=submission,
        lender_id=submission.lender_id,
        reason=DeletionReason.ERASURE,
    )
    with pytest.raises(NothingAsked):
        answer(now_at(submission))


# --- asking ---


def test_second_round_asks_for_other_things():
    submission = asking("identification.phone")
    answer(submission, PHONE, ())
    (prepared,) = (one for one in scene.begun_in_order(submission.application) if one.kind == "supplement")
    more = scene.statement(submission, "needs_more", needs=["document.income"])
    scene.finish(prepared, scene.signed_reply(submission, more))
    assert (now_at(submission).status, now_at(submission).needs) == ("action_required", ["document.income"])
    answer(now_at(submission), {}, (INCOME,))
    assert Supplement.objects.count() == 2
    assert supplements(submission) == 2


def test_request_said_again_while_the_supplement_is_on_its_way_asks_for_nothing():
    submission = asking()
    answer(submission)
    assert scene.say(submission, "needs_more", needs=NEEDS, message_id="msg_again") == "out_of_place"
    assert now_at(submission).status == "pending"


def test_same_request_again_changes_nothing_not_even_a_refusal():
    submission = asking()
    say_no(submission)
    assert scene.say(submission, "needs_more", needs=NEEDS, message_id="msg_again") == "duplicate"
    assert now_at(submission).asking == "refused"


def test_other_request_is_asked_anew_and_open_pages_learn_of_it():
    submission = asking()
    say_no(submission)
    version = Application.objects.get(pk=submission.application_id).version
    assert scene.say(submission, "needs_more", needs=["document.residence"]) == "taken"
    assert (now_at(submission).asking, now_at(submission).needs) == ("open", ["document.residence"])
    assert Application.objects.get(pk=submission.application_id).version > version


# --- refusing ---


def test_refusal_is_noted_and_the_lender_is_told_nothing():
    submission = asking()
    say_no(submission)
    assert (now_at(submission).status, now_at(submission).asking) == ("action_required", "refused")
    assert supplements(submission) == 0
    assert AuditEntry.objects.filter(action="supplement.refused").count() == 1


def test_refusing_twice_is_refusing_once():
    submission = asking()
    say_no(submission)
    say_no(submission)
    assert AuditEntry.objects.filter(action="supplement.refused").count() == 1


def test_person_may_think_better_of_it():
    submission = asking()
    say_no(submission)
    answer(submission)
    assert (now_at(submission).status, now_at(submission).asking) == ("pending", "nothing")


def test_lender_may_offer_all_the_same():
    submission = asking()
    say_no(submission)
    scene.say(submission, "offered")
    assert now_at(submission).status == "offered"


def test_window_closes_over_a_refusal():
    submission = asking()
    say_no(submission)
    scene.shift(submission, late_until=timezone.now() - timedelta(seconds=1))
    ingest.close_overdue()
    assert now_at(submission).status == "no_response"


# --- asking by mail ---


def waited(submission: Submission) -> Submission:
    """The page has stopped waiting."""
    scene.shift(submission, page_wait_until=timezone.now() - timedelta(seconds=1))
    return now_at(submission)


def mails() -> int:
    return OutboundMail.objects.filter(kind=MailKind.MORE_NEEDED).count()


def test_whoever_has_not_answered_when_the_page_waits_no_more_is_asked_by_mail_once():
    submission = asking()
    assert (ask_by_mail(), mails()) == (0, 0)
    waited(submission)
    assert (ask_by_mail(), ask_by_mail(), mails()) == (1, 0, 1)
    assert now_at(submission).asking == "mailed"
    with data_key_scope():
        mail = OutboundMail.objects.get(kind=MailKind.MORE_NEEDED)
        assert submission.lender.name in mail.body
        assert "phone" not in mail.body


@pytest.mark.parametrize("act", [answer, say_no])
def test_whoever_answered_in_time_gets_no_mail(act):
    submission = asking()
    act(submission)
    waited(submission)
    assert (ask_by_mail(), mails()) == (0, 0)


def test_request_that_cannot_be_answered_here_is_no_mail():
    application = scene.sent("leja")
    scene.shift(scene.submission_at(application, "leja").lender, adapter="telex")
    scene.say(scene.submission_at(application, "leja"), "needs_more")
    waited(scene.submission_at(application, "leja"))
    assert (ask_by_mail(), mails()) == (0, 0)


def test_restricted_person_is_not_written_to_before_the_restriction_is_lifted():
    submission = waited(asking())
    restriction = restrict(
        subject_id=submission.subject_id,
        ground=RestrictionGround.ACCURACY,
        actor=consumer(submission),
    )
    assert (ask_by_mail(), mails()) == (0, 0)
    lift_restriction(restriction_id=restriction.pk, actor=Actor.staff(1))
    assert (ask_by_mail(), mails()) == (1, 1)


def test_erased_person_is_not_written_to():
    submission = waited(asking())
    scene.erase(submission.application.subject)
    assert (ask_by_mail(), mails()) == (0, 0)


def ask_to_delete_it(submission: Submission) -> None:
    reason = DeletionReason.NOT_SELECTED
    DeletionNotice.objects.create(
        subject_id=submission.subject_id, submission=submission, lender=submission.lender, reason=reason
    )


def take_the_request_back(submission: Submission) -> None:
    consent = Consent.objects.get(application=submission.application)
    withdraw_consent(consent_id=consent.pk, subject_id=submission.subject_id, actor=consumer(submission))


def let_its_time_pass(submission: Submission) -> None:
    scene.shift(submission, late_until=timezone.now() - timedelta(seconds=1))


@pytest.mark.parametrize("ends", [ask_to_delete_it, take_the_request_back, let_its_time_pass])
def test_nobody_is_asked_by_mail_for_what_could_not_be_passed_on(ends):
    submission = waited(asking())
    ends(submission)
    assert (ask_by_mail(), mails()) == (0, 0)
