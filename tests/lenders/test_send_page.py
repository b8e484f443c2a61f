"""The send page: who would receive what, and the press of the button."""

import threading

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from applications.actors import SYSTEM
from applications.collation import latvian_key
from applications.form_fields import CONSENTS_LABEL, LANGUAGE_LABEL, label_text
from applications.models import Application, Consent, Contract, NoticeKind
from applications.services.notices import publish_notice
from lenders.forms import SendForm
from lenders.models import Lender, Submission
from lenders.routing import NotAsked
from lenders.services.payload import credit_request
from tests.factories import press_send
from tests.lenders import scene

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=scene.DATABASES),
    pytest.mark.usefixtures("lenders"),
]

URL = "/lv/send/"
AGREED = {"lenders": ["atra", "leja"], "pass_on": "on", "accept_terms": "on"}


def with_draft(browser: Client, **changes) -> Application:
    subject = scene.sign_in(browser)
    scene.notices()
    return scene.draft_for(subject, **changes)


def test_every_lender_that_can_be_asked_is_ticked_and_nothing_is_agreed_to(browser):
    with_draft(browser)
    page = browser.get(URL)
    assert {lender["slug"]: lender["ticked"] for lender in page.context["lenders"]} == dict.fromkeys(
        scene.SLUGS, True
    )
    form = page.context["form"]
    assert not form["pass_on"].value()
    assert not form["accept_terms"].value()
    assert Submission.objects.count() == 0


def test_lenders_stand_by_the_latvian_alphabet(browser):
    with_draft(browser)
    shown = [scene.SANDBOX[lender["slug"]].name for lender in browser.get(URL).context["lenders"]]
    assert shown == sorted(shown, key=latvian_key)
    assert shown != sorted(shown)


def test_lender_that_cannot_be_asked_is_named_with_its_reason(browser):
    with_draft(browser, amount_cents=20_000_00, term_months=60)
    page = browser.get(URL)
    lend_so_much = {slug for slug, one in scene.SANDBOX.items() if one.maximum_amount_cents >= 20_000_00}
    assert {"dzintars", "leja"} <= lend_so_much < set(scene.SLUGS)
    assert {lender["slug"] for lender in page.context["lenders"]} == lend_so_much
    reasons = {item.name: item.reason for item in page.context["not_asked"]}
    assert set(reasons) == {one.name for slug, one in scene.SANDBOX.items() if slug not in lend_so_much}
    assert set(reasons.values()) == {NotAsked.AMOUNT_TOO_LARGE}


def test_page_lists_exactly_what_each_lender_will_receive(browser):
    draft = with_draft(browser)
    shown = {lender["slug"]: set(lender["receives"]) for lender in browser.get(URL).context["lenders"]}
    press_send(browser, AGREED | {"lenders": list(scene.SLUGS)})
    application = Application.objects.get(pk=draft.pk)
    for slug in scene.SLUGS:
        delivery = scene.delivery_at(application, slug)
        leaves = credit_request(delivery).fields
        assert shown[slug] == {label_text(label) for label in (*leaves, LANGUAGE_LABEL, CONSENTS_LABEL)}


def test_sending_leads_to_the_offers(browser):
    draft = with_draft(browser)
    answer = press_send(browser, AGREED)
    assert (answer.status_code, answer["Location"]) == (302, reverse("lenders:offers", args=[draft.pk]))
    assert scene.states(draft) == {"atra": "queued", "leja": "queued"}


def test_consent_is_kept_in_the_words_that_were_shown(browser):
    draft = with_draft(browser)
    words = str(browser.get(URL).context["form"].fields["pass_on"].label)
    press_send(browser, AGREED)
    assert [consent.wording for consent in Consent.objects.filter(application=draft)] == [words]


@pytest.mark.parametrize(
    ("without", "field"), [("lenders", "lenders"), ("pass_on", "pass_on"), ("accept_terms", "accept_terms")]
)
def test_missing_tick_is_told_beside_its_box_and_nothing_is_sent(browser, without, field):
    draft = with_draft(browser)
    page = press_send(browser, {name: value for name, value in AGREED.items() if name != without})
    assert page.status_code == 200
    assert list(page.context["form"].errors) == [field]
    assert f'id="id_{field}_error"' in page.text
    draft.refresh_from_db()
    assert draft.status == "draft"


def test_what_was_unticked_stays_unticked_after_an_error(browser):
    with_draft(browser)
    page = press_send(browser, {"lenders": ["leja"]})
    ticked = {lender["slug"] for lender in page.context["lenders"] if lender["ticked"]}
    assert ticked == {"leja"}


