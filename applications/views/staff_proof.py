"""Asking again: what is sensitive wants a second factor that was proved within the last minutes.

Whoever finds an open screen can look on, and can change nothing that matters. A form that was sent too late
is not lost: it waits on the page that asks, and goes where it was going when the second factor is proved.
"""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, TypeVar, cast
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from applications import staff_session
from applications.errors import ProofRefused, SignInLocked
from applications.network import client_address
from applications.selectors.staff import enrolled_factor
from applications.services.staff_sign_in import prove
from applications.views.staff_door import answer_of, door, locked, page, target_of, ways

AnyView = TypeVar("AnyView", bound=Callable[..., HttpResponseBase])
SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}


def requires_fresh_proof(view: AnyView) -> AnyView:
    """Decorate a view of the admin: what is posted to it wants a fresh proof.

    For a method of a ModelAdmin wrap it in method_decorator.
    """
    return _asking(view, also_to_look=False)


def requires_fresh_proof_to_look(view: AnyView) -> AnyView:
    """The same, where the page is not to be seen without one either: forms that ask for passwords."""
    return _asking(view, also_to_look=True)


def _asking(view: AnyView, *, also_to_look: bool) -> AnyView:
    @wraps(view)
    def asking(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return ask_again(request, also_to_look=also_to_look) or view(request, *args, **kwargs)

    return cast(AnyView, asking)


def ask_again(request: HttpRequest, *, also_to_look: bool = False) -> HttpResponse | None:
    """The page that asks, or a way to it; None when the proof is fresh or none is needed."""
    if staff_session.is_fresh(request) or (request.method in SAFE and not also_to_look):
        return None
    if request.method in SAFE:
        return redirect(f"{reverse('admin:prove')}?{urlencode({'next': request.get_full_path()})}")
    return _page(request, target=request.get_full_path(), replay=True)


@door
def prove_again(request: HttpRequest) -> HttpResponse:
    """Prove the second factor once more, and go on."""
    target, replay = target_of(request, "proof_next"), "proof_replay" in request.POST
    if request.method != "POST":
        return _page(request, target=target_of(request), replay=False)
    answer = answer_of(request)
    try:
        prove(factor=enrolled_factor(request.user), answer=answer, network=client_address(request))  # type: ignore[arg-type]
    except SignInLocked as refusal:
        return locked(request, refusal)
    except ProofRefused as refusal:
        return _page(request, target=target, replay=replay, tried=answer.way, refusal=refusal)
    staff_session.renew(request)
    return redirect(target, preserve_request=replay)  # with 307 the browser posts its form once more


def _page(request: HttpRequest, *, target: str, replay: bool, **context: Any) -> HttpResponse:
    factor = enrolled_factor(request.user)  # type: ignore[arg-type]
    assert factor is not None  # noqa: S101 - the middleware has seen to it
    return page(
        request, "prove", title=_("Is it still you?"), action=reverse("admin:prove"), target=target,
        replay=replay, kept=list(_kept(request.POST)) if replay else [], **ways(request, factor, **context),
    )  # fmt: skip


def _kept(sent: QueryDict) -> Iterator[tuple[str, str]]:
    """The fields of the form that waits. Passwords are typed anew: they do not belong into a page."""
    for name, values in sent.lists():
        if not name.startswith("proof_") and name != "csrfmiddlewaretoken" and "password" not in name:
            for value in values:
                yield name, str(value)
