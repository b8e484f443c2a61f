"""A letter as the person reads it, for whoever works on the request; and that it was handed over."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from applications.views.staff_door import site
from privacy.admin.desk import actor_of
from privacy.admin.request_actions import DESK
from privacy.letters import read
from privacy.models import Letter, RightsRequest
from privacy.services.letters import hand_over


def letter(request: HttpRequest, asked: RightsRequest) -> HttpResponse:
    """The letter, to print; the officer's own words are closed, as everything that was written is."""
    found = _letter(asked, request.GET.get("letter", ""))
    if request.method == "POST":
        hand_over(letter_id=found.pk, actor=actor_of(request))
        messages.success(request, _("It is written down that the letter was handed over."))
        return DESK.back(asked)
    return site.render(
        request, "privacy/admin/request_letter.html", title=_("Letter"), subtitle=asked.reference,
        asked=asked, letter=read(found), waits=found.to_hand_over and found.handed_over_at is None,
    )  # fmt: skip


def _letter(asked: RightsRequest, identifier: str) -> Letter:
    found = {str(one.pk): one for one in asked.letters.select_related("template", "request")}
    try:
        return found[identifier]
    except KeyError:
        raise Http404 from None


page = DESK.page(letter)
