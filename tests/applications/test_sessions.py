"""A consumer's session: how it lives and ends, and what its cookies are."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from applications.models import AuditEntry, ConsumerSession, DataSubject
from applications.services import accounts
from applications.tokens import token_hash
from tests import factories

pytestmark = pytest.mark.django_db(databases=["default", "keys", "aside"])
ACCOUNT = reverse("applications:account")


def is_open(client: Client) -> bool:
    return client.get(ACCOUNT).status_code == 200


@pytest.fixture
def consumer(client: Client) -> Client:
    factories.sign_in(client)
    assert is_open(client)
    return client


def test_session_lain_idle_for_an_hour_has_ended(consumer: Client) -> None:
    ConsumerSession.objects.update(last_seen_at=timezone.now() - accounts.SESSION_IDLE)
    assert not is_open(consumer)


def test_session_ends_twelve_hours_after_it_began_however_busy(consumer: Client) -> None:
    session = ConsumerSession.objects.get()
    assert session.expires_at - session.created_at < timedelta(hours=12, seconds=5)
    ConsumerSession.objects.update(expires_at=timezone.now())
    assert not is_open(consumer)


def test_page_view_keeps_the_session_from_lying_idle(consumer: Client) -> None:
    before = timezone.now() - timedelta(minutes=59)
    ConsumerSession.objects.update(last_seen_at=before)
    assert is_open(consumer)
    assert ConsumerSession.objects.get().last_seen_at > before + timedelta(minutes=58)


def test_page_view_does_not_lengthen_the_session(consumer: Client) -> None:
    before = ConsumerSession.objects.get().expires_at
    is_open(consumer)
    assert ConsumerSession.objects.get().expires_at == before


def test_use_of_a_session_is_noted_once_a_minute_at_most(consumer: Client) -> None:
    before = ConsumerSession.objects.get().last_seen_at
    assert is_open(consumer)
    assert ConsumerSession.objects.get().last_seen_at == before


def test_sign_out_kills_the_token(consumer: Client) -> None:
    token = consumer.cookies[settings.CONSUMER_COOKIE_NAME].value
    consumer.post(reverse("applications:sign_out"))
    consumer.cookies[settings.CONSUMER_COOKIE_NAME] = token
    assert not is_open(consumer)


def test_sign_out_takes_the_cookie_away(consumer: Client) -> None:
    response = consumer.post(reverse("applications:sign_out"))
    assert response.cookies[settings.CONSUMER_COOKIE_NAME].value == ""
    assert response.cookies[settings.CONSUMER_COOKIE_NAME]["max-age"] == 0


def test_sign_out_is_audited_once(consumer: Client) -> None:
    session = ConsumerSession.objects.get()
    accounts.sign_out(session=session)
    accounts.sign_out(session=session)
    assert AuditEntry.objects.filter(action="session.ended", object_id=str(session.pk)).count() == 1


def test_sign_out_of_one_browser_leaves_the_other_signed_in(client: Client) -> None:
    email, other = factories.address(), Client()
    factories.sign_in(client, email)
    factories.sign_in(other, email)
    client.post(reverse("applications:sign_out"))
    assert is_open(other)


def test_sign_out_by_a_link_leads_to_the_button_and_does_nothing(consumer: Client) -> None:
    assert consumer.get(reverse("applications:sign_out"))["Location"] == ACCOUNT
    assert is_open(consumer)


def test_signing_in_again_ends_the_session_this_browser_had(consumer: Client) -> None:
    older = consumer.cookies[settings.CONSUMER_COOKIE_NAME].value
    email = factories.address()
    consumer.post(reverse("applications:start"), {"email": email})
    consumer.post(reverse("applications:code"), {"code": factories.mailed_code(email)})
    assert ConsumerSession.objects.get(token_hash=token_hash(older)).ended_at is not None
    assert is_open(consumer)


def test_erased_person_is_signed_out_everywhere(consumer: Client) -> None:
    DataSubject.objects.update(erased_at=timezone.now())
    assert not is_open(consumer)


@pytest.mark.parametrize(
    "tampered",
    [lambda token: token[:-1], lambda token: token + "A", lambda token: token.swapcase(), lambda _: "",
     lambda _: "\xff\xfe", lambda _: "\x00", lambda _: "A" * 5000, lambda _: "%00"],
)  # fmt: skip
def test_tampered_cookie_opens_nothing(consumer: Client, tampered: Any) -> None:
    token = consumer.cookies[settings.CONSUMER_COOKIE_NAME].value
    bare = Client(headers={"cookie": f"{settings.CONSUMER_COOKIE_NAME}={tampered(token)}"})
    response = bare.get(ACCOUNT)
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("applications:start"))


def test_hash_out_of_the_database_is_not_a_token(consumer: Client) -> None:
    stolen = bytes(ConsumerSession.objects.get().token_hash).hex()
    consumer.cookies[settings.CONSUMER_COOKIE_NAME] = stolen
    assert not is_open(consumer)


def test_cookies_of_codes_and_sessions_are_hidden_from_scripts_and_other_sites(client: Client) -> None:
    email = factories.address()
    asked = client.post(reverse("applications:start"), {"email": email})
    opened = client.post(reverse("applications:code"), {"code": factories.mailed_code(email)})
    for cookie in (
        asked.cookies[settings.CHALLENGE_COOKIE_NAME],
        opened.cookies[settings.CONSUMER_COOKIE_NAME],
    ):
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        assert cookie["path"] == "/"
        assert not cookie["domain"]


@pytest.mark.parametrize("production", [True, False])
def test_cookies_of_codes_and_sessions_travel_over_https_alone_in_production(
    client: Client, settings: Any, production: bool
) -> None:
    settings.PRODUCTION = production
    email = factories.address()
    asked = client.post(reverse("applications:start"), {"email": email})
    opened = client.post(reverse("applications:code"), {"code": factories.mailed_code(email)})
    assert bool(asked.cookies[settings.CHALLENGE_COOKIE_NAME]["secure"]) is production
    assert bool(opened.cookies[settings.CONSUMER_COOKIE_NAME]["secure"]) is production


def test_session_cookie_lasts_no_longer_than_the_session(client: Client) -> None:
    email = factories.address()
    client.post(reverse("applications:start"), {"email": email})
    cookie = client.post(
        reverse("applications:code"), {"code": factories.mailed_code(email)}
    ).cookies[settings.CONSUMER_COOKIE_NAME]  # fmt: skip
    assert int(cookie["max-age"]) <= accounts.SESSION_LIFETIME.total_seconds()


def test_page_that_lies_open_does_not_keep_its_session_alive(consumer: Client) -> None:
    before = timezone.now() - timedelta(minutes=59)
    ConsumerSession.objects.update(last_seen_at=before)
    consumer.get(ACCOUNT, headers={"sec-fetch-mode": "cors"})
    assert ConsumerSession.objects.get().last_seen_at == before
