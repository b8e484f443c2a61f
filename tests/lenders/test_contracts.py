"""What becomes of a choice: the contract is signed and the others are let go, or the lender declines late."""

import random
from datetime import timedelta

import pytest
from django.utils import timezone

from applications.actors import Actor
from applications.errors import SubjectErased
from applications.models import (
    Application,
    ApplicationEvent,
    AuditEntry,
    MailKind,
    OutboundMail,
    Recipient,
    RestrictionGround,
)
from applications.services.processing import restrict
from lenders.adapters.base import ContractSigned, ErrorCode, LenderError
from lenders.models import DeletionNotice, Delivery, LenderMessage, Offer, Submission
from lenders.selectors.for_staff import Waits, waiting_submissions
from lenders.services.contracts import see_to_claim
from lenders.services.ingest import ingest
from lenders.states import DeliveryKind
from tests.lenders import scene
from tests.lenders.staff import staff

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=scene.DATABASES),
    pytest.mark.usefixtures("lenders"),
]


@pytest.fixture
def application() -> Application:
    """At three lenders, with the offers of two; that of atra is chosen, and atra knows."""
    application = scene.sent("atra", "leja", "piesardze")
    scene.taken_by_all(application, piesardze="declined")
    scene.chosen(application, "atra")
    return application


def mails(kind: MailKind) -> list[OutboundMail]:
    return list(OutboundMail.objects.filter(kind=kind))


def say(application: Application, slug: str, word: str, **more: str) -> str:
    return scene.say(scene.submission_at(application, slug), word, **more)


def signed_by_word(submission: Submission) -> str:
    return ingest(
        submission_id=submission.pk,
        answer=ContractSigned(),
        message_id="",
        actor=Actor.lender(submission.lender.slug),
    )


# --- signed ---


def test_signed_contract_ends_the_application_and_every_other_offer(application):
    assert say(application, "atra", "contract_signed") == "taken"
    assert scene.states(application) == {
        "atra": "contract_signed",
        "leja": "not_selected",
        "piesardze": "declined",
    }
    assert {offer.submission.lender.slug: offer.status for offer in Offer.objects.all()} == {
        "atra": "selected",
        "leja": "not_selected",
    }
    application.refresh_from_db()
    assert application.status == "contracted"


def test_signed_contract_is_written_down_and_mailed_once(application):
    for _ in range(10):
        say(application, "atra", "contract_signed", message_id="msg_1")
        say(application, "atra", "contract_signed")
    assert ApplicationEvent.objects.filter(application=application, status="contracted").count() == 1
    assert AuditEntry.objects.filter(action="application.contracted").count() == 1
    (mail,) = mails(MailKind.CONTRACT_SIGNED)
    assert scene.SANDBOX["atra"].name in mail.body
    assert application.reference in mail.title


def test_other_offers_of_the_lender_that_signed_end_as_well():
    application = scene.sent("atra")
    submission = scene.submission_at(application, "atra")
    offers = [scene.terms_document(submission, reference=reference) for reference in "AB"]
    scene.say(submission, "offered", offers=offers)
    chosen, _other = Offer.objects.select_related("submission")
    scene.choose(chosen)
    say(application, "atra", "contract_signed")
    assert sorted(Offer.objects.values_list("status", flat=True)) == ["not_selected", "selected"]


def test_lenders_still_considering_are_let_go_and_what_waits_is_not_sent():
    application = scene.sent("atra", "leja", "dzintars", "piesardze")
    scene.say(scene.submission_at(application, "dzintars"), "pending")
    scene.say(scene.submission_at(application, "leja"), "needs_more")
    scene.choose(scene.open_offer(application, "atra"))
    say(application, "atra", "contract_signed")
    assert scene.states(application) == {
        "atra": "contract_signed",
        "leja": "not_selected",
        "dzintars": "not_selected",
        "piesardze": "not_selected",
    }
    assert not Delivery.objects.filter(status="due").exists()
    assert set(Delivery.objects.values_list("error_code", flat=True)) == {"no_longer_wanted"}


def test_late_offer_stays_out_after_the_contract(application):
    say(application, "atra", "contract_signed")
    fresh = scene.terms_document(scene.submission_at(application, "leja"), reference="LATE")
    assert scene.say(scene.submission_at(application, "leja"), "offered", offer=fresh) == "too_late"
    assert Offer.objects.filter(status="open").count() == 0
    assert mails(MailKind.LATE_OFFER) == []


