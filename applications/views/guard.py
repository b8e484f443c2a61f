"""Pages for a signed-in consumer."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from applications.actors import Actor
from applications.models import ConsumerSession
from applications.views.way_back import address_with, opens_after_sign_in, to_the_way_in


class ConsumerRequest(HttpRequest):
    """A request whose consumer is signed in."""

    consumer: ConsumerSession


def actor_of(request: ConsumerRequest) -> Actor:
    """The signed-in consumer as an actor."""
    return Actor.consumer(request.consumer.subject_id)


View = Callable[..., HttpResponse]


def consumer_required(view: View) -> View:
    """Send a visitor without a session to prove an e-mail address; a posted form gets a page that says so."""

    @opens_after_sign_in
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if getattr(request, "consumer", None) is not None:
            return view(request, *args, **kwargs)
        if request.method == "POST":
            context = {"start_url": address_with("applications:start", request.path)}
            return render(request, "applications/session_ended.html", context, status=403)
        return to_the_way_in(request)

    return guarded
