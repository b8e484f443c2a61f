"""Who saw what: every disclosure and every opening by staff stands on the person's own page."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from applications.crypto.keyring import data_key_scope
from applications.models import Application, DataSubject, Disclosure, DisclosureStatus, StaffUser
from applications.personal import Category, Purpose
from applications.roles import Role
from applications.selectors.who_saw import who_saw
from applications.services.revealing import Look, reveal
from tests import factories
from tests.lenders import scene
from tests.privacy import dpo

pytestmark = [pytest.mark.thorough, pytest.mark.django_db(databases=["default", "keys", "aside"])]
PAGE = reverse("applications:seen")


@pytest.fixture
def owner(client: Client) -> DataSubject:
    return factories.sign_in(client)


@pytest.fixture
def application(owner: DataSubject) -> Application:
    with data_key_scope():
        scene.register("https://lenders.example", "atra", "leja")
        return scene.send(scene.draft_for(owner), ["atra", "leja"])


def sights(owner: DataSubject) -> list[Any]:
    return who_saw(owner.pk, purpose=Purpose.DATA_SUBJECT_RIGHTS)


def staff() -> Client:
    return factories.sign_in_staff(Client(), factories.staff(Role.SUPPORT, Role.DPO, name="support"))


def test_nobody_saw_anything_before_the_application_left(client: Client, application: Application) -> None:
    assert sights(application.subject) == []
    assert "Neviens" in client.get(PAGE).text


def test_each_lender_stands_with_exactly_what_it_received(application: Application) -> None:
    for slug, prepared in scene.begun(application).items():
        submission = scene.submission_at(application, slug)
        scene.finish(prepared, scene.signed_reply(submission, scene.statement(submission, "pending")))
    found = {sight.who: sight for sight in sights(application.subject)}
    assert found.keys() == {scene.SANDBOX[slug].name for slug in ("atra", "leja")}
    for disclosure in Disclosure.objects.all():
        sight = found[disclosure.recipient_name]
        assert len(sight.what) == len(disclosure.fields)
        assert sight.certain
        assert sight.reference == application.reference


def test_what_never_left_is_no_sight_and_what_may_have_left_says_so(application: Application) -> None:
    scene.begun(application)
    Disclosure.objects.filter(recipient="atra").update(status=DisclosureStatus.NOT_MADE)
    (sight,) = sights(application.subject)
    assert not sight.certain


def test_opening_by_staff_stands_on_the_page(client: Client, application: Application) -> None:
    staff().get(reverse("admin:applications_application_change", args=[application.pk]))
    (sight,) = sights(application.subject)
    assert sight.staff
    assert sight.at <= timezone.now()
    page = client.get(PAGE).text
    assert "Mūsu darbinieks" in page
    assert "support" not in page


def test_partner_who_opens_the_masked_page_is_told_of_by_the_companys_name(application: Application) -> None:
    mandate = dpo.mandate(application)
    partner = factories.sign_in_staff(Client(), mandate.user)
    partner.get(reverse("admin:applications_application_change", args=[application.pk]))
    assert [sight.who for sight in sights(application.subject)] == [mandate.recipient.name]


def test_refused_opening_is_none(application: Application) -> None:
    stranger = factories.sign_in_staff(Client(), StaffUser.objects.create_user("new", is_staff=True))
    stranger.get(reverse("admin:applications_application_change", args=[application.pk]))
    assert sights(application.subject) == []


def test_page_shows_nothing_of_anybody_else(client: Client, application: Application) -> None:
    scene.begun(application)
    other = factories.subject()
    assert sights(other) == []


def test_account_leads_to_the_page(client: Client, owner: DataSubject) -> None:
    assert f'href="{PAGE}"' in client.get(reverse("applications:account")).text


def test_no_number_of_other_openings_hides_a_look_at_unmasked_data(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("applications.selectors.who_saw.MOST", 3)
    reader = factories.staff(Role.SUPPORT)
    look = Look(Purpose.SERVE_CUSTOMERS, "CASE-17", (Category.IDENTIFICATION,))
    reveal(application=application, look=look, reader=reader)
    client = factories.sign_in_staff(Client(), reader)
    for _ in range(4):
        client.get(reverse("admin:applications_application_change", args=[application.pk]))
    assert [sight.case for sight in sights(application.subject) if sight.case] == ["CASE-17"]
