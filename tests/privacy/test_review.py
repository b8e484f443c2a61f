"""A review by a human being: passed on to the lender, waited for, its answer told and shown."""

import pytest

from applications.crypto.keyring import data_key_scope
from applications.models import Application, DataSubject, RestrictionGround
from applications.services.operations import DAILY_JOBS
from applications.services.processing import restrict
from lenders.models import LenderWord
from lenders.services.words import record_word_answer
from lenders.states import ReviewOutcome, WordKind
from privacy.models import Identity, LetterKind, RequestWords, Result, Right, RightsRequest
from privacy.rights.registry import module_of
from privacy.services import receiving, requests
from privacy.services.reviewing import tell_late_reviews
from privacy.states import RequestStatus
from tests import factories
from tests.clock import later
from tests.lenders import scene
from tests.privacy import rights

pytestmark = [pytest.mark.django_db(databases=scene.DATABASES), pytest.mark.usefixtures("lenders")]
S = RequestStatus


@pytest.fixture
def application() -> Application:
    """Refused by one lender; another made an offer."""
    found = scene.sent("atra", "leja")
    scene.taken_by_all(found, atra="declined")
    return found


def asked(application: Application, **written: str) -> RightsRequest:
    about = str(scene.submission_at(application, "atra").pk)
    return rights.done(application.subject, Right.REVIEW, about=about, **written)


def answered(request: RightsRequest, outcome: ReviewOutcome = ReviewOutcome.UPHELD) -> None:
    """The lender's answer, as staff write it down."""
    word = LenderWord.objects.get(matter=request.pk)
    record_word_answer(word_id=word.pk, outcome=outcome, explanation="zqxqzexplained", actor=rights.OFFICER)


def test_wish_is_passed_on_at_once_in_the_persons_own_words(application):
    request = asked(application, view="zqxqzview")
    assert (request.status, request.trouble) == (S.RUNNING, "lender")
    word = LenderWord.objects.get()
    with data_key_scope():
        assert (word.kind, word.matter, word.text) == (WordKind.REVIEW, request.pk, "zqxqzview")


def test_what_the_person_wrote_to_us_is_not_passed_on(application):
    asked(application, text="zqxqzwritten")
    with data_key_scope():
        assert LenderWord.objects.get().text is None


def test_what_a_stranger_asked_in_the_persons_name_is_not_passed_on_as_theirs(application):
    about = str(scene.submission_at(application, "atra").pk)
    stranger = rights.ask(
        application.subject, Right.REVIEW, about=about, identity=Identity.NONE, view="zqxqzstranger"
    )
    request = asked(application, view="zqxqzview")
    assert request.pk != stranger.pk
    with data_key_scope():
        assert LenderWord.objects.get().text == "zqxqzview"


def test_officer_enters_what_the_lender_gets_of_a_letter(application):
    request = rights.done(application.subject, Right.REVIEW, identity=Identity.CONTACT, text="zqxqzletter")
    about = str(scene.submission_at(application, "atra").pk)
    receiving.specify(request_id=request.pk, about=about, view="zqxqzview", actor=rights.OFFICER)
    rights.run(request)
    with data_key_scope():
        assert LenderWord.objects.get().text == "zqxqzview"


def test_answer_of_the_lender_is_told(application):
    request = asked(application)
    answered(request)
    request = rights.run(request)
    assert request.status == S.COMPLETED
    assert rights.letters(request) == [LetterKind.REVIEWED]


def test_person_is_answered_in_time_although_the_lender_is_not(application):
    request = asked(application)
    with later(days=28):
        request = rights.run(request)
        assert request.status == S.COMPLETED
        assert rights.letters(request) == [LetterKind.REVIEW_PASSED_ON]


def test_answer_that_comes_late_is_told_once(application):
    request = asked(application)
    with later(days=28):
        rights.run(request)
        assert tell_late_reviews() == {"letters": 0}
        answered(request)
        assert tell_late_reviews() == {"letters": 1}
        assert tell_late_reviews() == {"letters": 0}
    assert rights.letters(request) == [LetterKind.REVIEW_PASSED_ON, LetterKind.REVIEWED]


def test_answer_that_comes_late_is_told_to_somebody_restricted_as_well(application):
    request = asked(application)
    with later(days=28):
        rights.run(request)
        answered(request)
        restrict(subject_id=application.subject_id, ground=RestrictionGround.CLAIMS, actor=rights.OFFICER)
        assert tell_late_reviews() == {"letters": 1}


def test_persons_view_is_not_lost_where_the_officer_entered_the_request(application):
    about = str(scene.submission_at(application, "atra").pk)
    entered = rights.ask(
        application.subject, Right.REVIEW, about=about, identity=Identity.OFFICER, view="zqxqzofficers"
    )
    assert entered.status == S.ASSESSED
    assert rights.ask(application.subject, Right.REVIEW, about=about, view="zqxqzview").pk == entered.pk
    requests.approve(request_id=entered.pk, actor=rights.OFFICER)
    rights.run(entered)
    with data_key_scope():
        assert LenderWord.objects.get().text == "zqxqzview"
        assert "zqxqzofficers" in RequestWords.objects.get(pk=entered.pk).text


def test_view_that_comes_after_the_lender_was_asked_is_kept_with_the_words(application):
    request = asked(application, view="zqxqzview")
    again = rights.ask(application.subject, Right.REVIEW, about=request.about, view="zqxqzafter")
    assert again.pk == request.pk
    with data_key_scope():
        words = RequestWords.objects.get(pk=request.pk)
        assert (words.view, "zqxqzafter" in words.text) == ("zqxqzview", True)


def test_second_click_says_nothing_twice(application):
    about = str(scene.submission_at(application, "atra").pk)
    for _click in range(2):
        request = rights.ask(application.subject, Right.REVIEW, about=about, view="zqxqzview")
    with data_key_scope():
        words = RequestWords.objects.get(pk=request.pk)
        assert (words.view, words.text) == ("zqxqzview", None)


def test_telling_of_late_answers_is_a_daily_job():
    assert DAILY_JOBS["tell_late_reviews"] is tell_late_reviews


def test_where_there_is_nothing_to_review_the_person_is_told_so():
    application = scene.sent("atra")
    scene.taken_by_all(application)
    request = asked(application)
    assert (request.status, request.result) == (S.COMPLETED, Result.NOTHING)
    assert rights.letters(request) == [LetterKind.REFUSED]
    assert not LenderWord.objects.exists()


def test_decision_about_somebody_else_is_not_reviewed(application):
    stranger: DataSubject = factories.subject()
    about = str(scene.submission_at(application, "atra").pk)
    request = rights.done(stranger, Right.REVIEW, about=about)
    assert request.result == Result.NOTHING
    assert not LenderWord.objects.exists()


def test_erasure_ends_a_review_that_is_waited_for(application):
    request = asked(application)
    erasure = rights.run(rights.approved(application.subject))
    with later(days=11):
        assert rights.run(erasure).status == S.COMPLETED
        request = rights.run(request)
    assert rights.events(request)[-1] == "completed: erased"


def test_proof_says_what_the_lender_answered_and_not_in_which_words(application):
    request = asked(application)
    answered(request)
    request = rights.run(request)
    (part,) = module_of(Right.REVIEW).prove(request)
    assert str(ReviewOutcome.UPHELD.label) in str(part.lines)
    assert "zqxqzexplained" not in str(part.lines)
