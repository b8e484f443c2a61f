"""The form in a browser: every step is kept, nobody else gets at it, nothing typed is lost."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from applications import flow
from applications.errors import AlreadySent, FormTooOld, NotAsked
from applications.models import Application, ConsumerSession, DataSubject, Identification
from applications.personal import Purpose
from applications.selectors.people import answers, draft_of
from applications.views import steps
from tests import factories

WORK = Purpose.HANDLE_APPLICATIONS

pytestmark = [pytest.mark.thorough, pytest.mark.django_db(databases=["default", "keys", "aside"])]
RESUME, CHECK, ACCOUNT = (reverse(f"applications:{name}") for name in ("resume", "check", "account"))


def url(slug: str) -> str:
    return reverse("applications:step", args=[slug])


def post(client: Client, slug: str, **changes: Any) -> Any:
    return client.post(url(slug), factories.typed(slug, factories.answers(**changes)))


@pytest.fixture
def owner(client: Client) -> DataSubject:
    return factories.sign_in(client)


def kept(owner: DataSubject) -> dict[str, Any]:
    draft = draft_of(owner.pk, purpose=WORK)
    assert draft
    return answers(draft, purpose=WORK)


# --- on the way -----------------------------------------------------------------------------------------
def test_form_is_walked_from_the_first_step_to_the_check_page(client: Client, owner: DataSubject) -> None:
    wanted = factories.answers()
    page = client.get(RESUME, follow=True)
    for step in flow.shown_steps(wanted):
        assert page.context["step"].slug == step.slug
        page = client.post(url(step.slug), factories.typed(step.slug, wanted), follow=True)
    assert page.redirect_chain[-1][0] == CHECK
    assert kept(owner) == wanted


def test_step_is_kept_as_soon_as_it_is_saved(client: Client, owner: DataSubject) -> None:
    client.get(RESUME)
    post(client, "name")
    assert kept(owner) == {"given_name": "Anna", "surname": "Bērziņa"}


def test_mistake_keeps_nothing_and_shows_what_was_typed(client: Client, owner: DataSubject) -> None:
    client.get(RESUME)
    response = client.post(url("name"), {"given_name": "Anna", "surname": ""})
    assert response.status_code == 200
    assert 'value="Anna"' in response.content.decode()
    assert kept(owner) == {}


def test_saved_answers_stand_in_the_fields_when_the_step_is_opened_again(
    client: Client, owner: DataSubject
) -> None:
    factories.complete_draft(owner)
    assert 'value="Bērziņa"' in client.get(url("name")).content.decode()


def test_form_is_resumed_in_another_browser_with_a_new_code(client: Client) -> None:
    email = factories.address()
    factories.sign_in(client, email)
    client.get(RESUME)
    post(client, "amount")
    other = Client()
    factories.sign_in(other, email)
    assert other.get(RESUME)["Location"] == url("repayment")
    assert 'value="24"' in other.get(url("amount")).content.decode()


def test_changed_answer_leads_back_to_the_check_page(client: Client, owner: DataSubject) -> None:
    factories.complete_draft(owner)
    data = factories.typed("name", factories.answers(surname="Kalniņa"))
    assert client.post(url("name") + "?change", data)["Location"] == CHECK
    assert kept(owner)["surname"] == "Kalniņa"


def test_changed_answer_that_raises_a_question_leads_to_that_question(
    client: Client, owner: DataSubject
) -> None:
    factories.complete_draft(owner, income_type="pension", employer=None)
    data = factories.typed("income", factories.answers())
    assert client.post(url("income") + "?change", data)["Location"] == url("employer")


def test_question_that_does_not_apply_cannot_be_opened(client: Client, owner: DataSubject) -> None:
    factories.complete_draft(owner, income_type="pension", employer=None)
    assert client.get(url("employer"))["Location"] == RESUME
    post(client, "employer")
    assert "employer" not in kept(owner)


def test_check_page_shows_every_answer(client: Client, owner: DataSubject) -> None:
    factories.complete_draft(owner)
    page = client.get(CHECK).content.decode()
    for text in ("Anna", "Bērziņa", "321234-56789", "saulīte", "LV1234567", "SIA “Piemērs”", "LV-1010"):
        assert text in page


def test_check_page_sends_an_incomplete_form_to_the_missing_step(client: Client, owner: DataSubject) -> None:
    factories.complete_draft(owner, phone=None)
    assert client.get(CHECK)["Location"] == url("phone")


def test_document_that_expired_meanwhile_is_asked_for_again(client: Client, owner: DataSubject) -> None:
    factories.complete_draft(owner, valid_until=timezone.localdate() - timedelta(days=1))
    assert client.get(CHECK)["Location"] == url("document")


def test_unknown_step_is_not_found(client: Client, owner: DataSubject) -> None:
    assert client.get("/lv/apply/no-such-step/").status_code == 404


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_are_refused(client: Client, owner: DataSubject, method: str) -> None:
    client.get(RESUME)
    assert getattr(client, method)(url("name")).status_code == 405


# --- somebody else --------------------------------------------------------------------------------------
def test_visitor_is_sent_to_sign_in(client: Client) -> None:
    for address in (RESUME, url("name"), CHECK, ACCOUNT, reverse("lenders:send")):
        assert client.get(address)["Location"].startswith(reverse("applications:start")), address
    assert not Application.objects.exists()


def test_another_consumer_sees_an_empty_form(client: Client) -> None:
    factories.complete_draft(factories.subject())
    factories.sign_in(client)
    client.get(RESUME)
    assert "Bērziņa" not in client.get(url("name")).content.decode()
    assert "JB-" not in client.get(ACCOUNT).content.decode()


def test_answers_of_another_consumer_are_not_written_over(client: Client) -> None:
    stranger = factories.subject()
    factories.complete_draft(stranger)
    factories.sign_in(client)
    client.get(RESUME)
    post(client, "name", given_name="Zane")
    assert kept(stranger)["given_name"] == "Anna"


def test_naming_anothers_application_in_the_form_changes_nothing(client: Client) -> None:
    stranger = factories.subject()
    theirs = factories.complete_draft(stranger)
    factories.sign_in(client)
    client.get(RESUME)
    data = factories.typed("name", factories.answers(given_name="Zane"))
    client.post(url("name"), data | {"application": str(theirs.pk), "subject": str(stranger.pk)})
    assert kept(stranger)["given_name"] == "Anna"


@pytest.mark.parametrize("name", ["offers", "fragment"])
def test_sent_application_of_another_consumer_is_not_found(client: Client, name: str) -> None:
    application = factories.sent_application(factories.subject())
    factories.sign_in(client)
    assert client.get(reverse(f"lenders:{name}", args=[application.pk])).status_code == 404


@pytest.mark.parametrize("name", ["offers", "fragment"])
def test_draft_has_no_offers_page(client: Client, owner: DataSubject, name: str) -> None:
    application = factories.complete_draft(owner)
    assert client.get(reverse(f"lenders:{name}", args=[application.pk])).status_code == 404


# --- the session is over, or the application is away ----------------------------------------------------
def test_step_posted_without_a_session_keeps_what_was_typed_on_the_page(client: Client) -> None:
    response = post(client, "name", surname="Ozoliņa")
    assert response.status_code == 403
    page = response.content.decode()
    assert 'value="Anna"' in page
    assert 'value="Ozoliņa"' in page
    assert reverse("applications:start") in page


def test_step_posted_without_a_session_is_kept_by_no_cache_and_no_table(client: Client) -> None:
    assert "no-store" in post(client, "name")["Cache-Control"]
    assert not Identification.objects.exists()


def test_what_the_page_kept_can_be_posted_after_signing_in_again(client: Client, owner: DataSubject) -> None:
    client.get(RESUME)
    token = client.cookies.pop(settings.CONSUMER_COOKIE_NAME).value
    assert post(client, "name").status_code == 403
    client.cookies[settings.CONSUMER_COOKIE_NAME] = token
    assert post(client, "name").status_code == 302
    assert kept(owner)["given_name"] == "Anna"


def test_sending_without_a_session_says_that_the_visit_has_ended(client: Client) -> None:
    response = client.post(reverse("lenders:send"), {"lenders": ["alfa"]})
    assert response.status_code == 403
    assert "applications/session_ended.html" in [template.name for template in response.templates]


def test_step_posted_after_sending_is_refused_in_words_and_changes_nothing(
    client: Client, owner: DataSubject
) -> None:
    factories.sent_application(owner)
    response = post(client, "name", given_name="Zane")
    assert response.status_code == 409
    assert str(AlreadySent.sentence) in response.content.decode()
    main = response.content.decode().partition("<main")[2].partition("</main>")[0]
    assert f'href="{ACCOUNT}"' in main
    assert '<button class="button"' not in main
    assert Identification.objects.get().given_name == "Anna"
    assert not Application.objects.filter(status="draft").exists()


def test_step_opened_after_sending_leads_to_the_account(client: Client, owner: DataSubject) -> None:
    factories.sent_application(owner)
    assert client.get(url("name"), follow=True).redirect_chain[-1][0] == ACCOUNT


def test_new_draft_after_sending_begins_empty(client: Client, owner: DataSubject) -> None:
    factories.sent_application(owner)
    assert client.post(reverse("applications:begin"), follow=True).context["step"].slug == "amount"
    assert kept(owner) == {}


def test_step_saved_in_the_moment_of_sending_is_refused_in_words(
    client: Client, owner: DataSubject, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft, save = factories.complete_draft(owner), steps.save_answers

    def after_sending(**answers: Any) -> None:
        factories.send(draft, factories.lender().slug)
        save(**answers)

    monkeypatch.setattr(steps, "save_answers", after_sending)
    response = post(client, "name", given_name="Zane")
    assert response.status_code == 409
    assert str(AlreadySent.sentence) in response.content.decode()
    assert 'value="Zane"' in response.content.decode()
    assert Identification.objects.get().given_name == "Anna"


@pytest.mark.parametrize(
    ("slug", "changes", "typed"),
    [
        ("employer", {"income_type": "pension", "employer": None}, {"employer": "SIA Ozols"}),
        ("pep-details", {}, {"pep_relation": "sibling", "pep_office": "SIA Ozols"}),
    ],
)
def test_answer_to_a_question_that_is_no_longer_asked_is_refused_in_words_and_kept_on_the_page(
    client: Client, owner: DataSubject, slug: str, changes: dict[str, Any], typed: dict[str, str]
) -> None:
    factories.complete_draft(owner, **changes)
    before = kept(owner)
    response = client.post(url(slug), typed)
    page = html.unescape(response.content.decode())
    assert response.status_code == 409
    assert str(NotAsked.sentence) in page
    assert 'value="SIA Ozols"' in page
    assert page.count(" checked") == ("pep_relation" in typed)
    assert kept(owner) == before


# --- the form's protection token is missing or old --------------------------------------------------------
@pytest.fixture
def strict(owner: DataSubject, client: Client) -> Client:
    """The owner's browser, and a server that asks it for the token of each form."""
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = client.cookies
    client.get(RESUME)
    return browser


