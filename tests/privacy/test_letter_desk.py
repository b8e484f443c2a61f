"""The officer's pages for the texts of letters: the versions that count, earlier ones, and the desk."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from privacy import letters
from privacy.models import LetterKind, LetterTemplate
from tests.privacy import dpo

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])
LIST = "admin:privacy_lettertemplate_changelist"


@pytest.fixture
def officer() -> Client:
    return dpo.dpo()


@pytest.fixture
def standing() -> LetterTemplate:
    return letters.newest_template(LetterKind.REFUSED, "en")


def page(name: str, template: LetterTemplate) -> str:
    return reverse(f"admin:privacy_lettertemplate_{name}", args=[template.pk])


def typed(template: LetterTemplate, **changes: Any) -> dict[str, Any]:
    return {"title": template.title, "body": template.body, "began_as": template.number} | changes


def save(client: Client, template: LetterTemplate, **changes: Any) -> Any:
    return client.post(page("write", template), typed(template, **changes))


def test_list_shows_each_letter_once_and_all_versions_when_asked(officer, standing):
    save(officer, standing, title="Refused")
    counting = officer.get(reverse(LIST), {"kind__exact": "refused"}).context["cl"].result_list
    assert {(one.language, one.number) for one in counting} == {("lv", 1), ("en", 2), ("ru", 1)}
    every = (
        officer.get(reverse(LIST), {"kind__exact": "refused", "versions": "all"}).context["cl"].result_list
    )
    assert len(every) == 4


def test_earlier_version_is_read_and_leads_to_the_newest(officer, standing):
    save(officer, standing, title="Refused")
    earlier = officer.get(page("change", standing))
    assert earlier.status_code == 200
    assert standing.title in earlier.text
    assert page("change", letters.newest_template(LetterKind.REFUSED, "en")) in earlier.text
    assert "Refused" in officer.get(page("write", standing)).context["form"].initial["title"]


def test_saving_writes_a_new_version(officer, standing):
    response = save(officer, standing, title="Refused")
    newest = letters.newest_template(LetterKind.REFUSED, "en")
    assert (newest.number, newest.title, newest.body) == (2, "Refused", standing.body)
    assert response["Location"] == page("change", newest)


def test_saving_what_was_not_changed_writes_nothing(officer, standing):
    response = save(officer, standing, body=standing.body.replace("\n", "\r\n"))
    assert response["Location"] == page("change", standing)
    assert letters.newest_template(LetterKind.REFUSED, "en") == standing


def test_preview_shows_the_letter_and_saves_nothing(officer, standing):
    shown = save(officer, standing, title="Refused {reference}", preview="1")
    assert "Refused R-7K2M9-QRT4X" in shown.text
    assert letters.newest_template(LetterKind.REFUSED, "en") == standing


@pytest.mark.parametrize("button", [{}, {"preview": "1"}])
def test_fault_is_told_at_its_field_and_nothing_is_saved(officer, standing, button):
    shown = save(officer, standing, body=standing.body.replace("{why}", "{name}"), **button)
    assert shown.status_code == 200
    errors = " ".join(shown.context["form"].errors["body"])
    assert "{name}" in errors
    assert "{why}" in errors
    assert shown.context["letter"] is None
    assert letters.newest_template(LetterKind.REFUSED, "en") == standing


def test_text_that_somebody_changed_meanwhile_is_not_written_over(officer, standing):
    save(officer, standing, title="First")
    shown = save(officer, standing, title="Second")
    assert shown.context["form"].non_field_errors()
    assert letters.newest_template(LetterKind.REFUSED, "en").title == "First"


def test_desk_lists_the_facts_of_its_kind(officer, standing):
    text = officer.get(page("write", standing)).text
    for name in letters.allowed(LetterKind.REFUSED):
        assert f"{{{name}}}" in text
    assert "{expires_on}" not in text


def test_desk_is_the_officers_alone(standing):
    for client in (dpo.support(), dpo.staff("reader", ["view_lettertemplate"])):
        assert client.get(page("write", standing)).status_code == 403
        assert save(client, standing, title="Refused").status_code == 403
    assert letters.newest_template(LetterKind.REFUSED, "en") == standing


def test_who_may_only_read_finds_no_way_to_write(officer, standing):
    assert page("write", standing) in officer.get(page("change", standing)).text
    reader = dpo.staff("reader", ["view_lettertemplate"])
    assert page("write", standing) not in reader.get(page("change", standing)).text


def test_desk_of_no_letter_is_not_there(officer):
    address = reverse("admin:privacy_lettertemplate_write", args=["6f2d3c1e-0000-4000-8000-000000000000"])
    assert officer.get(address).status_code == 404
