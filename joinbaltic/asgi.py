"""The whole product over ASGI: pages and live events."""

import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "joinbaltic.settings")

Message = Mapping[str, Any]
CLIENT_LEFT = 499  # no standard has a status for it; web servers and those who read their logs use this one

_django = get_asgi_application()


async def application(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    """Django, and a status for the request that its browser abandoned.

    Django then answers nothing, and the server's log of requests would call that a fault of ours (500).
    """
    answered = False

    async def note_and_send(message: Message) -> None:
        nonlocal answered
        answered = True
        await send(message)

    await _django(scope, receive, note_and_send)
    if not answered:
        await send({"type": "http.response.start", "status": CLIENT_LEFT, "headers": []})
        await send({"type": "http.response.body", "body": b""})
