"""What the officer can do about a request: when each deed is possible, what it will do, and its service."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications.actors import Actor
from applications.formats import date_text
from privacy.admin.request_forms import (
    ApproveForm,
    CorrectionForm,
    DeedForm,
    EndForm,
    ExtendForm,
    IdentifyForm,
    RefuseForm,
    SpecifyForm,
    WeighForm,
)
from privacy.letter_facts import Delay
from privacy.models import Identity, Refusal, Result, Right, RightsRequest
from privacy.request_texts import Text
from privacy.selectors.about import choices, is_specified
from privacy.services import identifying, receiving, requests
from privacy.services.deciding import is_weighed, weigh
from privacy.services.restrictions import announce_end, standing_of
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
    prefix: str = "privacy_rightsrequest"
    is_final: Callable[[RightsRequest], bool] = lambda _request: False

    @property
    def page_name(self) -> str:
        return f"admin:{self.prefix}_{self.name}"


def _may_become(to: RequestStatus) -> Callable[[RightsRequest], bool]:
    return lambda request: request.status in sources(to)


# --- who asks ---------------------------------------------------------------------------------------------
def _ask(request: RightsRequest, _given: Mapping[str, Any], actor: Actor) -> object:
    return identifying.ask_who(request_id=request.pk, actor=actor)


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
    return identifying.identify(
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
    return requests.approve(
        request_id=request.pk, actor=actor, kept=given.get("kept", ()), left=given.get("left", ()),
        reasons=given.get("reasons", ""),
    )  # fmt: skip


APPROVAL: Mapping[str, Sequence[Text]] = {
    Right.ACCESS: (
        gettext_lazy("Within a minute a copy of everything below is made, under a key of its own."),
        gettext_lazy(
            "Values that may be about somebody else wait until you have decided about each of them."
        ),
        gettext_lazy("Then the person gets a letter with a link. The copy can be opened for 30 days."),
    ),
    Right.ERASURE: (
        gettext_lazy("Within a minute it begins, and from then on it cannot be taken back."),
        gettext_lazy(
            "Recipients are told first. Then the person's key is destroyed and everything below is deleted."
        ),
        gettext_lazy(
            "What is left is searched for; when nothing is, the erasure is certified and the person is told."
        ),
        gettext_lazy("Other requests of the person that were not decided end as withdrawn."),
    ),
    Right.RECTIFICATION: (
        gettext_lazy("What you accept is corrected within a minute, wherever the same wrong value stands."),
        gettext_lazy("Lenders that had received it are told the right value (Art. 19)."),
        gettext_lazy("The person gets a letter; of what stays as it is, with your reasons."),
    ),
    Right.RESTRICTION: (
        gettext_lazy("Within a minute the person's data are only stored: nothing is sent, shown or deleted."),
        gettext_lazy("Recipients are told (Art. 19), and the person gets a letter."),
    ),
    Right.PORTABILITY: (
        gettext_lazy("Within a minute a file is made of what the person provided, and signed."),
        gettext_lazy("Then the person gets a letter with a link. The file can be fetched for 30 days."),
    ),
    Right.OBJECTION: (
        gettext_lazy("Within a minute the use stops."),
        gettext_lazy("Then you decide whether compelling grounds override the objection, but for marketing."),
    ),
    Right.REVIEW: (gettext_lazy("The lender is asked that a human being looks at its decision."),),
    Right.COMPLAINT: (gettext_lazy("The papers are put together, and the person gets a letter."),),
}


def _telling_approval(request: RightsRequest) -> Sequence[str]:
    return [str(line) for line in APPROVAL[request.right]]


def _may_be_approved(request: RightsRequest) -> bool:
    return request.status in sources(S.APPROVED) and is_specified(request)


# --- what it is about -------------------------------------------------------------------------------------
def _specify(request: RightsRequest, given: Mapping[str, Any], actor: Actor) -> object:
    return receiving.specify(
        request_id=request.pk, about=given["matter"], view=given.get("view", ""), actor=actor
    )


def _may_be_specified(request: RightsRequest) -> bool:
    return request.status in receiving.BEFORE and not request.about and bool(choices(request))


def _telling_what(_request: RightsRequest) -> Sequence[str]:
    return (
        _("The request came in without saying what exactly it is about: you say it for the person."),
        _("Where the person has proved who they are and nothing is to be weighed, it begins."),
    )


def _add_correction(request: RightsRequest, given: Mapping[str, Any], actor: Actor) -> object:
    return receiving.add_correction(
        request_id=request.pk,
        application_id=UUID(given["application"]) if given["application"] else None,
        label=given["answer"],
        new=given["new"],
        actor=actor,
    )


def _may_be_corrected(request: RightsRequest) -> bool:
    known = request.subject_id is not None
    return request.right == Right.RECTIFICATION and request.status in receiving.BEFORE and known


def _telling_correction(_request: RightsRequest) -> Sequence[str]:
    return (
        _("The value is written down with the request. Nothing is corrected before you approve it."),
        _("What stands now is taken from the application. A second value for the same answer replaces it."),
        _("Whoever reads the mail of a new address opens the account: be sure that it is the person's."),
    )


# --- while it is carried out, and after -------------------------------------------------------------------
def _weigh(request: RightsRequest, given: Mapping[str, Any], actor: Actor) -> object:
    overruled = given["result"] == Result.OVERRULED
    return weigh(request_id=request.pk, overruled=overruled, reasons=given["reasons"], actor=actor)


def _telling_weighing(_request: RightsRequest) -> Sequence[str]:
    return (
        _("The use has stopped. If the objection stands it does not start again, and the person is told."),
        _("If compelling grounds override it the use goes on, and the person gets your grounds in a letter."),
    )


def _end(request: RightsRequest, given: Mapping[str, Any], actor: Actor) -> object:
    announce_end(request_id=request.pk, on=given["on"], reasons=given["reasons"], actor=actor)
    return None


def _can_end(request: RightsRequest) -> bool:
    ended = request.right == Right.RESTRICTION and request.status == S.COMPLETED
    return ended and standing_of(request) is not None


def _telling_end(_request: RightsRequest) -> Sequence[str]:
    return (
        _("The person gets a letter now. The restriction is lifted on the day that you name (Art. 18(3))."),
        _("It is not lifted while the letter could reach nobody. Recipients are told on the day."),
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
        _may_be_approved, _telling_approval, _approve, form=ApproveForm, shows_preview=True,
        is_final=lambda request: request.right == Right.ERASURE,
    ),
    Deed(
        "specify", gettext_lazy("Say what it is about"), gettext_lazy("It is written down."),
        _may_be_specified, _telling_what, _specify, form=SpecifyForm,
    ),
    Deed(
        "correct", gettext_lazy("Enter a correction"), gettext_lazy("It is written down."),
        _may_be_corrected, _telling_correction, _add_correction, form=CorrectionForm,
    ),
    Deed(
        "weigh", gettext_lazy("Weigh the objection"), gettext_lazy("It is decided, and the answer follows."),
        is_weighed, _telling_weighing, _weigh, form=WeighForm,
    ),
    Deed(
        "end", gettext_lazy("End the restriction"), gettext_lazy("The person is told when it ends."),
        _can_end, _telling_end, _end, form=EndForm,
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
