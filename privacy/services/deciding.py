"""What is done by hand while a request is carried out: others' data in a copy, its opening, recipients."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from applications.actors import Actor
from applications.errors import IllegalTransition
from applications.personal import Purpose
from applications.services import audit
from applications.services.processing import end_objection
from lenders.states import RetentionBasis
from privacy.errors import DecisionMissing
from privacy.models import (
    AccessPackage,
    LetterKind,
    Outcome,
    RecipientNotice,
    RequestFile,
    Result,
    Right,
    RightsRequest,
)
from privacy.rights.access import RELEASED, WITHHELD
from privacy.services.letters import send_letter
from privacy.services.moves import note
from privacy.states import RequestStatus

BY_STAFF = frozenset(
    {
        Outcome.TOLD, Outcome.ACKNOWLEDGED, Outcome.DELETED, Outcome.RETAINED, Outcome.IMPOSSIBLE,
        Outcome.DISPROPORTIONATE,
    }
)  # fmt: skip
"""What staff can write down about a recipient."""

ANSWERED = frozenset({Outcome.ACKNOWLEDGED, Outcome.DELETED, Outcome.RETAINED})
"""What only a recipient can have said."""


def decide_held(*, request_id: UUID, decisions: Mapping[str, str], actor: Actor) -> AccessPackage:
    """Release or withhold values that may be about somebody else (Art. 15(4)), by their keys.

    Once every one of them is decided the copy goes out. Raises IllegalTransition for one that has gone out,
    and KeyError for a key that is not held or a decision that there is not.
    """
    with transaction.atomic():
        request = RightsRequest.objects.select_for_update().get(pk=request_id)
        package = AccessPackage.objects.defer("content").select_for_update().get(pk=request_id)
        if package.released_at is not None:
            raise IllegalTransition
        for key, how in decisions.items():
            if key not in package.held or how not in (RELEASED, WITHHELD):
                raise KeyError(key)
        package.decisions |= decisions
        package.save(update_fields=["decisions"])
        for how in sorted(set(decisions.values())):
            note(request, how, actor)
        request.next_try_at = None
        request.save(update_fields=["next_try_at"])
    return package


def note_opened(*, request_id: UUID, actor: Actor) -> None:
    """The person opened their copy: the first time is on record, also when the copy is gone."""
    with transaction.atomic():
        request = RightsRequest.objects.select_for_update().get(pk=request_id)
        fresh = AccessPackage.objects.filter(pk=request_id, opened_at__isnull=True)
        if fresh.update(opened_at=timezone.now()):
            note(request, "copy_opened", actor)


def reveal_words(*, request_id: UUID, actor: Actor) -> None:
    """Write down that the officer is about to be shown what the person wrote, and where they are answered;
    the person sees it.
    """
    request = RightsRequest.objects.get(pk=request_id)
    audit.record(actor=actor, action="request.words_seen", subject_id=request.subject_id, row=request)


def reveal_file(*, file_id: UUID, actor: Actor) -> RequestFile:
    """Write down that the officer is about to have a file that the person gave; the person sees it.

    Raises RequestFile.DoesNotExist.
    """
    found = RequestFile.objects.select_related("request").get(pk=file_id)
    audit.record(
        actor=actor, action="request.file_seen", subject_id=found.request.subject_id, row=found.request
    )
    return found


def reveal_held(*, request_id: UUID, actor: Actor) -> None:
    """Write down that the officer is about to be shown the values that are held back; the person sees it."""
    request = RightsRequest.objects.get(pk=request_id)
    audit.record(actor=actor, action="package.seen", subject_id=request.subject_id, row=request)


def weigh(*, request_id: UUID, overruled: bool, reasons: str, actor: Actor) -> RightsRequest:
    """Decide about an objection whose use has stopped: it stands, or compelling grounds override it, and the
    use goes on (Art. 21(1)). `reasons` are those grounds, in the officer's words; the person gets them.

    Raises IllegalTransition for a request that is not being weighed, DecisionMissing without grounds.
    """
    with transaction.atomic():
        # without the key: who holds the person's row may write an event of this request meanwhile
        request = RightsRequest.objects.select_for_update(no_key=True).get(pk=request_id)
        if not is_weighed(request):
            raise IllegalTransition
        if overruled and not reasons.strip():
            raise DecisionMissing
        request.result = Result.OVERRULED if overruled else Result.STANDS
        request.next_try_at = None
        request.save(update_fields=["result", "next_try_at"])
        if overruled:
            end_objection(subject_id=request.person.pk, purpose=Purpose(request.about), actor=actor)
            send_letter(request=request, kind=LetterKind.OBJECTION_OVERRULED, actor=actor, words=reasons)
        note(request, "weighed", actor, why=request.result)
    return request


def is_weighed(request: RightsRequest) -> bool:
    """Whether the officer is to decide about an objection now."""
    running = request.status == RequestStatus.RUNNING
    return request.right == Right.OBJECTION and running and request.step == "weigh" and not request.result


def record_told(
    *, notice_id: UUID, outcome: Outcome, actor: Actor, basis: str = "", until: date | None = None
) -> RecipientNotice:
    """Staff told a recipient, or heard from it, otherwise; or it cannot be told, or only with undue effort.

    Raises IllegalTransition for an outcome that staff do not record, or a ground without what is kept.
    """
    kept = outcome == Outcome.RETAINED
    if outcome not in BY_STAFF or kept != bool(basis) or (basis and basis not in RetentionBasis.values):
        raise IllegalTransition
    with transaction.atomic():
        # the request itself is held by the worker that carries it out, which may wait for the notice
        found = RecipientNotice.objects.select_for_update(of=("self",)).select_related("request")
        notice = found.get(pk=notice_id)
        now = timezone.now()
        notice.outcome, notice.basis, notice.until, notice.by_staff = (
            outcome,
            basis,
            until if kept else None,
            True,
        )
        if outcome == Outcome.TOLD or outcome in ANSWERED:
            notice.told_at = notice.told_at or now
        if outcome in ANSWERED:
            notice.answered_at = now
        notice.save(update_fields=["outcome", "basis", "until", "by_staff", "told_at", "answered_at"])
        note(notice.request, "recipient_noted", actor, why=outcome)
    return notice
