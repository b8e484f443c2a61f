"""What left for a lender, on record: written before the call, and settled by what came of it.

A call that surely never left is no disclosure; one whose fate is not known counts as one (GDPR Art.
15(1)(c)).
"""

from collections.abc import Mapping
from uuid import UUID

from django.utils import timezone

from applications.data_policy import uses_of
from applications.form_fields import mark_of
from applications.models import Disclosure, DisclosureStatus
from applications.personal import Basis, RecipientKind
from lenders.adapters.base import HttpAnswer, LenderError
from lenders.adapters.errors import ErrorCode
from lenders.models import Attempt, Delivery, Lender, LenderWord, Submission
from lenders.purposes import PURPOSES
from lenders.services.payload import Call, Discloses
from lenders.states import DeliveryKind

# Without `ambiguous` these say that no connection stood when the attempt ended, or that the call was never
# made for want of a token.
NEVER_LEFT = frozenset(
    {
        ErrorCode.NOT_CONFIGURED,
        ErrorCode.ADDRESS_REFUSED,
        ErrorCode.UNREACHABLE,
        ErrorCode.TLS_FAILED,
        ErrorCode.TOKEN_NOT_GIVEN,
        ErrorCode.TIMED_OUT,
        ErrorCode.DISCONNECTED,
    }
)


def intend(calls: Mapping[Delivery, Call]) -> None:
    """Record what deliveries are about to carry: one disclosure each, however often it is tried."""
    carried = {delivery: call.discloses for delivery, call in calls.items() if call.discloses is not None}
    known = Disclosure.objects.filter(delivery__in=[delivery.pk for delivery in carried])
    known.filter(status=DisclosureStatus.NOT_MADE).update(status=DisclosureStatus.INTENDED)
    recorded = set(known.values_list("delivery", flat=True))
    Disclosure.objects.bulk_create(
        _disclosure(delivery.submission, delivery.lender, delivery.pk, what)
        for delivery, what in carried.items()
        if delivery.pk not in recorded
    )


def made_by_hand(word: LenderWord) -> None:
    """Record what staff told a lender in another way than by its interface."""
    if word.labels:
        what = Discloses(word.labels, PURPOSES[DeliveryKind.WORD])
        told = _disclosure(word.submission, word.submission.lender, word.pk, what)
        told.status = DisclosureStatus.MADE
        told.save(force_insert=True)


def _disclosure(submission: Submission, lender: Lender, carried_by: UUID, what: Discloses) -> Disclosure:
    return Disclosure(
        subject_id=submission.subject_id,
        application=submission.application,
        recipient_kind=RecipientKind.LENDER,
        recipient=lender.slug,
        recipient_name=lender.name,
        delivery=carried_by,
        purpose=what.purpose,
        basis=_basis(what),
        fields=list(what.labels),
        at=timezone.now(),
    )


def _basis(what: Discloses) -> Basis:
    """The legal basis that the data map gives for what is disclosed."""
    return uses_of(mark_of(what.labels[0]))[what.purpose]


def settle(delivery_id: UUID, attempt_id: UUID, reply: HttpAnswer | LenderError) -> None:
    """Note whether the call left: every attempt that may have carried it makes the disclosure a fact.

    An earlier attempt that never came to an end (its worker was killed) may have carried it.
    """
    left = not (isinstance(reply, LenderError) and not reply.ambiguous and reply.code in NEVER_LEFT)
    standing = Disclosure.objects.filter(delivery=delivery_id)
    if left:
        standing.exclude(status=DisclosureStatus.MADE).update(status=DisclosureStatus.MADE, at=timezone.now())
    elif not _open_attempts(delivery_id, attempt_id):
        standing.filter(status=DisclosureStatus.INTENDED).update(status=DisclosureStatus.NOT_MADE)


def _open_attempts(delivery_id: UUID, besides: UUID) -> bool:
    attempts = Attempt.objects.filter(delivery=delivery_id, finished_at__isnull=True)
    return attempts.exclude(pk=besides).exists()
