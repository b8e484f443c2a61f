"""What every request is wrapped in: a scope for data keys, and the consumer whose browser it is."""

from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers

from applications.crypto.keyring import data_key_scope
from applications.errors import ProcessingRefused, SubjectErased
from applications.selectors.accounts import live_session
from applications.services.accounts import SESSION_IDLE, touch_session

Handler = Callable[[HttpRequest], HttpResponse]


class DataKeyScopeMiddleware:
    """Unwrapped data keys live for one request, never longer."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with data_key_scope():
            return self.get_response(request)


class ConsumerMiddleware:
    """Set `request.consumer` to the browser's ConsumerSession or None.

    Pages of a browser that holds one of our secrets, and pages that may repeat what was typed, are kept by
    no cache.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = request.COOKIES.get(settings.CONSUMER_COOKIE_NAME)
        session = live_session(token, idle=SESSION_IDLE) if token else None
        request.consumer = session  # type: ignore[attr-defined]
        # Live events and fragments come from a page that lies open: only a person's own steps count as use.
        if session is not None and request.headers.get("sec-fetch-mode", "navigate") == "navigate":
            touch_session(session)
        response = self.get_response(request)
        if request.method not in {"GET", "HEAD"} or _holds_a_secret(request):
            add_never_cache_headers(response)
            response["Cache-Control"] = "no-store, private"
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A right of the person stands in the way: every page says so in the same words."""
        if not isinstance(exception, ProcessingRefused | SubjectErased):
            return None
        context = {"sentence": exception.sentence}
        return render(request, "applications/refused.html", context, status=HTTPStatus.FORBIDDEN)


def _holds_a_secret(request: HttpRequest) -> bool:
    """A consumer's session, a code on its way, a session of staff."""
    names = (settings.CONSUMER_COOKIE_NAME, settings.CHALLENGE_COOKIE_NAME, settings.SESSION_COOKIE_NAME)
    return any(request.COOKIES.get(name) for name in names)
