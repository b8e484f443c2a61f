"""A form whose protection token was missing or old."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from applications.views.steps import without_token


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say so, with a way on; on a page of the form nothing typed is lost."""
    match = request.resolver_match
    if request.method == "POST" and match is not None and match.view_name == "applications:step":
        return without_token(request, match.kwargs["slug"])
    return render(request, "403_csrf.html", status=HTTPStatus.FORBIDDEN)