def test_inquiry_is_not_made_once_a_contract_is_signed(application):
    say(application, "atra", "contract_signed")
    Delivery.objects.filter(kind="deletion").delete()
    late = scene.delivery_at(application, "piesardze")
    scene.shift(late, status="due", kind="inquiry", lease_until=None)
    assert scene.begun(application) == {}
    late.refresh_from_db()
    assert late.error_code == "nothing_to_learn"


def test_signed_contract_counts_long_after_the_late_window(application):
    scene.shift(scene.submission_at(application, "atra"), late_until=timezone.now() - timedelta(days=60))
    assert say(application, "atra", "contract_signed") == "taken"


def test_lender_whose_papers_lapsed_may_still_say_that_it_signed(application):
    Recipient.objects.filter(slug="atra").update(active=False)
    assert say(application, "atra", "contract_signed") == "taken"


def test_contract_signed_as_answer_to_the_choice_is_taken_in():
    application = scene.sent("atra")
    scene.taken_by_all(application)
    scene.choose(Offer.objects.select_related("submission").get())
    (told,) = scene.begun(application).values()
    submission = scene.submission_at(application, "atra")
    scene.finish(told, scene.signed_reply(submission, scene.statement(submission, "contract_signed")))
    assert scene.states(application) == {"atra": "contract_signed"}
    assert scene.delivery_at(application, "atra", "choice").status == "done"


def test_restricted_person_is_not_written_to_but_the_fact_is_kept(application):
    actor = Actor.consumer(application.subject_id)
    restrict(subject_id=application.subject_id, ground=RestrictionGround.CLAIMS, actor=actor)
    assert say(application, "atra", "contract_signed") == "taken"
    assert mails(MailKind.CONTRACT_SIGNED) == []
    assert scene.begun(application) == {}  # nobody is asked to delete what may be needed as evidence
    assert DeletionNotice.objects.count() == 2


def test_nothing_is_taken_in_for_an_erased_person(application):
    scene.erase(application.subject)
    with pytest.raises(SubjectErased):
        say(application, "atra", "contract_signed")


# --- signed, but not chosen ---


@pytest.mark.parametrize("slug", ["leja", "piesardze"])
def test_contract_with_a_lender_that_was_not_chosen_moves_nothing_and_waits_for_staff(application, slug):
    before = scene.states(application)
    for number in range(3):
        assert say(application, slug, "contract_signed", message_id=f"call_{number}") == "signed_not_chosen"
    assert scene.states(application) == before
    application.refresh_from_db()
    assert application.status == "chosen"
    said = LenderMessage.objects.filter(message_id__startswith="call_")
    assert set(said.values_list("outcome", flat=True)) == {"signed_not_chosen"}
    assert AuditEntry.objects.filter(action="submission.signing_claimed").count() == 1
    [line] = waiting_submissions(timezone.now())
    assert (line.waits, line.submission.lender.slug, line.code) == (Waits.SIGNED, slug, "signed_not_chosen")


def test_claim_without_a_message_id_is_not_lost():
    application = scene.sent("atra")
    assert signed_by_word(scene.submission_at(application, "atra")) == "signed_not_chosen"
    assert [line.waits for line in waiting_submissions(timezone.now())] == [Waits.SIGNED]


def test_claim_for_a_closed_application_is_not_an_error(application):
    scene.shift(application, status="closed")
    assert say(application, "atra", "contract_signed") == "signed_not_chosen"
    assert scene.states(application)["atra"] == "selected"


def test_second_lender_that_signs_as_well_waits_for_staff(application):
    say(application, "atra", "contract_signed")
    assert say(application, "leja", "contract_signed") == "signed_not_chosen"
    assert scene.states(application)["leja"] == "not_selected"


def test_claim_that_staff_saw_to_does_not_come_back(application):
    say(application, "leja", "contract_signed", message_id="msg_1")
    claimed = scene.submission_at(application, "leja").pk
    assert see_to_claim(submission_id=claimed, actor=Actor.staff(1))
    assert not see_to_claim(submission_id=claimed, actor=Actor.staff(1))
    say(application, "leja", "contract_signed", message_id="msg_2")
    assert waiting_submissions(timezone.now()) == []
    assert AuditEntry.objects.filter(action="submission.signing_seen").count() == 1


