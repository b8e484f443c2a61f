"""What can be done about a request for disclosure: when, what it will do, and its service."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications.actors import Actor
from privacy.admin.disclosure_forms import AssessForm, HandedForm, RefuseForm, SecrecyForm
from privacy.admin.request_deeds import Deed
from privacy.disclosure_states import OPEN, DisclosureState, sources
from privacy.disclosure_texts import grouped
from privacy.models import DisclosureRequest, HandedBy, WhyNot
from privacy.services import disclosing, handing_over, secrecy
from privacy.services.secrecy import Secrecy

S = DisclosureState
WORK = "privacy.work_disclosurerequest"
APPROVE = "privacy.approve_disclosurerequest"
Given = Mapping[str, Any]
Possible = Callable[[DisclosureRequest], bool]


def _may_become(*states: DisclosureState) -> Possible:
    return lambda request: any(request.state in sources(to) for to in states)


def _tells(*sentences: Any) -> Callable[[Any], Sequence[str]]:
    return lambda _request: tuple(map(str, sentences))


def _assess(request: DisclosureRequest, given: Given, actor: Actor) -> object:
    return disclosing.assess(
        request_id=request.pk, categories=given["categories"], with_others=given["with_others"],
        certificate=given["certificate"], seen=given["seen"], actor=actor,
    )  # fmt: skip


def _approve(request: DisclosureRequest, given: Given, actor: Actor) -> object:
    return disclosing.approve(request_id=request.pk, seen=given["seen"], actor=actor)


def _approving(request: DisclosureRequest) -> Sequence[str]:
    return (
        _("You approve exactly what is shown below, for this request, this law and this recipient."),
        _("The file is sealed for the certificate %(print)s. Compare it with the recipient by another way.")
        % {"print": grouped(request.fingerprint)},
        _("Two different people approve, one of them a data protection officer. Nothing leaves before."),
    )


def _refuse(request: DisclosureRequest, given: Given, actor: Actor) -> object:
    why = WhyNot(given["why"])
    return disclosing.refuse(request_id=request.pk, why=why, reasons=given["reasons"], actor=actor)


def _hand_over(request: DisclosureRequest, given: Given, actor: Actor) -> object:
    by = HandedBy(given["by"])
    return handing_over.record_handed_over(request_id=request.pk, on=given["on"], by=by, actor=actor)


def _hide(request: DisclosureRequest, given: Given, actor: Actor) -> object:
    found = Secrecy(given["until"], given["basis"])
    return secrecy.set_secrecy(request_id=request.pk, secrecy=found, actor=actor)


def _plainly(service: Callable[..., object]) -> Callable[[DisclosureRequest, Given, Actor], object]:
    return lambda request, _given, actor: service(request_id=request.pk, actor=actor)


def _can_hide(request: DisclosureRequest) -> bool:
    return request.state in OPEN or _is_hidden(request)


def _is_hidden(request: DisclosureRequest) -> bool:
    return request.is_hidden(timezone.localdate())


def _always(_request: DisclosureRequest) -> bool:
    return True


_deed: Any = partial(Deed, prefix="privacy_disclosurerequest")
_final: Any = partial(_deed, is_final=_always)

DEEDS: Sequence[Deed] = (
    _deed(
        "assess", gettext_lazy("Assess"), gettext_lazy("What would be disclosed is fixed."),
        lambda request: request.state == S.RECEIVED and request.cases.exists(),
        _tells(
            gettext_lazy("What you tick is fixed, for the people and applications that are named."),
            gettext_lazy("Only what the data map gives such a recipient for this purpose can be ticked."),
            gettext_lazy("Then two people approve exactly that. To change it, it is assessed anew."),
        ),
        _assess, form=AssessForm,
    ),
    _final(
        "approve", gettext_lazy("Approve"), gettext_lazy("Your approval is written down."),
        _may_become(S.APPROVED_ONCE, S.APPROVED), _approving, _approve, shows_preview=True,
    ),
    _final(
        "seal", gettext_lazy("Make the package"), gettext_lazy("The package is made and sealed."),
        lambda request: request.state == S.APPROVED,
        _tells(
            gettext_lazy("What is below is put into a file that only the recipient can open."),
            gettext_lazy("The register of disclosures says from now on that it is about to leave."),
            gettext_lazy("The file can be downloaded for 14 days, each time after a fresh proof."),
        ),
        _plainly(handing_over.make_package), shows_preview=True,
    ),
    _final(
        "handed_over", gettext_lazy("It was handed over"), gettext_lazy("The disclosure is written down."),
        lambda request: request.state == S.SEALED,
        _tells(
            gettext_lazy("The register of disclosures says that it left; the package is destroyed here."),
            gettext_lazy("The people learn of it now by e-mail, unless a law forbids telling until a day."),
        ),
        _hand_over, form=HandedForm,
    ),
    _final(
        "never_left", gettext_lazy("It never left"), gettext_lazy("The package is destroyed."),
        lambda request: request.state == S.SEALED,
        _tells(gettext_lazy("The register says that it never left. The package may be made again.")),
        _plainly(handing_over.record_never_left),
    ),
    _deed(
        "reopen", gettext_lazy("Assess anew"), gettext_lazy("It is open again; approvals are taken back."),
        _may_become(S.RECEIVED),
        _tells(gettext_lazy("Whose data and which of them can be changed. Every approval is taken back.")),
        _plainly(disclosing.reopen),
    ),
    _final(
        "secrecy", gettext_lazy("A law forbids telling"), gettext_lazy("It is written down until when."),
        _can_hide,
        _tells(
            gettext_lazy(
                "Until the day nobody sees it on their own pages, in a copy of their data, or in letters."
            ),
            gettext_lazy("On the day the person is told by e-mail. You are reminded two weeks before."),
        ),
        _hide, form=SecrecyForm,
    ),
    _final(
        "tell", gettext_lazy("End the secrecy"), gettext_lazy("It is no secret any more."), _is_hidden,
        _tells(gettext_lazy("The people see it from now on, and are told by e-mail once it was disclosed.")),
        _plainly(secrecy.end_secrecy),
    ),
    _deed(
        "refuse", gettext_lazy("Refuse"), gettext_lazy("It is refused."), _may_become(S.REFUSED),
        _tells(
            gettext_lazy("Nothing is disclosed. You answer whoever asked, with these reasons."),
            gettext_lazy("Where nothing is held or the person was erased, say just that."),
        ),
        _refuse, form=RefuseForm,
    ),
    _deed(
        "withdraw", gettext_lazy("They took it back"), gettext_lazy("It is withdrawn."),
        _may_become(S.WITHDRAWN), _tells(gettext_lazy("The request ends. Nothing is disclosed.")),
        _plainly(disclosing.withdraw),
    ),
)  # fmt: skip
"""In the order of the buttons."""


def permission_for(deed: Deed) -> str:
    """Who approves need not be who works on it."""
    return APPROVE if deed.name == "approve" else WORK


def possible_deeds(request: Any, may: Collection[str]) -> list[Deed]:
    """What the state allows now to whoever has these permissions."""
    return [deed for deed in DEEDS if permission_for(deed) in may and deed.possible(request)]
