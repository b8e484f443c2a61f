"""Enrolling a second factor: the first one on the way in, before anything else opens; further ones later."""

from functools import wraps

import pyotp
import segno
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from applications import staff_session
from applications.errors import AppCodeRefused, ProofRefused
from applications.models import AuthenticatorApp, SecondFactor, StaffUser
from applications.selectors.staff import app_to_confirm, enrolled_factor
from applications.services import passkeys
from applications.services.second_factor import begin_app, confirm_app, factor_to_enrol, make_recovery_codes
from applications.staff_forms import AppCodeForm, PasskeyForm
from applications.views.staff_door import (
    PASSKEY_STATE,
    View,
    begin_again,
    come_in,
    door,
    page,
    passkeys_work_here,
)
from applications.views.staff_proof import ask_again

ISSUER = "JO1N Baltic"


def enrolling(view: View) -> View:
    """For whoever may add a way to prove: on the way in, an account without any; later, after a fresh proof.

    With a password alone nobody adds one to an account that has one already.
    """

    @door
    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        if isinstance(request.user, StaffUser) and staff_session.is_proved(request):
            asked = ask_again(request, also_to_look=True)
            return asked or view(request, factor_to_enrol(user=request.user), first=False)
        user = staff_session.half_way(request)
        if user is None or enrolled_factor(user) is not None:
            return begin_again(request)
        return view(request, factor_to_enrol(user=user), first=True)

    return guarded


@enrolling
def enrol(request: HttpRequest, factor: SecondFactor, *, first: bool) -> HttpResponse:
    """Choose what to prove with."""
    if not first:
        return redirect("admin:security")
    title = _("Set up a second factor")
    return page(request, "enrol", title=title, passkeys_here=passkeys_work_here(request))


@enrolling
def enrol_app(request: HttpRequest, factor: SecondFactor, *, first: bool) -> HttpResponse:
    """Show the secret as a picture and as text until the app shows the right code."""
    form = AppCodeForm(request.POST if "proof_code" in request.POST else None)
    if request.method == "POST" and not form.is_bound:
        begin_app(factor=factor)
        return redirect("admin:enrol_app")
    app = app_to_confirm(factor)
    if app is None:
        return redirect("admin:enrol" if first else "admin:security")
    if form.is_valid():
        try:
            confirm_app(factor=factor, code=form.cleaned_data["proof_code"])
        except AppCodeRefused as refusal:
            form.add_error("proof_code", str(refusal.sentence))
        else:
            return _enrolled(request, factor, first=first)
    return page(
        request, "enrol_app", title=_("Authenticator app"), form=form, first=first, picture=_picture(app),
        secret=[app.secret[at : at + 4] for at in range(0, len(app.secret), 4)],
    )  # fmt: skip


def _picture(app: AuthenticatorApp) -> SafeString:
    """The secret with its names as a QR code, black on white whatever the theme: cameras want it so."""
    address = pyotp.TOTP(app.secret).provisioning_uri(name=app.factor.user.get_username(), issuer_name=ISSUER)
    drawn = segno.make(address, error="m").svg_inline(light="#fff", svgclass="qr", omitsize=True)
    return mark_safe(drawn)  # noqa: S308 - drawn from numbers: nothing that was typed is in it as text


@enrolling
def enrol_passkey(request: HttpRequest, factor: SecondFactor, *, first: bool) -> HttpResponse:
    """Let the browser make a passkey."""
    form = PasskeyForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        state = request.session.pop(PASSKEY_STATE, None)
        answer, name = form.cleaned_data["proof_credential"], form.cleaned_data["name"]
        try:
            passkeys.register(factor=factor, state=state, answer=answer, name=name)
        except ProofRefused as refusal:
            form.add_error(None, str(refusal.sentence))
        else:
            return _enrolled(request, factor, first=first)
    options = ""
    if passkeys_work_here(request):
        asked = passkeys.ask_to_register(factor=factor)
        request.session[PASSKEY_STATE] = asked.state
        options = asked.options
    return page(request, "enrol_passkey", title=_("Passkey"), form=form, first=first, passkey_options=options)


def _enrolled(request: HttpRequest, factor: SecondFactor, *, first: bool) -> HttpResponse:
    """With the first way the session opens, and the recovery codes are shown; a further one is just there."""
    if first:
        target = come_in(request, factor.user, factor)
        return recovery_codes(request, factor, target=target)
    messages.success(request, _("From now on you can prove who you are in this way too."))
    return redirect("admin:security")


def recovery_codes(request: HttpRequest, factor: SecondFactor, *, target: str = "") -> HttpResponse:
    """New codes, on the one page that ever shows them: the answer to a POST, kept nowhere."""
    codes = make_recovery_codes(factor=factor)
    return page(
        request, "recovery_codes", title=_("Recovery codes"), codes=codes,
        target=target or reverse("admin:security"), username=factor.user.get_username(),
    )  # fmt: skip
