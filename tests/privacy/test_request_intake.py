"""The officer enters what came by letter: the clock starts on its day, and whose it is, is looked up."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from applications.models import AuditEntry
from privacy.models import Identity, Right, RightsRequest, Way
from privacy.states import RequestStatus
from tests import factories
from tests.privacy import desk, dpo

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])


@pytest.fixture
def officer() -> Client:
    return dpo.dpo()


def enter(client: Client, **given: object) -> object:
    facts = {
        "right": "access", "received_on": timezone.localdate(), "language": "lv", "known_by": "",
        "contact": "anna@piemers.lv", "what": "Give me my data.",
    }  # fmt: skip
    return client.post(desk.INTAKE, facts | given, follow=True, headers=desk.ENGLISH)


def proposed(response: object) -> list[str]:
    return [value for value, _name in response.context["person"].fields["person"].choices]


def test_what_nobody_is_named_in_may_stay_unknown(officer):
    response = enter(officer)
    request = RightsRequest.objects.get()
    assert response.redirect_chain == [(desk.page_of(request), 302)]
    assert (request.subject, request.way, request.identity) == (None, Way.OFFICER, Identity.NONE)
    assert (request.words.contact, request.words.text) == ("anna@piemers.lv", "Give me my data.")
    assert "letter: received" in [f"{one.what}: {one.why}" for one in request.events.all()]


def test_clock_starts_on_the_day_on_which_it_came(officer):
    day = timezone.localdate() - timedelta(days=10)
    enter(officer, received_on=day)
    assert RightsRequest.objects.get().received_on == day


@pytest.mark.parametrize("days", [1, -400])
def test_day_is_not_to_come_and_not_of_another_year(officer, days):
    response = enter(officer, received_on=timezone.localdate() + timedelta(days=days))
    assert response.context["form"].errors["received_on"]
    assert not RightsRequest.objects.exists()


@pytest.mark.parametrize("by", ["email", "customer_reference", "application", "personal_code", "phone"])
def test_person_is_proposed_by_what_they_are_known_by(officer, by):
    application = factories.sent_application(factories.subject("anna@piemers.lv"))
    anna = application.subject
    known_by = {
        "email": "Anna@piemers.lv", "customer_reference": anna.customer_reference,
        "application": application.reference, "personal_code": "321234-56789", "phone": "21234567",
    }[by]  # fmt: skip
    response = enter(officer, known_by=known_by, contact="")
    assert not RightsRequest.objects.exists()
    assert AuditEntry.objects.filter(action="subject.found", subject_id=anna.pk).exists()
    [mark, _nobody] = proposed(response)
    enter(officer, known_by=known_by, contact="", person=mark)
    request = RightsRequest.objects.get()
    assert (request.subject, request.status) == (anna, RequestStatus.RECEIVED)


def test_proposal_may_be_turned_down(officer):
    factories.subject("anna@piemers.lv")
    response = enter(officer, known_by="anna@piemers.lv")
    enter(officer, known_by="anna@piemers.lv", person=proposed(response)[-1])
    assert RightsRequest.objects.get().subject is None


@pytest.mark.parametrize("mark", ["", "made up"])
def test_nobody_is_taken_who_was_not_found(officer, mark):
    anna = factories.subject("anna@piemers.lv")
    response = enter(officer, known_by="anna@piemers.lv", person=mark or str(anna.pk))
    assert len(proposed(response)) == 2
    assert not RightsRequest.objects.exists()


def test_who_is_not_known_is_said_and_what_was_written_stays(officer):
    response = enter(officer, known_by="nobody@piemers.lv")
    assert response.context["form"].errors["known_by"]
    assert response.context["form"]["what"].value() == "Give me my data."


def test_answer_needs_somewhere_to_go(officer):
    assert enter(officer, contact="").context["form"].errors["contact"]


def test_address_on_file_is_used_where_none_is_given(officer):
    anna = factories.subject("anna@piemers.lv")
    mark = proposed(enter(officer, known_by=anna.customer_reference, contact=""))[0]
    enter(officer, known_by=anna.customer_reference, contact="", person=mark)
    assert RightsRequest.objects.get().words.contact == "anna@piemers.lv"


def test_who_is_turned_down_leaves_no_address_for_the_answer(officer):
    anna = factories.subject("anna@piemers.lv")
    response = enter(officer, known_by=anna.customer_reference, contact="", person="nobody")
    assert response.context["form"].errors["contact"]
    assert not RightsRequest.objects.exists()


def test_second_request_of_the_kind_leads_to_the_standing_one(officer):
    anna = factories.subject("anna@piemers.lv")
    standing = desk.entered(anna, Right.ACCESS)
    mark = proposed(enter(officer, known_by=anna.customer_reference))[0]
    response = enter(officer, known_by=anna.customer_reference, person=mark)
    assert response.redirect_chain == [(desk.page_of(standing), 302)]
    assert "open already" in desk.messages_of(response)[0]
    assert RightsRequest.objects.count() == 1


def test_support_enters_nothing():
    assert dpo.support().get(desk.INTAKE).status_code == 403
