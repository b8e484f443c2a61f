"""Live events: a stream of version numbers, from which the page knows that it should look again."""

import asyncio
import time
from collections.abc import AsyncIterator
from http import HTTPStatus
from uuid import UUID

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import connections
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from applications.live_hub import hub
from applications.models import ConsumerSession
from applications.selectors.people import own_version
from applications.services.accounts import SESSION_IDLE

HEARTBEAT_SECONDS = 15.0
LONGEST_STREAM_SECONDS = 15 * 60.0


def _version(session: ConsumerSession, application_id: UUID) -> int | None:
    """The newest version number, if the session still holds; gives its connection back at once."""
    try:
        return own_version(session_id=session.pk, application_id=application_id, idle=SESSION_IDLE)
    finally:
        connections.close_all()


async def events(request: HttpRequest, application_id: UUID) -> HttpResponseBase:
    """Server-sent events with the application's version number, at each change and as a heartbeat.

    Refuses to run under WSGI, where every stream would hold a thread.
    """
    if not isinstance(request, ASGIRequest):
        return HttpResponse(status=HTTPStatus.NOT_IMPLEMENTED)
    if hub().is_full:
        return HttpResponse(status=HTTPStatus.SERVICE_UNAVAILABLE)
    session = getattr(request, "consumer", None)
    version = None if session is None else await sync_to_async(_version)(session, application_id)
    if session is None or version is None:
        raise Http404
    response = StreamingHttpResponse(
        _stream(session, application_id, version), content_type="text/event-stream; charset=utf-8"
    )
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


async def _stream(session: ConsumerSession, application_id: UUID, version: int) -> AsyncIterator[str]:
    """One event a change. A lost publication heals at the next heartbeat, which reads the number itself."""
    ends_at = time.monotonic() + LONGEST_STREAM_SECONDS
    async with hub().listen(str(application_id)) as queue:
        yield f"retry: 3000\nid: {version}\ndata: {version}\n\n"
        while time.monotonic() < ends_at:
            try:
                newest: int | None = await asyncio.wait_for(queue.get(), HEARTBEAT_SECONDS)
            except TimeoutError:
                newest = await sync_to_async(_version)(session, application_id)
            if newest is None:
                return
            yield f"id: {newest}\ndata: {newest}\n\n"
