"""A lender sends other figures for an offer that was shown: the first stay, and whom it concerns is told."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from applications.actors import Actor
from applications.errors import SubjectErased
from applications.models import Application, AuditEntry
from lenders.models import LenderMessage, Offer
from lenders.selectors.for_staff import Waits, waiting_counts, waiting_submissions
from lenders.services.restating import see_to_figures
from tests.lenders import scene
from tests.lenders.staff import staff

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=scene.DATABASES),
    pytest.mark.usefixtures("lenders"),
]

PAGE = "/admin/lenders/waiting/"
ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def application(browser: Client) -> Application:
    return scene.sent_from(browser, "atra", "leja")


@pytest.fixture
def offer(application: Application) -> Offer:
    return scene.open_offer(application, "atra")


def say_again(application: Application, *, message_id: str = "", **changes: Any) -> str:
    submission = scene.submission_at(application, "atra")
    document = scene.terms_document(submission) | changes
    return scene.say(submission, "offered", message_id=message_id, offer=document)


def say_dearer(application: Application, **more: Any) -> str:
    submission = scene.submission_at(application, "atra")
    dearer = scene.credit.dearer(scene.terms_document(submission))
    return scene.say(submission, "offered", offer=dearer, **more)


def restating() -> str:
    return Offer.objects.get().restating


def waits() -> list[Waits]:
    return [line.waits for line in waiting_submissions(timezone.now())]


def test_same_figures_again_are_nothing_new(application, offer):
    assert say_again(application) == "duplicate"
    assert restating() == ""
    assert waits() == []


def test_other_figures_leave_those_that_were_shown_and_wait_for_staff(application, offer):
    assert say_dearer(application, message_id="msg_1") == "figures_changed"
    now = Offer.objects.get()
    assert (now.total_payable_cents, now.apr) == (offer.total_payable_cents, offer.apr)
    assert (now.restating, now.status) == ("open", "open")
    assert LenderMessage.objects.get().outcome == "figures_changed"
    [line] = waiting_submissions(timezone.now())
    assert (line.waits, line.code) == (Waits.RESTATED, "figures_changed")
    assert [one.number for one in waiting_counts(timezone.now())] == [1]


@pytest.mark.parametrize("figure", ["borrowing_rate", "apr"])
def test_one_other_figure_is_enough(application, offer, figure):
    document = scene.terms_document(scene.submission_at(application, "atra"))
    other = str(Decimal(document[figure]) + Decimal("0.01"))
    assert say_again(application, **{figure: other}) == "figures_changed"


def test_validity_alone_is_no_figure(application, offer):
    later = timezone.now() + timedelta(days=90)
    assert say_again(application, valid_until=later.isoformat()) == "duplicate"


@pytest.mark.parametrize("late", [False, True])
def test_chosen_offer_for_which_other_figures_come_waits_for_staff_however_late(application, offer, late):
    scene.choose(offer)
    if late:
        scene.shift(offer.submission, late_until=timezone.now())
    assert say_dearer(application) == "figures_changed"
    assert (restating(), Offer.objects.get().status) == ("open", "selected")


def test_other_figures_for_an_offer_that_is_over_concern_nobody(application, offer):
    scene.say(scene.submission_at(application, "atra"), "withdrawn")
    assert say_dearer(application) == "out_of_place"
    assert restating() == ""


def test_further_offer_beside_a_changed_one_is_taken_in(application, offer):
    submission = scene.submission_at(application, "atra")
    dearer = scene.credit.dearer(scene.terms_document(submission))
    another = scene.terms_document(submission, reference="B")
    terms = [scene.offer_terms(submission, **one).offers[0] for one in (dearer, another)]
    answer = scene.Offered(offers=tuple(terms), lender_reference="atra-1")
    actor = Actor.lender("atra")
    outcome = scene.ingest(submission_id=submission.pk, answer=answer, message_id="", actor=actor)
    assert outcome == "taken"
    assert sorted(Offer.objects.values_list("restating", flat=True)) == ["", "open"]


def test_it_is_audited_once_however_often_it_is_said(application, offer):
    for _ in range(3):
        say_dearer(application)
    [entry] = AuditEntry.objects.filter(action="offer.restated")
    assert (entry.actor_kind, entry.object_id) == ("lender", str(offer.pk))


# --- seen to ---


def test_what_staff_saw_to_does_not_come_back(application, offer):
    say_dearer(application)
    me = {"submission_id": offer.submission_id, "actor": Actor.staff(1)}
    assert see_to_figures(**me)
    assert not see_to_figures(**me)
    say_dearer(application)
    assert (restating(), waits()) == ("seen", [])
    assert AuditEntry.objects.filter(action="offer.restating_seen").count() == 1


def test_nothing_is_seen_to_of_an_erased_person(application, offer):
    say_dearer(application)
    scene.erase(application.subject)
    assert waits() == []
    with pytest.raises(SubjectErased):
        see_to_figures(submission_id=offer.submission_id, actor=Actor.staff(1))


def test_page_of_what_waits_takes_it_off(application, offer):
    say_dearer(application)
    client = staff("view_submission", "retry_submission")
    page = client.get(PAGE, headers=ENGLISH)
    assert "Sent other figures for an offer" in page.text
    assert 'name="seen" value="restated"' in page.text
    client.post(PAGE, {"seen": "restated", "submission": str(offer.submission_id)})
    assert restating() == "seen"


@pytest.mark.parametrize("button", ["signed", "1", "failed"])
def test_another_button_of_the_page_does_not_take_it_off(application, offer, button):
    say_dearer(application)
    staff("view_submission", "retry_submission").post(
        PAGE, {"seen": button, "submission": str(offer.submission_id)}
    )
    assert restating() == "open"


# --- the person ---


def test_person_reads_it_beside_the_offer_while_choosing_and_after(browser, application, offer):
    def said() -> bool:
        page = browser.get(reverse("lenders:fragment", args=[application.pk]).replace("/lv/", "/en/"))
        return "has sent other figures for its offer" in page.text

    assert not said()
    say_dearer(application)
    assert said()
    scene.choose(Offer.objects.select_related("submission").get())
    assert said()
    see_to_figures(submission_id=offer.submission_id, actor=Actor.staff(1))
    assert said()


def test_page_that_is_open_learns_of_it(application, offer):
    before = Application.objects.get(pk=application.pk).version
    say_dearer(application)
    assert Application.objects.get(pk=application.pk).version > before


def test_page_of_the_offer_says_it_before_it_is_chosen(browser, application, offer):
    say_dearer(application)
    page = browser.get(reverse("lenders:choose", args=[application.pk, offer.pk]).replace("/lv/", "/en/"))
    assert "Here stand those that it offered first." in page.text
