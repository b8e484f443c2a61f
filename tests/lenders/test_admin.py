"""Lenders, submissions and deliveries as staff see them: states and times, no person, nothing typed over."""

import json
import re
from datetime import date
from unittest import mock

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from applications.actors import Actor
from applications.collation import latvian_key
from applications.models import Application, AuditEntry, Recipient, RestrictionGround
from applications.services.audit import ASIDE
from applications.services.processing import restrict
from lenders.adapters.base import ErrorCode, LenderError
from lenders.admin import SubmissionAdmin, sending
from lenders.models import Delivery, Lender, Submission
from tests import factories
from tests.lenders import scene
from tests.lenders.staff import staff

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=scene.DATABASES),
    pytest.mark.usefixtures("lenders"),
]

PAGES = "/admin/lenders"
SEES = ["view_submission", "view_delivery", "view_attempt", "view_offer", "view_lender"]


@pytest.fixture
def application():
    application = scene.sent("atra", "leja")
    prepared = scene.begun(application)
    scene.finish(prepared["atra"], LenderError(ErrorCode.REJECTED, permanent=True))
    scene.open_offer(application, "leja")
    return application


def send_again(client: Client, *submissions: Submission):
    chosen = {"action": "send_again", "_selected_action": [str(one.pk) for one in submissions]}
    return client.post(f"{PAGES}/submission/", chosen, follow=True)


def test_failed_submission_is_sent_again(application):
    failed = scene.submission_at(application, "atra")
    page = send_again(staff(*SEES, "retry_submission"), failed)
    assert page.status_code == 200
    assert scene.states(application)["atra"] == "queued"
    assert Delivery.objects.filter(submission=failed, status="due").count() == 1


def test_submission_that_did_not_fail_is_named_and_left_alone(application):
    sound, failed = (scene.submission_at(application, slug) for slug in ("leja", "atra"))
    page = send_again(staff(*SEES, "retry_submission"), sound, failed)
    levels = [message.level_tag for message in page.context["messages"]]
    assert sorted(levels) == ["error", "success"]
    assert scene.states(application) == {"atra": "queued", "leja": "offered"}


def test_restricted_person_s_submission_is_not_in_the_list_to_be_sent_again(application):
    owner = application.subject_id
    restrict(subject_id=owner, ground=RestrictionGround.ACCURACY, actor=Actor.consumer(owner))
    submission = scene.submission_at(application, "atra")
    page = send_again(staff(*SEES, "retry_submission"), submission)
    assert str(submission.pk) not in page.text
    assert scene.states(application)["atra"] == "failed"


@pytest.fixture
def two_failed():
    """Two failed submissions on a page each."""
    found = []
    for _ in range(2):
        sent = scene.sent("atra")
        scene.finish(scene.begun(sent)["atra"], LenderError(ErrorCode.REJECTED, permanent=True))
        found.append(sent)
    with mock.patch.object(SubmissionAdmin, "list_per_page", 1):
        yield found


def send_the_whole_list(client: Client, page: str):
    one = Submission.objects.first()
    chosen = {"action": "send_again", "_selected_action": [str(one.pk)], "select_across": "1", "index": "0"}
    return client.post(page, chosen, follow=True)


def test_whole_list_is_sent_again_whatever_page_is_open(two_failed):
    client = staff(*SEES, "retry_submission")
    first = client.get(f"{PAGES}/submission/")
    assert "Atlasīt visu sarakstu" in first.text
    (older,) = (link.url for link in first.context["cl"].pager_links)
    page = send_the_whole_list(client, f"{PAGES}/submission/{older}")
    assert page.status_code == 200
    assert [scene.states(sent)["atra"] for sent in two_failed] == ["queued", "queued"]


def test_list_on_one_page_is_chosen_row_by_row(application):
    assert "Atlasīt visu sarakstu" not in staff(*SEES, "retry_submission").get(f"{PAGES}/submission/").text


def test_whole_list_is_sent_again_by_and_by(two_failed, monkeypatch):
    monkeypatch.setattr(sending, "AT_ONCE", 1)
    page = send_the_whole_list(staff(*SEES, "retry_submission"), f"{PAGES}/submission/")
    assert sorted(scene.states(sent)["atra"] for sent in two_failed) == ["failed", "queued"]
    assert [message.level_tag for message in page.context["messages"]] == ["success", "warning"]


