"""Portability (GDPR Art. 20): a signed file of what the person provided, fetched by them, or passed on.

Where the person told us to pass it on, that is done by the queue of transfers; the request waits for it, and
answers with what came of it. The file stays open to its person whatever came of it.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar

from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from applications.actors import SYSTEM
from applications.formats import date_text
from privacy.models import AccessPackage, LetterKind, RightsRequest, Transfer, TransferStatus
from privacy.portability import schema
from privacy.portability.document import as_bytes, collect
from privacy.portability.scope import portable_fields
from privacy.rights.base import Done, Part, Wait
from privacy.services.letters import send_letter

OPEN_FOR = timedelta(days=30)


class Portability:
    STEPS: ClassVar[Sequence[str]] = ("collect", "release", "hand_over", "answer")

    def preview(self, request: RightsRequest) -> Sequence[Part]:
        """Which values the file can hold, for anybody."""
        labels = sorted({(capfirst(str(one.field.verbose_name)), one.label) for one in portable_fields()})
        return [Part(_("What the file holds, as far as it was given"), labels)] if request.subject else []

    def execute(self, request: RightsRequest) -> Done | Wait:
        done: Done | Wait = getattr(self, request.step)(request)
        return done

    def collect(self, request: RightsRequest) -> Done:
        """What the person provided, at this moment, under the key of the request; held to the schema."""
        made_at = timezone.now()
        with translation.override(request.language):
            document = collect(request.person, document_id=request.pk, issued_at=made_at)
        schema.check(document)
        AccessPackage.objects.filter(pk=request.pk).delete()  # of a try that was cut short
        AccessPackage(request=request, content=as_bytes(document), made_at=made_at).save(force_insert=True)
        return Done()

    def release(self, request: RightsRequest) -> Done:
        package = request.package
        package.released_at = timezone.now()
        package.expires_at = package.released_at + OPEN_FOR
        package.save(update_fields=["released_at", "expires_at"])
        return Done()

    def hand_over(self, request: RightsRequest) -> Done | Wait:
        """Until everything that the person had us pass on has come to an end, which it does within a day."""
        due = request.transfers.filter(status=TransferStatus.DUE).order_by("issued_at").first()
        if due is None:
            return Done()
        waited = timezone.now() - due.issued_at
        return Wait("passing_on", min(max(waited / 4, timedelta(seconds=2)), timedelta(minutes=10)))

    def answer(self, request: RightsRequest) -> Done:
        came = set(request.transfers.values_list("status", flat=True))
        passed = next((one for one in (TransferStatus.FAILED, TransferStatus.DELIVERED) if one in came), None)
        send_letter(request=request, kind=LetterKind.PORTABLE, actor=SYSTEM, facts={"passed": passed})
        return Done()

    def prove(self, request: RightsRequest) -> Sequence[Part]:
        """From the register, which is kept longer than the file; receipts are the other side's own word."""
        names = {
            ("step_done", "collect"): _("put together"),
            ("step_done", "release"): _("released"),
            ("completed", ""): _("answered"),
            ("copy_opened", ""): _("opened by the person"),
        }
        lines = [
            (names[one.what, one.why], date_format(timezone.localtime(one.at), "DATETIME_FORMAT"))
            for one in request.events.order_by("at", "pk")
            if (one.what, one.why) in names
        ]
        parts = [Part(_("The file"), lines)] if lines else []
        passed = [_line(one) for one in _transfers(request)]
        columns = (_("recipient"), _("state"), _("ended"), _("why not"), _("receipt"))
        return [*parts, Part(_("Passed on"), passed, columns)] if passed else parts


def _transfers(request: RightsRequest) -> Sequence[Transfer]:
    found = request.transfers.select_related("controller__recipient")
    return list(found.order_by("issued_at", "pk"))


def _line(one: Transfer) -> tuple[str, ...]:
    ended = date_text(timezone.localdate(one.finished_at)) if one.finished_at else ""
    state = str(TransferStatus(one.status).label)
    return one.controller.recipient.name, state, ended, one.error_code, one.receipt
