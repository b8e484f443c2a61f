"""A human being at a lender reviews its refusal or automated price; what it answers reaches the person."""

import json
from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from applications.crypto.keyring import data_key_scope
from applications.errors import SubjectErased
from applications.models import AuditEntry, Disclosure, RestrictionGround
from applications.services.processing import restrict
from applications.working_days import months_after
from lenders.errors import NotReviewable
from lenders.models import Delivery, LenderWord
from lenders.selectors.reviews import ReviewState, reviewable, reviews_of
from tests.lenders import scene
from tests.lenders.deletion_scene import DPO, received, withdraw
from tests.lenders.rights_scene import MATTER, VIEW, answers, begun, calls_back, review, word

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=scene.DATABASES),
    pytest.mark.usefixtures("lenders"),
]
UPHELD = {"outcome": "upheld", "explanation": "canary: ienākumi par maziem"}
CHANGED = {"outcome": "changed", "explanation": "canary: lēmums mainīts"}
REFUSED = {"outcome": "refused", "explanation": "canary: lēma cilvēks"}


@pytest.fixture(autouse=True)
def _keys():
    with data_key_scope():
        yield


def declined(*slugs: str):
    return received(*(slugs or ("leja",)), **dict.fromkeys(slugs or ("leja",), "declined"))


def asked(application) -> LenderWord:
    """A review that the lender knows of."""
    review(application, "leja")
    answers(begun(application)[0])
    return word()


# --- what can be reviewed ---


def personalised(personally: bool):
    application = scene.sent("leja")
    scene.open_offer(application, "leja", price_personalised=personally)
    return application


def test_refusal_can_be_reviewed():
    application = declined("leja")
    assert [one.lender.slug for one in reviewable(application.subject_id)] == ["leja"]


def test_price_that_was_personalised_automatically_can_be_reviewed_and_no_other():
    assert len(reviewable(personalised(True).subject_id)) == 1
    plain = personalised(False)
    assert reviewable(plain.subject_id) == []
    with pytest.raises(NotReviewable):
        review(plain, "leja")


@pytest.mark.parametrize("stands", ["pending", "needs_more", "withdrawn"])
def test_where_nothing_is_decided_nothing_is_reviewed(stands):
    assert reviewable(received("leja", leja=stands).subject_id) == []


def test_decision_is_reviewed_once_and_a_new_one_anew():
    application = declined()
    about = asked(application)
    assert reviewable(application.subject_id) == []
    with pytest.raises(NotReviewable):
        review(application, "leja")
    calls_back(about, "reviewed", **CHANGED)
    scene.say(scene.submission_at(application, "leja"), "declined")
    assert len(reviewable(application.subject_id)) == 1


def test_lender_that_deleted_everything_has_nothing_to_review():
    application = declined()
    withdraw(application)
    assert len(reviewable(application.subject_id)) == 1
    scene.say(scene.submission_at(application, "leja"), "deleted")
    assert reviewable(application.subject_id) == []


def test_of_an_erased_person_nothing_is_reviewed():
    application = declined()
    scene.erase(application.subject)
    for read in (reviewable, reviews_of):
        with pytest.raises(SubjectErased):
            read(application.subject_id)
    with pytest.raises(SubjectErased):
        review(application, "leja")


# --- asking ---


def test_request_carries_the_view_and_the_last_day_and_is_in_the_register():
    application = declined()
    about = review(application, "leja")
    (prepared,) = begun(application)
    body = json.loads(prepared.call.http.body)
    due_on = months_after(timezone.localdate(), 1)
    assert (body["kind"], body["view"], body["answer_by"]) == ("review", VIEW, due_on.isoformat())
    assert body["notice_id"] == str(about.pk)
    assert Disclosure.objects.get(delivery=prepared.claim.delivery_id).fields == ["lender_word.text"]


def test_request_without_a_view_discloses_nothing():
    application = declined()
    review(application, "leja", view="  ")
    (prepared,) = begun(application)
    assert "view" not in json.loads(prepared.call.http.body)
    assert prepared.call.discloses is None


def test_asked_twice_in_one_matter_it_is_one_request():
    application = declined()
    first, second = (review(application, "leja", matter=MATTER) for _ in range(2))
    assert first == second
    assert Delivery.objects.filter(kind="word").count() == 1


