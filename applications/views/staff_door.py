"""The staff's door: log-in, second factor, log-out, and what their pages share."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from applications import staff_session
from applications.errors import ProofRefused, Refusal, SignInLocked, SignInRefused
from applications.models import SecondFactor, StaffUser
from applications.network import client_address
from applications.selectors.staff import confirmed_app, enrolled_factor, unused_recovery_codes
from applications.services import passkeys
from applications.services.staff_sign_in import (
    Answer,
    Way,
    accept_password,
    note_signed_in,
    note_signed_out,
    prove,
)
from applications.staff_forms import AppCodeForm, PasswordForm, RecoveryCodeForm
from applications.staff_site import ProductSite

View = Callable[..., HttpResponse]
PASSKEY_STATE = "passkey_state"
SEE_AND_POST = ["GET", "HEAD", "POST"]
site = cast(ProductSite, admin.site)  # behind Django's lazy object


# --- what the pages share ---------------------------------------------------------------------------------
def page(request: HttpRequest, name: str, *, title: str | Promise, **context: Any) -> HttpResponse:
    """A page of the door."""
    return site.render(request, f"admin/door/{name}.html", title=title, **context)


def target_of(request: HttpRequest, name: str = "next") -> str:
    """Where in the admin they were going; its first page, if what the address says leads anywhere else."""
    index = reverse("admin:index")
    wanted = request.POST.get(name) or request.GET.get(name) or ""
    is_ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if is_ours and wanted.startswith(index) else index


def locked(request: HttpRequest, refusal: SignInLocked) -> HttpResponse:
    """Too many tries: for how long the door stays shut."""
    response = page(request, "locked", title=_("Locked for a while"), sentence=refusal.sentence)
    response.status_code = HTTPStatus.TOO_MANY_REQUESTS
    return response


def passkeys_work_here(request: HttpRequest) -> bool:
    """Whether the page's host name is the one that passkeys belong to."""
    return request.get_host().partition(":")[0] == settings.PASSKEY_HOST


def ways(
    request: HttpRequest, factor: SecondFactor, *, tried: str = "", refusal: Refusal | None = None
) -> dict[str, Any]:
    """What a page needs to offer every way that this account has; the one that was just tried stands open."""
    has_passkeys = factor.passkeys.exists()
    options = ""
    if has_passkeys and passkeys_work_here(request):
        asked = passkeys.ask_to_prove(factor=factor)
        request.session[PASSKEY_STATE] = asked.state
        options = asked.options
    return {
        "passkey_options": options,
        "passkeys_elsewhere": has_passkeys and not options,
        "app_form": AppCodeForm(auto_id="app_%s") if confirmed_app(factor) else None,
        "recovery_form": RecoveryCodeForm(auto_id="recovery_%s") if unused_recovery_codes(factor) else None,
        "tried": tried,
        "refusal": refusal,
    }


def answer_of(request: HttpRequest) -> Answer:
    """What the browser sent to prove; what it was asked to sign counts once."""
    return Answer(
        way=request.POST.get("proof_way", ""),
        code=request.POST.get("proof_code", "")[:64],
        credential=request.POST.get("proof_credential", ""),
        state=request.session.pop(PASSKEY_STATE, None),
    )


def door(view: View) -> View:
    """A page that forms are posted to with secrets in them: kept by no cache, repeated in no report."""
    return never_cache(sensitive_post_parameters()(require_http_methods(SEE_AND_POST)(view)))


# --- coming in --------------------------------------------------------------------------------------------
@door
def log_in(request: HttpRequest) -> HttpResponse:
    """The first half: a work name and a password."""
    target = target_of(request)
    if staff_session.is_proved(request):
        return redirect(target)
    form = PasswordForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            user = accept_password(**form.cleaned_data, network=client_address(request))
        except SignInLocked as refusal:
            return locked(request, refusal)
        except SignInRefused as refusal:
            form.add_error(None, str(refusal.sentence))
        else:
            staff_session.begin(request, user, target=target)
            return redirect("admin:second_factor" if enrolled_factor(user) else "admin:enrol")
    return page(request, "log_in", title=_("Log in"), form=form, next=target)


@door
def second_factor(request: HttpRequest) -> HttpResponse:
    """The second half: a passkey, a code of the app, or one from paper."""
    user = staff_session.half_way(request)
    factor = enrolled_factor(user) if user else None
    if user is None or factor is None:
        return begin_again(request)
    context: dict[str, Any] = {}
    if request.method == "POST":
        answer = answer_of(request)
        try:
            prove(factor=factor, answer=answer, network=client_address(request))
        except SignInLocked as refusal:
            return locked(request, refusal)
        except ProofRefused as refusal:
            context = {"tried": answer.way, "refusal": refusal}
        else:
            target = come_in(request, user, factor)
            if answer.way == Way.RECOVERY:
                _say_how_many_codes_are_left(request, factor)
            return redirect(target)
    return page(
        request, "second_factor", title=_("Second factor"), action=reverse("admin:second_factor"),
        **ways(request, factor, **context),
    )  # fmt: skip


def come_in(request: HttpRequest, user: StaffUser, factor: SecondFactor) -> str:
    """Both halves are proved: open the session; where they were going is returned."""
    target = staff_session.complete(request, user, factor_id=factor.id)
    note_signed_in(user=user, network=client_address(request))
    return target


def begin_again(request: HttpRequest) -> HttpResponse:
    """To the log-in: nothing was begun here, or too long ago; or to the other half of what was begun."""
    user = staff_session.half_way(request)
    if user is not None:
        return redirect("admin:second_factor" if enrolled_factor(user) else "admin:enrol")
    if request.session.pop(staff_session.HALF, None):
        messages.warning(request, _("That took longer than ten minutes. Begin again."))
    return redirect("admin:login")


def _say_how_many_codes_are_left(request: HttpRequest, factor: SecondFactor) -> None:
    left = unused_recovery_codes(factor).count()
    sentence = ngettext(
        "That was a recovery code. %(left)s is left; make new ones on the page “Second factor”.",
        "That was a recovery code. %(left)s are left; make new ones on the page “Second factor”.",
        left,
    )
    messages.warning(request, sentence % {"left": left})


# --- going out --------------------------------------------------------------------------------------------
@never_cache
@require_http_methods(SEE_AND_POST)
def log_out(request: HttpRequest) -> HttpResponse:
    """End the session, or what was begun of one. The address alone ends nothing."""
    if request.method != "POST":
        return redirect("admin:index")
    if isinstance(request.user, StaffUser):
        note_signed_out(user=request.user)
    logout(request)
    messages.success(request, gettext_lazy("You are signed out."))
    return redirect("admin:login")