def test_step_posted_without_its_token_saves_nothing_and_keeps_what_was_typed_on_the_page(
    strict: Client, owner: DataSubject
) -> None:
    response = post(strict, "name", surname="Ozoliņa")
    page = response.content.decode()
    assert response.status_code == 403
    assert "no-store" in response["Cache-Control"]
    assert str(FormTooOld.sentence) in html.unescape(page)
    assert 'value="Ozoliņa"' in page
    assert kept(owner) == {}


def test_page_that_was_refused_for_its_token_can_be_saved_as_it_stands(
    strict: Client, owner: DataSubject
) -> None:
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', post(strict, "name").content.decode())
    assert token
    typed = factories.typed("name", factories.answers())
    assert strict.post(url("name"), typed | {"csrfmiddlewaretoken": token[1]}).status_code == 302
    assert kept(owner)["given_name"] == "Anna"


def test_step_posted_without_token_and_session_says_that_the_visit_has_ended(strict: Client) -> None:
    del strict.cookies[settings.CONSUMER_COOKIE_NAME]
    response = post(strict, "name", surname="Ozoliņa")
    assert response.status_code == 403
    assert response.context["session_ended"]
    assert 'value="Ozoliņa"' in response.content.decode()


def test_step_posted_without_token_after_sending_is_refused_as_well(
    strict: Client, owner: DataSubject
) -> None:
    factories.sent_application(owner)
    assert post(strict, "name", given_name="Zane").status_code == 403
    assert Identification.objects.get().given_name == "Anna"


