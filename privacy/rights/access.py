"""Access and a copy (GDPR Art. 15): a package made once, looked through, open for a month."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar

from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from applications.actors import SYSTEM
from applications.models import DataSubject
from privacy.datamap import explain
from privacy.models import AccessPackage, LetterKind, RightsRequest
from privacy.rights.base import Done, Part, Wait
from privacy.rights.package import as_document, collect, held_back
from privacy.rights.package_files import without
from privacy.services.letters import send_letter

OPEN_FOR = timedelta(days=30)
RELEASED, WITHHELD = "released", "withheld"
"""What the officer decides about one value."""


class Access:
    STEPS: ClassVar[Sequence[str]] = ("collect", "look_through", "release")

    def preview(self, request: RightsRequest) -> Sequence[Part]:
        """What kinds of data the package will hold."""
        return [_what_is_held(request.subject)] if request.subject else []

    def execute(self, request: RightsRequest) -> Done | Wait:
        done: Done | Wait = getattr(self, request.step)(request)
        return done

    def collect(self, request: RightsRequest) -> Done:
        """Everything at this moment, in the person's language, under the key of the request."""
        with translation.override(request.language):
            package = collect(request.person)
            document = as_document(package)
        AccessPackage.objects.filter(pk=request.pk).delete()  # of a try that was cut short
        AccessPackage(
            request=request,
            content=json.dumps(document, ensure_ascii=False).encode(),
            held=held_back(package),
            made_at=package.made_at,
        ).save(force_insert=True)
        return Done()

    def look_through(self, request: RightsRequest) -> Done | Wait:
        """The officer decides about what may be about somebody else (Art. 15(4))."""
        return Wait("third_persons", timedelta(minutes=10)) if request.package.undecided else Done()

    def release(self, request: RightsRequest) -> Done:
        package = request.package
        package.released_at = timezone.now()
        package.expires_at = package.released_at + OPEN_FOR
        package.save(update_fields=["released_at", "expires_at"])
        facts = {"withheld": WITHHELD in package.decisions.values()}
        send_letter(request=request, kind=LetterKind.ACCESS, actor=SYSTEM, facts=facts)
        return Done()

    def prove(self, request: RightsRequest) -> Sequence[Part]:
        """From the register, which is kept longer than the copy."""
        names = {
            ("step_done", "collect"): _("put together"),
            ("step_done", "look_through"): _("looked through"),
            ("completed", ""): _("released"),
            ("copy_opened", ""): _("opened by the person"),
        }
        lines = [
            (names[one.what, one.why], date_format(timezone.localtime(one.at), "DATETIME_FORMAT"))
            for one in request.events.order_by("at", "pk")
            if (one.what, one.why) in names
        ]
        package = AccessPackage.objects.defer("content").filter(pk=request.pk).first()
        if package is not None:
            withheld = list(package.decisions.values()).count(WITHHELD)
            lines += [(_("values looked through"), str(len(package.held))), (_("withheld"), str(withheld))]
        return [Part(_("The package"), lines)] if lines else []


def _what_is_held(subject: DataSubject) -> Part:
    return Part(
        _("What is held"),
        [held.cells() for held in explain(subject)],
        (_("kind of row"), _("rows"), _("categories")),
    )


def document_of(package: AccessPackage) -> dict[str, Any]:
    """The package as its person may read it. Raises DecryptionError or KeyDestroyed once its key is gone."""
    document: dict[str, Any] = json.loads(bytes(package.content or b""))
    return without(document, [key for key, how in package.decisions.items() if how != RELEASED])
