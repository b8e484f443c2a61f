"""Papers for a complaint: the request, the proof of its receipt and of our answers, everything dated."""

import io
import zipfile

import pytest
from django.utils import timezone

from applications.actors import Actor
from applications.models import Contact, ContactRole, DataSubject, MailStatus, OutboundMail
from applications.selectors.contacts import contact
from privacy.models import LetterKind, Refusal, RequestFile, Right, RightsRequest
from privacy.rights.papers import as_zip, papers_of
from privacy.selectors.my_requests import requests_of
from privacy.services import identifying, requests
from privacy.services.reminding import forget_words
from privacy.states import RequestStatus
from tests import factories
from tests.clock import later
from tests.lenders import scene
from tests.privacy import desk, rights

pytestmark = pytest.mark.django_db(databases=scene.DATABASES)
S = RequestStatus


@pytest.fixture
def anna() -> DataSubject:
    return factories.subject()


@pytest.fixture
def refused(anna: DataSubject) -> RightsRequest:
    """An erasure that was refused, with reasons, and answered."""
    request = rights.ask(anna, Right.ERASURE, text="zqxqzwritten")
    requests.refuse(
        request_id=request.pk, why=Refusal.EXCEPTION, reasons="zqxqzreasons", actor=rights.OFFICER
    )
    OutboundMail.objects.filter(owner_id=request.pk).update(status=MailStatus.SENT, sent_at=timezone.now())
    return rights.current(request)


def papers(subject: DataSubject, earlier: RightsRequest) -> dict:
    request = rights.done(subject, Right.COMPLAINT, about=earlier.reference)
    assert (request.status, request.trouble) == (S.COMPLETED, "")
    assert rights.letters(request) == [LetterKind.PAPERS]
    document = papers_of(request)
    assert document is not None
    return document


def test_request_its_steps_and_the_answer_are_in_it(anna, refused):
    document = papers(anna, refused)
    assert document["written"] == "zqxqzwritten"
    assert len(document["steps"]) == refused.events.count()  # nothing happened among ourselves
    assert all(step["at"] for step in document["steps"])
    (letter,) = document["letters"]
    assert letter["added"] == "zqxqzreasons"
    assert refused.reference in " ".join(letter["paragraphs"])


def test_sending_is_proved_by_its_moment(anna, refused):
    (letter,) = papers(anna, refused)["letters"]
    assert len(letter["moments"]) == 2


def test_authority_is_named_as_it_is_on_file_now(anna, refused):
    authority: Contact = contact(ContactRole.AUTHORITY)
    reached = papers(anna, refused)["authority"]["reached"]
    assert authority.email in {way["text"] for way in reached}


def test_papers_open_without_us(anna, refused):
    with zipfile.ZipFile(io.BytesIO(as_zip(papers(anna, refused)))) as package:
        assert set(package.namelist()) == {"papers.html", "papers.json"}
        page = package.read("papers.html").decode()
    assert "zqxqzreasons" in page
    assert "<script" not in page


def test_nobody_gets_papers_about_another_persons_request(refused):
    other = factories.subject()
    request = rights.done(other, Right.COMPLAINT, about=refused.reference)
    assert request.status == S.RUNNING
    assert papers_of(request) is None


def test_words_of_whoever_named_the_person_are_not_in_them(anna):
    """The officer took a message of somebody else for hers, asked her, and she said no."""
    named = desk.entered(anna, Right.ACCESS)
    identifying.ask_who(request_id=named.pk, actor=rights.OFFICER)
    identifying.deny(request_id=named.pk, subject_id=anna.pk, actor=Actor.consumer(anna.pk))
    document = papers(anna, rights.current(named))
    assert document["written"] == ""
    assert len(document["letters"]) == 3


def test_papers_go_with_the_words_of_their_request(anna, refused):
    request = rights.done(anna, Right.COMPLAINT, about=refused.reference)
    with later(days=200):
        forget_words()
    assert not RequestFile.objects.filter(request=request).exists()
    (mine,) = [one for one in requests_of(anna) if one.request.pk == request.pk]
    assert not mine.has_papers
