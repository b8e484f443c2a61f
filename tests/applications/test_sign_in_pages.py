"""The two pages on which a consumer signs in: what they answer, and to whom."""

import re
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from applications.errors import CodeExpired, CodeRefused
from applications.models import ConsumerSession, DataSubject, EmailChallenge, OutboundMail
from applications.services.code_limits import ADDRESS_HOUR, NETWORK_HOUR
from applications.services.limits import MINUTE
from tests import factories

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])
START, CODE = reverse("applications:start"), reverse("applications:code")
PER_REQUEST = re.compile(r'name="csrfmiddlewaretoken" value="[^"]+"')


def body(response: Any) -> str:
    return PER_REQUEST.sub("", response.content.decode())


def ask(client: Client, email: str, **extra: Any) -> Any:
    return client.post(START, {"email": email}, **extra)


def test_right_code_leads_on_to_the_form(client: Client) -> None:
    email = factories.address()
    ask(client, email)
    response = client.post(CODE, {"code": factories.mailed_code(email)}, follow=True)
    assert response.redirect_chain[-1] == (reverse("applications:step", args=["amount"]), 302)


def test_code_may_be_typed_with_a_space(client: Client) -> None:
    email = factories.address()
    ask(client, email)
    code = factories.mailed_code(email)
    assert client.post(CODE, {"code": f" {code[:3]} {code[3:]} "}).status_code == 302


def test_wrong_code_is_refused_beside_the_field_with_a_way_on(client: Client) -> None:
    email = factories.address()
    ask(client, email)
    code = factories.mailed_code(email)
    response = client.post(CODE, {"code": f"{(int(code) + 1) % 1_000_000:06d}"})
    assert str(CodeRefused.sentence) in response.context["form"].errors["code"]
    assert not ConsumerSession.objects.exists()


def test_expired_code_is_refused_with_a_way_to_a_new_one(client: Client) -> None:
    email = factories.address()
    ask(client, email)
    code = factories.mailed_code(email)
    EmailChallenge.objects.update(expires_at=timezone.now())
    response = client.post(CODE, {"code": code})
    assert str(CodeExpired.sentence) in response.context["form"].errors["code"]
    assert f'href="{START}"' in body(response)


def test_code_in_another_browser_opens_nothing(client: Client) -> None:
    email = factories.address()
    ask(client, email)
    response = Client().post(CODE, {"code": factories.mailed_code(email)})
    assert str(CodeExpired.sentence) in response.context["form"].errors["code"]
    assert not DataSubject.objects.exists()


@pytest.mark.parametrize("cookie", ["", "AAAA", "\xff", "A" * 5000])
def test_tampered_challenge_cookie_opens_nothing(client: Client, cookie: str) -> None:
    email = factories.address()
    ask(client, email)
    other = Client(headers={"cookie": f"{settings.CHALLENGE_COOKIE_NAME}={cookie}"})
    response = other.post(CODE, {"code": factories.mailed_code(email)})
    assert str(CodeExpired.sentence) in response.context["form"].errors["code"]
    assert not ConsumerSession.objects.exists()


def test_address_is_shown_back_in_the_same_browser_only(client: Client) -> None:
    email = factories.address()
    ask(client, email)
    assert email in body(client.get(CODE))
    assert email not in body(Client().get(CODE))


def test_known_and_unknown_addresses_get_the_same_answers() -> None:
    known, unknown = factories.address(), factories.address()
    factories.subject(known)
    pages = []
    for email in (known, unknown):
        browser = Client()
        response = ask(browser, email)
        following = body(browser.get(CODE)).replace(email, "")
        attributes = {
            name: value
            for name, value in response.cookies[settings.CHALLENGE_COOKIE_NAME].items()
            if name != "expires"
        }
        pages.append((response.status_code, response["Location"], attributes, following))
    assert pages[0] == pages[1]


def test_known_and_unknown_addresses_get_the_same_message() -> None:
    known, unknown = factories.address(), factories.address()
    factories.subject(known)
    texts = []
    for email in (known, unknown):
        asked = factories.ask_for_code(email)
        mail = OutboundMail.objects.latest("created_at")
        texts.append((mail.title, str(mail.body).replace(asked.code, "")))
    assert texts[0] == texts[1]


def test_sixth_code_for_an_address_is_refused_beside_the_field(client: Client) -> None:
    email = factories.address()
    for _ in range(ADDRESS_HOUR.most):
        ask(client, email)
    response = ask(client, email)
    assert response.context["form"].errors["email"] == [ADDRESS_HOUR.sentence(60 * MINUTE)]
    assert settings.CHALLENGE_COOKIE_NAME not in response.cookies


def test_network_limit_counts_the_address_of_the_connection_and_not_what_the_client_claims() -> None:
    network = factories.network()
    for number in range(NETWORK_HOUR.most):
        ask(
            Client(REMOTE_ADDR=network), factories.address(), headers={"x-forwarded-for": f"192.0.2.{number}"}
        )
    response = ask(Client(REMOTE_ADDR=network), factories.address())
    assert response.context["form"].errors["email"] == [NETWORK_HOUR.sentence(60 * MINUTE)]


@pytest.mark.parametrize("email", ["", "anna", "anna@", "anna@piemers.lv\nBcc: x@y.lv", "a\x00@piemers.lv"])
def test_what_is_no_address_gets_no_code(client: Client, email: str) -> None:
    response = ask(client, email)
    assert response.context["form"].errors["email"]
    assert not EmailChallenge.objects.exists()


def test_looking_at_the_code_page_consumes_nothing(client: Client) -> None:
    email = factories.address()
    ask(client, email)
    for _ in range(10):
        client.get(CODE)
        client.head(CODE)
    assert EmailChallenge.objects.get().tries == 0
    assert client.post(CODE, {"code": factories.mailed_code(email)}).status_code == 302


def test_no_address_of_a_page_can_hold_the_code(client: Client) -> None:
    email = factories.address()
    ask(client, email)
    client.get(CODE, {"code": factories.mailed_code(email)})
    assert not ConsumerSession.objects.exists()


def test_signed_in_consumer_is_not_asked_to_sign_in(client: Client) -> None:
    factories.sign_in(client)
    assert client.get(START)["Location"] == reverse("applications:resume")


def test_page_that_repeats_a_typed_address_is_kept_by_no_cache(client: Client) -> None:
    assert "no-store" in ask(client, "anna.berzina(at)piemers.lv")["Cache-Control"]
