"""A person's rights on their own pages: what stopped is said, what they hold stays readable."""

from uuid import uuid4

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from applications.actors import Actor
from applications.models import (
    Application,
    AuditEntry,
    Consent,
    DataSubject,
    Disclosure,
    RestrictionGround,
)
from applications.personal import Basis, Purpose, RecipientKind
from applications.row_security import storing
from applications.services.audit import ASIDE
from applications.services.processing import restrict
from tests import factories

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])
ACCOUNT = reverse("applications:account")
SENTENCE = "tikai glabā"


@pytest.fixture
def owner(client: Client) -> DataSubject:
    return factories.sign_in(client)


def restricted(subject: DataSubject) -> None:
    restrict(subject_id=subject.pk, ground=RestrictionGround.UNLAWFUL, actor=Actor.consumer(subject.pk))


# --- restriction ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["applications:check", "lenders:send"])
def test_form_is_closed_while_the_data_are_only_stored(client: Client, owner: DataSubject, name: str) -> None:
    factories.complete_draft(owner)
    restricted(owner)
    page = client.get(reverse(name))
    assert page.status_code == 403
    assert SENTENCE in page.text
    assert f'href="{ACCOUNT}"' in page.text


@pytest.mark.parametrize("sent", [False, True])
def test_way_in_leads_to_the_account_which_says_why_nothing_goes_on(
    client: Client, owner: DataSubject, sent: bool
) -> None:
    factories.sent_application(owner) if sent else factories.complete_draft(owner)
    restricted(owner)
    page = client.get(reverse("applications:resume"), follow=True)
    assert page.redirect_chain == [(ACCOUNT, 302)]
    assert SENTENCE in page.text
    main = page.text.partition("<main")[2].partition("</main>")[0]
    assert reverse("applications:resume") not in main
    assert reverse("applications:begin") not in main


def test_answer_posted_while_the_data_are_only_stored_is_not_kept(client: Client, owner: DataSubject) -> None:
    factories.draft(owner, given_name="Anna", surname="Ozola")
    restricted(owner)
    address = reverse("applications:step", args=["name"])
    assert client.post(address, {"given_name": "Cita", "surname": "Cita"}).status_code == 403
    with storing():
        assert Application.objects.get(subject=owner).identification.surname == "Ozola"


def test_account_stays_readable_while_the_data_are_only_stored(client: Client, owner: DataSubject) -> None:
    application = factories.sent_application(owner)
    restricted(owner)
    page = client.get(ACCOUNT)
    assert page.status_code == 200
    assert application.reference in page.text


def test_staff_are_told_why_they_see_nothing() -> None:
    application = factories.sent_application(factories.subject())
    restricted(application.subject)
    staff = Client()
    factories.sign_in_staff(staff, factories.root())
    page = staff.get(reverse("admin:applications_application_change", args=[application.pk]))
    assert page.status_code == 403
    assert "A•••••" not in page.text
    assert SENTENCE in page.text
    assert reverse("admin:index") in page.text
    found = AuditEntry.objects.filter(subject_id=application.subject_id, actor_kind="staff")
    assert list(found.values_list("action", flat=True)) == []
    aside = AuditEntry.objects.using(ASIDE).filter(subject_id=application.subject_id, actor_kind="staff")
    assert [entry.action for entry in aside] == ["application.refused"]


@pytest.mark.parametrize("name", ["consent", "restriction", "disclosure"])
def test_what_a_person_decided_stays_readable_to_who_carries_it_out(name: str) -> None:
    application = factories.sent_application(factories.subject())
    restricted(application.subject)
    Disclosure.objects.create(
        subject=application.subject, application=application, recipient_kind=RecipientKind.LENDER,
        recipient="atra", recipient_name="Ātrā", delivery=uuid4(), purpose=Purpose.PASS_TO_LENDERS,
        basis=Basis.CONTRACT, fields=["loan.amount_cents"], at=timezone.now(),
    )  # fmt: skip
    staff = Client()
    factories.sign_in_staff(staff, factories.root())
    row = apps.get_model("applications", name).objects.get()
    page = staff.get(reverse(f"admin:applications_{name}_change", args=[row.pk]))
    assert page.status_code == 200


# --- consent --------------------------------------------------------------------------------------------
def withdraw(client: Client, consent: Consent) -> None:
    response = client.post(reverse("applications:withdraw", args=[consent.pk]))
    assert (response.status_code, response["Location"]) == (302, f"{ACCOUNT}#consents")


def test_account_shows_what_was_agreed_to_in_its_words(client: Client, owner: DataSubject) -> None:
    factories.sent_application(owner)
    assert "Pass my application on to these lenders." in client.get(ACCOUNT).text


def test_consent_is_withdrawn_with_one_button_and_stays_on_record(client: Client, owner: DataSubject) -> None:
    consent = Consent.objects.get(application=factories.sent_application(owner))
    assert reverse("applications:withdraw", args=[consent.pk]) in client.get(ACCOUNT).text
    withdraw(client, consent)
    consent.refresh_from_db()
    assert consent.withdrawn_at
    assert reverse("applications:withdraw", args=[consent.pk]) not in client.get(ACCOUNT).text
    assert AuditEntry.objects.filter(action="consent.withdrawn", subject_id=owner.pk).count() == 1


def test_address_of_the_button_alone_withdraws_nothing_and_leads_to_it(
    client: Client, owner: DataSubject
) -> None:
    consent = Consent.objects.get(application=factories.sent_application(owner))
    response = client.get(reverse("applications:withdraw", args=[consent.pk]))
    assert (response.status_code, response["Location"]) == (302, ACCOUNT)
    consent.refresh_from_db()
    assert consent.withdrawn_at is None


def test_withdrawing_twice_keeps_the_first_moment(client: Client, owner: DataSubject) -> None:
    consent = Consent.objects.get(application=factories.sent_application(owner))
    withdraw(client, consent)
    consent.refresh_from_db()
    first = consent.withdrawn_at
    withdraw(client, consent)
    consent.refresh_from_db()
    assert consent.withdrawn_at == first


def test_consent_of_somebody_else_is_not_found(client: Client, owner: DataSubject) -> None:
    consent = Consent.objects.get(application=factories.sent_application(factories.subject()))
    for identifier in (consent.pk, uuid4()):
        assert client.post(reverse("applications:withdraw", args=[identifier])).status_code == 404
    consent.refresh_from_db()
    assert consent.withdrawn_at is None


# --- why we ask -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("slug", ["amount", "name", "document", "pep"])
def test_every_question_says_why_it_is_asked(client: Client, owner: DataSubject, slug: str) -> None:
    factories.complete_draft(owner)
    page = client.get(reverse("applications:step", args=[slug]))
    questions = page.context["form"].fields
    assert page.text.count('<details class="why">') == len(questions)
    assert "#category-" in page.text


def test_first_question_says_why_it_is_asked(client: Client) -> None:
    assert client.get(reverse("applications:start")).text.count('<details class="why">') == 1
