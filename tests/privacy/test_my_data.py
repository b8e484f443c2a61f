"""A person's own pages: a copy and erasure asked for and followed, behind a code that was mailed just now."""

import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from applications.models import Application, AuditEntry, ConsumerSession, DataSubject
from applications.views.fresh_code import FRESH_FOR
from privacy.models import AccessPackage, Identity, Refusal, Right, RightsRequest, Way
from privacy.rights.access import RELEASED, WITHHELD
from privacy.rights.registry import module_of
from privacy.services import identifying, receiving, reminding, requests, running
from privacy.services.deciding import decide_held
from tests import factories
from tests.clock import later
from tests.lenders import scene
from tests.planted import plant
from tests.privacy import rights

pytestmark = pytest.mark.django_db(databases=scene.DATABASES)


@pytest.fixture
def browser() -> Client:
    return Client()


@pytest.fixture
def anna(browser: Client) -> DataSubject:
    return factories.sign_in(browser, "anna@piemers.lv")


def page(called: str = "index", **ids: Any) -> str:
    return reverse(f"my_data:{called}", kwargs=ids)


def only() -> RightsRequest:
    return RightsRequest.objects.exclude(status="withdrawn", way=Way.OFFICER).get()


def copy_of(browser: Client) -> RightsRequest:
    """Asked for, and put together by a worker."""
    browser.post(page("copy"))
    return rights.run(only())


# --- who opens them ---


@pytest.mark.parametrize("name", ["index", "copy", "erasure"])
def test_stranger_is_led_to_sign_in(browser, name):
    assert reverse("applications:start") in browser.get(page(name)).url


def test_old_session_is_asked_for_a_new_code_and_led_back(browser, anna):
    old = timezone.now() - FRESH_FOR
    ConsumerSession.objects.update(created_at=old)
    answer = browser.get(page("erasure"), follow=True)
    assert "anna@piemers.lv" in answer.text
    answer = browser.post(answer.request["PATH_INFO"] + "?" + answer.request["QUERY_STRING"])
    answer = browser.post(answer.url, {"code": factories.mailed_code("anna@piemers.lv")})
    assert answer.url == page("erasure")
    assert browser.get(answer.url).status_code == 200


def test_old_session_asks_for_nothing(browser, anna):
    ConsumerSession.objects.update(created_at=timezone.now() - FRESH_FOR)
    browser.post(page("copy"))
    browser.post(page("erasure"), {"understood": "on"})
    assert not RightsRequest.objects.exists()


def test_new_code_that_was_for_a_button_leads_to_the_page_with_it(browser, anna):
    assert browser.get(page("copy")).url == page()


# --- a copy ---


def test_copy_is_put_together_without_anybodys_decision(browser, anna):
    request = copy_of(browser)
    assert (request.status, request.identity, request.way) == (
        "completed", Identity.FRESH_CODE, Way.OWN_PAGES,
    )  # fmt: skip
    answer = browser.get(page("package", request_id=request.pk))
    assert "anna@piemers.lv" in answer.text
    assert anna.customer_reference in answer.text
    assert answer["Cache-Control"] == "no-store, private"


def test_page_looks_again_until_the_copy_is_there(browser, anna):
    browser.post(page("copy"))
    assert "Refresh" in browser.get(page())
    rights.run(only())
    answer = browser.get(page())
    assert "Refresh" not in answer
    assert page("package", request_id=only().pk) in answer.text


def test_files_hold_what_the_page_holds(browser, anna):
    request = copy_of(browser)
    files = {
        ending: browser.get(page("download", request_id=request.pk, ending=ending))
        for ending in ("json", "csv", "zip")
    }
    assert json.loads(files["json"].content)["customer_reference"] == anna.customer_reference
    assert "identification.email" in files["csv"].content.decode()
    with zipfile.ZipFile(io.BytesIO(files["zip"].content)) as everything:
        assert "anna@piemers.lv" in everything.read("data.html").decode()
    for answer in files.values():
        assert answer["Content-Disposition"].startswith("attachment")


def test_unknown_file_is_not_there(browser, anna):
    request = copy_of(browser)
    assert browser.get(page("download", request_id=request.pk, ending="exe")).status_code == 404
    assert browser.get(page("attachment", request_id=request.pk, name="none")).status_code == 404


def test_nobody_opens_anothers_copy(browser, anna):
    request = copy_of(browser)
    stranger = Client()
    factories.sign_in(stranger, "stranger@piemers.lv")
    assert stranger.get(page("package", request_id=request.pk)).status_code == 404
    assert stranger.get(page("download", request_id=request.pk, ending="zip")).status_code == 404
    assert stranger.post(page("withdraw", request_id=request.pk)).status_code == 404


def test_copy_expires(browser, anna):
    request = copy_of(browser)
    AccessPackage.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert browser.get(page("package", request_id=request.pk)).status_code == 404
    assert f'href="{page("package", request_id=request.pk)}"' not in browser.get(page()).text


def test_first_opening_is_noted(browser, anna):
    request = copy_of(browser)
    assert AccessPackage.objects.get().opened_at is None
    browser.get(page("package", request_id=request.pk))
    opened_at = AccessPackage.objects.get().opened_at
    browser.get(page("package", request_id=request.pk))
    assert opened_at is not None
    assert AccessPackage.objects.get().opened_at == opened_at


