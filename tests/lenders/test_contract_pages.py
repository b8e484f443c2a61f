"""What the person and staff read once a contract is signed, or the chosen lender has declined."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from applications.models import Application
from lenders.adapters.base import ErrorCode, LenderError
from lenders.models import Offer
from lenders.selectors.moments import moments
from tests.lenders import scene
from tests.lenders.staff import staff

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=scene.DATABASES),
    pytest.mark.usefixtures("lenders"),
]

ATRA, LEJA = (scene.SANDBOX[slug].name for slug in ("atra", "leja"))


@pytest.fixture
def application(browser: Client) -> Application:
    """At two lenders; the offer of atra is chosen, and atra knows."""
    application = scene.sent_from(browser, "atra", "leja")
    scene.taken_by_all(application)
    scene.chosen(application, "atra")
    return application


def main_of(browser: Client, application: Application) -> str:
    page = browser.get(reverse("lenders:offers", args=[application.pk]), headers={"Accept-Language": "lv"})
    return page.text.partition("<main")[2].partition("</main>")[0]


def sign(application: Application) -> None:
    scene.say(scene.submission_at(application, "atra"), "contract_signed")


def answer_to_deletion(application: Application, word: str) -> None:
    submission = scene.submission_at(application, "leja")
    (prepared,) = scene.begun(application).values()
    scene.finish(prepared, scene.signed_reply(submission, scene.statement(submission, word)))


def test_page_says_that_the_contract_is_signed_and_whose_offers_ended(browser, application):
    sign(application)
    page = main_of(browser, application)
    assert f"Līgums ar aizdevēju {ATRA} ir parakstīts." in page
    assert "Jūs izvēlējāties" not in page
    assert page.count('class="card offer') == 1
    assert "Pārdomājāt?" not in page
    assert "Lūdzam dzēst datus." in page


def test_page_is_settled_once_the_contract_is_signed(browser, application):
    sign(application)
    page = browser.get(reverse("lenders:offers", args=[application.pk]))
    assert 'http-equiv="refresh"' not in page.text
    assert 'data-waiting="false"' in page.text


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("deleted", "Dati ir dzēsti:"),
        ("retained", "Tas datus glabā līdz 23.11.2031. Iemesls: tos glabāt liek likums pret naudas"),
        ("pending", "Tas vēl nav atbildējis."),
    ],
)
def test_page_says_what_each_lender_answered(browser, application, word, text):
    sign(application)
    before = Application.objects.get(pk=application.pk).version
    answer_to_deletion(application, word)
    assert Application.objects.get(pk=application.pk).version > before  # open pages learn of it
    page = main_of(browser, application)
    assert text in page
    assert "Lūgts dzēst datus:" in page


def test_page_of_the_offer_says_that_it_is_signed(browser, application):
    sign(application)
    (offer,) = Offer.objects.filter(status="selected")
    page = browser.get(reverse("lenders:choose", args=[application.pk, offer.pk]))
    assert "ir parakstīts." in page.text
    assert "<form class=" not in page.text.partition("<main")[2].partition("</main>")[0]


def test_account_says_that_the_contract_is_signed(browser, application):
    sign(application)
    assert "Līgums noslēgts" in browser.get(reverse("applications:account")).text


def test_page_says_who_declined_late_and_that_the_choice_is_free_again(browser, application):
    scene.say(scene.submission_at(application, "atra"), "declined")
    page = main_of(browser, application)
    assert f"{ATRA} atteica pēc tam, kad izvēlējāties tā piedāvājumu." in page
    assert "Varat izvēlēties citu piedāvājumu." in page
    assert "iekšējos noteikumus" in page  # the reason that it gave
    assert 'id="choose-' in page


def test_note_of_a_late_decline_goes_with_the_next_choice(browser, application):
    scene.say(scene.submission_at(application, "atra"), "declined")
    (held,) = Offer.objects.filter(status="open").select_related("submission")
    scene.choose(held)
    assert "atteica pēc tam" not in main_of(browser, application)


def test_late_decline_without_another_offer_promises_nothing(browser, application):
    scene.say(scene.submission_at(application, "leja"), "withdrawn")
    scene.say(scene.submission_at(application, "atra"), "declined")
    assert "Citu piedāvājumu tagad nevar izvēlēties." in main_of(browser, application)


def test_who_saw_what_tells_what_became_of_it(browser, application):
    sign(application)
    answer_to_deletion(application, "retained")
    page = browser.get(reverse("applications:seen"), headers={"Accept-Language": "lv"}).text
    found = page.split('<li class="card sight">')
    cards = {name: card for card in found for name in (ATRA, LEJA) if name in card}
    assert "Tas datus glabā līdz 23.11.2031." in cards[LEJA]
    assert "dzēst" not in cards[ATRA]


def test_staff_read_the_same_on_the_timeline_and_beside_the_lender(application):
    sign(application)
    answer_to_deletion(application, "deleted")
    with translation.override("en"):
        told = [one.sentence for one in moments(application, lambda _permission: True)]
    assert f"{ATRA}: Contract signed" in told
    assert f"{LEJA}: It is to delete what it received. A contract was signed with another lender" in told
    assert any(one.startswith(f"{LEJA}: It has deleted them: ") for one in told)
    assert f"{LEJA}: the request to delete is to be sent" in told
    client = staff("view_application", "view_submission")
    page = client.get(
        f"/admin/applications/application/{application.pk}/change/", headers={"Accept-Language": "en"}
    )
    assert "It has deleted them: " in page.text


def test_page_does_not_say_of_a_lender_that_its_answer_still_counts_once_a_contract_is_signed(browser):
    application = scene.sent_from(browser, "atra", "leja")
    calls = scene.begun(application)
    scene.shift(scene.delivery_at(application, "leja"), failures=2)
    scene.finish(calls["leja"], LenderError(ErrorCode.TIMED_OUT, permanent=False))  # nothing left for it
    scene.choose(scene.open_offer(application, "atra"))
    scene.shift(scene.submission_at(application, "leja"), page_wait_until=timezone.now())
    counts = "tā joprojām derēs"
    assert counts in main_of(browser, application)
    sign(application)
    assert counts not in main_of(browser, application)
