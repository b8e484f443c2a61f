"""The page that somebody asked for before signing in: the way in carries it along and leads there.

What comes out is built anew from our own map of addresses, so an address that was tampered with leads nowhere
but to a page of ours, and nothing that was written into it is repeated.
"""

from typing import TypeVar
from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import Resolver404, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language_from_path, override

NEXT = "next"
MARK = "opens_after_sign_in"
View = TypeVar("View")


def opens_after_sign_in(view: View) -> View:
    """Mark a page of a signed-in consumer as one that the way in may lead to."""
    setattr(view, MARK, True)
    return view


def asked_page(request: HttpRequest) -> str:
    """The address asked for, in the active language; empty when there is none, or it is no page of ours."""
    asked = request.GET.get(NEXT, "")
    if not url_has_allowed_host_and_scheme(asked, allowed_hosts=None):
        return ""
    path = urlsplit(asked).path
    language = get_language_from_path(path)
    if not language:
        return ""
    try:
        with override(language):
            found = resolve(path)
    except Resolver404:
        return ""
    if not getattr(found.func, MARK, False):
        return ""
    return reverse(found.view_name, args=found.args, kwargs=found.kwargs)


def address_with(name: str, page: str) -> str:
    """The address of a page of the way in, which leads on to `page`."""
    return f"{reverse(name)}?{urlencode({NEXT: page})}" if page else reverse(name)


def to_the_way_in(request: HttpRequest) -> HttpResponseRedirect:
    """Send a visitor to prove an e-mail address, and afterwards back to the page asked for here."""
    return redirect(address_with("applications:start", request.path))
