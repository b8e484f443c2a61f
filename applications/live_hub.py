"""Live events of one process: one Redis subscription, however many pages are open."""

import asyncio
import weakref
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import redis.asyncio as redis
import structlog
from django.conf import settings

from applications.live import CHANNEL_PREFIX

log = structlog.get_logger(__name__)

RECONNECT_SECONDS = 1.0
MOST_STREAMS = 500  # a process's; a page that is refused polls instead


class Hub:
    """Hands each published version number to the pages that wait for its application."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Queue[int]]] = defaultdict(set)
        self._reader: asyncio.Task[None] | None = None

    @property
    def is_full(self) -> bool:
        """Whether one more stream is one too many for this process."""
        return sum(map(len, self._waiting.values())) >= MOST_STREAMS

    @asynccontextmanager
    async def listen(self, application_id: str) -> AsyncIterator[asyncio.Queue[int]]:
        """A queue that holds the newest version number of the application."""
        if self._reader is None or self._reader.done():
            self._reader = asyncio.create_task(self._read())
        queue: asyncio.Queue[int] = asyncio.Queue(maxsize=1)
        self._waiting[application_id].add(queue)
        try:
            yield queue
        finally:
            self._waiting[application_id].discard(queue)
            if not self._waiting[application_id]:
                del self._waiting[application_id]

    async def _read(self) -> None:
        """Follow the subscription for ever; while Redis is away the pages live on their heartbeats."""
        while True:
            client = redis.from_url(settings.REDIS_URL, socket_connect_timeout=1)
            try:
                async with client.pubsub(ignore_subscribe_messages=True) as subscription:
                    await subscription.psubscribe(f"{CHANNEL_PREFIX}*")
                    async for message in subscription.listen():
                        self._hand_out(message["channel"].decode(), message["data"])
            except (redis.RedisError, OSError) as error:
                log.warning("live.subscription_lost", code=type(error).__name__)
            finally:
                await client.aclose()
            await asyncio.sleep(RECONNECT_SECONDS)

    def _hand_out(self, channel: str, data: bytes) -> None:
        if not data.isdigit():
            return
        for queue in self._waiting.get(channel.removeprefix(CHANNEL_PREFIX), ()):
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(int(data))


_hubs: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = weakref.WeakKeyDictionary()


def hub() -> Hub:
    """The hub of the running loop."""
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())
