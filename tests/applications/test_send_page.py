"""The page on which a consumer decides who receives the application."""

from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from applications.errors import NoRecipients
from applications.form_fields import CONSENTS_LABEL, LANGUAGE_LABEL, label_text
from applications.models import Application, Consent, DataSubject, NoticeKind
from applications.states import ApplicationStatus
from lenders.forms import PASS_ON_WORDING
from lenders.models import Lender, Submission
from tests import factories
from tests.factories import press_send

pytestmark = [pytest.mark.thorough, pytest.mark.django_db(databases=["default", "keys", "aside"])]
SEND = reverse("lenders:send")
AGREED = {"lenders": ["alfa", "beta"], "pass_on": "on", "accept_terms": "on"}


class Boxes(HTMLParser):
    """The names of checkboxes on a page, and of those that are ticked."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.ticked: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "input" and found.get("type") == "checkbox":
            self.found.add(str(found["name"]))
            if "checked" in found:
                self.ticked.add(str(found["name"]))


@pytest.fixture
def owner(client: Client) -> DataSubject:
    for kind in (NoticeKind.TERMS, NoticeKind.PRIVACY):
        factories.notice(kind)
    factories.lender("alfa")
    factories.lender("beta", minimum_amount_cents=100_00)
    owner = factories.sign_in(client)
    factories.complete_draft(owner)
    return owner


def is_draft() -> bool:
    return Application.objects.get().status == ApplicationStatus.DRAFT and not Submission.objects.exists()


def test_nothing_to_agree_to_is_ticked_beforehand(client: Client, owner: DataSubject) -> None:
    boxes = Boxes(client.get(SEND).content.decode())
    assert {"pass_on", "accept_terms"} <= boxes.found
    assert boxes.ticked.isdisjoint({"pass_on", "accept_terms"})


def test_page_says_that_giving_data_is_voluntary_and_what_follows_without(
    client: Client, owner: DataSubject
) -> None:
    page = " ".join(client.get("/en/send/").content.decode().split())
    assert "Giving your data is voluntary. Without it, lenders cannot" in page
    assert "section 8 (4¹)" in page


def test_agreements_stay_unticked_after_a_mistake_elsewhere(client: Client, owner: DataSubject) -> None:
    page = press_send(client, {"lenders": ["alfa"], "accept_terms": "on"}).content.decode()
    assert "pass_on" not in Boxes(page).ticked


@pytest.mark.parametrize("missing", ["pass_on", "accept_terms"])
def test_without_an_agreement_nothing_is_sent(client: Client, owner: DataSubject, missing: str) -> None:
    response = press_send(client, {name: value for name, value in AGREED.items() if name != missing})
    assert response.context["form"].errors[missing]
    assert is_draft()


def test_without_a_lender_nothing_is_sent_and_the_sentence_stands_beside_the_field(
    client: Client, owner: DataSubject
) -> None:
    response = press_send(client, AGREED | {"lenders": []})
    assert response.context["form"].errors["lenders"] == [str(NoRecipients.sentence)]
    assert str(NoRecipients.sentence) in response.content.decode()
    assert is_draft()


def test_unticked_lender_receives_nothing(client: Client, owner: DataSubject) -> None:
    press_send(client, AGREED | {"lenders": ["beta"]})
    assert Submission.objects.get().lender.slug == "beta"


def test_page_says_exactly_what_each_lender_would_receive(client: Client, owner: DataSubject) -> None:
    Lender.objects.filter(slug="alfa").update(requested_fields=["pep.pep_office", "loan.keyword"])
    shown = {one["slug"]: one["receives"] for one in client.get(SEND).context["lenders"]}
    always = [label_text(LANGUAGE_LABEL), label_text(CONSENTS_LABEL)]
    assert shown["alfa"] == [label_text("loan.keyword"), *always]
    assert len(shown["beta"]) == 3 + len(always)


def test_lender_that_cannot_be_asked_is_named_with_its_reason(client: Client, owner: DataSubject) -> None:
    Lender.objects.filter(slug="alfa").update(maximum_amount_cents=1_000_00)
    page = client.get(SEND)
    assert [one.name for one in page.context["not_asked"]] == ["Lender alfa"]
    assert press_send(client, AGREED).context["form"].errors["lenders"]
    assert is_draft()


def test_when_no_lender_can_be_asked_nothing_can_be_sent(client: Client, owner: DataSubject) -> None:
    Lender.objects.update(active=False)
    assert Boxes(client.get(SEND).content.decode()).found == set()
    assert press_send(client, AGREED).status_code == 200
    assert is_draft()


def test_incomplete_application_is_led_to_what_is_missing(client: Client, owner: DataSubject) -> None:
    Application.objects.get().identification.delete()
    assert client.get(SEND)["Location"] == reverse("applications:check")
    press_send(client, AGREED)
    assert is_draft()


def test_consent_is_kept_in_the_words_of_the_page(client: Client, owner: DataSubject) -> None:
    page = client.get(SEND).content.decode()
    press_send(client, AGREED)
    consent = Consent.objects.get()
    assert consent.wording == str(PASS_ON_WORDING)
    assert consent.wording in page


@pytest.mark.parametrize("language", ["lv", "en", "ru"])
def test_consent_is_kept_in_the_language_it_was_read_in(
    client: Client, owner: DataSubject, language: str
) -> None:
    page = client.get(f"/{language}/send/").content.decode()
    press_send(client, AGREED, url=f"/{language}/send/")
    consent = Consent.objects.get()
    assert consent.language == language
    assert consent.wording in page


def test_notices_in_force_are_the_ones_pinned(client: Client, owner: DataSubject) -> None:
    newer = {kind: factories.notice(kind, number=2) for kind in (NoticeKind.TERMS, NoticeKind.PRIVACY)}
    press_send(client, AGREED)
    application = Application.objects.get()
    assert application.terms == newer[NoticeKind.TERMS]
    assert application.privacy_notice == newer[NoticeKind.PRIVACY]


def test_without_published_terms_nothing_is_sent_and_the_page_says_so(client: Client) -> None:
    factories.lender("alfa")
    factories.complete_draft(factories.sign_in(client))
    response = press_send(client, AGREED | {"lenders": ["alfa"]})
    assert response.context["form"].non_field_errors()
    assert is_draft()


@pytest.mark.parametrize("slug", ["omega", "", "alfa' OR 1=1", "\x00", "ā" * 300])
def test_lender_that_is_not_on_the_page_is_refused(client: Client, owner: DataSubject, slug: Any) -> None:
    response = press_send(client, AGREED | {"lenders": [slug]})
    assert response.context["form"].errors["lenders"]
    assert is_draft()


def test_page_after_sending_leads_to_the_offers(client: Client, owner: DataSubject) -> None:
    press_send(client, AGREED)
    application = Application.objects.get()
    assert client.get(SEND)["Location"] == reverse("lenders:offers", args=[application.pk])
    assert application.status == ApplicationStatus.SUBMITTED
