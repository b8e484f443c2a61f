"""Readers of requests for whoever works on them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from applications.actors import ActorKind
from applications.crypto.keyring import data_key_scope
from applications.crypto.reading import unless_destroyed
from applications.form_fields import label_text
from applications.models import Application, ApplicationEvent, Complaint, StaffUser
from applications.retention_rules import Retention
from applications.selectors.periods import rules_in_force
from applications.states import ApplicationStatus
from lenders.models import Submission
from lenders.states import SigningClaim, SubmissionStatus
from privacy.changes import Stored, text_of
from privacy.models import DisclosureEvent, Letter, RequestEvent, RequestWords, RightsRequest
from privacy.states import OPEN

BY_ITSELF = frozenset({"reminded", "letter", "letter_to_hand_over", "letter_handed_over", "copy_opened"})
"""What happens to a request without changing it."""


def last_change(request: RightsRequest) -> str:
    """Which change was the last one: a page that was opened before a newer one is out of date."""
    changes = request.events.exclude(what__in=BY_ITSELF).order_by("-at", "-pk")
    return str(changes.values_list("pk", flat=True).first() or "")


def open_besides(request: RightsRequest) -> QuerySet[RightsRequest]:
    """The other open requests of the same person; nobody's where nobody knows who asks."""
    mine = RightsRequest.objects.filter(subject__isnull=False, subject=request.subject_id, status__in=OPEN)
    return mine.exclude(pk=request.pk).order_by("due_on", "pk")


def applications_of(subject_id: UUID) -> list[Application]:
    """What the person sent, while its data are there; a draft is theirs alone."""
    sent = Application.objects.filter(subject=subject_id, emptied_at__isnull=True).exclude(
        status=ApplicationStatus.DRAFT
    )
    return list(sent.order_by("-submitted_at", "pk"))


@dataclass(frozen=True)
class Keepable:
    """An application that may have to stay after an erasure, and until when that is proposed.

    `signed` says that a contract came of it; otherwise a complaint of the person is open.
    """

    application: Application
    signed: bool
    until: date | None


def keepable(subject_id: UUID, today: date) -> list[Keepable]:
    """Applications that may have to stay for legal claims (GDPR Art. 17(3)(e)): with a signed contract, or
    all of somebody whose complaint is open. The proposed day is that of their retention; none if it is over.
    """
    signed_at = _signed_at(subject_id)
    complains = Complaint.objects.filter(subject=subject_id, closed_at__isnull=True).exists()
    return [
        Keepable(one, one.pk in signed_at, _until(signed_at.get(one.pk) or one.submitted_at, today))
        for one in applications_of(subject_id)
        if complains or one.pk in signed_at
    ]


def _signed_at(subject_id: UUID) -> dict[UUID, datetime | None]:
    """Which applications led to a contract, or may have by a lender's word; when, where that is known."""
    claimed = Q(status=SubmissionStatus.CONTRACT_SIGNED) | Q(signing_claim=SigningClaim.OPEN)
    signed = Submission.objects.filter(claimed, subject=subject_id).values_list("application_id", flat=True)
    when = ApplicationEvent.objects.filter(
        application__in=signed, status=ApplicationStatus.CONTRACTED
    ).values_list("application_id", "at")
    found: dict[UUID, datetime | None] = dict.fromkeys(signed)
    return found | dict(when)


def _until(counted_from: datetime | None, today: date) -> date | None:
    if counted_from is None:
        return None
    until = rules_in_force()[Retention.APPLICATION].last_day(timezone.localdate(counted_from))
    return until if until > today else None


def letters_to_hand_over(request_ids: Collection[UUID] | None = None) -> dict[UUID, RightsRequest]:
    """Letters that no mail could bring and nobody handed over yet, each with its request."""
    waiting = Letter.objects.filter(to_hand_over=True, handed_over_at__isnull=True)
    if request_ids is not None:
        waiting = waiting.filter(request__in=request_ids)
    return {one.pk: one.request for one in waiting.select_related("request").order_by("written_at")}


def events_of(request: RightsRequest) -> list[RequestEvent]:
    """Everything that happened to a request, the newest first."""
    return list(request.events.order_by("-at", "-pk"))


def names_of(events: Sequence[RequestEvent | DisclosureEvent]) -> dict[str, str]:
    """The user names of the staff who acted, by the identifier that their acts carry."""
    acted = {one.actor_identifier for one in events if one.actor_kind == ActorKind.STAFF}
    known = StaffUser.objects.filter(pk__in=[int(one) for one in acted if one.isdecimal()])
    return {str(pk): name for pk, name in known.values_list("pk", "username")}


# --- words ------------------------------------------------------------------------------------------------
def changes_of(request: RightsRequest) -> list[Stored]:
    """What is to be corrected; nothing once it is no longer kept."""
    row = RequestWords.objects.filter(pk=request.pk).first()
    return (unless_destroyed(row, "changes") if row else None) or []


def has_words(request: RightsRequest) -> bool:
    """Whether anything that somebody wrote is still kept with the request."""
    return RequestWords.objects.filter(pk=request.pk).exists()


@data_key_scope()
def words_of(request: RightsRequest) -> list[tuple[str, str]]:
    """What was written about a request, each with what it is; nothing once its key is destroyed.

    Whoever calls has it written down before: services.deciding.reveal_words.
    """
    row = RequestWords.objects.filter(pk=request.pk).first()
    if row is None:
        return []
    names = {
        "contact": _("Where the person is answered"),
        "text": _("What the person wrote"),
        "view": _("What the lender is told of how the person sees it"),
        "decision": _("How it was established who asks"),
    }
    found = [(name, unless_destroyed(row, field)) for field, name in names.items()]
    added: dict[str, str] = unless_destroyed(row, "reasons") or {}
    found += [(_("What was added to the answer"), words) for words in added.values()]
    found += [
        (
            label_text(one["label"]),
            _("“%(new)s” instead of “%(old)s”")
            % {"new": text_of(one, "new"), "old": text_of(one, "old") or "–"},
        )
        for one in changes_of(request)
    ]
    return [(name, str(value)) for name, value in found if value]
