"""A new account sets up a second factor before anything else; nobody adds one with a password alone."""

import base64
from typing import Any

import pyotp
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from applications.management.commands.load_demo_staff import DEMO_STAFF, DEMO_TOTP_SECRET, demo_password
from applications.models import AuditEntry, AuthenticatorApp, StaffUser
from applications.selectors.staff import enrolled_factor, unused_recovery_codes
from tests import factories
from tests.applications.pages import Page, headers_are_strict, nothing_is_inline
from tests.clock import later

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])
PASSWORD = "long-enough-passphrase"
LOG_IN, ENROL, APP, INDEX = (reverse(f"admin:{name}") for name in ("login", "enrol", "enrol_app", "index"))


@pytest.fixture
def user() -> StaffUser:
    return StaffUser.objects.create_user("new", password=PASSWORD, is_staff=True)


@pytest.fixture
def half(client: Client, user: StaffUser) -> Client:
    whoever = {"username": "new", "password": PASSWORD, "next": reverse("admin:security")}
    response = client.post(LOG_IN, whoever)
    assert response["Location"] == ENROL
    return client


def secret_on(page: Any) -> str:
    return "".join(page.context["secret"])


def code_for(secret: str) -> str:
    return pyotp.TOTP(secret).at(timezone.now())


def test_new_account_sets_up_an_app_and_is_in(half: Client, user: StaffUser) -> None:
    assert half.post(APP)["Location"] == APP
    secret = secret_on(half.get(APP))
    assert len(base64.b32decode(secret)) == 20
    page = half.post(APP, {"proof_code": code_for(secret)})
    assert len(page.context["codes"]) == 10
    assert page.context["target"] == reverse("admin:security")
    assert half.get(INDEX).status_code == 200
    factor = enrolled_factor(user)
    assert factor
    assert unused_recovery_codes(factor).count() == 10


def test_enrolment_is_written_down(half: Client) -> None:
    half.post(APP)
    half.post(APP, {"proof_code": code_for(secret_on(half.get(APP)))})
    found = list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))
    assert found[-4:] == [
        "sign_in.password_accepted", "second_factor.enrolled", "sign_in.completed",
        "second_factor.recovery_codes_made",
    ]  # fmt: skip


def test_session_has_a_new_key_after_enrolment(half: Client) -> None:
    before = half.cookies[settings.SESSION_COOKIE_NAME].value
    half.post(APP)
    half.post(APP, {"proof_code": code_for(secret_on(half.get(APP)))})
    old = Client()
    old.cookies[settings.SESSION_COOKIE_NAME] = before
    assert old.get(INDEX).status_code == 302


def test_wrong_code_enrols_nothing(half: Client, user: StaffUser) -> None:
    half.post(APP)
    page = half.post(APP, {"proof_code": "000000"})
    assert page.context["form"].errors["proof_code"]
    assert enrolled_factor(user) is None
    assert half.get(INDEX).status_code == 302


def test_secret_is_shown_as_a_picture_and_as_text(half: Client) -> None:
    half.post(APP)
    page = Page("enrol", half.get(APP), personal=True)
    assert '<svg viewBox="' in page.text
    assert 'class="qr"' in page.text
    assert AuthenticatorApp.objects.get().secret[:4] in page.text
    nothing_is_inline(page)
    headers_are_strict(page)
    assert "no-store" in page.response["Cache-Control"]


def test_password_alone_adds_no_way_to_an_account_that_has_one(client: Client, user: StaffUser) -> None:
    factories.enrol(user)
    client.post(LOG_IN, {"username": "new", "password": PASSWORD})
    for address in (ENROL, APP, reverse("admin:enrol_passkey")):
        for response in (client.get(address), client.post(address, {"name": "key", "proof_code": "1"})):
            assert response["Location"] == reverse("admin:second_factor"), address
    assert AuthenticatorApp.objects.count() == 1


def test_stranger_enrols_nothing(client: Client) -> None:
    for address in (ENROL, APP, reverse("admin:enrol_passkey")):
        assert client.post(address)["Location"] == LOG_IN


def test_enrolment_ends_ten_minutes_after_the_password(half: Client, user: StaffUser) -> None:
    half.post(APP)
    with later(minutes=10):
        assert half.post(APP, {"proof_code": "1"})["Location"] == LOG_IN
    assert enrolled_factor(user) is None


def test_second_enrolment_of_two_browsers_comes_too_late(half: Client, user: StaffUser) -> None:
    """Somebody else with the password was quicker: the slower one finds a second factor asked for."""
    half.post(APP)
    factories.enrol(user)
    assert half.post(APP, {"proof_code": factories.app_code()})["Location"] == reverse("admin:second_factor")


def test_further_app_takes_the_place_of_the_first(client: Client, user: StaffUser) -> None:
    factories.sign_in_staff(client, user)
    old = AuthenticatorApp.objects.get().pk
    client.post(APP)
    response = client.post(APP, {"proof_code": code_for(secret_on(client.get(APP)))})
    assert response["Location"] == reverse("admin:security")
    assert AuthenticatorApp.objects.get().pk != old


# --- the demo ---------------------------------------------------------------------------------------------
def test_demo_accounts_have_the_app_that_is_documented(client: Client, settings: Any) -> None:
    settings.SANDBOX_SECRET = "whsec_" + "A" * 43 + "="
    for _ in range(2):
        call_command("load_demo", sandbox_url="http://127.0.0.1:9", sandbox_tls_url="https://127.0.0.1:9")
    assert AuthenticatorApp.objects.count() == len(DEMO_STAFF)
    client.post(LOG_IN, {"username": "dpo", "password": demo_password("dpo")})
    answer = {"proof_way": "app", "proof_code": code_for(DEMO_TOTP_SECRET)}
    assert client.post(reverse("admin:second_factor"), answer)["Location"] == INDEX


def test_demo_accounts_are_refused_in_production(settings: Any) -> None:
    settings.PRODUCTION = True
    with pytest.raises(CommandError):
        call_command("load_demo")
    assert not StaffUser.objects.exists()


def test_page_of_codes_is_there_in_development_alone(client: Client) -> None:
    assert client.get("/dev/codes/").status_code == 404