def test_a_few_refusals_are_named_and_the_others_counted(two_failed, monkeypatch):
    monkeypatch.setattr(sending, "NAMED", 1)
    Submission.objects.update(status="declined")
    page = send_the_whole_list(staff(*SEES, "retry_submission"), f"{PAGES}/submission/")
    texts = [str(message) for message in page.context["messages"]]
    assert len(texts) == 2
    assert texts[1].startswith("Vēl 1 ")


def test_staff_who_may_only_look_cannot_send_again(application):
    send_again(staff(*SEES), scene.submission_at(application, "atra"))
    assert scene.states(application)["atra"] == "failed"


def test_staff_without_the_right_see_nothing(application):
    client = staff()
    for page in ("submission", "delivery", "lender"):
        assert client.get(f"{PAGES}/{page}/").status_code == 403


def test_found_by_the_number_of_the_application(application):
    scene.sent("atra")
    page = staff(*SEES).get(f"{PAGES}/submission/", {"q": application.reference})
    assert {row.application_id for row in page.context["cl"].result_list} == {application.pk}


def test_no_page_shows_the_person_the_offer_or_a_secret(application):
    client = staff(*SEES, "retry_submission")
    submission = scene.submission_at(application, "leja")
    delivery = scene.delivery_at(application, "leja")
    pages = [
        f"{PAGES}/submission/",
        f"{PAGES}/submission/{submission.pk}/change/",
        f"{PAGES}/delivery/",
        f"{PAGES}/delivery/{delivery.pk}/change/",
        f"{PAGES}/lender/",
        f"{PAGES}/lender/{submission.lender_id}/change/",
    ]
    secrets = [
        *(str(value) for name, value in scene.ANSWERS.items() if "Canary" in str(value)),
        "canary",
        scene.a_personal_code(),
        "whsec_",
        submission.offers.get().reference,
        json.dumps(submission.offers.get().instalment_cents),
    ]
    for path in pages:
        page = client.get(path)
        assert page.status_code == 200, path
        words = re.sub(
            r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "", page.text
        )  # identifiers hold any digits
        assert [secret for secret in secrets if secret in words] == [], path


@pytest.mark.parametrize("model", ["submission", "delivery"])
def test_opening_what_was_sent_for_a_person_is_written_down(application, model):
    row = {"submission": scene.submission_at, "delivery": scene.delivery_at}[model](application, "atra")
    client = staff(*SEES)
    client.get(f"{PAGES}/{model}/{row.pk}/change/")
    entry = AuditEntry.objects.get(object_id=str(row.pk), actor_kind="staff")
    assert entry.action == f"{model}.seen"
    assert entry.actor_identifier == client.session["_auth_user_id"]
    assert entry.subject_id == application.subject_id


@pytest.mark.parametrize("model", ["submission", "delivery"])
def test_refused_look_at_what_was_sent_is_written_down_as_refused(application, model):
    row = {"submission": scene.submission_at, "delivery": scene.delivery_at}[model](application, "atra")
    assert staff().get(f"{PAGES}/{model}/{row.pk}/change/").status_code == 403
    about = {"object_id": str(row.pk), "actor_kind": "staff"}
    assert AuditEntry.objects.using(ASIDE).get(**about).action == f"{model}.refused"
    assert not AuditEntry.objects.filter(**about).exists()


@pytest.mark.parametrize("model", ["submission", "delivery"])
def test_what_was_sent_for_a_restricted_person_is_not_opened(application, model):
    row = {"submission": scene.submission_at, "delivery": scene.delivery_at}[model](application, "atra")
    restrict(
        subject_id=application.subject_id, ground=RestrictionGround.ACCURACY, actor=Actor.consumer("person")
    )
    page = staff(*SEES).get(f"{PAGES}/{model}/{row.pk}/change/")
    assert page.status_code == 403
    assert "tikai glabā" in page.text
    about = {"object_id": str(row.pk), "actor_kind": "staff"}
    assert AuditEntry.objects.using(ASIDE).get(**about).action == f"{model}.refused"
    assert not AuditEntry.objects.filter(**about).exists()


# --- on the page of an application -----------------------------------------------------------------------
def case(client: Client, application: Application) -> str:
    page = client.get(f"/admin/applications/application/{application.pk}/change/")
    assert page.status_code == 200
    return str(page.text)


