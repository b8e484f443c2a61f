"""A member of staff's own second factor and password."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from applications.actors import Actor
from applications.errors import LastWay
from applications.models import SecondFactor
from applications.selectors.staff import confirmed_app, enrolled_factor, passkeys, unused_recovery_codes
from applications.services.second_factor import remove_app, remove_passkey
from applications.services.staff_accounts import note_password_changed
from applications.views.staff_door import door, page, passkeys_work_here, site
from applications.views.staff_enrolment import recovery_codes
from applications.views.staff_proof import requires_fresh_proof, requires_fresh_proof_to_look


@door
@requires_fresh_proof
def security(request: HttpRequest) -> HttpResponse:
    """What one proves oneself with: look, add, remove, make new recovery codes."""
    factor = enrolled_factor(request.user)  # type: ignore[arg-type]
    assert factor is not None  # noqa: S101 - the middleware has seen to it
    if request.method == "POST":
        if "new_codes" in request.POST:
            return recovery_codes(request, factor)
        _remove(request, factor)
        return redirect("admin:security")
    return page(
        request, "security", title=_("Second factor"), app=confirmed_app(factor), passkeys=passkeys(factor),
        codes_left=unused_recovery_codes(factor).count(), passkeys_here=passkeys_work_here(request),
    )  # fmt: skip


def _remove(request: HttpRequest, factor: SecondFactor) -> None:
    try:
        if "remove_app" in request.POST:
            remove_app(factor=factor)
        else:
            key = request.POST.get("remove_passkey", "")
            found = {str(one.pk): one for one in passkeys(factor)}.get(key)
            if found is None:  # another tab was quicker
                return
            remove_passkey(factor=factor, passkey=found)
    except LastWay as refusal:
        messages.error(request, str(refusal.sentence))
    else:
        messages.success(request, _("It was removed."))


@requires_fresh_proof_to_look
def change_password(request: HttpRequest) -> HttpResponse:
    """Django's own page, between a fresh proof and the audit."""
    response = site.password_change(request)
    if request.method == "POST" and response.status_code == 302:
        note_password_changed(user=request.user, actor=Actor.staff(request.user.pk))  # type: ignore[arg-type]
    return response
