"""The page on which staff find a person: by exactly what they are known by, never by a part of it."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from applications.actors import Actor
from applications.errors import TooManySearches
from applications.selectors.finding import MOST
from applications.services.finding import find
from applications.staff_site import AdminPage
from applications.views.staff_door import SEE_AND_POST, site


class FindForm(forms.Form):
    """What the person says they are known by."""

    known_by = forms.CharField(
        label=gettext_lazy("Personal code, e-mail address, phone number, or a number of ours"),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy(
            "Whole, as the person gives it. A number of ours is an application, customer or account number."
        ),
    )  # fmt: skip


@require_http_methods(SEE_AND_POST)
def find_page(request: HttpRequest) -> HttpResponse:
    """Asked by POST, so that what somebody is known by stands in no address and no log."""
    form = FindForm(request.POST or None)
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        try:
            context["people"] = find(text=form.cleaned_data["known_by"], actor=Actor.staff(request.user.pk))
        except TooManySearches as refused:
            form.add_error("known_by", str(refused.sentence))
            return _page(request, context)
        context["form"] = FindForm()
        if not context["people"]:
            # What was typed stays in the box: it may be a slip of one digit.
            context["form"] = form
            form.add_error("known_by", _("Nobody is known by exactly this. Check each letter and digit."))
    return _page(request, context)


def _page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    return site.render(request, "admin/applications/find.html", title=FIND.title, most=MOST, **context)


FIND = site.register_page(
    AdminPage("applications", "find", gettext_lazy("Find a person"), find_page, "applications.find_person")
)
