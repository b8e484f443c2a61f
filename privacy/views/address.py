"""A person's own pages to another e-mail address: name it, show by a code that it is theirs."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from applications.errors import Refusal, TooManyCodes
from applications.forms import CodeForm
from applications.views.fresh_code import fresh_code_required
from applications.views.guard import ConsumerRequest, actor_of, posted_in_vain
from applications.views.sign_in import browser_token, code_page, forget_code, send_code
from privacy.my_data_forms import NewAddressForm
from privacy.services.addresses import ask_for_address
from privacy.views.my_rights import EVERY, typed_in_vain

ADDRESS = "privacy/my_address.html"


def _address_in_vain(request: HttpRequest) -> HttpResponse:
    return typed_in_vain(request, ADDRESS, NewAddressForm(request.POST, stands=""))


@fresh_code_required
@posted_in_vain(_address_in_vain)
@require_http_methods(EVERY)
def address(request: ConsumerRequest) -> HttpResponse:
    """Ask for the new address and mail a code to it."""
    stands = request.consumer.subject.verified_email
    form = NewAddressForm(request.POST or None, stands=stands)
    if form.is_valid():
        try:
            to = reverse("my_data:address_code")
            return send_code(request, email=form.cleaned_data["email"], to=to)
        except TooManyCodes as refused:
            form.add_error("email", str(refused.sentence))
    return render(request, ADDRESS, {"form": form, "stands": stands})


@fresh_code_required
@require_http_methods(EVERY)
def address_code(request: ConsumerRequest) -> HttpResponse:
    """Take the code that was mailed to the new address; then the account has it within seconds."""
    form = CodeForm(request.POST or None)
    if form.is_valid():
        try:
            ask_for_address(
                subject=request.consumer.subject,
                browser_token=browser_token(request),
                code=form.cleaned_data["code"],
                language=get_language() or "lv",
                actor=actor_of(request),
            )
        except Refusal as refused:
            form.add_error("code", str(refused.sentence))
        else:
            return forget_code(redirect("my_data:index"))
    return code_page(request, form, start_url=reverse("my_data:address"))