def test_page_of_an_application_shows_what_each_lender_was_sent(application):
    page = case(staff("view_application", *SEES), application)
    assert page.index(scene.SANDBOX["atra"].name) < page.index(scene.SANDBOX["leja"].name)
    for slug in ("atra", "leja"):
        assert f"{PAGES}/submission/{scene.submission_at(application, slug).pk}/change/" in page
        assert f"{PAGES}/delivery/{scene.delivery_at(application, slug).pk}/change/" in page
    assert page.count('<ol class="attempts">') == 2
    assert ErrorCode.REJECTED in page
    assert "Canary" not in page


@pytest.mark.parametrize(
    ("missing", "piece"),
    [("view_submission", "lenders-panel"), ("view_delivery", "/delivery/"), ("view_attempt", "attempts")],
)
def test_page_of_an_application_shows_staff_no_more_than_they_may_see(application, missing, piece):
    rights = ["view_application", *SEES]
    rights.remove(missing)
    assert piece not in case(staff(*rights), application)


# --- the lenders themselves -------------------------------------------------------------------------------
def lender_page(slug: str) -> str:
    pk = Lender.objects.get(slug=slug).pk
    page = staff(*SEES).get(f"{PAGES}/lender/{pk}/change/", headers={"Accept-Language": "en"})
    assert page.status_code == 200
    return str(page.text)


def test_page_of_a_lender_says_what_it_accepts():
    page = lender_page("dzintars")
    for piece in (
        "€500.00 – €30,000.00",
        "6 – 120 months",
        "Latvian, English, Russian",
        ">21<",
        ">75<",
        ">80<",
    ):
        assert piece in page, piece


def test_page_of_a_lender_shows_its_papers():
    Recipient.objects.filter(slug="leja").update(hosting_country="EE", licence_until=date(2098, 1, 1))
    page = lender_page("leja")
    for piece in ("Estonia", "NK-2026-1", "PTAC", "2098"):
        assert piece in page, piece


def test_list_and_page_say_why_a_lender_receives_nothing():
    Recipient.objects.filter(slug="leja").update(licence_until=date(2026, 1, 1))
    why = "The licence has ended."
    assert why in lender_page("leja")
    assert why not in lender_page("atra")
    listed = staff(*SEES).get(f"{PAGES}/lender/", headers={"Accept-Language": "en"})
    assert listed.text.count(why) == 1


def test_list_of_lenders_reads_neither_secrets_nor_lender_by_lender():
    browser = staff(*SEES)
    with CaptureQueriesContext(connections["default"]) as captured:
        assert browser.get(f"{PAGES}/lender/").status_code == 200
    read = [one["sql"] for one in captured if 'FROM "lenders_lender"' in one["sql"]]
    assert len(read) == 1
    assert "secrets" not in read[0]
    assert not any('FROM "applications_recipient"' in one["sql"] for one in captured)


def test_lists_call_a_lender_by_its_name(application):
    for page in ("submission", "delivery"):
        assert scene.SANDBOX["atra"].name in staff(*SEES).get(f"{PAGES}/{page}/").text


def test_list_of_deliveries_shows_the_beginning_of_an_identifier(application):
    delivery = str(scene.delivery_at(application, "atra").pk)
    page = staff(*SEES).get(f"{PAGES}/delivery/").text
    assert f">{delivery[:8]}…<" in page
    assert f">{delivery}<" not in page


@pytest.mark.parametrize("model", ["submission", "delivery", "lender"])
def test_nothing_is_typed_over_not_even_by_a_superuser(application, model):
    root = Client()
    factories.sign_in_staff(root, factories.root())
    submission = scene.submission_at(application, "atra")
    pk = {
        "submission": submission.pk,
        "delivery": scene.delivery_at(application, "atra").pk,
        "lender": submission.lender_id,
    }[model]
    assert root.post(f"{PAGES}/{model}/{pk}/change/", {"status": "offered"}).status_code == 403
    assert root.post(f"{PAGES}/{model}/{pk}/delete/", {"post": "yes"}).status_code == 403
    assert root.get(f"{PAGES}/{model}/add/").status_code == 403


def test_lenders_stand_in_the_filter_in_latvian_order(application):
    page = staff(*SEES).get(f"{PAGES}/submission/").context["cl"]
    (spec,) = [one for one in page.filter_specs if one.title == "aizdevējs"]
    names = [name for _pk, name in spec.lookup_choices]
    assert names == sorted(names, key=latvian_key)
    assert names[0].startswith("Ātrā")
