"""Why a lender was not asked is on record once an application is sent, and goes with the person."""

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import translation

from applications.actors import Actor
from applications.crypto.keyring import data_key_scope
from applications.models import Application, Recipient, RestrictionGround
from applications.services.processing import restrict
from lenders.errors import NotEligible
from lenders.models import Lender, LenderNotAsked
from lenders.routing import NotAsked
from lenders.selectors.not_asked import lenders_not_asked
from lenders.selectors.send_page import candidates
from lenders.subject_data import SUBJECT_DATA
from tests import factories
from tests.lenders import scene
from tests.lenders.staff import staff

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=scene.DATABASES),
    pytest.mark.usefixtures("lenders"),
]

NAME = {slug: lender.name for slug, lender in scene.SANDBOX.items()}
SLUG = {name: slug for slug, name in NAME.items()}


@data_key_scope()
def reasons(application: Application) -> dict[str, NotAsked]:
    return {SLUG[one.name]: one.reason for one in lenders_not_asked(application)}


def draft_of(browser: Client, **changes) -> Application:
    subject = scene.sign_in(browser)
    scene.notices()
    return scene.draft_for(subject, **changes)


def offers_page(browser: Client, application: Application, language: str = "lv") -> str:
    with translation.override(language):
        page = browser.get(reverse("lenders:offers", args=[application.pk]))
    assert page.status_code == 200
    return str(page.text)


# --- what is written --------------------------------------------------------------------------------------
def test_each_lender_that_is_not_asked_has_its_reason():
    Recipient.objects.filter(slug="piesardze").update(licence_number="", licence_authority="")
    Lender.objects.filter(slug="vetra").update(active=False)
    Lender.objects.exclude(slug__in=["atra", "leja", "dzintars", "piesardze", "vetra"]).delete()
    application = scene.sent("atra", amount_cents=400_00)
    assert reasons(application) == {
        "leja": NotAsked.NOT_TICKED,
        "dzintars": NotAsked.AMOUNT_TOO_SMALL,
        "piesardze": NotAsked.NOT_FIT,
        "vetra": NotAsked.NOT_TAKING_PART,
    }


def test_lender_that_is_asked_has_none():
    assert reasons(scene.sent()) == {}


def test_language_that_counts_is_the_one_in_which_the_application_is_sent():
    with data_key_scope():
        application = scene.send(scene.draft_for(scene.new_session()[0]), ["atra"], language="ru")
    assert reasons(application)["piesardze"] == NotAsked.LANGUAGE
    assert reasons(scene.sent("atra"))["piesardze"] == NotAsked.NOT_TICKED


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"minimum_age": 99}, NotAsked.AGE_TOO_LOW),
        ({"maximum_age": 20}, NotAsked.AGE_TOO_HIGH),
        ({"maximum_age_at_end": 20}, NotAsked.AGE_AT_END),
    ],
)
def test_lender_for_people_of_another_age_cannot_be_asked(limits, reason):
    Lender.objects.filter(slug="leja").update(**limits)
    with pytest.raises(NotEligible):
        scene.sent("atra", "leja")
    assert not LenderNotAsked.objects.exists()
    assert reasons(scene.sent("atra"))["leja"] == reason


def test_lender_with_age_limits_can_be_asked_where_no_birth_date_is_known():
    given = {name: value for name, value in scene.ANSWERS.items() if name != "birth_date"}
    Lender.objects.update(minimum_age=30, maximum_age=31, maximum_age_at_end=32)
    assert {one.reason for one in candidates(given, "lv")} == {None}


def test_reason_stays_what_it_was_when_the_lender_publishes_something_else():
    Lender.objects.filter(slug="leja").update(maximum_age=20)
    application = scene.sent("atra")
    Lender.objects.filter(slug="leja").update(maximum_age=None)
    assert reasons(application)["leja"] == NotAsked.AGE_TOO_HIGH


def test_reason_is_not_in_the_clear_in_the_database():
    Lender.objects.filter(slug="leja").update(maximum_age=20)
    scene.sent("atra")
    with connection.cursor() as cursor:
        cursor.execute("SELECT because FROM lenders_lendernotasked")
        stored = [bytes(row[0]) for row in cursor.fetchall()]
    assert len(stored) == len(scene.SLUGS) - 1
    assert not any(reason.encode() in one for one in stored for reason in NotAsked.values)


