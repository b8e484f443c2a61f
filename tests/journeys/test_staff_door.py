"""Staff come in with an app, with a passkey, with a code on paper; what is sensitive asks them again."""

import re
from itertools import count

import pyotp
import pytest
from playwright.sync_api import CDPSession, expect

from tests.journeys.product import Product
from tests.journeys.staff import fresh_code, give_code, give_password
from tests.journeys.visitor import Visitor

PASSWORD = "a-passphrase-for-journeys"
_numbers = count(1)
# The newest session of everybody proved itself six minutes ago.
AGE_PROOFS = """
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
for row in Session.objects.all():
    store = SessionStore(row.session_key)
    if "proof" in store:
        store["proof"] = store["proof"] | {"proved": store["proof"]["proved"] - 360}
        store.save()
"""


@pytest.fixture
def name(product: Product) -> str:
    """An account that nobody has used yet."""
    name = f"journey{next(_numbers)}"
    product.in_its_shell(
        f"from applications.models import StaffUser; "
        f"StaffUser.objects.create_superuser({name!r}, password={PASSWORD!r})"
    )
    return name


@pytest.fixture
def by_name(new_visitor) -> Visitor:
    """A visitor who comes by the host name to which passkeys belong."""
    visitor = new_visitor()
    visitor.page.goto(visitor.product.url.replace("127.0.0.1", "localhost") + "/admin/")
    return visitor


@pytest.fixture
def authenticator(by_name: Visitor) -> tuple[CDPSession, str]:
    """Chromium's virtual authenticator: a device with a fingerprint reader that always knows its owner."""
    session = by_name.context.new_cdp_session(by_name.page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session, made["authenticatorId"]


def log_out(visitor: Visitor) -> None:
    visitor.press("#logout-form button")
    expect(visitor.page.locator("[name=username]")).to_be_visible()


def set_up_app(visitor: Visitor) -> list[str]:
    """From the choice to the recovery codes, which are returned."""
    visitor.press("form[action$='/enrol/app/'] button")
    secret = "".join(visitor.page.locator(".secret").inner_text().split())
    visitor.page.fill("[name=proof_code]", pyotp.TOTP(secret).now())
    visitor.press("form:has([name=proof_code]) button")
    expect(visitor.page.locator(".codes li")).to_have_count(10)
    return visitor.page.locator(".codes code").all_inner_texts()


def set_up_passkey(visitor: Visitor) -> None:
    visitor.press("a[href$='/enrol/passkey/']")
    visitor.page.fill("[name=name]", "Darba dators")
    visitor.press("form[data-passkey] button")


def test_demo_account_comes_in_with_the_code_of_the_page_of_codes(visitor):
    visitor.open("/admin/")
    give_password(visitor, "dpo", "demo-dpo-passphrase")
    give_code(visitor, fresh_code(visitor.product, "dpo"))
    expect(visitor.page.locator("#user-tools")).to_be_visible()


def test_new_account_sets_up_an_app_and_comes_back_with_a_code_on_paper(visitor, name):
    found = []
    visitor.open("/admin/")
    found += visitor.obstacles()
    give_password(visitor, name, "not the password at all")
    expect(visitor.page.locator("[role=alert]")).to_be_visible()
    found += visitor.obstacles()
    give_password(visitor, name, PASSWORD)
    found += visitor.obstacles()
    visitor.open("/admin/applications/application/")
    assert "/login/" in visitor.page.url
    visitor.open("/admin/enrol/")
    visitor.press("form[action$='/enrol/app/'] button")
    found += visitor.obstacles()
    visitor.open("/admin/enrol/")
    codes = set_up_app(visitor)
    found += visitor.obstacles()
    visitor.press(".row a")
    log_out(visitor)
    give_password(visitor, name, PASSWORD)
    visitor.press("summary")
    found += visitor.obstacles()
    visitor.page.fill("#recovery_proof_code", codes[0])
    visitor.press("details button")
    expect(visitor.page.locator(".messagelist .warning")).to_be_visible()
    visitor.press("#user-tools a[href$='/security/']")
    found += visitor.obstacles()
    assert found == []


def test_passkey_leads_in_and_a_waiting_form_goes_on_by_it(by_name, name, authenticator, product):
    page = by_name.page
    give_password(by_name, name, PASSWORD)
    set_up_passkey(by_name)
    expect(page.locator(".codes li")).to_have_count(10)
    by_name.press(".row a")
    log_out(by_name)
    give_password(by_name, name, PASSWORD)
    assert by_name.obstacles() == []
    by_name.press("form[data-passkey] button")
    expect(page.locator("#user-tools")).to_be_visible()

    page.goto(page.url + "applications/staffuser/?q=support")
    page.locator("#result_list tbody th a").click()
    page.fill("[name=email]", f"{name}@example.lv")
    product.in_its_shell(AGE_PROOFS)
    by_name.press("[name=_save]")
    expect(page.locator("h1")).to_have_text(re.compile(r"\?$"))
    assert by_name.obstacles() == []
    by_name.press("form[data-passkey] button")
    expect(page.locator(".messagelist .success")).to_be_visible()
    page.locator("#result_list tbody th a").first.wait_for()


def test_device_without_the_passkey_says_so_and_the_other_ways_stay(by_name, name, authenticator):
    session, identifier = authenticator
    page = by_name.page
    give_password(by_name, name, PASSWORD)
    set_up_passkey(by_name)
    by_name.press(".row a")
    log_out(by_name)
    session.send("WebAuthn.clearCredentials", {"authenticatorId": identifier})
    give_password(by_name, name, PASSWORD)
    by_name.press("form[data-passkey] button")
    expect(page.locator("[data-failed]")).to_be_visible()
    assert by_name.obstacles() == []
    expect(page.locator("form[data-passkey] button")).to_be_enabled()
    expect(page.locator("summary")).to_be_visible()


def test_passkey_is_added_beside_an_app_and_removed_again(by_name, name, authenticator):
    page = by_name.page
    give_password(by_name, name, PASSWORD)
    set_up_app(by_name)
    page.goto(by_name.product.url.replace("127.0.0.1", "localhost") + "/admin/security/")
    set_up_passkey(by_name)
    expect(page.locator(".held li")).to_have_count(2)
    assert by_name.obstacles() == []
    by_name.press("[name=remove_passkey]")
    expect(page.locator(".held li")).to_have_count(1)
    by_name.press("[name=remove_app]")
    expect(page.locator(".messagelist .error")).to_be_visible()


def test_door_is_locked_after_five_guesses(visitor, name):
    for _ in range(6):
        visitor.open("/admin/login/")
        give_password(visitor, name, "a guess")
    expect(visitor.page.locator("[role=alert]")).to_contain_text("15")
    assert visitor.obstacles() == []
