"""What a request can be about, where a right is about one of several things: a code and words for each."""

from collections.abc import Callable, Mapping
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from applications.data_policy import OBJECTABLE
from applications.form_fields import EMAIL_LABEL, label_text
from applications.formats import date_text
from applications.models import DataSubject, RestrictionGround
from applications.personal import Purpose
from applications.row_security import opened
from lenders.models import Submission
from lenders.selectors.reviews import REFUSED, reviewable
from privacy.models import Right, RightsRequest
from privacy.states import OPEN

Choices = list[tuple[str, str]]
ABOUT_ONE = frozenset(
    {Right.RECTIFICATION, Right.RESTRICTION, Right.OBJECTION, Right.REVIEW, Right.COMPLAINT}
)
"""About one of several things, which `about` names."""


PROVED_ADDRESS = "address/"
"""How begins what a correction is about that nobody has to look at: the person has shown that the address is
theirs. The number of the code follows."""


def is_specified(request: RightsRequest) -> bool:
    """Whether it is known what the request is about."""
    return bool(request.about) or request.right not in ABOUT_ONE


def is_doubled(request: RightsRequest, about: str) -> bool:
    """Whether the same person has another open request about this. Of nobody known there are many."""
    same = RightsRequest.objects.filter(
        subject__isnull=False, subject=request.subject_id, right=request.right, about=about, status__in=OPEN
    )
    return same.exclude(pk=request.pk).exists()


def choices(request: RightsRequest) -> Choices:
    """What this request can be about; empty where it is about everything, or nothing fits."""
    reader = CHOICES.get(Right(request.right))
    return reader(request.subject) if reader is not None else []


def about_text(request: RightsRequest) -> str:
    """What a request is about, in words; empty where it is about everything."""
    if request.right == Right.OBJECTION:
        return str(Purpose(request.about).label) if request.about else ""
    if request.right == Right.RESTRICTION:
        return str(RestrictionGround(request.about).label) if request.about else ""
    if request.right == Right.REVIEW:
        return _named_submission(request)
    return label_text(EMAIL_LABEL) if request.about.startswith(PROVED_ADDRESS) else request.about


def _named_submission(request: RightsRequest) -> str:
    """The lender and the application, where they are the person's own."""
    if not request.about or request.subject_id is None:
        return ""
    rows = Submission.objects.filter(pk=request.about, subject=request.subject_id)
    with opened(Purpose.DATA_SUBJECT_RIGHTS, person=request.subject_id):
        return ", ".join(rows.values_list("lender__name", "application__reference").first() or ())


def _purposes(_subject: DataSubject | None) -> Choices:
    return [(one.value, str(one.label)) for one in Purpose if one in OBJECTABLE]


def _grounds(_subject: DataSubject | None) -> Choices:
    return [(one.value, str(one.label)) for one in RestrictionGround]


def earlier_requests(subject: DataSubject | None) -> Choices:
    """The person's requests of which papers for a complaint can be put together, the newest first."""
    if subject is None:
        return []
    rows = RightsRequest.objects.filter(subject=subject).exclude(right=Right.COMPLAINT)
    return [
        (
            one.reference,
            _("%(number)s of %(day)s: %(right)s")
            % {
                "number": one.reference,
                "day": date_text(timezone.localdate(one.received_at)),
                "right": one.get_right_display(),
            },
        )
        for one in rows.order_by("-received_at", "pk")
    ]


def _reviews(subject: DataSubject | None) -> Choices:
    return reviewable_choices(subject.pk) if subject is not None else []


def reviewable_choices(subject_id: UUID) -> Choices:
    """The decisions of lenders that a human being can be asked to review."""
    with opened(Purpose.DATA_SUBJECT_RIGHTS, person=subject_id):
        found = list(reviewable(subject_id))
    return [
        (
            str(one.pk),
            _("%(lender)s, application %(number)s: %(what)s")
            % {
                "lender": one.lender.name,
                "number": one.application.reference,
                "what": _("refused") if one.status in REFUSED else _("a price set by automated processing"),
            },
        )
        for one in found
    ]


CHOICES: Mapping[Right, Callable[[DataSubject | None], Choices]] = {
    Right.OBJECTION: _purposes,
    Right.RESTRICTION: _grounds,
    Right.REVIEW: _reviews,
    Right.COMPLAINT: earlier_requests,
}
