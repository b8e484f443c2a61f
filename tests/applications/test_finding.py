"""Staff find a person by exactly what they are known by, and whoever is found learns of it."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from applications.actors import SYSTEM, Actor
from applications.models import (
    Application,
    AuditEntry,
    DataSubject,
    Identification,
    RestrictionGround,
    StaffUser,
)
from applications.personal import Purpose
from applications.roles import Role
from applications.selectors.finding import KnownBy
from applications.selectors.who_saw import who_saw
from applications.services.processing import restrict
from tests import factories
from tests.clock import later

pytestmark = [pytest.mark.thorough, pytest.mark.django_db(databases=["default", "keys", "aside"])]
FIND = reverse("admin:applications_find")


@pytest.fixture
def person() -> DataSubject:
    return factories.subject("anna@piemers.lv")


@pytest.fixture
def application(person: DataSubject) -> Application:
    return factories.sent_application(person)


@pytest.fixture
def support() -> Client:
    return factories.sign_in_staff(Client(), factories.staff(Role.SUPPORT))


def find(client: Client, text: str) -> Any:
    page = client.post(FIND, {"known_by": text})
    assert page.status_code == 200
    return page


def found(client: Client, text: str) -> list[DataSubject]:
    return [one.subject for one in find(client, text).context.get("people", [])]


@pytest.mark.parametrize(
    "text",
    ["anna@piemers.lv", " ANNA@Piemers.LV ", "321234-56789", "32123456789", "+37121234567", "21 234 567",
     "371 21234567", "21234567"],
)  # fmt: skip
def test_person_is_found_by_what_they_are_known_by(
    support: Client, person: DataSubject, application: Application, text: str
) -> None:
    assert found(support, text) == [person]


def test_person_is_found_by_each_number_of_ours(
    support: Client, person: DataSubject, application: Application
) -> None:
    for number in (person.customer_reference, person.account_number.lower(), f" {application.reference} "):
        assert found(support, number) == [person]


def test_what_was_pasted_is_found_with_other_hyphens_and_marks_that_nobody_sees(
    support: Client, person: DataSubject, application: Application
) -> None:
    number = application.reference
    for text in (number.replace("-", "\u2011"), number.replace("-", " "), f"{number}\u200b",
                 number.replace("-", ""), person.account_number.replace("-", "\u2013"),
                 "\u202aanna@piemers.lv\u202c", "anna@piemers.lv\u200f"):  # fmt: skip
        assert found(support, text) == [person]


@pytest.mark.parametrize(
    "text", ["anna@piemers", "Anna", "Bērziņa", "56789", "2123456", "321234-5678", "%", "JB-"]
)
def test_nobody_is_found_by_a_part_or_a_name(support: Client, application: Application, text: str) -> None:
    page = find(support, text)
    assert page.context["people"] == []
    assert page.context["form"].errors["known_by"]


def test_page_leads_to_the_applications_and_shows_nothing_of_the_person(
    support: Client, application: Application
) -> None:
    page = find(support, "321234-56789").text
    assert reverse("admin:applications_application_change", args=[application.pk]) in page
    for secret in ("Anna", "Bērziņa", "321234-56789", "+37121234567", "anna@piemers.lv"):
        assert secret not in page


def test_one_code_on_two_accounts_finds_both(support: Client, application: Application) -> None:
    other = factories.subject()
    factories.send(factories.complete_draft(other), factories.lender("beta").slug)
    assert set(found(support, "321234-56789")) == {application.subject, other}


def test_draft_finds_nobody_by_its_answers(support: Client, person: DataSubject) -> None:
    draft = factories.complete_draft(person)
    assert found(support, "321234-56789") == found(support, draft.reference) == []
    page = find(support, "anna@piemers.lv")
    assert draft.reference not in page.text


def test_found_person_is_written_down_and_learns_of_it(
    support: Client, person: DataSubject, application: Application
) -> None:
    find(support, "321234-56789")
    entry = AuditEntry.objects.get(action="subject.found")
    assert (entry.subject_id, entry.detail) == (person.pk, {"by": KnownBy.PERSONAL_CODE})
    assert [sight for sight in who_saw(person.pk, purpose=Purpose.DATA_SUBJECT_RIGHTS) if sight.staff]


def test_that_somebody_restricted_was_found_is_written_down_with_its_purpose(
    support: Client, person: DataSubject
) -> None:
    restrict(subject_id=person.pk, ground=RestrictionGround.CLAIMS, actor=SYSTEM)
    find(support, person.customer_reference)
    entry = AuditEntry.objects.get(action="subject.found")
    assert entry.detail["while_restricted"] == Purpose.DATA_SUBJECT_RIGHTS


def test_that_nobody_was_found_is_written_down_without_what_was_typed(support: Client) -> None:
    find(support, "nobody@piemers.lv")
    entry = AuditEntry.objects.get(action="search.nobody")
    assert (entry.subject_id, entry.detail, entry.object_id) == (None, {}, "")


def test_codes_cannot_be_tried_one_by_one(support: Client, application: Application) -> None:
    for number in range(20):
        assert found(support, f"321234-{number:05d}") == []
    page = find(support, "321234-56789")
    assert "people" not in page.context
    assert page.context["form"].errors["known_by"]
    assert AuditEntry.objects.using("aside").filter(action="search.refused").count() == 1
    with later(hours=1, minutes=1):
        rested = factories.sign_in_staff(Client(), StaffUser.objects.get())
        assert found(rested, "321234-56789") == [application.subject]


def test_one_persons_slips_stop_no_colleague_and_people_who_are_found_are_not_counted(
    support: Client, application: Application
) -> None:
    for _ in range(25):
        assert found(support, "321234-56789") == [application.subject]
    for number in range(20):
        found(support, f"321234-{number:05d}")
    colleague = factories.sign_in_staff(Client(), factories.staff(Role.SUPPORT, name="colleague"))
    assert found(colleague, "321234-56789") == [application.subject]


def test_restricted_person_is_found_with_the_sentence(
    support: Client, person: DataSubject, application: Application
) -> None:
    restrict(subject_id=person.pk, ground=RestrictionGround.ACCURACY, actor=Actor.consumer(person.pk))
    assert "tikai glabā" in find(support, "anna@piemers.lv").text


def test_person_whose_index_lags_behind_is_not_taken_for_another(
    support: Client, application: Application
) -> None:
    """A digest is short: what it finds is compared with the value itself."""
    other = factories.subject()
    factories.send(
        factories.complete_draft(other, personal_code="320000-00002"), factories.lender("beta").slug
    )
    digest = Identification.objects.get(subject=application.subject).personal_code_index
    Identification.objects.filter(subject=other).update(personal_code_index=digest)
    assert found(support, "321234-56789") == [application.subject]


def test_erased_person_is_not_found(support: Client, person: DataSubject, application: Application) -> None:
    from privacy.datamap import doors  # noqa: PLC0415

    for door in doors():
        door.erase(person)
    for known in ("anna@piemers.lv", "321234-56789", application.reference, person.customer_reference):
        assert found(support, known) == []


def test_search_in_the_address_finds_nobody(support: Client, application: Application) -> None:
    assert "people" not in support.get(FIND, {"known_by": "anna@piemers.lv"}).context
    assert not AuditEntry.objects.filter(action="subject.found").exists()


@pytest.mark.parametrize("text", ["", " ", "x" * 300, "\x00", "a\nb", "＋３７１２１２３４５６７"])
def test_odd_text_is_answered_with_a_sentence(support: Client, application: Application, text: str) -> None:
    page = find(support, text)
    assert page.context["form"].errors or page.context["people"]


def test_search_wants_its_right(application: Application) -> None:
    client = factories.sign_in_staff(Client(), factories.staff(Role.LENDER_MANAGER))
    assert client.get(FIND).status_code == client.post(FIND, {"known_by": "x"}).status_code == 403


def test_search_costs_the_same_however_many_people_there_are(
    support: Client, application: Application, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(30):
        find(support, "321234-56789")


def test_page_says_that_not_everybody_is_shown(
    support: Client, application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    sentence = "pieteikuma numuru."
    assert sentence not in find(support, "321234-56789").text
    for module in ("selectors.finding", "admin.people"):
        monkeypatch.setattr(f"applications.{module}.MOST", 1)
    assert sentence in find(support, "321234-56789").text
