"""The one way in for what lenders say, whether as an answer, a callback or a poll."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from applications import live
from applications.actors import SYSTEM, Actor
from applications.models import DataSubject, MailKind, Milestone
from applications.row_security import storing
from applications.selectors.permission import refusal
from applications.services import audit, statistics
from applications.services.locking import lock_subject
from lenders.adapters.base import (
    Accepted,
    AnyAnswer,
    ContractSigned,
    Declined,
    Deleted,
    NeedsMore,
    Noted,
    Offered,
    OfferTerms,
    Retained,
    Reviewed,
    Unrecognised,
    Withdrawn,
)
from lenders.apr import AprError, apr_of_offer, round_half_up
from lenders.models import Delivery, LenderMessage, Offer, Submission
from lenders.selectors.more_page import asked_for
from lenders.services import polling
from lenders.services.contracts import contract_signed, decline_late, knows_of_the_choice
from lenders.services.deletions import acknowledge
from lenders.services.moves import move
from lenders.services.payload import PURPOSE
from lenders.services.restating import figures_of, note_restated
from lenders.services.telling import tell_by_mail
from lenders.services.words import take_answer
from lenders.states import (
    APPLICATION_LISTENS,
    OF_A_RIGHT,
    OPEN_TO_ANSWERS,
    WAITING,
    Acknowledgement,
    Asking,
    DeliveryKind,
    DeliveryStatus,
    OfferStatus,
    SubmissionStatus,
)

log = structlog.get_logger(__name__)

S = SubmissionStatus
MOST_OFFERS = 20  # of one lender on one application, over all its messages: a page is to stay readable
ONE_MAIL_WITHIN = timedelta(hours=1)
EVIDENCE = ContractSigned | Deleted | Retained
HIGHEST_APR = Decimal(1000)  # percent; the adapter accepts no higher stated one either


class AprBeyondReason(Exception):
    """A schedule whose APR is beyond what an offer can mean."""


def ingest(
    *,
    submission_id: UUID,
    answer: AnyAnswer,
    message_id: str,
    actor: Actor,
    asked: DeliveryKind | None = None,
) -> str:
    """Take in one message about a submission; the outcome, as a code.

    The same message id a second time, and whatever no longer fits the submission's state, changes nothing.
    A reply to our own question (`asked`: of which kind) is the lender's word of this moment, though in words
    used before.
    Raises Submission.DoesNotExist for an unknown submission and SubjectErased after an erasure.
    """
    with transaction.atomic(), storing():
        subject_id = Submission.objects.values_list("subject_id", flat=True).get(pk=submission_id)
        lock_subject(subject_id)
        submission = (
            Submission.objects.select_for_update(of=("self",))
            .select_related("application", "subject", "lender")
            .get(pk=submission_id)
        )
        if submission.application.emptied_at is not None:
            # of it only evidence is kept, and nothing else is written any more
            return _apply(submission, answer, actor, asked) if isinstance(answer, EVIDENCE) else "too_late"
        if message_id:
            # a lender that uses a name again for another submission says something new
            message, new = LenderMessage.objects.get_or_create(
                submission=submission,
                message_id=message_id,
                defaults={"subject_id": subject_id, "lender": submission.lender, "outcome": "taken"},
            )
            if not new and asked is None:
                return "duplicate"
        outcome = _apply(submission, answer, actor, asked)
        said = answer.offers if isinstance(answer, Offered | Accepted) else ()
        if note_restated(submission, said, actor) and outcome != "taken":
            outcome = "figures_changed"
        if asked not in OF_A_RIGHT:
            polling.plan(submission)
        if message_id and outcome != "taken":
            LenderMessage.objects.filter(pk=message.pk).update(outcome=outcome)
        return outcome


def _apply(submission: Submission, answer: AnyAnswer, actor: Actor, asked: DeliveryKind | None) -> str:
    if isinstance(answer, Unrecognised):
        return "unrecognised"
    if isinstance(answer, ContractSigned):
        return contract_signed(submission, actor)
    if isinstance(answer, Deleted | Retained):
        return _acknowledged(submission, answer, actor)
    if isinstance(answer, Noted | Reviewed):
        return take_answer(submission, answer, actor)
    if asked == DeliveryKind.DELETION:
        # It takes its time, which says nothing of the application.
        live.touch(submission.application_id)
        return "taken"
    if isinstance(answer, Accepted) and submission.status == S.SELECTED:
        knows_of_the_choice(submission)
        return "accepted"
    if submission.status == S.SELECTED and isinstance(answer, Declined | Withdrawn):
        if isinstance(answer, Declined):
            _note_reason(submission, answer.reason)
        return decline_late(submission, actor)
    if isinstance(answer, Withdrawn):
        return _withdraw(submission, S.WITHDRAWN)
    if isinstance(answer, Declined) and submission.status == S.OFFERED:
        # A lender may refuse at any time before the contract: its offers cannot be chosen any more.
        _note_reason(submission, answer.reason)
        return _withdraw(submission, S.DECLINED)
    late = timezone.now() > submission.late_until
    if late or submission.application.status not in APPLICATION_LISTENS:
        return "too_late"
    _remember_reference(submission, answer.lender_reference)
    if isinstance(answer, Offered):
        return _take_offers(submission, answer)
    if submission.status not in OPEN_TO_ANSWERS:
        return "out_of_place"
    if isinstance(answer, Declined):
        _note_reason(submission, answer.reason)
        return _moved(submission, S.DECLINED)
    if isinstance(answer, NeedsMore):
        return _ask_for_more(submission, list(answer.needs))
    # Pending; or it took note of a choice that it knows from elsewhere: here it is still considering
    return _moved(submission, S.PENDING)


def _acknowledged(submission: Submission, answer: Deleted | Retained, actor: Actor) -> str:
    if isinstance(answer, Deleted):
        return acknowledge(submission=submission, to=Acknowledgement.DELETED, actor=actor)
    return acknowledge(
        submission=submission,
        to=Acknowledgement.RETAINED,
        basis=answer.basis,
        until=answer.until,
        actor=actor,
    )


def _remember_reference(submission: Submission, reference: str) -> None:
    if reference and submission.lender_reference is None:
        submission.lender_reference = reference
        submission.save(update_fields=["lender_reference"])


def _note_reason(submission: Submission, reason: str) -> None:
    submission.decline_reason = reason
    submission.save(update_fields=["decline_reason"])


def _ask_for_more(submission: Submission, needs: list[str]) -> str:
    """The person is to be asked. While what they gave is on its way, the lender says nothing new by this."""
    on_its_way = Delivery.objects.filter(
        submission=submission, kind=DeliveryKind.SUPPLEMENT, status=DeliveryStatus.DUE
    )
    if on_its_way.exists():
        return "out_of_place"
    asks_already = submission.status == S.ACTION_REQUIRED
    if asks_already and submission.needs == needs:
        return "duplicate"
    submission.needs = needs
    submission.asking = Asking.OPEN if asked_for(submission) else Asking.NOTHING
    submission.save(update_fields=["needs", "asking"])
    if asks_already:
        live.touch(submission.application_id)
        return "taken"
    return _moved(submission, S.ACTION_REQUIRED)


def _moved(submission: Submission, to: SubmissionStatus) -> str:
    return "taken" if move(submission, to) else "out_of_place"


def _take_offers(submission: Submission, answer: Offered) -> str:
    if submission.status not in OPEN_TO_ANSWERS | {S.OFFERED}:
        return "out_of_place"
    living = [terms for terms in answer.offers if terms.valid_until > timezone.now()]
    fresh, impossible = _fresh_offers(submission, living)
    expected = submission.awaited and timezone.now() <= submission.page_wait_until
    # Once it said that no more will come, an answer that says otherwise was overtaken on the way.
    more = answer.more_to_come and (submission.more_to_come or submission.status != S.OFFERED)
    nothing = "" if impossible < len(living) else "apr_impossible" if living else "expired"
    room = MOST_OFFERS - Offer.objects.filter(submission=submission).count()
    cut, fresh = len(fresh) > room, fresh[: max(room, 0)]
    if not (fresh or nothing) and submission.status != S.OFFERED:
        # what it offers once more: here it has expired, and is not shown anew
        nothing = "too_many" if cut else "expired"
    if nothing and submission.status != S.OFFERED:
        return _nothing_to_show(submission, nothing, more=more)
    for offer in fresh:
        offer.save(force_insert=True)
    if fresh:
        statistics.count_on_commit(subject_id=submission.subject_id, milestone=Milestone.OFFERED)
    if fresh and not expected and _is_news(submission, fresh):
        tell_by_mail(submission, MailKind.LATE_OFFER, adds=submission.status == S.OFFERED)
    moved = submission.status != S.OFFERED and move(submission, S.OFFERED)
    changed = _expect(submission, more=more, needs=answer.needs if more else ())
    if (fresh or changed) and not moved:
        live.touch(submission.application_id)
    return nothing or ("too_many" if cut else "taken" if fresh or changed else "duplicate")


def _is_news(submission: Submission, fresh: Sequence[Offer]) -> bool:
    """Whether the person is written to: about what can be chosen, and once an hour however much a lender
    says.
    """
    since = max(timezone.now() - ONE_MAIL_WITHIN, submission.page_wait_until)
    known = Offer.objects.filter(submission=submission, received_at__gt=since)
    if known.exclude(pk__in=[offer.pk for offer in fresh]).exists():
        return False
    return refusal(submission.subject_id, PURPOSE, application_id=submission.application_id) is None


def _nothing_to_show(submission: Submission, code: str, *, more: bool) -> str:
    """No offer of an answer can be shown to a consumer, and none was before. While more may come the lender
    is waited for; then the offers have expired, or staff are told and the page says that it failed.
    """
    if more:
        move(submission, S.PENDING)
    elif code == "expired":
        move(submission, S.EXPIRED)
    else:
        move(submission, S.FAILED, error_code=code)
    return code


def _expect(submission: Submission, *, more: bool, needs: Sequence[str]) -> bool:
    """Note whether more offers may come, and what the lender lacks for them; whether that is new."""
    submission.more_to_come, submission.needs = more, list(needs)
    said = {"more_to_come": more, "needs": submission.needs}
    return bool(Submission.objects.filter(pk=submission.pk).exclude(**said).update(**said))


def _fresh_offers(submission: Submission, living: Sequence[OfferTerms]) -> tuple[list[Offer], int]:
    """The offers to be written, and how many are none: a schedule without an APR is not shown to anybody."""
    fresh: list[Offer] = []
    impossible = 0
    for terms in living:
        try:
            if (offer := _new_offer(submission, terms)) is not None:
                fresh.append(offer)
        except (AprError, AprBeyondReason):
            log.warning("offer.apr_impossible", submission=str(submission.pk))
            impossible += 1
    return fresh, impossible


def _apr(terms: OfferTerms) -> Decimal:
    """Our own APR. Raises AprError where there is none, AprBeyondReason where nobody can mean it."""
    found = round_half_up(
        apr_of_offer(
            amount_cents=terms.amount_cents,
            upfront_fees_cents=terms.upfront_fees_cents,
            schedule=terms.schedule,
        )
    )
    if found > HIGHEST_APR:
        raise AprBeyondReason
    return found


def _new_offer(submission: Submission, terms: OfferTerms) -> Offer | None:
    """An offer to be written, or None for a known reference: terms, once shown, never change."""
    digest = hashlib.sha256(submission.pk.bytes + terms.reference.encode()).digest()
    if Offer.objects.filter(submission=submission, reference_digest=digest).exists():
        return None
    return Offer(
        subject_id=submission.subject_id,
        submission=submission,
        reference_digest=digest,
        reference=terms.reference,
        **figures_of(terms),
        apr=_apr(terms),
        price_personalised=terms.price_personalised,
        valid_until=terms.valid_until,
    )


def _withdraw(submission: Submission, to: SubmissionStatus) -> str:
    Offer.objects.filter(submission=submission, status=OfferStatus.OPEN).update(status=OfferStatus.WITHDRAWN)
    return _moved(submission, to)


def close_overdue() -> int:
    """Submissions still waiting when their late window has closed did not answer; how many there were."""
    being_told = Delivery.objects.filter(submission=OuterRef("pk"), status=DeliveryStatus.DUE)
    overdue = Submission.objects.filter(
        ~Exists(being_told),
        status__in=WAITING,
        late_until__lt=timezone.now(),
        subject__erased_at__isnull=True,
    )
    closed = 0
    for submission in overdue.order_by("late_until")[:200]:
        with transaction.atomic():
            DataSubject.objects.select_for_update().get(pk=submission.subject_id)
            if overdue.filter(pk=submission.pk).exists():  # staff may have asked anew meanwhile
                closed += move(submission, S.NO_RESPONSE, error_code="late_window_closed")
    return closed


def expire_offers() -> int:
    """Open offers past their validity expire, and with them submissions that have no other; how many did."""
    expired = 0
    due = Offer.objects.filter(
        status=OfferStatus.OPEN, valid_until__lt=timezone.now(), subject__erased_at__isnull=True
    )
    for offer in due.select_related("submission").order_by("valid_until")[:200]:
        with transaction.atomic():
            lock_subject(offer.subject_id)
            changed = Offer.objects.filter(pk=offer.pk, status=OfferStatus.OPEN).update(
                status=OfferStatus.EXPIRED
            )
            if not changed:
                continue
            expired += changed
            others = Offer.objects.filter(submission=offer.submission, status=OfferStatus.OPEN).exists()
            if others or not move(offer.submission, _after_the_last_offer(offer.submission)):
                live.touch(offer.submission.application_id)
            audit.record(actor=SYSTEM, action="offer.expired", subject_id=offer.subject_id, row=offer)
    return expired


def _after_the_last_offer(submission: Submission) -> SubmissionStatus:
    """Where a submission stands when no offer of it is left: waiting for more, where those were announced.

    Read anew: what the lender said last may have come after the row was found.
    """
    waits = Submission.objects.filter(pk=submission.pk, more_to_come=True, late_until__gt=timezone.now())
    return S.PENDING if waits.exists() else S.EXPIRED
