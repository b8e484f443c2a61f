"""A request for disclosure in words, for whoever works on it."""

from collections.abc import Mapping, Sequence

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications.declarations import name_of
from applications.form_fields import KNOWN_LABELS, label_text
from applications.formats import date_text
from privacy.disclosure_package import Held, held_of
from privacy.disclosure_states import DisclosureState
from privacy.models import (
    AskedBy,
    DisclosureCase,
    DisclosureEvent,
    DisclosureRequest,
    HandedBy,
    WhyNot,
)
from privacy.request_texts import Text
from privacy.rights.base import Part

S = DisclosureState

HAPPENED: Mapping[str, Text] = {
    **dict(S.choices),
    "assessed": gettext_lazy("Assessed: what would be disclosed is fixed"),
    "approved_once": gettext_lazy("Approved by one person"),
    "approved": gettext_lazy("Approved by a second person"),
    "sealed": gettext_lazy("The package was made and sealed"),
    "case_named": gettext_lazy("It was written down whose data it is about"),
    "case_dropped": gettext_lazy("It is not about somebody after all"),
    "reopened": gettext_lazy("Assessed anew: the approvals were taken back"),
    "taken": gettext_lazy("The sealed file was downloaded"),
    "never_left": gettext_lazy("The package never left, and was destroyed"),
    "hidden": gettext_lazy("A law forbids telling, until"),
    "secrecy_ended": gettext_lazy("The law does not forbid telling any more"),
    "told": gettext_lazy("Somebody was told that their data were disclosed"),
}
REASONS: Mapping[str, Mapping[str, Text]] = {
    "received": dict(AskedBy.choices),
    "disclosed": dict(HandedBy.choices),
    "refused": dict(WhyNot.choices),
}
WAITS: Mapping[DisclosureState, Text] = {
    S.RECEIVED: gettext_lazy("Whose data, and which of them, is to be written down"),
    S.ASSESSED: gettext_lazy("Two people are to approve it"),
    S.APPROVED_ONCE: gettext_lazy("A second person is to approve it"),
    S.APPROVED: gettext_lazy("The package is to be made"),
    S.SEALED: gettext_lazy("It is to be handed over, and that is to be written down"),
}


def event_text(event: DisclosureEvent) -> str:
    """What happened, and why."""
    what = str(HAPPENED.get(event.what, event.what))
    why = REASONS.get(event.what, {}).get(event.why, event.why)
    return f"{what}: {why}" if why else what


def waits_for(request: DisclosureRequest) -> str:
    """What a request waits for; empty once it has ended."""
    return str(WAITS.get(DisclosureState(request.state), ""))


def secrecy_text(request: DisclosureRequest) -> str:
    """Whether a law forbids telling, and until when; empty where none ever did."""
    if request.hidden_until is None:
        return ""
    facts = {"day": date_text(request.hidden_until), "law": request.hidden_basis}
    if request.is_hidden(timezone.localdate()):
        return _("Nobody is told before %(day)s: %(law)s") % facts
    return _("Was not told before %(day)s: %(law)s") % facts


def grouped(print_or_digest: str) -> str:
    """Hexadecimal digits in fours, as people compare them."""
    return " ".join(print_or_digest[at : at + 4] for at in range(0, len(print_or_digest), 4))


def case_text(case: DisclosureCase) -> str:
    """A case by our numbers."""
    if case.application is not None:
        return f"{case.subject}, {case.application}"
    if case.of_application:
        return _("%(number)s, an application that is gone") % {"number": case.subject}
    return _("%(number)s, what belongs to no application") % {"number": case.subject}


def preview(request: DisclosureRequest) -> Sequence[Part]:
    """What would go: of each case which fields, and how many values of each. No value."""
    held = {one.case.pk: one for one in held_of(request)}
    cases = request.cases.select_related("subject", "application").order_by("added_at", "pk")
    return [_part(case, held.get(case.pk)) for case in cases]


def _part(case: DisclosureCase, held: Held | None) -> Part:
    if held is None:
        return Part(case_text(case), note=_("The person's data were erased: there is nothing to disclose."))
    lines = [(label_name(label), str(count)) for label, count in sorted(held.counts.items())]
    note = "" if lines else _("Nothing is held of these categories.")
    return Part(case_text(case), lines, (_("field"), _("values")), note=note)


def label_name(label: str) -> str:
    """What people call a field by its label."""
    return label_text(label) if label in KNOWN_LABELS else name_of(label)
