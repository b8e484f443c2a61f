"""Live events: version numbers to the page that may see them, and to no other."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connections
from django.test import AsyncClient, Client
from django.urls import reverse
from django.utils import timezone

from applications import live, live_hub
from applications.models import Application, ConsumerSession
from lenders.views import events
from tests.lenders import scene

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(databases=scene.DATABASES, transaction=True),
    pytest.mark.usefixtures("lenders"),
]


def visit() -> tuple[Application, str]:
    """Somebody's sent application and the token of their browser."""
    subject, token = scene.new_session()
    return scene.send(scene.draft_for(subject), ["atra"]), token


def events_url(application_id: Any) -> str:
    return reverse("lenders:events", args=[application_id])


async def opened(url: str, token: str = "") -> Any:
    client = AsyncClient()
    client.cookies[settings.CONSUMER_COOKIE_NAME] = token
    return await client.get(url)


async def versions(response: Any) -> AsyncIterator[int]:
    async for chunk in response.streaming_content:
        for line in chunk.decode().splitlines():
            if line.startswith("data: "):
                yield int(line.removeprefix("data: "))


def played(scenario: Coroutine[Any, Any, Any]) -> Any:
    """Run it, and let go of the connections of the thread on which its synchronous parts ran."""

    async def run() -> Any:
        try:
            return await scenario
        finally:
            await sync_to_async(connections.close_all)()

    return asyncio.run(run())


def in_thread(work: Any) -> Any:
    def run() -> Any:
        try:
            return work()
        finally:
            connections.close_all()

    return sync_to_async(run, thread_sensitive=False)()


def test_stream_begins_with_the_version_and_tells_every_change():
    application, token = visit()

    async def watch() -> list[int]:
        response = await opened(events_url(application.pk), token)
        assert response.status_code == 200
        assert response["Content-Type"].startswith("text/event-stream")
        assert "no-store" in response["Cache-Control"]
        stream, seen = versions(response), []
        async with asyncio.timeout(20):
            seen.append(await anext(stream))
            following = asyncio.ensure_future(anext(stream))
            while not following.done():  # until the subscription stands, a publication may be missed
                await in_thread(lambda: live.touch(application.pk))
                await asyncio.wait([following], timeout=0.3)
            seen.append(following.result())
        response.close()
        return seen

    first, second = played(watch())
    assert first == application.version
    assert second > first


def test_lost_publication_heals_at_the_heartbeat(monkeypatch):
    monkeypatch.setattr(events, "HEARTBEAT_SECONDS", 0.2)
    monkeypatch.setattr(live, "_publish", lambda application_id: None)
    application, token = visit()

    async def watch() -> list[int]:
        stream = versions(await opened(events_url(application.pk), token))
        async with asyncio.timeout(20):
            first = await anext(stream)
            await in_thread(lambda: live.touch(application.pk))
            return [first, await anext(stream), await anext(stream)]

    first, *later = played(watch())
    assert first + 1 in later


def test_stream_ends_when_its_session_does(monkeypatch):
    monkeypatch.setattr(events, "HEARTBEAT_SECONDS", 0.2)
    application, token = visit()

    async def watch() -> int:
        stream = versions(await opened(events_url(application.pk), token))
        async with asyncio.timeout(20):
            await anext(stream)
            await in_thread(lambda: ConsumerSession.objects.update(ended_at=timezone.now()))
            return len([version async for version in stream])

    assert played(watch()) <= 1


@pytest.mark.parametrize("whose", ["nobody", "another", "unknown", "forged"])
def test_application_of_another_is_not_found(whose):
    application, token = visit()
    other, _ = visit()
    urls = {
        "nobody": (events_url(application.pk), ""),
        "another": (events_url(other.pk), token),
        "unknown": (events_url(uuid4()), token),
        "forged": (events_url(application.pk), "forged"),
    }

    async def ask() -> int:
        return (await opened(*urls[whose])).status_code

    assert played(ask()) == HTTPStatus.NOT_FOUND


def test_stream_is_refused_under_wsgi():
    application, token = visit()
    client = Client()
    client.cookies[settings.CONSUMER_COOKIE_NAME] = token
    assert client.get(events_url(application.pk)).status_code == HTTPStatus.NOT_IMPLEMENTED


def test_stream_beyond_what_a_process_bears_is_refused(monkeypatch):
    monkeypatch.setattr(live_hub, "MOST_STREAMS", 0)
    application, token = visit()

    async def ask() -> int:
        return (await opened(events_url(application.pk), token)).status_code

    assert played(ask()) == HTTPStatus.SERVICE_UNAVAILABLE