@pytest.mark.parametrize("slug", ["nobody", "", "atra'--", "<b>"])
def test_lender_that_was_not_offered_is_refused(browser, slug):
    draft = with_draft(browser)
    page = press_send(browser, AGREED | {"lenders": ["atra", slug]})
    assert page.context["form"].errors["lenders"]
    assert not Submission.objects.filter(application=draft).exists()


def test_lender_that_left_between_looking_and_sending_is_refused(browser):
    draft = with_draft(browser)
    browser.get(URL)
    Lender.objects.filter(slug="atra").update(active=False)
    assert press_send(browser, AGREED).context["form"].errors["lenders"]
    assert not Submission.objects.filter(application=draft).exists()


def test_second_press_leads_to_the_same_offers(browser):
    draft = with_draft(browser)
    for _ in range(3):
        answer = press_send(browser, AGREED)
        assert answer.status_code == 302
    assert Submission.objects.filter(application=draft).count() == 2
    assert Contract.objects.count() == 1


def test_unfinished_draft_is_led_back_to_its_answers(browser):
    with_draft(browser, employer=None)
    answer = press_send(browser, AGREED)
    assert (answer.status_code, answer["Location"]) == (302, reverse("applications:check"))
    assert Submission.objects.count() == 0


def test_stranger_is_led_to_the_way_in_and_a_form_in_flight_is_told(browser):
    assert browser.get(URL).status_code == 302
    assert press_send(browser, AGREED).status_code == 403


@pytest.mark.slow
@pytest.mark.django_db(databases=scene.DATABASES, transaction=True)
def test_form_posted_many_times_at_once_is_one_application():
    first = Client()
    draft = with_draft(first)
    together, answers = threading.Barrier(12), []

    def press() -> None:
        client = Client()
        client.cookies = first.cookies
        try:
            together.wait(20)
            for _ in range(4):
                answers.append(press_send(client, AGREED).status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert set(answers) == {302}
    assert len(answers) == 48
    assert Submission.objects.filter(application=draft).count() == 2
    assert Contract.objects.count() == 1


def test_terms_that_changed_while_they_were_read_are_not_accepted(browser):
    draft = with_draft(browser)
    shown = browser.get(URL).context["form"].now_shown
    publish_notice(
        kind=NoticeKind.TERMS, number=2, language="lv", title="Noteikumi", body="<p>Citi</p>", actor=SYSTEM
    )
    page = browser.post(URL, AGREED | {"shown": shown})
    assert page.context["form"].non_field_errors()
    assert Application.objects.get(pk=draft.pk).status == "draft"


def test_what_a_lender_receives_is_listed_with_language_and_agreements(browser):
    with_draft(browser)
    received = browser.get(URL).context["lenders"][0]["receives"]
    assert received[-2:] == [label_text(LANGUAGE_LABEL), label_text(CONSENTS_LABEL)]


# --- what was shown is what is sent -----------------------------------------------------------------------
def meanwhile(monkeypatch, change) -> None:
    """Let something change between the look at the form and the sending."""
    clean = SendForm.clean

    def cleaned_and_changed(form):
        found = clean(form)
        change()
        return found

    monkeypatch.setattr(SendForm, "clean", cleaned_and_changed)


def test_text_published_while_the_button_is_pressed_is_not_the_one_agreed_to(browser, monkeypatch):
    draft = with_draft(browser)
    shown, _privacy = scene.notices()
    meanwhile(
        monkeypatch,
        lambda: publish_notice(
            kind=NoticeKind.TERMS, number=shown.number + 1, language="lv", title="…", body="…", actor=SYSTEM
        ),
    )
    press_send(browser, AGREED, url=URL)
    assert Application.objects.get(pk=draft.pk).terms == shown


def test_lender_that_needs_more_while_the_button_is_pressed_is_sent_nothing(browser, monkeypatch):
    draft = with_draft(browser)
    meanwhile(monkeypatch, lambda: Lender.objects.update(requested_fields=["identification.personal_code"]))
    press_send(browser, AGREED, url=URL)
    assert Application.objects.get(pk=draft.pk).status == "draft"
    assert not Submission.objects.exists()


def test_page_asks_the_database_as_often_for_many_lenders_as_for_few(browser):
    with_draft(browser)
    browser.get(URL)

    def queries() -> int:
        with CaptureQueriesContext(connections["default"]) as captured:
            browser.get(URL)
        return len(captured)

    many = queries()
    Lender.objects.exclude(slug="atra").delete()
    assert queries() == many
