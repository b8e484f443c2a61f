"""What every request is wrapped in: a scope for data keys, and whose browser it is: a consumer's, staff's."""

from collections.abc import Callable
from http import HTTPStatus

import structlog
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext_lazy as _

from applications import staff_session
from applications.crypto.errors import CURABLE, CryptoError
from applications.crypto.keyring import data_key_scope
from applications.errors import ProcessingRefused, SubjectErased
from applications.personal import Purpose
from applications.row_security import opened
from applications.selectors.accounts import live_session
from applications.selectors.staff import is_factor_of
from applications.services.accounts import SESSION_IDLE, touch_session
from applications.services.staff_sign_in import note_session_ended
from applications.staff_session import Ended

log = structlog.get_logger(__name__)

RETRY_AFTER_SECONDS = "30"
Handler = Callable[[HttpRequest], HttpResponse]


class DataKeyScopeMiddleware:
    """Unwrapped data keys live for one request, never longer."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with data_key_scope():
            return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A master key is not at hand, or the ring of this process is older than that of others: nothing is
        wrong with what was asked, and another try may succeed.
        """
        if not isinstance(exception, CryptoError) or exception.code not in CURABLE:
            return None
        log.error("keys.not_at_hand", code=exception.code)
        unavailable = render(request, "500.html", status=HTTPStatus.SERVICE_UNAVAILABLE)
        unavailable["Retry-After"] = RETRY_AFTER_SECONDS
        return unavailable


class ConsumerMiddleware:
    """Set `request.consumer` to the browser's ConsumerSession or None; the second wall (applications.
    row_security) keeps nobody from what is their own.

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
        response = self._answer(request)
        if request.method not in {"GET", "HEAD"} or _holds_a_secret(request):
            add_never_cache_headers(response)
            response["Cache-Control"] = "no-store, private"
        return response

    def _answer(self, request: HttpRequest) -> HttpResponse:
        session = request.consumer  # type: ignore[attr-defined]
        if session is None:
            return self.get_response(request)
        with opened(Purpose.DATA_SUBJECT_RIGHTS, person=session.subject_id):
            return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A right of the person stands in the way: every page says so in the same words."""
        if not isinstance(exception, ProcessingRefused | SubjectErased):
            return None
        context = {"sentence": exception.sentence}
        return render(request, "applications/refused.html", context, status=HTTPStatus.FORBIDDEN)


SENTENCES = {
    Ended.UNPROVED: _("Log in with your password and your second factor."),
    Ended.IDLE: _("You were signed out: nothing was done for half an hour."),
    Ended.OVER: _("You were signed out: a session lasts eight hours at most."),
    Ended.RESET: _("You were signed out: your second factor was reset."),
}


class StaffSessionMiddleware:
    """End sessions of staff that lay idle, are too old, or did not prove what they have to.

    The page then finds nobody signed in, and leads to the way in as it leads any stranger.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            why = _why_ended(request)
            if why is None:
                staff_session.touch(request)
            else:
                note_session_ended(user=request.user, why=why)
                logout(request)
                messages.warning(request, SENTENCES[why])
        return self.get_response(request)


def _why_ended(request: HttpRequest) -> Ended | None:
    why = staff_session.out_of_time(request)
    if why is None and not is_factor_of(request.user, staff_session.factor_id(request)):  # type: ignore[arg-type]
        return Ended.RESET
    return why


def _holds_a_secret(request: HttpRequest) -> bool:
    """A consumer's session, a code on its way, a session of staff."""
    names = (settings.CONSUMER_COOKIE_NAME, settings.CHALLENGE_COOKIE_NAME, settings.SESSION_COOKIE_NAME)
    return any(request.COOKIES.get(name) for name in names)