def test_page_of_what_waits_shows_the_claim_and_takes_it_off(application):
    say(application, "leja", "contract_signed")
    claimed = scene.submission_at(application, "leja").pk
    client = staff("view_submission", "retry_submission")
    page = client.get("/admin/lenders/waiting/", headers={"Accept-Language": "en"})
    assert "Says that a contract is signed" in page.text
    assert 'name="seen"' in page.text
    client.post("/admin/lenders/waiting/", {"seen": "signed", "submission": str(claimed)})
    assert Submission.objects.get(pk=claimed).signing_claim == "seen"


def test_lender_that_speaks_of_a_contract_is_asked_to_delete_only_when_staff_know_better(application):
    say(application, "leja", "contract_signed")
    say(application, "atra", "contract_signed")
    assert "leja" not in set(DeletionNotice.objects.values_list("lender__slug", flat=True))
    claimed = scene.submission_at(application, "leja").pk
    see_to_claim(submission_id=claimed, actor=Actor.staff(1))
    assert DeletionNotice.objects.get(submission=claimed).reason == "not_selected"


def test_claim_that_staff_saw_to_before_any_contract_asks_nobody_to_delete(application):
    say(application, "leja", "contract_signed")
    see_to_claim(submission_id=scene.submission_at(application, "leja").pk, actor=Actor.staff(1))
    assert not DeletionNotice.objects.exists()


# --- declined late ---


def test_late_decline_opens_the_held_offers_and_is_mailed_once(application):
    for _ in range(10):
        say(application, "atra", "declined", message_id="msg_1")
        say(application, "atra", "withdrawn")
    assert scene.states(application)["atra"] == "lender_declined_late"
    (mail,) = mails(MailKind.DECLINED_LATE)
    assert scene.SANDBOX["atra"].name in mail.body
    assert "pieejams 1 cits piedāvājums" in mail.body
    scene.choose(Offer.objects.select_related("submission").get(status="open"))


def test_late_decline_without_another_offer_says_so():
    application = scene.sent("atra")
    scene.choose(scene.open_offer(application, "atra"))
    say(application, "atra", "declined")
    (mail,) = mails(MailKind.DECLINED_LATE)
    assert "Citu piedāvājumu tagad nevar izvēlēties." in mail.body


def test_offer_of_a_lender_whose_papers_lapsed_is_not_counted(application):
    Recipient.objects.filter(slug="leja").update(active=False)
    say(application, "atra", "declined")
    assert "nevar izvēlēties" in mails(MailKind.DECLINED_LATE)[0].body


def test_choice_that_the_lender_rejects_is_mailed_as_a_late_decline():
    application = scene.sent("atra", "leja")
    scene.taken_by_all(application)
    scene.choose(Offer.objects.select_related("submission").get(submission__lender__slug="atra"))
    (told,) = scene.begun(application).values()
    scene.finish(told, LenderError(ErrorCode.REJECTED, permanent=True, signed=True))
    assert len(mails(MailKind.DECLINED_LATE)) == 1


def test_lender_that_declined_late_and_then_says_signed_is_for_staff(application):
    say(application, "atra", "declined")
    assert say(application, "atra", "contract_signed") == "signed_not_chosen"
    assert scene.states(application)["atra"] == "lender_declined_late"
    application.refresh_from_db()
    assert application.status == "submitted"


@pytest.mark.parametrize("word", ["declined", "withdrawn"])
def test_contract_once_signed_is_not_declined_any_more(application, word):
    say(application, "atra", "contract_signed")
    say(application, "atra", word)
    assert scene.states(application)["atra"] == "contract_signed"
    assert Offer.objects.get(submission__lender__slug="atra").status == "selected"
    assert mails(MailKind.DECLINED_LATE) == []


@pytest.mark.parametrize("seed", range(6))
def test_words_in_any_order_ten_times_each_leave_one_state_and_one_mail(application, seed):
    """Whatever the chosen lender said first holds."""
    words = [word for word in ("contract_signed", "declined", "withdrawn") for _ in range(10)]
    random.Random(seed).shuffle(words)
    for number, word in enumerate(words):
        say(application, "atra", word, message_id=f"msg_{number % 7}_{word}")
    signed = words[0] == "contract_signed"
    assert scene.states(application)["atra"] == ("contract_signed" if signed else "lender_declined_late")
    application.refresh_from_db()
    assert application.status == ("contracted" if signed else "submitted")
    assert [len(mails(MailKind.CONTRACT_SIGNED)), len(mails(MailKind.DECLINED_LATE))] == [signed, not signed]
    asked = Delivery.objects.filter(kind=DeliveryKind.DELETION).count()
    assert asked == DeletionNotice.objects.count() == (2 if signed else 0)
