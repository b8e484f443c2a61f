"""Whoever asks for a page before signing in reaches it afterwards; the way in leads to no other place."""

from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from tests import factories

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])
START, CODE = reverse("applications:start"), reverse("applications:code")
ACCOUNT = reverse("applications:account")


def signed_in_from(client: Client, address: str) -> Any:
    """Sign in on the page that `address` leads to; where that ends."""
    email = factories.address()
    asked = client.post(client.get(address, follow=True).wsgi_request.get_full_path(), {"email": email})
    return client.post(asked["Location"], {"code": factories.mailed_code(email)})


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("applications:account", []),
        ("applications:check", []),
        ("applications:step", ["income"]),
        ("lenders:send", []),
        ("lenders:offers", [uuid4()]),
        ("lenders:choose", [uuid4(), uuid4()]),
    ],
)
def test_sign_in_leads_to_the_page_that_was_asked_for(client: Client, name: str, args: list[Any]) -> None:
    page = reverse(name, args=args)
    assert signed_in_from(client, page)["Location"] == page


def test_start_page_says_why_one_is_there(client: Client) -> None:
    assert client.get(ACCOUNT, follow=True).context["asked"] == ACCOUNT
    assert not client.get(START).context["asked"]


def test_consumer_with_a_draft_reaches_the_page_of_the_link(client: Client) -> None:
    factories.complete_draft(factories.sign_in(client))
    assert client.get(ACCOUNT).status_code == 200
    assert client.get(f"{START}?next={ACCOUNT}")["Location"] == ACCOUNT


def test_page_opens_in_the_language_chosen_on_the_way_in(client: Client) -> None:
    with translation.override("en"):
        english = reverse("applications:account")
    assert signed_in_from(client, f"{START}?next={english}")["Location"] == ACCOUNT


def test_asking_for_a_new_code_keeps_the_page(client: Client) -> None:
    page = client.get(f"{CODE}?next={ACCOUNT}")
    assert page.text.count(f'href="{START}?next={quote(ACCOUNT, safe="")}"') == 2


@pytest.mark.parametrize(
    "next_page",
    [
        "https://evil.example/",
        "//evil.example/lv/account/",
        "///evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "http:///evil.example",
        "javascript:alert(1)",
        "lv/account/",
        "https://testserver/lv/account/",
        "/admin/",
        "/admin/login/?next=/lv/account/",
        "/api/lenders/v1/",
        "/lv/start/",
        "/lv/sign-out/",
        "/lv/nothing-is-here/",
        "/xx/account/",
        "/",
        "",
        "%",
        "\x00",
        "/lv/account/\r\nSet-Cookie: a=b",
        "/lv/account/%0d%0aSet-Cookie:%20a=b",
    ],
)
def test_way_in_leads_to_no_other_place(client: Client, next_page: str) -> None:
    end = signed_in_from(client, f"{START}?next={quote(next_page)}")
    assert end["Location"] == reverse("applications:resume")


def test_nothing_written_into_the_address_is_carried_along(client: Client) -> None:
    address = quote(f"{ACCOUNT}?email=anna@example.lv#name")
    assert signed_in_from(client, f"{START}?next={address}")["Location"] == ACCOUNT
