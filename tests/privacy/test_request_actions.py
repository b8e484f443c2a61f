"""Deeds of the officer: each shows first what it will do, does it once, and never from a page out of date."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from applications.actors import Actor
from applications.models import Application, Complaint, DataSubject
from applications.services.submitting import change_status
from applications.states import ApplicationStatus
from lenders.models import Submission
from lenders.states import SubmissionStatus
from privacy.models import Identity, Refusal, Right, RightsRequest, Way
from privacy.services import identifying, receiving, requests
from privacy.states import RequestStatus
from tests import factories
from tests.applications.test_staff_proof import age
from tests.planted import plant
from tests.privacy import desk, dpo, rights

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])
S = RequestStatus
STALE = "nothing was done"


@pytest.fixture
def officer() -> Client:
    return dpo.dpo()


@pytest.fixture
def anna() -> DataSubject:
    return factories.subject()


def state(request: RightsRequest) -> str:
    return rights.current(request).status


# --- each button --------------------------------------------------------------------------------------------
def test_officer_asks_who_it_is_and_the_clock_stands_still(officer, anna):
    request = desk.entered(anna)
    page = officer.get(desk.address("ask_who", request), headers=desk.ENGLISH)
    assert "address on file" in page.text
    assert state(request) == S.RECEIVED
    desk.press(officer, "ask_who", request)
    assert state(request) == S.IDENTITY_CHECK
    assert rights.current(request).paused_on == timezone.localdate()


def test_officer_decides_who_asks_with_a_reason(officer, anna):
    request = desk.entered(anna)
    assert desk.press(officer, "identify", request, decision=" ").context["form"].errors["decision"]
    desk.press(officer, "identify", request, decision="The passport was compared.")
    found = rights.current(request)
    assert (found.status, found.identity) == (S.ASSESSED, Identity.OFFICER)
    assert found.words.decision == "The passport was compared."


@pytest.mark.parametrize("number", ["customer", "application"])
def test_officer_says_whose_request_it_is_by_a_number(officer, number):
    application = factories.sent_application(factories.subject())
    anna = application.subject
    request = desk.entered(None)
    known_by = anna.customer_reference if number == "customer" else application.reference
    page = desk.press(officer, "identify", request, decision="seen", number="C-22222-22222")
    assert page.context["form"].errors["number"]
    desk.press(officer, "identify", request, decision="seen", number=known_by.lower())
    assert rights.current(request).subject == anna


def test_person_with_an_open_request_of_the_kind_is_no_second_ones(officer, anna):
    desk.entered(anna)
    request = desk.entered(None)
    response = desk.press(officer, "identify", request, decision="seen", number=anna.customer_reference)
    assert desk.messages_of(response) == [
        "This was already done, or is no longer possible. Look at the page again."
    ]
    assert rights.current(request).subject is None


def test_approval_of_a_copy_shows_what_it_will_hold(officer, anna):
    request = desk.entered(anna, Right.ACCESS, Identity.OFFICER)
    page = officer.get(desk.address("approve", request), headers=desk.ENGLISH)
    assert "What is held" in page.text
    assert page.context["exceptions"] == []
    desk.press(officer, "approve", request)
    assert state(request) == S.APPROVED


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"why": "unfounded", "reasons": "The tenth this week."}, S.REFUSED),
        ({"why": "exception", "reasons": ""}, S.ASSESSED),
        ({"why": "nothing_held", "reasons": "x"}, S.ASSESSED),
        ({"reasons": "x"}, S.ASSESSED),
    ],
)
def test_refusal_has_a_reason_that_fits_and_words(officer, anna, given, status):
    request = desk.entered(anna, identity=Identity.OFFICER)
    desk.press(officer, "refuse", request, **given)
    assert state(request) == status


def test_of_whom_nobody_knows_the_refusal_says_so_alone(officer):
    request = desk.entered(None)
    identifying.ask_who(request_id=request.pk, actor=rights.OFFICER)
    offered = officer.get(desk.address("refuse", request)).context["form"].fields["why"].choices
    assert [value for value, _name in offered] == ["not_identified", "nothing_held"]
    desk.press(officer, "refuse", request, why="nothing_held", reasons="")
    assert state(request) == S.REFUSED


def test_more_time_is_taken_once_with_reasons(officer, anna):
    request = desk.entered(anna)
    before = request.due_on
    assert desk.press(officer, "extend", request, reasons="x").context["form"].errors["why"]
    desk.press(officer, "extend", request, why="complex", reasons="Many files.")
    found = rights.current(request)
    assert found.due_on > before + timedelta(days=50)
    assert officer.get(desk.address("extend", request)).status_code == 302


def test_request_is_withdrawn_for_the_person(officer, anna):
    request = desk.entered(anna)
    desk.press(officer, "withdraw", request)
    assert state(request) == S.WITHDRAWN


@pytest.mark.parametrize("name", ["approve", "refuse"])
def test_what_the_state_does_not_allow_leads_back(officer, anna, name):
    request = desk.entered(anna)
    response = officer.get(desk.address(name, request), follow=True, headers=desk.ENGLISH)
    assert response.redirect_chain == [(desk.page_of(request), 302)]
    assert desk.messages_of(response) == ["This is not possible in the state of the request."]


def test_request_that_is_not_there_is_not_found(officer, anna):
    request = desk.entered(anna)
    request_id = request.pk
    RightsRequest.objects.all().delete()
    request.pk = request_id
    assert officer.get(desk.address("approve", request)).status_code == 404


# --- two at once --------------------------------------------------------------------------------------------
def test_second_click_changes_nothing_and_says_so(officer, anna):
    request = desk.entered(anna, identity=Identity.OFFICER)
    form = desk.opened(officer, "approve", request)
    desk.post(officer, "approve", request, **form)
    again = desk.post(officer, "approve", request, **form)
    assert STALE in desk.messages_of(again)[0]
    assert [one for one in rights.events(request) if one == "approved"] == ["approved"]


def test_page_from_before_somebody_elses_change_does_nothing(officer, anna):
    request = desk.entered(anna, identity=Identity.OFFICER)
    form = desk.opened(officer, "refuse", request)
    identifying.ask_who(request_id=request.pk, actor=rights.OFFICER)
    identifying.identify(
        request_id=request.pk, identity=Identity.OFFICER, actor=rights.OFFICER, decision="seen"
    )
    stale = desk.post(officer, "refuse", request, **form, why="unfounded", reasons="x")
    assert STALE in desk.messages_of(stale)[0]
    assert state(request) == S.ASSESSED


def test_reminder_puts_no_page_out_of_date(officer, anna):
    request = desk.entered(anna)
    form = desk.opened(officer, "withdraw", request)
    request.events.create(what="reminded", why="half_time", actor_kind="system", actor_identifier="system")
    desk.post(officer, "withdraw", request, **form)
    assert state(request) == S.WITHDRAWN


def test_button_without_its_page_does_nothing(officer, anna):
    request = desk.entered(anna)
    assert STALE in desk.messages_of(desk.post(officer, "withdraw", request))[0]
    assert state(request) == S.RECEIVED


@pytest.mark.parametrize("name", ["withdraw", "identify", "extend"])
def test_two_officers_at_once_are_settled_on_one(officer, anna, name):
    """Both opened the page; whoever is second is told."""
    request = desk.entered(anna)
    other = dpo.staff("other", ["view_rightsrequest", "work_requests"])
    forms = [desk.opened(client, name, request) for client in (officer, other)]
    given = {"decision": "seen", "why": "many"}
    answers = [
        desk.messages_of(desk.post(client, name, request, **form, **given))[0]
        for client, form in zip((officer, other), forms, strict=True)
    ]
    assert STALE not in answers[0]
    assert STALE in answers[1]


# --- approving an erasure -----------------------------------------------------------------------------------
@pytest.fixture
def signed() -> Application:
    """A contract was signed with the lender."""
    application = factories.sent_application(factories.subject())
    actor = Actor.lender("alfa")
    Submission.objects.filter(application=application).update(status=SubmissionStatus.CONTRACT_SIGNED)
    for status in (ApplicationStatus.CHOSEN, ApplicationStatus.CONTRACTED):
        change_status(application=application, to=status, actor=actor)
    return application


def stay(application: Application, **given: object) -> dict[str, object]:
    """The row of an application, ticked."""
    row = {"stays": "on", "ground": "claims", "until": timezone.localdate() + timedelta(days=100), **given}
    return {f"{application.reference}-{name}": value for name, value in row.items()}


def test_approval_asks_for_a_fresh_second_factor(officer, anna):
    request = desk.entered(anna, identity=Identity.OFFICER)
    form = desk.opened(officer, "approve", request)
    age(officer, minutes=6)
    response = desk.post(officer, "approve", request, **form)
    assert any(template.name == "admin/door/prove.html" for template in response.templates)
    assert state(request) == S.ASSESSED


def test_application_with_a_contract_can_stay_and_half_a_year_is_proposed(officer, signed):
    request = desk.entered(signed.subject, identity=Identity.OFFICER)
    page = officer.get(desk.address("approve", request))
    [row] = page.context["exceptions"]
    assert row.keepable.application == signed
    assert 180 <= (row.keepable.until - timezone.localdate()).days <= 185
    assert not row["stays"].value()


def test_what_stays_is_shown_before_it_is_approved(officer, signed):
    request = desk.entered(signed.subject, identity=Identity.OFFICER)
    looked = desk.press(officer, "approve", request, **stay(signed), look="1")
    assert f"Application {signed.reference}" in looked.text
    assert state(request) == S.ASSESSED
    desk.press(officer, "approve", request, **stay(signed))
    [kept] = rights.current(request).kept
    assert (kept["application"], kept["ground"]) == (str(signed.pk), "claims")


def test_what_is_not_ticked_does_not_stay(officer, signed):
    request = desk.entered(signed.subject, identity=Identity.OFFICER)
    given = stay(signed)
    del given[f"{signed.reference}-stays"]
    desk.press(officer, "approve", request, **given)
    assert (state(request), rights.current(request).kept) == (S.APPROVED, [])


@pytest.mark.parametrize("until", ["", "2020-01-01", "tomorrow"])
def test_what_stays_needs_a_day_to_come(officer, signed, until):
    request = desk.entered(signed.subject, identity=Identity.OFFICER)
    page = desk.press(officer, "approve", request, **stay(signed, until=until))
    assert page.context["exceptions"][0].errors["until"]
    assert state(request) == S.ASSESSED


def test_open_complaint_lets_applications_stay(officer):
    application = factories.sent_application(factories.subject())
    request = desk.entered(application.subject, identity=Identity.OFFICER)
    assert officer.get(desk.address("approve", request)).context["exceptions"] == []
    Complaint(subject=application.subject, text="x", received_at=timezone.now()).save(force_insert=True)
    [row] = officer.get(desk.address("approve", request)).context["exceptions"]
    assert not row.keepable.signed


def test_no_page_of_a_deed_shows_a_value_of_the_person(officer):
    anna = plant("zqxqzanna")
    request = desk.entered(anna, identity=Identity.OFFICER)
    for name in ("approve", "ask_who", "refuse", "extend", "withdraw"):
        text = officer.get(desk.address(name, request)).text.lower()
        assert "zqxqz" not in text.replace("company office-zqxqzanna", ""), name


# --- letters ---


def test_letter_is_read_on_a_page_and_one_that_no_mail_could_bring_is_handed_over(officer):
    request = receiving.receive(right=Right.ACCESS, way=Way.OFFICER, language="lv", actor=rights.OFFICER)
    letter = request.letters.get()
    assert letter.to_hand_over
    address = reverse("admin:privacy_rightsrequest_letter", args=[request.pk])
    page = officer.get(address, {"letter": letter.pk})
    assert request.reference in page.text
    assert request.reference in officer.get(reverse("admin:privacy_attention")).text
    for _click in range(2):
        officer.post(f"{address}?letter={letter.pk}")
    letter.refresh_from_db()
    assert letter.handed_over_at is not None
    assert request.events.filter(what="letter_handed_over").count() == 1
    assert request.reference not in officer.get(reverse("admin:privacy_attention")).text


def test_letter_of_another_request_is_not_there(officer, anna):
    request, other = rights.ask(anna), rights.ask(factories.subject(), Right.ERASURE)
    letter = requests.refuse(request_id=other.pk, why=Refusal.UNFOUNDED, actor=rights.OFFICER).letters.get()
    address = reverse("admin:privacy_rightsrequest_letter", args=[request.pk])
    assert officer.get(address, {"letter": letter.pk}).status_code == 404
    assert officer.get(address, {"letter": "none"}).status_code == 404
