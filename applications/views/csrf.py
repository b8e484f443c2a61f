"""A form whose protection token was missing or old."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from applications.views.guard import kept_page


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say so, with a way on; where answers are typed, nothing typed is lost."""
    match = request.resolver_match
    kept = kept_page(match.func, request, **match.kwargs) if match and request.method == "POST" else None
    return kept or render(request, "403_csrf.html", status=HTTPStatus.FORBIDDEN)
