"""Pages that want a code that was mailed just now, although somebody is signed in."""

from datetime import timedelta
from functools import wraps
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from applications.errors import TooManyCodes
from applications.views.guard import ConsumerRequest, View, consumer_required, kept_page
from applications.views.sign_in import send_code
from applications.views.way_back import address_with, asked_page

FRESH_FOR = timedelta(minutes=15)
"""So long a code counts as given just now."""


def is_fresh(request: ConsumerRequest) -> bool:
    """Whether whoever is signed in gave their code just now."""
    return timezone.now() - request.consumer.created_at < FRESH_FOR


def fresh_code_required(view: View) -> View:
    """The page for a consumer whose code was mailed just now; anybody else is asked for one, and led back.
    What was typed is kept, by a page that can.
    """

    @consumer_required
    @wraps(view)
    def guarded(request: ConsumerRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if is_fresh(request):
            return view(request, *args, **kwargs)
        kept = kept_page(view, request, *args, **kwargs) if request.method == "POST" else None
        return kept or redirect(address_with("applications:fresh_code", request.path))

    return guarded


@consumer_required
@require_http_methods(["GET", "HEAD", "POST"])
def fresh_code(request: ConsumerRequest) -> HttpResponse:
    """Say why a new code is needed, and mail it to the person's own address."""
    asked, refused = asked_page(request), ""
    if request.method == "POST":
        try:
            to = address_with("applications:code", asked)
            return send_code(request, email=request.consumer.subject.verified_email, to=to)
        except TooManyCodes as error:
            refused = str(error.sentence)
    context = {"refused": refused, "address": request.consumer.subject.verified_email}
    return render(request, "applications/fresh_code.html", context)
