"""The data protection officer enters a request, decides, and finds no obstacle on the way."""

import json

import pytest
from playwright.sync_api import expect

from tests.journeys.product import Product
from tests.journeys.staff import log_in
from tests.journeys.visitor import Visitor

REQUESTS = "/admin/privacy/rightsrequest/"
# Somebody's erasure with a contract to keep, and a copy with a note that may be about somebody else.
PREPARE = """
import json
from django.utils import timezone
from applications.actors import SYSTEM
from applications.crypto.keyring import data_key_scope
from applications.models import AccountNote
from lenders.models import Submission
from privacy.models import *
from privacy.services.receiving import receive
from tests.lenders import scene
with data_key_scope():
    application = scene.sent("atra")
    subject = application.subject
    Submission.objects.filter(application=application).update(status="contract_signed")
    AccountNote(subject=subject, text="Zvanīja kaimiņš.").save(force_insert=True)
    made = [
        receive(
            right=right, way=Way.OWN_PAGES, language="lv", actor=SYSTEM, subject_id=subject.pk,
            identity=Identity.FRESH_CODE,
        )
        for right in (Right.ERASURE, Right.ACCESS)
    ]
print(json.dumps([str(one.pk) for one in made]))
"""


@pytest.fixture
def officer(visitor: Visitor) -> Visitor:
    log_in(visitor, "dpo")
    return visitor


@pytest.fixture
def asked(product: Product) -> list[str]:
    """An erasure that is to be decided, and a copy that is to be looked through."""
    found: list[str] = json.loads(product.in_its_shell(PREPARE).strip().splitlines()[-1])
    return found


def test_request_that_came_by_letter_is_entered_and_worked(officer):
    page = officer.page
    officer.open(f"{REQUESTS}add/")
    found = officer.obstacles()
    page.locator("[name=right][value=access]").check()
    page.fill("[name=contact]", officer.email)
    page.fill("[name=what]", "Sūtiet man manus datus.")
    officer.press("#content form button[type=submit]")
    page.wait_for_url("**/change/")
    found += officer.obstacles()
    page.locator(".buttons a[href$='/ask_who/']").click()
    found += officer.obstacles()
    officer.press("#content form button[type=submit]")
    page.wait_for_url("**/change/")
    expect(page.locator(".clock.standing")).to_be_visible()
    page.locator(".buttons a[href$='/refuse/']").click()
    found += officer.obstacles()
    page.locator("[name=why][value=not_identified]").check()
    officer.press("#content form button[type=submit]")
    page.wait_for_url("**/change/")
    expect(page.locator(".clock.told_in_time")).to_be_visible()
    page.locator("form[action$='/words/'] button").click()
    expect(page.locator("#content")).to_contain_text("Sūtiet man manus datus.")
    found += officer.obstacles()
    assert found == []


def test_erasure_is_approved_after_what_would_stay_was_shown(officer, asked):
    page, (erasure, _copy) = officer.page, asked
    officer.open(f"{REQUESTS}{erasure}/approve/")
    found = officer.obstacles()
    page.locator("[name$=-stays]").check()
    page.locator("button[name=look]").click()
    expect(page.locator("[name$=-stays]")).to_be_checked()
    found += officer.obstacles()
    page.locator("button.final").click()
    page.wait_for_url("**/change/")
    expect(page.locator(".messagelist .success")).to_be_visible()
    found += officer.obstacles()
    assert found == []


def test_copy_is_looked_through_and_goes_out(officer, asked):
    page, (_erasure, copy) = officer.page, asked
    officer.open(f"{REQUESTS}{copy}/change/")
    look = page.locator("a[href$='/copy/']")
    for _try in range(40):
        if look.count():
            break
        page.wait_for_timeout(500)
        page.reload()
    found = officer.obstacles()
    look.click()
    expect(page.locator("blockquote").first).to_contain_text("Zvanīja kaimiņš.")
    found += officer.obstacles()
    for choice in page.locator("input[value=withheld]").all():
        choice.check()
    officer.press("#content form button[type=submit]")
    page.wait_for_url("**/change/")
    expect(page.locator(".messagelist .success")).to_be_visible()
    assert found == []


@pytest.mark.parametrize("address", ["requests", "attention"])
def test_pages_about_requests_have_no_obstacles(officer, asked, address):
    officer.open(f"/admin/privacy/{address}/")
    assert officer.obstacles() == []


def test_message_to_the_privacy_address_becomes_a_request(officer):
    page = officer.page
    officer.open("/dev/privacy-mail/")
    found = officer.obstacles()
    page.fill("[name=sender]", officer.email)
    page.fill("[name=title]", "Mani dati")
    page.fill("[name=words]", f"Labdien! Lūdzu dzēst manus datus. {officer.email}")
    page.set_input_files(
        "[name=enclosure]", {"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1"}
    )
    officer.press()
    expect(page.locator("main [role=status]")).to_be_visible()
    officer.open("/admin/privacy/mailboxmessage/")
    found += officer.obstacles()
    page.locator("#result_list th a").first.click()
    found += officer.obstacles()
    expect(page.locator("#content")).not_to_contain_text("Labdien!")
    page.locator("form[action$='/words/'] button").click()
    expect(page.locator("#content")).to_contain_text("Labdien!")
    found += officer.obstacles()
    with page.expect_download() as handed_out:
        page.locator("form[action$='/file/'] button").click()
    assert handed_out.value.suggested_filename == "a.pdf"
    expect(page.locator("[name=request-right][value=erasure]")).to_be_checked()
    expect(page.locator("[name=request-contact]")).to_have_value(officer.email)
    page.locator("[name=request-person][value=nobody]").check()
    page.locator("form:has([name=deed][value=request]) button[type=submit]").click()
    page.wait_for_url("**/rightsrequest/*/change/")
    expect(page.locator(".messagelist .success")).to_be_visible()
    page.locator("#content a[href*='/mailboxmessage/']").click()
    expect(page.locator("#content a[href*='/rightsrequest/']").last).to_be_visible()
    found += officer.obstacles()
    assert found == []