def test_view_that_is_too_long_is_refused():
    application = declined()
    review(application, "leja", view="x" * 4000)
    other = declined()
    with pytest.raises(NotReviewable):
        review(other, "leja", view="x" * 4001)


def test_request_goes_out_while_the_use_is_restricted():
    application = declined()
    restrict(subject_id=application.subject_id, ground=RestrictionGround.CLAIMS, actor=DPO)
    review(application, "leja")
    assert len(begun(application)) == 1


def test_reviews_at_several_lenders_are_apart():
    application = declined("leja", "atra")
    for slug in ("leja", "atra"):
        review(application, slug, matter=MATTER)
    for prepared in begun(application):
        answers(prepared)
    calls_back(word("atra"), "reviewed", **UPHELD)
    assert (word("atra").outcome, word("leja").outcome) == ("upheld", "")


# --- what the lender answers ---


def test_noted_and_then_reviewed_by_callback():
    application = declined()
    about = asked(application)
    assert reviews_of(application.subject_id)[0].state is ReviewState.ASKED
    assert calls_back(about, "reviewed", message_id="msg_1", **UPHELD) == "taken"
    (found,) = reviews_of(application.subject_id)
    assert (found.state, found.outcome, found.explanation) == (
        ReviewState.ANSWERED, "upheld", UPHELD["explanation"],
    )  # fmt: skip
    assert scene.states(application) == {"leja": "declined"}
    assert AuditEntry.objects.filter(action="word.answered").count() == 1


def test_reviewed_at_once():
    application = declined()
    review(application, "leja")
    answers(begun(application)[0], "reviewed", **REFUSED)
    (found,) = reviews_of(application.subject_id)
    assert (found.outcome, found.told_at is not None) == ("refused", True)


@pytest.mark.parametrize("same_id", ["msg_1", ""])
def test_answer_that_comes_twice_counts_once(same_id):
    about = asked(declined())
    for _ in range(3):
        calls_back(about, "reviewed", message_id=same_id, **UPHELD)
    assert AuditEntry.objects.filter(action="word.answered").count() == 1


def test_late_answer_counts():
    application = declined()
    about = asked(application)
    scene.shift(about, due_on=timezone.localdate() - timedelta(days=40))
    scene.shift(scene.submission_at(application, "leja"), late_until=timezone.now() - timedelta(days=60))
    assert reviews_of(application.subject_id)[0].state is ReviewState.OVERDUE
    assert calls_back(about, "reviewed", **UPHELD) == "taken"


@pytest.mark.parametrize(
    ("first", "second", "stands"),
    [
        (UPHELD, CHANGED, "changed"),
        (REFUSED, UPHELD, "upheld"),
        (CHANGED, UPHELD, "changed"),
        (CHANGED, REFUSED, "changed"),
        (UPHELD, REFUSED, "upheld"),
    ],
)
def test_answer_becomes_better_for_the_person_and_never_worse(first, second, stands):
    about = asked(declined())
    calls_back(about, "reviewed", **first)
    calls_back(about, "reviewed", **second)
    about.refresh_from_db()
    assert about.outcome == stands


def test_lender_names_an_earlier_or_a_later_day():
    about = asked(declined())
    for days in (10, 50):
        named = timezone.localdate() + timedelta(days=days)
        assert calls_back(about, "noted", until=named.isoformat()) == "taken"
        assert word().due_on == named
    assert calls_back(about, "noted", until=named.isoformat()) == "duplicate"


@pytest.mark.parametrize(("named", "months"), [("2999-01-01", 3), ("2001-01-01", 0)])
def test_day_that_is_beyond_reason_does_not_count(named, months):
    about = asked(declined())
    calls_back(about, "noted", until=named)
    today = timezone.localdate()
    earliest, latest = today, today + timedelta(days=31 * months)
    assert earliest <= word().due_on <= latest


def test_callback_after_an_erasure_stores_nothing():
    application = declined()
    about = asked(application)
    scene.erase(application.subject)
    with pytest.raises(SubjectErased):
        calls_back(about, "reviewed", **UPHELD)
    assert LenderWord.objects.get(pk=about.pk).outcome == ""


