"""What the officer can do about a request: when each deed is possible, what it will do, and its service."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications.actors import Actor
from applications.formats import date_text
from privacy.admin.request_forms import ApproveForm, DeedForm, ExtendForm, IdentifyForm, RefuseForm
from privacy.letter_facts import Delay
from privacy.models import Identity, Refusal, Right, RightsRequest
from privacy.rights.base import Text
from privacy.services import requests
from privacy.states import OPEN, RequestStatus, sources

S = RequestStatus


@dataclass(frozen=True)
class Deed:
    """A button on the page of a request, and the page that asks once more.

    `tells` says in words what will happen; `shows_preview` puts before it what the right's own module would
    do; `is_final` says that it cannot be taken back, so that whoever does it is asked who they are.
    """

    name: str
    label: Text
    done: Text
    possible: Callable[[RightsRequest], bool]
    tells: Callable[[RightsRequest], Sequence[str]]
    do: Callable[[RightsRequest, Mapping[str, Any], Actor], object]
    _: KW_ONLY
    form: type[DeedForm] = DeedForm
    shows_preview: bool = False
    is_final: Callable[[RightsRequest], bool] = lambda _request: False

    @property
    def page_name(self) -> str:
        return f"admin:privacy_rightsrequest_{self.name}"


def _may_become(to: RequestStatus) -> Callable[[RightsRequest], bool]:
    return lambda request: request.status in sources(to)


# --- who asks ---------------------------------------------------------------------------------------------
def _ask(request: RightsRequest, _given: Mapping[str, Any], actor: Actor) -> object:
    return requests.ask_who(request_id=request.pk, actor=actor)


def _telling_to_ask(request: RightsRequest) -> Sequence[str]:
    if request.subject_id is None:
        letter = _(
            "The request names nobody whom we know: the question goes to the address that the request gives. "
            "The letter says nothing about anybody."
        )
    else:
        letter = _(
            "The person gets a letter at the e-mail address on file, never at one that the request names, "
            "and is asked whether it is they who ask."
        )
    return letter, _("The legal clock stands still from today until it is known who asks (Art. 12(6)).")


def _identify(request: RightsRequest, given: Mapping[str, Any], actor: Actor) -> object:
    person = given.get("number")
    return requests.identify(
        request_id=request.pk, identity=Identity.OFFICER, actor=actor, decision=given["decision"],
        subject_id=person.pk if person else None,
    )  # fmt: skip


def _telling_who(request: RightsRequest) -> Sequence[str]:
    lines = [_("Your decision is written down: you have established who asks.")]
    if request.paused_on is not None:
        lines.append(_("The legal clock goes on; the days of waiting are given back."))
    return *lines, _("Nothing is carried out yet: you approve or refuse the request afterwards.")


# --- the decision -----------------------------------------------------------------------------------------
def _approve(request: RightsRequest, given: Mapping[str, Any], actor: Actor) -> object:
    return requests.approve(request_id=request.pk, actor=actor, kept=given.get("kept", ()))


def _telling_approval(request: RightsRequest) -> Sequence[str]:
    if request.right == Right.ACCESS:
        return (
            _("Within a minute a copy of everything below is made, under a key of its own."),
            _("Values that may be about somebody else wait until you have decided about each of them."),
            _("Then the person gets a letter with a link. The copy can be opened for 30 days."),
        )
    if request.right == Right.PORTABILITY:
        return (
            _("Within a minute a file is made of what the person provided, and signed."),
            _("Then the person gets a letter with a link. The file can be fetched for 30 days."),
        )
    return (
        _("Within a minute it begins, and from then on it cannot be taken back."),
        _("Recipients are told first. Then the person's key is destroyed and everything below is deleted."),
        _("What is left is searched for; when nothing is, the erasure is certified and the person is told."),
        _("Other requests of the person that were not decided end as withdrawn."),
    )


def _refuse(request: RightsRequest, given: Mapping[str, Any], actor: Actor) -> object:
    return requests.refuse(
        request_id=request.pk, why=Refusal(given["why"]), reasons=given["reasons"], actor=actor
    )


def _telling_refusal(_request: RightsRequest) -> Sequence[str]:
    return (
        _("The request ends. Nothing is given out, and nothing is deleted."),
        _("Whoever asked gets a letter with the reason, your words and the ways to complain (Art. 12(4))."),
    )


# --- time, and the person's own wish ------------------------------------------------------------------------
def _extend(request: RightsRequest, given: Mapping[str, Any], actor: Actor) -> object:
    return requests.extend(
        request_id=request.pk, why=Delay(given["why"]), reasons=given["reasons"], actor=actor
    )


def _telling_extension(request: RightsRequest) -> Sequence[str]:
    today = timezone.localdate()
    days = {
        "before": date_text(request.clock.due_on(today)),
        "after": date_text(replace(request.clock, extended=True).due_on(today)),
    }
    return (
        _("The last day moves from %(before)s to %(after)s. This is possible once.") % days,
        _("The person gets a letter with the new day, your reasons and the ways to complain (Art. 12(3))."),
    )


def _withdraw(request: RightsRequest, _given: Mapping[str, Any], actor: Actor) -> object:
    return requests.withdraw(request_id=request.pk, actor=actor)


def _telling_withdrawal(_request: RightsRequest) -> Sequence[str]:
    return (
        _("The request ends as withdrawn, because the person told us that they take it back."),
        _("Nothing is given out, and nothing is deleted. No letter is written."),
    )


def _may_be_extended(request: RightsRequest) -> bool:
    return request.status in OPEN and request.clock.may_be_extended(_today())


def _today() -> date:
    return timezone.localdate()


DEEDS: Sequence[Deed] = (
    Deed(
        "approve", gettext_lazy("Approve"), gettext_lazy("It is approved, and begins within a minute."),
        _may_become(S.APPROVED), _telling_approval, _approve, form=ApproveForm, shows_preview=True,
        is_final=lambda request: request.right == Right.ERASURE,
    ),
    Deed(
        "identify", gettext_lazy("It is known who asks"), gettext_lazy("It is written down who asks."),
        _may_become(S.ASSESSED), _telling_who, _identify, form=IdentifyForm,
    ),
    Deed(
        "ask_who", gettext_lazy("Ask who it is"), gettext_lazy("The clock stands still until the answer."),
        _may_become(S.IDENTITY_CHECK), _telling_to_ask, _ask,
    ),
    Deed(
        "refuse", gettext_lazy("Refuse"), gettext_lazy("It is refused, and the answer is on its way."),
        _may_become(S.REFUSED), _telling_refusal, _refuse, form=RefuseForm,
    ),
    Deed(
        "extend", gettext_lazy("Take more time"), gettext_lazy("Two more months are announced."),
        _may_be_extended, _telling_extension, _extend, form=ExtendForm,
    ),
    Deed(
        "withdraw", gettext_lazy("Withdraw for the person"), gettext_lazy("It is withdrawn."),
        _may_become(S.WITHDRAWN), _telling_withdrawal, _withdraw,
    ),
)  # fmt: skip
"""In the order of the buttons."""


def possible_deeds(request: RightsRequest) -> list[Deed]:
    """What the state of the request, and its clock, allow now."""
    return [deed for deed in DEEDS if deed.possible(request)]
