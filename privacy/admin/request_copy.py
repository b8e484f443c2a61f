"""The page on which the officer looks through a copy: what may be about somebody else (GDPR Art. 15(4))."""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from applications.crypto.keyring import data_key_scope
from applications.crypto.reading import unless_destroyed
from applications.errors import Refusal
from applications.views.staff_door import site
from applications.views.staff_proof import ask_again
from privacy.admin.desk import actor_of
from privacy.admin.request_actions import DESK
from privacy.models import AccessPackage, RightsRequest
from privacy.rights.access import RELEASED, WITHHELD
from privacy.services.deciding import decide_held, reveal_held

FIELD = "decide-"


@dataclass(frozen=True)
class Held:
    """One value that is held back: where it stands, what it says, and what was decided."""

    key: str
    category: str
    name: str
    said: str
    decided: str

    @property
    def field(self) -> str:
        """What its radio buttons are called."""
        return f"{FIELD}{self.key}"


def _page(request: HttpRequest, asked: RightsRequest) -> HttpResponse:
    """Each value beside its two buttons; that they are about to be shown is written down first."""
    package = AccessPackage.objects.filter(pk=asked.pk, released_at__isnull=True).first()
    if package is None or not package.held:
        return DESK.refused(request, asked, _("No copy of this request waits to be looked through."))
    if asking := ask_again(request, also_to_look=True):
        return asking
    if request.method == "POST":
        return _decide(request, asked, package)
    reveal_held(request_id=asked.pk, actor=actor_of(request))
    return site.render(
        request, "privacy/admin/request_copy.html", title=_("Look the copy through"),
        subtitle=asked.reference, asked=asked, values=_held(package),
        choices=[(RELEASED, _("Release")), (WITHHELD, _("Withhold"))],
    )  # fmt: skip


page = DESK.page(_page)


def _decide(request: HttpRequest, asked: RightsRequest, package: AccessPackage) -> HttpResponse:
    chosen = {
        name.removeprefix(FIELD): str(how) for name, how in request.POST.items() if name.startswith(FIELD)
    }
    if not chosen:
        return DESK.refused(request, asked, _("Nothing was chosen, so nothing was decided."))
    try:
        package = decide_held(request_id=asked.pk, decisions=chosen, actor=actor_of(request))
    except Refusal as refusal:
        return DESK.refused(request, asked, refusal.sentence)
    except (KeyError, AccessPackage.DoesNotExist):  # the copy was made anew meanwhile
        return DESK.stale(request, asked)
    sentence = ngettext("%(n)d value is decided.", "%(n)d values are decided.", len(chosen))
    messages.success(request, sentence % {"n": len(chosen)})
    left = len(package.undecided)
    if left:
        waiting = ngettext("%(n)d value still waits.", "%(n)d values still wait.", left)
        messages.warning(request, waiting % {"n": left})
    return DESK.back(asked)


@data_key_scope()
def _held(package: AccessPackage) -> list[Held]:
    content = unless_destroyed(package, "content")
    document: Mapping[str, Any] = json.loads(content) if content else {"categories": [], "attachments": {}}
    return list(_values(document, package))


def _values(document: Mapping[str, Any], package: AccessPackage) -> Iterator[Held]:
    wanted = set(package.held)
    for category in document["categories"]:
        for row in category["held"]:
            for value in row["values"]:
                if value["key"] in wanted:
                    yield Held(
                        key=value["key"], category=category["name"], name=value["name"],
                        said=_said(value, document["attachments"]),
                        decided=package.decisions.get(value["key"], ""),
                    )  # fmt: skip


def _said(value: Mapping[str, Any], attachments: Mapping[str, str]) -> str:
    """What the value says. Nothing of a file is shown: a picture or a recording is not for this page."""
    content = attachments.get(str(value["value"]))
    if content is None:
        return str(value["text"])
    size = filesizeformat(len(base64.b64decode(content)))
    return _("A file: %(name)s, %(size)s") % {"name": value["value"], "size": size}