# --- who reads it -----------------------------------------------------------------------------------------
def test_consumer_reads_before_sending_what_is_on_record_after():
    browser, amount = Client(), 12_000_00
    draft = draft_of(browser, amount_cents=amount)
    before = {one.name: one.reason for one in browser.get("/lv/send/").context["not_asked"]}
    too_much_for = {slug for slug, one in scene.SANDBOX.items() if one.maximum_amount_cents < amount}
    assert {SLUG[name] for name in before} == too_much_for >= {"atra", "vetra"}
    factories.press_send(
        browser, {"lenders": ["leja"], "pass_on": "on", "accept_terms": "on"}, url="/lv/send/"
    )
    found = reasons(draft)
    assert {name: found[SLUG[name]] for name in before} == before
    assert {found[slug] for slug in ("dzintars", "piesardze")} == {NotAsked.NOT_TICKED}


def test_language_of_the_page_is_the_one_that_lenders_have_to_serve():
    browser = Client()
    draft_of(browser)
    for language, left_out in (("lv", set()), ("ru", {"piesardze"}), ("en", {"piesardze"})):
        page = browser.get(f"/{language}/send/")
        serve_it_not = {slug for slug, one in scene.SANDBOX.items() if language not in one.languages}
        assert {SLUG[one.name] for one in page.context["not_asked"]} == serve_it_not >= left_out


@pytest.mark.parametrize(
    ("limits", "may_change"), [({"maximum_age": 21}, False), ({"maximum_term_months": 1}, True)]
)
def test_another_amount_is_offered_only_where_it_can_help(limits, may_change):
    Lender.objects.update(minimum_term_months=1, **limits)
    browser = Client()
    draft_of(browser)
    page = browser.get("/lv/send/")
    assert page.context["lenders"] == []
    assert ("step/amount" in page.text or "/amount/" in page.text) is may_change


def test_consumer_reads_after_sending_who_was_not_asked_and_why():
    browser = Client()
    draft = draft_of(browser, amount_cents=12_000_00)
    page = offers_page(browser, scene.send(draft, ["leja"]))
    left_out = page.partition('id="not-asked"')[2].partition("</details>")[0]
    with translation.override("lv"):
        for slug, reason in (("atra", NotAsked.AMOUNT_TOO_LARGE), ("dzintars", NotAsked.NOT_TICKED)):
            assert NAME[slug] in left_out
            assert str(reason.label) in left_out
    assert NAME["leja"] not in left_out


def test_nothing_is_said_of_lenders_not_asked_where_all_were():
    browser = Client()
    draft = draft_of(browser)
    assert "not-asked" not in offers_page(browser, scene.send(draft))


def test_consumer_whose_data_are_restricted_still_reads_it():
    browser = Client()
    application = scene.send(draft_of(browser), ["leja"])
    restrict(
        subject_id=application.subject_id, ground=RestrictionGround.ACCURACY, actor=Actor.consumer("person")
    )
    assert NAME["atra"] in offers_page(browser, application)


def test_staff_read_it_on_the_page_of_the_application():
    application = scene.sent("leja", amount_cents=12_000_00)
    case = f"/admin/applications/application/{application.pk}/change/"
    page = staff("view_application", "view_submission").get(case).text
    panel = page.partition('id="lenders-panel"')[2]
    with translation.override("lv"):
        assert f"{NAME['atra']}</strong>: {NotAsked.AMOUNT_TOO_LARGE.label}" in panel
    assert NAME["atra"] not in staff("view_application").get(case).text


# --- and its end ------------------------------------------------------------------------------------------
def test_reasons_are_erased_with_the_person():
    application, other = scene.sent("atra"), scene.sent("atra")
    with data_key_scope():
        counts = SUBJECT_DATA.erase(application.subject)
    assert counts["lenders.LenderNotAsked"] == len(scene.SLUGS) - 1
    assert set(LenderNotAsked.objects.values_list("application", flat=True)) == {other.pk}


def test_reasons_of_a_person_whose_key_is_gone_are_not_known_any_more():
    application = scene.sent("atra")
    scene.erase(application.subject)
    assert reasons(application) == {}
