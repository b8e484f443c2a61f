"""An objection: the use stops at once, is weighed, and goes on only with grounds that the person is told."""

import pytest

from applications.actors import Actor
from applications.errors import IllegalTransition, NotObjectable, ProcessingObjectedTo
from applications.models import DataSubject, Objection
from applications.personal import Purpose
from applications.selectors.permission import refusal
from applications.services.processing import end_objection
from privacy.errors import DecisionMissing
from privacy.models import Identity, LetterKind, RequestWords, Result, Right
from privacy.rights.registry import module_of
from privacy.services import receiving, requests
from privacy.services.deciding import weigh
from privacy.services.objections import take_back
from privacy.states import RequestStatus
from tests import factories
from tests.lenders import scene
from tests.privacy import desk, rights

pytestmark = pytest.mark.django_db(databases=scene.DATABASES)
S = RequestStatus
IMPROVING, MARKETING = Purpose.IMPROVE_SERVICE, Purpose.INFORM_PUBLIC


@pytest.fixture
def anna() -> DataSubject:
    return factories.subject()


def test_use_stops_before_anybody_has_decided(anna):
    request = rights.done(anna, Right.OBJECTION, about=IMPROVING)
    assert (request.status, request.trouble) == (S.RUNNING, "weighing")
    assert isinstance(refusal(anna.pk, IMPROVING), ProcessingObjectedTo)
    assert rights.letters(request) == []


def test_direct_marketing_stops_for_good_and_nobody_weighs_it(anna):
    request = rights.done(anna, Right.OBJECTION, about=MARKETING)
    assert request.status == S.COMPLETED
    assert rights.letters(request) == [LetterKind.OBJECTION_STANDS]
    assert isinstance(refusal(anna.pk, MARKETING), ProcessingObjectedTo)


def test_objection_that_stands_is_answered(anna):
    request = rights.done(anna, Right.OBJECTION, about=IMPROVING)
    weigh(request_id=request.pk, overruled=False, reasons="", actor=rights.OFFICER)
    request = rights.run(request)
    assert (request.status, request.result) == (S.COMPLETED, Result.STANDS)
    assert rights.letters(request) == [LetterKind.OBJECTION_STANDS]
    assert isinstance(refusal(anna.pk, IMPROVING), ProcessingObjectedTo)


def test_compelling_grounds_override_it_and_are_told(anna):
    request = rights.done(anna, Right.OBJECTION, about=Purpose.SYSTEM_SECURITY)
    weigh(request_id=request.pk, overruled=True, reasons="zqxqzground", actor=rights.OFFICER)
    request = rights.run(request)
    assert (request.status, request.result) == (S.COMPLETED, Result.OVERRULED)
    assert refusal(anna.pk, Purpose.SYSTEM_SECURITY) is None
    assert Objection.objects.get().overruled_at is not None
    assert rights.letters(request) == [LetterKind.OBJECTION_OVERRULED]
    letter = request.letters.get()
    assert RequestWords.objects.get(pk=request.pk).reasons == {str(letter.pk): "zqxqzground"}


def test_grounds_are_needed_to_override_it(anna):
    request = rights.done(anna, Right.OBJECTION, about=IMPROVING)
    with pytest.raises(DecisionMissing):
        weigh(request_id=request.pk, overruled=True, reasons=" ", actor=rights.OFFICER)
    assert Objection.objects.get().overruled_at is None


def test_it_is_weighed_once(anna):
    request = rights.done(anna, Right.OBJECTION, about=IMPROVING)
    weigh(request_id=request.pk, overruled=False, reasons="", actor=rights.OFFICER)
    with pytest.raises(IllegalTransition):
        weigh(request_id=request.pk, overruled=True, reasons="now", actor=rights.OFFICER)


def test_marketing_cannot_be_taken_up_again_by_us(anna):
    rights.done(anna, Right.OBJECTION, about=MARKETING)
    with pytest.raises(NotObjectable):
        end_objection(subject_id=anna.pk, purpose=MARKETING, actor=rights.OFFICER)