@pytest.mark.thorough
def test_what_may_be_about_others_waits_for_the_officer_and_goes_out_without_what_is_withheld(browser):
    plant("qvxerika")
    anna = factories.sign_in(browser, "qvxerika@piemers.lv")
    request = copy_of(browser)
    assert (request.status, request.trouble) == ("running", "third_persons")
    assert browser.get(page("package", request_id=request.pk)).status_code == 404
    package = AccessPackage.objects.get(pk=request.pk)
    decisions = {key: WITHHELD if "account.note" in key else RELEASED for key in package.held}
    decide_held(request_id=request.pk, decisions=decisions, actor=rights.OFFICER)
    request = rights.run(request)
    text = browser.get(page("package", request_id=request.pk)).text
    assert "complaint qvxerika" in text
    assert "likes qvxerika" in text
    assert "note qvxerika" not in text
    [picture] = [key for key in json.loads(package.content)["attachments"] if key.startswith("images")]
    answer = browser.get(page("attachment", request_id=request.pk, name=picture))
    assert (answer.content, answer["Content-Type"]) == (b"qvxerika", "application/octet-stream")
    assert anna.pk == request.subject_id


# --- erasure ---


def test_erasure_is_shown_before_it_is_asked_for(browser, anna):
    factories.sent_application(anna)
    text = browser.get(page("erasure")).text
    for model in (DataSubject, Application, AuditEntry):
        assert str(model._meta.verbose_name) in text
    assert "anna@piemers.lv" not in text
    assert not RightsRequest.objects.exists()


def test_erasure_wants_the_box_ticked(browser, anna):
    answer = browser.post(page("erasure"))
    assert answer.status_code == 200
    assert "error" in answer.text
    assert not RightsRequest.objects.exists()


def test_erasure_waits_for_the_officer(browser, anna):
    answer = browser.post(page("erasure"), {"understood": "on"})
    assert answer.url == page()
    assert (only().right, only().status, only().identity) == (Right.ERASURE, "assessed", Identity.FRESH_CODE)


def test_second_click_asks_once(browser, anna):
    for _click in range(2):
        browser.post(page("erasure"), {"understood": "on"})
    assert RightsRequest.objects.count() == 1


def test_erasure_can_be_taken_back_until_it_is_carried_out(browser, anna):
    browser.post(page("erasure"), {"understood": "on"})
    assert browser.post(page("withdraw", request_id=only().pk)).url == page()
    assert only().status == "withdrawn"


def test_what_is_being_carried_out_cannot_be_taken_back(browser, anna, lenders):
    application = scene.sent_from(browser, "atra")
    scene.taken_by_all(application)
    browser.post(page("erasure"), {"understood": "on"})
    requests.approve(request_id=only().pk, actor=rights.OFFICER)
    running.run(only().pk)
    answer = browser.post(page("withdraw", request_id=only().pk))
    assert answer.status_code == 409
    assert only().status == "running"


def test_erased_person_is_signed_out(browser, anna):
    browser.post(page("erasure"), {"understood": "on"})
    requests.approve(request_id=only().pk, actor=rights.OFFICER)
    assert rights.run(only()).status == "completed"
    assert reverse("applications:start") in browser.get(page()).url


# --- somebody asked in the person's name ---


@pytest.fixture
def questioned(anna: DataSubject) -> RightsRequest:
    """The officer entered a letter in Anna's name, and asks whether it was her."""
    request = receiving.receive(
        right=Right.ERASURE, way=Way.OFFICER, language="lv", actor=rights.OFFICER, subject_id=anna.pk,
        contact="somebody@piemers.lv",
    )  # fmt: skip
    return identifying.ask_who(request_id=request.pk, actor=rights.OFFICER)


def test_person_says_that_it_was_them(browser, questioned):
    assert page("answer", request_id=questioned.pk) in browser.get(page()).text
    browser.post(page("answer", request_id=questioned.pk), {"it_is": "me"})
    assert (only().status, only().identity) == ("assessed", Identity.CONTACT)


@pytest.mark.parametrize("said", [{"it_is": "not-me"}, {}])
def test_person_says_that_it_was_not_them(browser, questioned, said):
    browser.post(page("answer", request_id=questioned.pk), said)
    assert (only().status, only().refusal) == ("refused", Refusal.NOT_IDENTIFIED)


def test_answer_that_comes_again_changes_nothing(browser, questioned):
    browser.post(page("answer", request_id=questioned.pk), {"it_is": "me"})
    assert browser.post(page("answer", request_id=questioned.pk), {"it_is": "not-me"}).status_code == 409
    assert only().status == "assessed"


def test_nobody_else_answers(questioned):
    stranger = Client()
    factories.sign_in(stranger, "stranger@piemers.lv")
    assert page("answer", request_id=questioned.pk) not in stranger.get(page()).text
    answer = stranger.post(page("answer", request_id=questioned.pk), {"it_is": "me"})
    assert answer.status_code == 404
    assert only().status == "identity_check"


def test_refused_request_says_where_to_complain(browser, anna):
    browser.post(page("erasure"), {"understood": "on"})
    requests.refuse(request_id=only().pk, why=Refusal.EXCEPTION, actor=rights.OFFICER, reasons="Prasība.")
    with later(minutes=1):
        text = browser.get(page()).text
    assert "dvi.gov.lv" in text


# --- the proof ---


def test_proof_of_a_copy_outlives_the_copy(browser, anna):
    request = copy_of(browser)
    for _time in range(2):
        browser.get(page("package", request_id=request.pk))
    with later(days=31):
        assert reminding.end_packages() == {"packages": 1}
    [part] = module_of(Right.ACCESS).prove(rights.current(request))
    assert len(part.lines) == 4  # put together, looked through, released, opened once
