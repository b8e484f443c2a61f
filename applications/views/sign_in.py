"""Proving an e-mail address: ask for a code, write the code, sign out."""

from datetime import datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from applications.errors import CodeExpired, CodeRefused, TooManyCodes
from applications.forms import CodeForm, EmailForm
from applications.models import ConsumerSession
from applications.network import client_address
from applications.selectors.accounts import live_challenge
from applications.services.accounts import (
    CODE_LIFETIME,
    Opened,
    request_code,
    sign_in,
    sign_out,
)
from applications.views.way_back import address_with, asked_page


def set_secret_cookie(response: HttpResponse, name: str, opened: Opened) -> None:
    """A cookie that scripts cannot read and other sites cannot send."""
    response.set_cookie(
        name, opened.token, expires=_utc(opened.expires_at), secure=settings.PRODUCTION, httponly=True,
        samesite="Lax", path="/",
    )  # fmt: skip


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(timezone.get_default_timezone())


def send_code(request: HttpRequest, *, email: str, to: str) -> HttpResponse:
    """Mail a code to an address, and go on to where it is entered. Raises TooManyCodes."""
    opened = request_code(email=email, network=client_address(request), language=get_language() or "lv")
    response = redirect(to)
    set_secret_cookie(response, settings.CHALLENGE_COOKIE_NAME, opened)
    return response


def browser_token(request: HttpRequest) -> str:
    """What this browser got when it asked for a code; empty without."""
    return request.COOKIES.get(settings.CHALLENGE_COOKIE_NAME, "")


def code_page(request: HttpRequest, form: CodeForm, *, start_url: str) -> HttpResponse:
    """Where a code is entered; `start_url` leads to where another one is asked for."""
    token = browser_token(request)
    challenge = live_challenge(token, now=timezone.now()) if token else None
    context = {
        "form": form,
        "address": challenge.address if challenge else None,
        "minutes": int(CODE_LIFETIME.total_seconds() // 60),
        "start_url": start_url,
    }
    return render(request, "applications/code.html", context)


def forget_code(response: HttpResponse) -> HttpResponse:
    """The code was used: the browser's part of it goes."""
    response.delete_cookie(settings.CHALLENGE_COOKIE_NAME, samesite="Lax")
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Ask for the e-mail address and mail a code to it."""
    asked = asked_page(request)
    if getattr(request, "consumer", None) is not None and request.method != "POST":
        return redirect(asked or "applications:resume")
    form = EmailForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            to = address_with("applications:code", asked)
            return send_code(request, email=form.cleaned_data["email"], to=to)
        except TooManyCodes as refusal:
            form.add_error("email", str(refusal.sentence))
    return render(request, "applications/start.html", {"form": form, "asked": asked})


@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """Take the mailed code, in the browser that asked for it."""
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            opened = sign_in(
                browser_token=browser_token(request),
                code=form.cleaned_data["code"],
                network=client_address(request),
            )
        except (CodeRefused, CodeExpired) as refusal:
            form.add_error("code", str(refusal.sentence))
        else:
            return _signed_in(request, opened)
    return code_page(request, form, start_url=address_with("applications:start", asked_page(request)))


def _signed_in(request: HttpRequest, opened: Opened) -> HttpResponse:
    """On to the page asked for, or with the form; whoever was signed in here before is so no more."""
    _end_session(request)
    response = redirect(asked_page(request) or "applications:resume")
    set_secret_cookie(response, settings.CONSUMER_COOKIE_NAME, opened)
    return forget_code(response)


@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest) -> HttpResponse:
    """Sign out: the session ends here and the cookie goes. The address alone leads to the button."""
    if request.method != "POST":
        return redirect("applications:account")
    _end_session(request)
    response = redirect("applications:home")
    response.delete_cookie(settings.CONSUMER_COOKIE_NAME, samesite="Lax")
    return response


def _end_session(request: HttpRequest) -> None:
    session: ConsumerSession | None = getattr(request, "consumer", None)
    if session is not None:
        sign_out(session=session)