def test_lender_that_knows_of_no_such_decision_leaves_it_to_staff():
    application = declined()
    review(application, "leja")
    unknown = {"errors": [{"attribute": "submission_id", "type": "unknown", "message": ""}]}
    submission = scene.submission_at(application, "leja")
    scene.finish(begun(application)[0], scene.signed_reply(submission, unknown, status=404))
    (found,) = reviews_of(application.subject_id)
    assert (found.told_at, found.by_hand) == (None, True)
    assert scene.delivery_at(application, "leja", "word").error_code == "not_received"


# --- a decision that was changed ---


def test_changed_decision_is_followed_by_an_offer_on_the_ordinary_way():
    application = declined()
    about = asked(application)
    scene.shift(scene.submission_at(application, "leja"), late_until=timezone.now() - timedelta(days=20))
    calls_back(about, "reviewed", **CHANGED)
    submission = scene.submission_at(application, "leja")
    assert (submission.status, submission.decline_reason) == ("pending", None)
    assert submission.late_until > timezone.now()
    assert scene.say(submission, "offered") == "taken"
    assert scene.states(application) == {"leja": "offered"}


def test_late_refusal_that_was_changed_reopens_the_submission():
    application = received("leja", "atra")
    scene.chosen(application, "leja")
    scene.say(scene.submission_at(application, "leja"), "declined")
    assert scene.states(application)["leja"] == "lender_declined_late"
    review(application, "leja")
    answers(begun(application)[0], "reviewed", **CHANGED)
    submission = scene.submission_at(application, "leja")
    assert submission.status == "pending"
    terms = scene.terms_document(submission, reference="BETTER-1")
    assert scene.say(submission, "offered", offer=terms) == "taken"


def test_offer_that_comes_before_the_decision_was_changed_does_not_count():
    application = declined()
    asked(application)
    assert scene.say(scene.submission_at(application, "leja"), "offered") != "taken"
    assert scene.states(application) == {"leja": "declined"}


def test_automated_price_that_was_changed_is_offered_anew_beside_the_old_one():
    application = scene.sent("leja")
    scene.begun(application)  # it left
    scene.open_offer(application, "leja", price_personalised=True)
    review(application, "leja")
    Delivery.objects.filter(kind="application").update(status="done", lease_until=None)
    answers(begun(application)[0])
    calls_back(word(), "reviewed", **CHANGED)
    submission = scene.submission_at(application, "leja")
    terms = scene.terms_document(submission, reference="BETTER-1")
    assert scene.say(submission, "offered", offer=terms) == "taken"
    assert submission.offers.count() == 2


@pytest.mark.parametrize("outcome", [UPHELD, REFUSED])
def test_decision_that_stands_reopens_nothing(outcome):
    application = declined()
    calls_back(asked(application), "reviewed", **outcome)
    assert scene.states(application) == {"leja": "declined"}


def test_lender_that_was_asked_to_delete_offers_nothing_more():
    application = declined()
    about = asked(application)
    withdraw(application)
    calls_back(about, "reviewed", **CHANGED)
    assert scene.states(application) == {"leja": "declined"}


def test_after_a_contract_elsewhere_nothing_is_reopened():
    application = received("atra", "leja", leja="declined")
    about = asked(application)
    scene.chosen(application, "atra")
    scene.say(scene.submission_at(application, "atra"), "contract_signed")
    assert calls_back(about, "reviewed", **CHANGED) == "taken"
    assert scene.states(application)["leja"] == "declined"


# --- the clock ---


@pytest.mark.parametrize(
    ("asked_on", "due_on"),
    [
        (date(2026, 11, 26), date(2026, 12, 28)),  # Christmas and a weekend
        (date(2027, 1, 31), date(2027, 3, 1)),  # the last day of February is a Sunday
        (date(2026, 9, 10), date(2026, 10, 12)),
    ],
)
def test_lender_has_a_calendar_month_to_the_next_working_day(asked_on, due_on):
    assert months_after(asked_on, 1) == due_on


def test_person_reads_on_the_offers_page_that_a_refusal_can_be_reviewed(browser):
    application = scene.sent_from(browser, "leja", "atra")
    scene.taken_by_all(application, leja="declined")
    page = browser.get(reverse("lenders:offers", args=[application.pk]))
    sentence = gettext("You can ask that a human being at this lender reviews what it decided.")
    assert page.text.count(sentence) == 1
    review(application, "leja")
    page = browser.get(reverse("lenders:offers", args=[application.pk]))
    assert sentence not in page.text
