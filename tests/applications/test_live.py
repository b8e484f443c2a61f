"""News to open pages: a number goes through Redis to whoever waits for that application, and nothing else."""

import asyncio
from collections.abc import Coroutine
from typing import Any
from uuid import UUID, uuid4

import pytest
import redis
from django.conf import settings
from django.db import transaction

from applications import live
from applications.live_hub import Hub, hub
from applications.models import Application
from tests import factories

WAIT_SECONDS = 5


def run(scenario: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(scenario, WAIT_SECONDS))


def publish(application_id: UUID, value: str) -> None:
    redis.Redis.from_url(settings.REDIS_URL).publish(live.channel(application_id), value)


def test_published_number_reaches_the_page_that_waits_for_it() -> None:
    async def scenario() -> int:
        own, mine = Hub(), uuid4()
        async with own.listen(str(mine)) as queue:
            while queue.empty():
                publish(mine, "7")
                await asyncio.sleep(0.01)
            return queue.get_nowait()

    assert run(scenario()) == 7


def test_page_hears_nothing_of_another_application() -> None:
    async def scenario() -> bool:
        own, mine, other = Hub(), uuid4(), uuid4()
        async with own.listen(str(mine)) as queue, own.listen(str(other)) as others:
            while others.empty():
                publish(other, "7")
                await asyncio.sleep(0.01)
            return queue.empty()

    assert run(scenario())


def test_slow_page_finds_the_newest_number_only() -> None:
    async def scenario() -> list[int]:
        own = Hub()
        async with own.listen("one") as queue:
            for number in (b"1", b"2", b"3"):
                own._hand_out("application:one", number)
            return [queue.get_nowait() for _ in range(queue.qsize())]

    assert run(scenario()) == [3]


@pytest.mark.parametrize("junk", [b"", b"-1", b"x", b"1.5", b"<script>"])
def test_what_is_no_number_is_dropped(junk: bytes) -> None:
    async def scenario() -> bool:
        own = Hub()
        async with own.listen("one") as queue:
            own._hand_out("application:one", junk)
            return queue.empty()

    assert run(scenario())


def test_closed_page_leaves_nothing_behind() -> None:
    async def scenario() -> dict[str, Any]:
        own = Hub()
        async with own.listen("one"), own.listen("one"):
            pass
        return dict(own._waiting)

    assert run(scenario()) == {}


def test_pages_of_one_process_share_one_hub() -> None:
    async def scenario() -> bool:
        return hub() is hub()

    assert run(scenario())


@pytest.mark.django_db(databases=["default", "keys", "aside"], transaction=True)
def test_change_is_published_once_it_is_committed() -> None:
    application = factories.draft(factories.subject())
    client = redis.Redis.from_url(settings.REDIS_URL)
    with client.pubsub(ignore_subscribe_messages=True) as subscription:
        subscription.subscribe(live.channel(application.pk))
        subscription.get_message(timeout=1)
        with transaction.atomic():
            live.touch(application.pk)
            assert subscription.get_message(timeout=0.05) is None
        message = subscription.get_message(timeout=WAIT_SECONDS)
    assert message
    assert int(message["data"]) == Application.objects.get().version


@pytest.mark.django_db(databases=["default", "keys", "aside"], transaction=True)
def test_change_that_is_rolled_back_is_no_news() -> None:
    application = factories.draft(factories.subject())
    before = Application.objects.get().version
    with transaction.atomic():
        live.touch(application.pk)
        transaction.set_rollback(True)
    assert Application.objects.get().version == before
