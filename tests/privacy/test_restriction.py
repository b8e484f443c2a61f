"""A restriction from the request to its end: only stored, recipients told, the person told before it ends."""

from datetime import timedelta

import pytest
from django.utils import timezone

from applications.actors import Actor
from applications.errors import IllegalTransition, ProcessingRestricted
from applications.models import (
    Application,
    DataSubject,
    MailStatus,
    OutboundMail,
    Restriction,
    RestrictionGround,
)
from applications.personal import Purpose
from applications.row_security import storing
from applications.selectors.permission import refusal
from applications.services.operations import DAILY_JOBS
from lenders.models import LenderWord
from privacy.models import Identity, Letter, LetterKind, Outcome, RequestWords, Right, RightsRequest
from privacy.rights.notification import follow_what_stays
from privacy.rights.registry import module_of
from privacy.services import requests
from privacy.services.letters import hand_over
from privacy.services.reminding import forget_words
from privacy.services.restrictions import NOTICE, announce_end, end_own, lift_announced
from privacy.states import RequestStatus
from tests import factories
from tests.clock import later
from tests.lenders import scene
from tests.privacy import rights

pytestmark = pytest.mark.django_db(databases=scene.DATABASES)
S = RequestStatus
ACCURACY, CLAIMS = RestrictionGround.ACCURACY, RestrictionGround.CLAIMS
WORK = Purpose.HANDLE_APPLICATIONS


@pytest.fixture
def anna() -> DataSubject:
    return factories.subject()


def restricted(subject: DataSubject) -> RightsRequest:
    request = rights.done(subject, Right.RESTRICTION, about=ACCURACY)
    assert (request.status, request.trouble) == (S.COMPLETED, "")
    return request


def ends(request: RightsRequest, days: int = NOTICE.days) -> None:
    on = timezone.localdate() + timedelta(days=days)
    announce_end(request_id=request.pk, on=on, reasons="It was checked.", actor=rights.OFFICER)


def test_data_are_only_stored_and_the_person_is_told(anna):
    request = restricted(anna)
    assert isinstance(refusal(anna.pk, WORK), ProcessingRestricted)
    assert refusal(anna.pk, Purpose.DATA_SUBJECT_RIGHTS) is None
    assert rights.letters(request) == [LetterKind.RESTRICTED]
    assert request.letters.get().facts["ground"] == ACCURACY


def test_without_proof_of_who_asks_nothing_is_restricted(anna):
    assert rights.done(anna, Right.RESTRICTION, about=ACCURACY, identity=Identity.NONE).status == S.RECEIVED
    assert not Restriction.objects.exists()


def test_officer_who_knows_who_asks_approves_it(anna):
    request = rights.done(anna, Right.RESTRICTION, about=ACCURACY, identity=Identity.OFFICER)
    assert request.status == S.ASSESSED
    requests.approve(request_id=request.pk, actor=rights.OFFICER)
    assert rights.run(request).status == S.COMPLETED


def test_each_ground_is_a_request_of_its_own(anna):
    restricted(anna)
    rights.done(anna, Right.RESTRICTION, about=RestrictionGround.CLAIMS)
    assert Restriction.objects.filter(lifted_at__isnull=True).count() == 2


def test_same_ground_asked_for_twice_restricts_once(anna):
    restricted(anna)
    restricted(anna)
    assert Restriction.objects.count() == 1


def test_person_ends_it_at_any_time(anna):
    restricted(anna)
    row = Restriction.objects.get()
    end_own(restriction_id=row.pk, subject_id=anna.pk, actor=Actor.consumer(anna.pk))
    assert refusal(anna.pk, WORK) is None


def test_whoever_ends_it_while_recipients_are_told_can_ask_for_it_anew(lenders):
    application: Application = scene.sent("atra")
    scene.taken_by_all(application)
    anna = application.subject
    first = rights.done(anna, Right.RESTRICTION, about=ACCURACY)
    assert first.status == S.RUNNING
    end_own(restriction_id=Restriction.objects.get().pk, subject_id=anna.pk, actor=Actor.consumer(anna.pk))
    assert rights.current(first).status == S.COMPLETED
    assert rights.letters(first) == []
    second = rights.done(anna, Right.RESTRICTION, about=ACCURACY)
    assert second.pk != first.pk
    assert isinstance(refusal(anna.pk, WORK), ProcessingRestricted)


