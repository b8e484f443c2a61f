"""What a consumer reads about an offer before and after choosing, and where each page leads on to."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from applications.actors import Actor
from applications.models import Application, Consent, Contact, ContactRole
from applications.services.processing import withdraw_consent
from lenders.models import Offer
from tests.applications.pages import Elements
from tests.lenders import scene

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=scene.DATABASES),
    pytest.mark.usefixtures("lenders"),
]


@pytest.fixture
def application(browser: Client) -> Application:
    return scene.sent_from(browser, "atra", "leja")


def page_of(offer: Offer) -> str:
    return reverse("lenders:choose", args=[offer.submission.application_id, offer.pk])


def overview(application: Application) -> str:
    return reverse("lenders:offers", args=[application.pk])


def links(page) -> set[str]:
    return {attributes.get("href", "") for tag, attributes in Elements(page.text).found if tag == "a"}


def names(page) -> set[str]:
    return {template.name for template in page.templates}


def buttons(page) -> list[str]:
    """Where the forms of a page's middle go."""
    main = page.text.partition("<main")[2].partition("</main>")[0]
    return [attributes.get("action", "") for tag, attributes in Elements(main).found if tag == "form"]


def test_schedule_adds_up_to_the_total_with_the_fees_as_a_row(browser, application):
    offer = scene.open_offer(application, "atra")
    page = browser.get(page_of(offer))
    table = page.text.partition('<table class="schedule">')[2].partition("</table>")[0]
    rows = [row.partition("<td>")[2].partition("<")[0] for row in table.split("<tr>")[2:]]
    cents = [int("".join(filter(str.isdigit, row))) for row in rows]
    assert offer.upfront_fees_cents == cents[0] > 0
    assert sum(cents[:-1]) == cents[-1] == offer.total_payable_cents


def test_page_says_of_fees_at_the_start_that_no_payment_holds_them(browser, application):
    with_fee, without = scene.open_offer(application, "atra"), scene.open_offer(application, "leja")
    assert "aside-note" in browser.get(page_of(with_fee)).text
    assert "aside-note" not in browser.get(page_of(without)).text


def test_chosen_offer_stays_readable_and_cannot_be_chosen_again(browser, application):
    offer = scene.open_offer(application, "atra")
    browser.post(page_of(offer))
    page = browser.get(page_of(offer))
    assert "note-good" in page.text
    assert "lenders/_schedule.html" in names(page)
    assert buttons(page) == []
    assert overview(application) in links(page)


def test_held_offer_says_whose_choice_holds_it(browser, application):
    held, chosen = scene.open_offer(application, "leja"), scene.open_offer(application, "atra")
    browser.post(page_of(chosen))
    page = browser.get(page_of(held))
    assert page.context["offer"].held
    assert page.text.partition("<main")[2].count(scene.SANDBOX["atra"].name) == 2
    assert buttons(page) == []


def test_expired_offer_is_not_called_held(browser, application):
    expired, chosen = scene.open_offer(application, "leja"), scene.open_offer(application, "atra")
    browser.post(page_of(chosen))
    scene.shift(expired, valid_until=timezone.now() - timedelta(minutes=1))
    assert not browser.get(page_of(expired)).context["offer"].held


def test_chosen_and_held_offers_lead_to_their_schedules(browser, application):
    held, chosen = scene.open_offer(application, "leja"), scene.open_offer(application, "atra")
    browser.post(page_of(chosen))
    assert {page_of(held), page_of(chosen)} <= links(browser.get(overview(application)))


def test_consumer_who_changed_their_mind_is_told_whom_to_write_to(browser, application):
    Contact.objects.update_or_create(role=ContactRole.CONTROLLER, defaults={"email": "privacy@jo1n.com"})
    offer = scene.open_offer(application, "atra")
    browser.post(page_of(offer))
    for page in (browser.get(overview(application)), browser.get(page_of(offer))):
        assert "lenders/_chosen_note.html" in names(page)
        assert "mailto:privacy@jo1n.com" in page.text.partition("note-good")[2].partition("</div></div>")[0]


def test_without_an_offer_the_page_leads_to_a_new_application(browser, application):
    waiting = browser.get(overview(application)).text
    assert 'form="begin"' not in waiting
    for slug in ("atra", "leja"):
        scene.say(scene.submission_at(application, slug), "declined")
    page = browser.get(overview(application))
    assert 'form="begin"' in page.text
    assert buttons(page) == [reverse("applications:begin")]
    assert browser.post(reverse("applications:begin"), follow=True).redirect_chain[-1][0] == reverse(
        "applications:step", args=["amount"]
    )


def test_fragment_is_the_same_each_time_nothing_changed(browser, application):
    """live.js compares it letter by letter, so that a page that lies open is not swapped for nothing."""
    for slug in ("atra", "leja"):
        scene.say(scene.submission_at(application, slug), "declined")
    fragment = reverse("lenders:fragment", args=[application.pk])
    assert browser.get(fragment).text == browser.get(fragment).text


def test_offers_stand_above_the_lenders_asked(browser, application):
    scene.open_offer(application, "atra")
    page = browser.get(overview(application)).text
    assert page.index('id="offers-title"') < page.index('id="lenders-asked"')


# --- in the account ---------------------------------------------------------------------------------------
ACCOUNT = reverse("applications:account")


def test_account_leads_to_the_offers_that_wait(browser, application):
    assert overview(application) not in panel_of(browser)
    scene.open_offer(application, "atra")
    scene.open_offer(application, "leja")
    assert overview(application) in panel_of(browser)
    assert "Skatīt 2 piedāvājumus" in panel_of(browser)


def test_offer_that_has_expired_waits_for_nobody(browser, application):
    offer = scene.open_offer(application, "atra")
    Offer.objects.filter(pk=offer.pk).update(valid_until=timezone.now() - timedelta(minutes=1))
    assert panel_of(browser) == ""


def test_offer_waits_for_nobody_once_nothing_may_be_passed_on(browser, application):
    scene.open_offer(application, "atra")
    withdraw_consent(
        consent_id=Consent.objects.get(application=application).pk,
        subject_id=application.subject_id,
        actor=Actor.consumer(application.subject_id),
    )
    assert panel_of(browser) == ""


def test_offers_of_another_person_are_not_in_the_account(browser, application):
    scene.open_offer(scene.sent("atra"), "atra")
    assert panel_of(browser) == ""


def panel_of(browser: Client) -> str:
    """The part of the account that tells of waiting offers."""
    page = browser.get(ACCOUNT)
    assert page.status_code == 200
    return page.text.partition('<section aria-labelledby="offers-waiting">')[2].partition("</section>")[0]