def test_person_takes_an_objection_back(anna):
    rights.done(anna, Right.OBJECTION, about=MARKETING)
    end_objection(subject_id=anna.pk, purpose=MARKETING, actor=Actor.consumer(anna.pk))
    assert Objection.objects.get().withdrawn_at is not None
    assert not isinstance(refusal(anna.pk, MARKETING), ProcessingObjectedTo)


def test_objection_taken_back_while_it_is_weighed_is_weighed_no_more(anna):
    request = rights.done(anna, Right.OBJECTION, about=IMPROVING)
    take_back(subject_id=anna.pk, purpose=IMPROVING, actor=Actor.consumer(anna.pk))
    request = rights.run(request)
    assert request.status == S.COMPLETED
    assert rights.letters(request) == []
    assert refusal(anna.pk, IMPROVING) is None


def test_use_stops_again_for_whoever_objects_again_after_taking_it_back(anna):
    first = rights.done(anna, Right.OBJECTION, about=IMPROVING)
    take_back(subject_id=anna.pk, purpose=IMPROVING, actor=Actor.consumer(anna.pk))
    second = rights.done(anna, Right.OBJECTION, about=IMPROVING)
    assert second.pk != first.pk
    assert isinstance(refusal(anna.pk, IMPROVING), ProcessingObjectedTo)


def test_taking_back_what_was_overruled_changes_nothing(anna):
    request = rights.done(anna, Right.OBJECTION, about=IMPROVING)
    weigh(request_id=request.pk, overruled=True, reasons="zqxqzground", actor=rights.OFFICER)
    take_back(subject_id=anna.pk, purpose=IMPROVING, actor=Actor.consumer(anna.pk))
    assert rights.current(request).status == S.RUNNING
    assert Objection.objects.get().withdrawn_at is None


def test_objections_to_two_uses_are_two_requests(anna):
    first = rights.ask(anna, Right.OBJECTION, about=IMPROVING)
    second = rights.ask(anna, Right.OBJECTION, about=MARKETING)
    assert first.pk != second.pk
    assert rights.ask(anna, Right.OBJECTION, about=MARKETING).pk == second.pk


def test_without_proof_of_who_asks_nothing_stops(anna):
    request = rights.done(anna, Right.OBJECTION, about=IMPROVING, identity=Identity.NONE)
    assert request.status == S.RECEIVED
    assert refusal(anna.pk, IMPROVING) is None


def test_request_that_does_not_say_what_it_is_about_waits_for_the_officer(anna):
    request = rights.done(anna, Right.OBJECTION, identity=Identity.CONTACT)
    assert request.status == S.ASSESSED
    with pytest.raises(IllegalTransition):
        requests.approve(request_id=request.pk, actor=rights.OFFICER)
    receiving.specify(request_id=request.pk, about=MARKETING, actor=rights.OFFICER)
    assert rights.run(request).status == S.COMPLETED


def test_what_two_people_want_whom_nobody_knows_yet_is_written_down_for_both():
    for _ in range(2):
        request = desk.entered(None, Right.OBJECTION)
        receiving.specify(request_id=request.pk, about=MARKETING, actor=rights.OFFICER)
        assert rights.current(request).about == MARKETING


def test_erasure_ends_an_objection_that_is_being_weighed(anna):
    weighed = rights.done(anna, Right.OBJECTION, about=IMPROVING)
    assert rights.run(rights.approved(anna)).status == S.COMPLETED
    weighed = rights.run(weighed)
    assert weighed.status == S.COMPLETED
    assert rights.events(weighed)[-1] == "completed: erased"


def test_proof_names_the_use_and_the_decision(anna):
    request = rights.done(anna, Right.OBJECTION, about=MARKETING)
    (part,) = module_of(Right.OBJECTION).prove(request)
    assert part.heading == str(MARKETING.label)
    assert len(part.lines) == 1