def test_what_recipients_answer_after_it_ended_early_is_still_noted(lenders):
    application: Application = scene.sent("atra")
    scene.taken_by_all(application)
    anna = application.subject
    request = rights.done(anna, Right.RESTRICTION, about=ACCURACY)
    end_own(restriction_id=Restriction.objects.get().pk, subject_id=anna.pk, actor=Actor.consumer(anna.pk))
    assert request.told.get().outcome == Outcome.WAITING
    LenderWord.objects.filter(matter=request.pk).update(told_at=timezone.now())
    follow_what_stays()
    assert request.told.get().outcome == Outcome.TOLD


def ended(subject: DataSubject, ground: str = ACCURACY) -> None:
    row = Restriction.objects.filter(subject=subject, ground=ground).latest("since")
    end_own(restriction_id=row.pk, subject_id=subject.pk, actor=Actor.consumer(subject.pk))


def told_to_lenders() -> list[str]:
    with storing():
        return list(LenderWord.objects.order_by("asked_at").values_list("kind", flat=True))


def test_what_recipients_answer_is_noted_although_another_restriction_stands(lenders):
    application: Application = scene.sent("atra")
    scene.taken_by_all(application)
    anna = application.subject
    request = rights.done(anna, Right.RESTRICTION, about=ACCURACY)
    rights.done(anna, Right.RESTRICTION, about=CLAIMS)
    ended(anna)
    with storing():
        LenderWord.objects.filter(matter=request.pk).update(told_at=timezone.now())
    follow_what_stays()
    assert request.told.get().outcome == Outcome.TOLD


def test_lenders_are_told_of_the_end_once_nothing_restricts_any_more(lenders):
    application: Application = scene.sent("atra")
    scene.taken_by_all(application)
    anna = application.subject
    for ground in (ACCURACY, CLAIMS):
        rights.done(anna, Right.RESTRICTION, about=ground)
    ended(anna)
    assert told_to_lenders() == ["restricted", "restricted"]
    ended(anna, CLAIMS)
    assert told_to_lenders() == ["restricted", "restricted", "restriction_lifted"]


def test_late_click_on_one_that_has_ended_leaves_a_newer_one_alone(lenders):
    application: Application = scene.sent("atra")
    scene.taken_by_all(application)
    anna = application.subject
    rights.done(anna, Right.RESTRICTION, about=ACCURACY)
    old = Restriction.objects.get()
    ended(anna)
    second = rights.done(anna, Right.RESTRICTION, about=ACCURACY)
    end_own(restriction_id=old.pk, subject_id=anna.pk, actor=Actor.consumer(anna.pk))
    assert rights.current(second).status == S.RUNNING
    assert told_to_lenders().count("restriction_lifted") == 1


def test_nobody_ends_another_persons_restriction(anna):
    restricted(anna)
    other = factories.subject()
    with pytest.raises(Restriction.DoesNotExist):
        end_own(
            restriction_id=Restriction.objects.get().pk, subject_id=other.pk, actor=Actor.consumer(other.pk)
        )
    assert isinstance(refusal(anna.pk, WORK), ProcessingRestricted)


# --- we end it ---
def mailed() -> None:
    OutboundMail.objects.update(status=MailStatus.SENT, sent_at=timezone.now())


def test_person_is_told_before_it_ends(anna):
    request = restricted(anna)
    ends(request)
    assert rights.letters(request)[-1] == LetterKind.RESTRICTION_ENDS
    letter = request.letters.order_by("written_at").last()
    assert RequestWords.objects.get(pk=request.pk).reasons == {str(letter.pk): "It was checked."}
    assert lift_announced() == {"restrictions": 0, "untold": 0}
    assert isinstance(refusal(anna.pk, WORK), ProcessingRestricted)


def test_it_ends_on_its_day(anna):
    ends(restricted(anna))
    mailed()
    with later(days=NOTICE.days):
        assert lift_announced() == {"restrictions": 1, "untold": 0}
    assert refusal(anna.pk, WORK) is None
    assert "restriction_lifted" in rights.events(RightsRequest.objects.get())


def test_it_does_not_end_sooner_than_the_person_can_react(anna):
    request = restricted(anna)
    with pytest.raises(IllegalTransition):
        ends(request, NOTICE.days - 1)
    assert Restriction.objects.get().ends_on is None


