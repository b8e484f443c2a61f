"""A person's requests as they read them themselves: how each stands, in plain words, and what they can do."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications.crypto.reading import unless_destroyed
from applications.data_policy import POLICIES
from applications.form_fields import label_text
from applications.models import DataSubject, Objection, Restriction, RestrictionGround
from applications.personal import Category
from applications.selectors.permission import standing_restrictions
from applications.subject_data import outlives_its_subject
from privacy.changes import decision_text, text_of
from privacy.datamap import explain
from privacy.models import (
    HANDS_OUT,
    AccessPackage,
    Refusal,
    RequestWords,
    Result,
    Right,
    RightsRequest,
    Transfer,
    TransferStatus,
)
from privacy.selectors.about import about_text
from privacy.states import OPEN, RequestStatus, sources

S = RequestStatus

ASKED_FOR: Mapping[str, str | Promise] = {
    Right.ACCESS: gettext_lazy("A copy of your data"),
    Right.RECTIFICATION: gettext_lazy("Correction of your data"),
    Right.ERASURE: gettext_lazy("Erasure of your data"),
    Right.PORTABILITY: gettext_lazy("Your data, to take elsewhere"),
    Right.RESTRICTION: gettext_lazy("Your data are only to be stored"),
    Right.OBJECTION: gettext_lazy("Your objection"),
    Right.REVIEW: gettext_lazy("A human being is to look at a lender’s decision"),
    Right.COMPLAINT: gettext_lazy("Papers for a complaint"),
}
STANDS: Mapping[str, str | Promise] = {
    S.RECEIVED: gettext_lazy("We have it, and look at it."),
    S.IDENTITY_CHECK: gettext_lazy("We want to be sure that it is you who asks."),
    S.ASSESSED: gettext_lazy("Our data protection officer decides about it."),
    S.APPROVED: gettext_lazy("It is being carried out."),
    S.RUNNING: gettext_lazy("It is being carried out."),
    S.COMPLETED: gettext_lazy("It is done."),
    S.REFUSED: gettext_lazy("We do not carry it out. The letter that we sent you says why."),
    S.WITHDRAWN: gettext_lazy("You took it back."),
}
WAITS: Mapping[str, str | Promise] = {
    "third_persons": gettext_lazy(
        "Some of it may be about other people too. Our data protection officer looks through it first."
    ),
    "recipients": gettext_lazy("The lenders that have your data are being told. We wait for their answers."),
    "handing_out": gettext_lazy("The lenders that have your data are being told. We wait for their answers."),
    "weighing": gettext_lazy(
        "The use has stopped. Our data protection officer weighs whether there are grounds that override it."
    ),
    "lender": gettext_lazy("It is passed on to the lender. We wait for its answer."),
    "access_first": gettext_lazy("You asked for a copy as well: that comes first."),
    "passing_on": gettext_lazy("Your file is being passed on."),
}


GROUNDS: Mapping[str, str | Promise] = {
    RestrictionGround.ACCURACY: gettext_lazy(
        "Something in them is wrong: use nothing until you have checked it."
    ),
    RestrictionGround.UNLAWFUL: gettext_lazy(
        "You are not allowed to use them, but I do not want them erased."
    ),
    RestrictionGround.CLAIMS: gettext_lazy(
        "I need them for a claim of mine: keep them, and use them for nothing."
    ),
    RestrictionGround.OBJECTION: gettext_lazy("I have objected to their use, and you are still weighing it."),
}
"""Why data are only stored, as the person says it."""
RESULTS: Mapping[str, str | Promise] = {
    Result.STANDS: gettext_lazy("It stands: we do not use your data for this any more."),
    Result.OVERRULED: gettext_lazy(
        "We have overruled it: there are compelling grounds. The letter that we sent you says which."
    ),
    Result.TAKEN_BACK: gettext_lazy("You took back what you had asked for."),
    Result.ASKED_ANEW: gettext_lazy("You asked for the same yourself: that request counts."),
    Result.NOTHING: gettext_lazy("There was nothing (any more) that it could be done to."),
    Result.PARTLY: gettext_lazy("A part is done. Why not all of it, the letter that we sent you says."),
}
UNPROVED = frozenset({S.RECEIVED, S.IDENTITY_CHECK})
"""While nobody has established who asks."""


@dataclass(frozen=True)
class MyChange:
    """One value that is to be corrected, as a person reads it; `decision` once there is one."""

    name: str
    old: str
    new: str
    decision: str


@dataclass(frozen=True)
class MyRequest:
    """One request on the person's page; `opens_until` is the last day of a copy that can be opened,
    `has_papers` that papers for a complaint can be, and `can_be_complained_about` that some can be made;
    `passed` says to whom a file was passed on.
    """

    request: RightsRequest
    asked_for: str
    stands: str
    due_on: date | None
    opens_until: date | None
    is_asked_whether_it_is_them: bool
    can_be_withdrawn: bool
    moves: bool
    about: str
    changes: Sequence[MyChange]
    has_papers: bool
    can_be_complained_about: bool
    passed: Sequence[str] = ()

    @property
    def page(self) -> str:
        """The name of the page at which what was handed out is opened."""
        return "my_data:file" if self.request.right == Right.PORTABILITY else "my_data:package"


def requests_of(subject: DataSubject) -> Sequence[MyRequest]:
    """The newest first."""
    rows = RightsRequest.objects.filter(subject=subject).order_by("-received_at", "-pk")
    packages = {
        one.pk: one
        for one in AccessPackage.objects.defer("content").filter(
            request__in=rows, released_at__isnull=False, expires_at__gt=timezone.now()
        )
    }
    words = RequestWords.objects.filter(request__in=rows, changes__isnull=False).in_bulk()
    passed = passed_on(rows)
    return [_mine(row, packages.get(row.pk), words.get(row.pk), passed.get(row.pk, ())) for row in rows]


def passed_on(rows: Iterable[RightsRequest]) -> Mapping[UUID, Sequence[str]]:
    """Request → to whom the person had their file passed on, and what came of it, in words."""
    found: dict[UUID, list[str]] = {}
    transfers = Transfer.objects.filter(request__in=rows).select_related("controller__recipient")
    for one in transfers.order_by("issued_at", "pk"):
        line = f"{one.controller.name}: {TransferStatus(one.status).label}"
        found.setdefault(one.request_id, []).append(line)
    return found


def categories_of(subject: DataSubject) -> list[tuple[str, str]]:
    """The categories of which an erasure takes something of a person, with what each holds."""
    held = {
        category
        for one in explain(subject, to_the_person=True)
        if not outlives_its_subject(one.model)
        for category in one.categories
    }
    return [(str(one.label), str(POLICIES[one].holds)) for one in Category if one in held]


def open_package(subject: DataSubject, request_id: UUID, right: Right) -> AccessPackage | None:
    """What was handed out to this person for this right, and has not expired."""
    return AccessPackage.objects.filter(
        pk=request_id, request__subject=subject, request__right=right, released_at__isnull=False,
        expires_at__gt=timezone.now(),
    ).first()  # fmt: skip


def restrictions_of(subject: DataSubject) -> list[tuple[Restriction, str]]:
    """The restrictions that stand, each with its ground as the person says it."""
    rows = standing_restrictions().filter(subject=subject).order_by("since")
    return [(row, str(GROUNDS[row.ground])) for row in rows]


def objections_of(subject: DataSubject) -> list[Objection]:
    """The objections that stand."""
    rows = Objection.objects.filter(subject=subject, overruled_at__isnull=True, withdrawn_at__isnull=True)
    return list(rows.order_by("made_at"))


def _about(row: RightsRequest) -> str:
    """What it is about, where the heading does not say it yet and the lines below do not."""
    if row.right == Right.RECTIFICATION:
        return ""
    return str(GROUNDS[row.about]) if row.about in GROUNDS else about_text(row)


def _changes(words: RequestWords | None) -> list[MyChange]:
    """Old and new side by side, while they are kept."""
    changes = (unless_destroyed(words, "changes") if words else None) or []
    return [
        MyChange(label_text(one["label"]), text_of(one, "old"), text_of(one, "new"), decision_text(one))
        for one in changes
    ]


def _mine(
    row: RightsRequest, package: AccessPackage | None, words: RequestWords | None, passed: Sequence[str]
) -> MyRequest:
    is_open = row.status in OPEN
    stands = WAITS.get(row.trouble, STANDS[row.status]) if is_open else STANDS[row.status]
    if row.result and not is_open:
        stands = RESULTS[row.result]
    if row.refusal == Refusal.NOT_IDENTIFIED:
        stands = _("It is not carried out: you said that it was not you, or nobody could tell.")
    if row.status == S.COMPLETED and row.right in HANDS_OUT and package is None:
        stands = _("The copy was open for a month and has been deleted. You can ask for a new one.")
    return MyRequest(
        request=row,
        asked_for=str(ASKED_FOR[row.right]),
        stands=str(stands),
        due_on=row.due_on if is_open else None,
        opens_until=timezone.localdate(package.expires_at) if package and package.expires_at else None,
        is_asked_whether_it_is_them=row.status == S.IDENTITY_CHECK,
        can_be_withdrawn=row.status in sources(S.WITHDRAWN),
        moves=row.status in (S.APPROVED, S.RUNNING) and row.trouble in ("", "passing_on"),
        about=_about(row),
        changes=_changes(words),
        has_papers=row.right == Right.COMPLAINT and row.files.exists(),
        can_be_complained_about=row.right != Right.COMPLAINT and row.status not in UNPROVED,
        passed=passed,
    )
