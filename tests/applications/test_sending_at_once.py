"""The button pressed many times in the same moment, and the button pressed while Redis is away."""

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from celery import current_app
from django.conf import settings
from django.test import Client
from django.urls import reverse

from applications import live
from applications.models import (
    Application,
    ApplicationEvent,
    Consent,
    Contract,
    MailKind,
    MailStatus,
    NoticeKind,
    OutboundMail,
)
from applications.services import mail
from applications.states import ApplicationStatus
from lenders.models import Delivery, Submission
from lenders.states import DeliveryStatus
from tests import factories
from tests.factories import press_send

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=["default", "keys", "aside"], transaction=True),
]
SEND = reverse("lenders:send")
AGREED = {"lenders": ["alfa", "beta"], "pass_on": "on", "accept_terms": "on"}
THREADS, POSTS_EACH = 50, 2
PATIENCE_SECONDS = 5.0


@pytest.fixture
def ready_to_send(client: Client) -> Application:
    owner = factories.sign_in(client)
    factories.notice(NoticeKind.TERMS)
    factories.notice(NoticeKind.PRIVACY)
    factories.lender("alfa")
    factories.lender("beta")
    return factories.complete_draft(owner)


def assert_sent_once(application: Application) -> None:
    assert Application.objects.get().status == ApplicationStatus.SUBMITTED
    assert sorted(Submission.objects.values_list("lender__slug", flat=True)) == ["alfa", "beta"]
    assert Delivery.objects.filter(status=DeliveryStatus.DUE).count() == 2
    assert Contract.objects.count() == Consent.objects.count() == 1
    assert ApplicationEvent.objects.filter(status=ApplicationStatus.SUBMITTED).count() == 1
    assert OutboundMail.objects.filter(kind=MailKind.APPLICATION_SENT).count() == 1


@pytest.mark.slow
def test_form_posted_a_hundred_times_at_once_is_one_application(
    client: Client, ready_to_send: Application
) -> None:
    token = client.cookies[settings.CONSUMER_COOKIE_NAME].value

    def post(_: int) -> list[tuple[int, str]]:
        browser = Client()
        browser.cookies[settings.CONSUMER_COOKIE_NAME] = token
        responses = [press_send(browser, AGREED) for _ in range(POSTS_EACH)]
        return [(response.status_code, response.headers.get("Location", "")) for response in responses]

    answers = factories.in_parallel(post, THREADS)
    assert {one for answer in answers for one in answer} == {
        (302, reverse("lenders:offers", args=[ready_to_send.pk]))
    }
    assert_sent_once(ready_to_send)


def test_button_pressed_twice_is_one_application_and_the_same_page(
    client: Client, ready_to_send: Application
) -> None:
    first, second = press_send(client, AGREED), client.post(SEND, AGREED)
    assert first["Location"] == second["Location"]
    assert_sent_once(ready_to_send)


def test_answer_saved_while_the_application_is_sent_is_sent_or_refused(
    client: Client, ready_to_send: Application
) -> None:
    token = client.cookies[settings.CONSUMER_COOKIE_NAME].value
    step = reverse("applications:step", args=["name"])

    def act(number: int) -> int:
        browser = Client()
        browser.cookies[settings.CONSUMER_COOKIE_NAME] = token
        if number == 0:
            return press_send(browser, AGREED).status_code
        return browser.post(step, {"given_name": "Zane", "surname": "Ozola"}).status_code

    sent, *saved = factories.in_parallel(act, 9)
    assert sent == 302
    assert set(saved) <= {302, 409}
    assert_sent_once(ready_to_send)
    name = Application.objects.select_related("identification").get().identification.given_name
    assert name == ("Zane" if 302 in saved else "Anna")


# --- Redis ----------------------------------------------------------------------------------------------
@pytest.fixture
def broken_redis(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Redis is away ("refuses"), or accepts connections and never says a word ("hangs")."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    address = f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
    if request.param == "hangs":
        listener.listen(50)
    monkeypatch.setenv("CELERY_BROKER_URL", address)
    assert current_app.conf.broker_url == address
    pool = redis.ConnectionPool.from_url(address, **live.CONNECTION)
    monkeypatch.setattr(live, "_pool", pool)
    yield
    listener.close()


@pytest.mark.parametrize("broken_redis", ["refuses", "hangs"], indirect=True)
def test_application_is_sent_quickly_while_redis_is_away(
    client: Client, ready_to_send: Application, broken_redis: None
) -> None:
    before = time.monotonic()
    response = press_send(client, AGREED)
    assert time.monotonic() - before < PATIENCE_SECONDS
    assert response["Location"] == reverse("lenders:offers", args=[ready_to_send.pk])
    assert_sent_once(ready_to_send)


@pytest.mark.parametrize("broken_redis", ["refuses", "hangs"], indirect=True)
def test_code_is_queued_quickly_while_redis_is_away(client: Client, broken_redis: None) -> None:
    before = time.monotonic()
    assert client.post(reverse("applications:start"), {"email": factories.address()}).status_code == 302
    assert time.monotonic() - before < PATIENCE_SECONDS
    assert OutboundMail.objects.get().status == MailStatus.QUEUED
    assert mail.claim_due() == [OutboundMail.objects.get().pk]


def test_sending_wakes_a_worker_with_identifiers_alone(client: Client, ready_to_send: Application) -> None:
    server = redis.Redis.from_url(settings.REDIS_URL)
    server.delete("default")
    press_send(client, AGREED)
    messages: Any = server.lrange("default", 0, -1)
    tasks = {b"lenders.tasks.dispatch", b"applications.tasks.deliver_mail"}
    assert len(messages) == len(tasks)
    assert all(any(task in message for message in messages) for task in tasks)