def test_it_does_not_end_while_the_letter_has_reached_nobody(anna):
    request = restricted(anna)
    RequestWords(request=request, contact=None).save(update_fields=["contact"])
    ends(request)
    with later(days=NOTICE.days):
        assert lift_announced() == {"restrictions": 0, "untold": 1}
        letter = Letter.objects.get(template__kind=LetterKind.RESTRICTION_ENDS)
        hand_over(letter_id=letter.pk, actor=rights.OFFICER)
        assert lift_announced() == {"restrictions": 1, "untold": 0}


@pytest.mark.parametrize("status", [MailStatus.QUEUED, MailStatus.FAILED])
def test_it_does_not_end_while_the_mail_about_it_has_not_left(anna, status):
    ends(restricted(anna))
    OutboundMail.objects.update(status=status)
    with later(days=NOTICE.days):
        assert lift_announced() == {"restrictions": 0, "untold": 1}


def test_it_does_not_end_when_the_person_asks_for_it_anew(anna):
    ends(restricted(anna))
    restricted(anna)
    mailed()
    with later(days=NOTICE.days):
        lift_announced()
    assert isinstance(refusal(anna.pk, WORK), ProcessingRestricted)


def test_it_does_not_end_when_it_is_asked_for_anew_while_recipients_are_told(lenders):
    application: Application = scene.sent("atra")
    scene.taken_by_all(application)
    anna = application.subject
    request = rights.done(anna, Right.RESTRICTION, about=ACCURACY)
    assert request.status == S.RUNNING
    ends(request)
    assert rights.ask(anna, Right.RESTRICTION, about=ACCURACY).pk == request.pk
    mailed()
    with later(days=NOTICE.days):
        lift_announced()
    assert isinstance(refusal(anna.pk, WORK), ProcessingRestricted)


def test_nobody_but_its_person_keeps_it_up(anna):
    ends(restricted(anna))
    rights.ask(anna, Right.RESTRICTION, about=ACCURACY, identity=Identity.NONE)
    assert Restriction.objects.get().ends_on is not None


def test_it_does_not_end_when_it_is_asked_for_anew_at_the_last_moment(anna, monkeypatch):
    ends(restricted(anna))
    mailed()

    def is_told(_restriction: Restriction) -> bool:
        restricted(anna)
        return True

    monkeypatch.setattr("privacy.services.restrictions._is_told", is_told)
    with later(days=NOTICE.days):
        assert lift_announced() == {"restrictions": 0, "untold": 0}
    assert isinstance(refusal(anna.pk, WORK), ProcessingRestricted)


def test_letter_about_another_end_is_no_notice_of_this_one(anna):
    request = restricted(anna)
    ends(request, NOTICE.days + 30)
    mailed()
    RequestWords(request=request, contact=None).save(update_fields=["contact"])
    ends(request)
    with later(days=NOTICE.days):
        assert lift_announced() == {"restrictions": 0, "untold": 1}


def test_it_can_be_ended_however_long_it_has_stood(anna):
    request = restricted(anna)
    with later(days=200):
        forget_words()
        ends(request)
        assert not Letter.objects.get(template__kind=LetterKind.RESTRICTION_ENDS).to_hand_over


def test_words_go_some_time_after_it_has_ended(anna):
    request = restricted(anna)
    end_own(restriction_id=Restriction.objects.get().pk, subject_id=anna.pk, actor=Actor.consumer(anna.pk))
    with later(days=60):
        forget_words()
        assert RequestWords.objects.filter(pk=request.pk).exists()
    with later(days=200):
        forget_words()
        assert not RequestWords.objects.filter(pk=request.pk).exists()


def test_restriction_that_the_person_has_ended_cannot_be_announced_to_end(anna):
    request = restricted(anna)
    end_own(restriction_id=Restriction.objects.get().pk, subject_id=anna.pk, actor=Actor.consumer(anna.pk))
    with pytest.raises(IllegalTransition):
        ends(request)


def test_lifting_is_a_daily_job():
    assert DAILY_JOBS["lift_restrictions"] is lift_announced


# --- recipients ---
def test_recipients_are_listed_with_what_came_of_telling_them(lenders):
    application: Application = scene.sent("atra", "leja")
    scene.taken_by_all(application)
    request = rights.done(application.subject, Right.RESTRICTION, about=ACCURACY)
    assert {one.recipient for one in request.told.all()} == {"atra", "leja"}
    headings = [str(part.heading) for part in module_of(Right.RESTRICTION).prove(request)]
    assert len(headings) == 2


def test_answer_leaves_although_the_person_is_restricted(anna):
    request = restricted(anna)
    assert OutboundMail.objects.filter(owner_id=request.pk).exists()