@pytest.mark.parametrize(
    ("method", "address", "status"), [("post", "/lv/apply/no-such-step/", 404), ("put", url("name"), 403)]
)
def test_what_is_no_post_to_a_step_is_refused_without_its_token_as_anywhere(
    strict: Client, method: str, address: str, status: int
) -> None:
    assert getattr(strict, method)(address).status_code == status


def test_new_draft_by_a_link_leads_to_the_button_and_opens_none(client: Client, owner: DataSubject) -> None:
    factories.sent_application(owner)
    assert client.get(reverse("applications:begin"))["Location"] == ACCOUNT
    assert draft_of(owner.pk, purpose=WORK) is None


def test_signing_out_in_one_tab_stops_saving_in_the_other(client: Client, owner: DataSubject) -> None:
    client.get(RESUME)
    ConsumerSession.objects.update(ended_at=timezone.now())
    assert post(client, "name").status_code == 403
    assert not Identification.objects.exists()


def test_account_lists_the_applications_sent_and_no_one_elses(client: Client, owner: DataSubject) -> None:
    mine = factories.sent_application(owner)
    theirs = factories.sent_application(factories.subject())
    page = client.get(ACCOUNT)
    assert mine.reference in page.content.decode()
    assert theirs.reference not in page.content.decode()
