"""A browser that leaves before its page came: nothing went wrong, and no log says that it did."""

import asyncio
import io
import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connections
from django.urls import reverse

from joinbaltic.asgi import application as product
from lenders.views import events, offers
from tests.lenders import scene

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.django_db(databases=scene.DATABASES, transaction=True),
    pytest.mark.usefixtures("lenders"),
]


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


async def left_meanwhile(path: str, token: str, entered: threading.Event) -> list[dict[str, Any]]:
    """What the web server is told when the browser leaves while the page is being made."""
    told: list[dict[str, Any]] = []
    request = iter([{"type": "http.request", "body": b""}])

    async def receive() -> dict[str, Any]:
        if message := next(request, None):
            return message
        await asyncio.to_thread(entered.wait, 10)
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        told.append(message)

    cookie = f"{settings.CONSUMER_COOKIE_NAME}={token}"
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1"), (b"cookie", cookie.encode())],
    }
    await product(scope, receive, send)
    await sync_to_async(connections.close_all)()
    return told


@pytest.mark.parametrize(
    ("page", "module", "reader"),
    [
        ("lenders:offers", offers, "own_application"),
        ("lenders:fragment", offers, "own_application"),
        ("lenders:events", events, "own_version"),
    ],
)
def test_abandoned_page_is_no_error(
    page: str, module: Any, reader: str, monkeypatch: pytest.MonkeyPatch, written: io.StringIO
) -> None:
    subject, token = scene.new_session()
    application = scene.send(scene.draft_for(subject), ["atra"])
    entered, read = threading.Event(), getattr(module, reader)

    def slowly(**question: Any) -> Any:
        entered.set()
        time.sleep(0.1)
        return read(**question)

    monkeypatch.setattr(module, reader, slowly)
    told = asyncio.run(left_meanwhile(reverse(page, args=[application.pk]), token, entered))
    assert entered.is_set()
    assert [message.get("status") for message in told] == [499, None]
    assert written.getvalue() == ""
