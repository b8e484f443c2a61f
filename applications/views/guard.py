"""Pages for a signed-in consumer."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from applications.actors import Actor
from applications.models import ConsumerSession
from applications.views.way_back import address_with, opens_after_sign_in, to_the_way_in

ANSWER = "posted_in_vain"


class ConsumerRequest(HttpRequest):
    """A request whose consumer is signed in."""

    consumer: ConsumerSession


def actor_of(request: ConsumerRequest) -> Actor:
    """The signed-in consumer as an actor."""
    return Actor.consumer(request.consumer.subject_id)


View = Callable[..., HttpResponse]
InVain = Callable[..., HttpResponse | None]


def consumer_required(view: View) -> View:
    """Send a visitor without a session to prove an e-mail address; a posted form gets a page that says so."""

    @opens_after_sign_in
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if getattr(request, "consumer", None) is not None:
            return view(request, *args, **kwargs)
        if request.method != "POST":
            return to_the_way_in(request)
        return kept_page(view, request, *args, **kwargs) or _session_ended(request)

    return guarded


def posted_in_vain(answer: InVain) -> Callable[[View], View]:
    """Name what answers a form posted to a page although its session ended or its token is old.

    `answer` saves nothing and shows again what was typed; None when nothing was.
    """

    def mark(view: View) -> View:
        setattr(view, ANSWER, answer)
        return view

    return mark


def kept_page(view: View, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse | None:
    """The page that keeps what was typed, if this one has such a page."""
    answer: InVain | None = getattr(view, ANSWER, None)
    return answer(request, *args, **kwargs) if answer else None


def _session_ended(request: HttpRequest) -> HttpResponse:
    context = {"start_url": address_with("applications:start", request.path)}
    return render(request, "applications/session_ended.html", context, status=HTTPStatus.FORBIDDEN)
