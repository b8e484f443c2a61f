"""A lender sends other figures for an offer that it made: the ones first shown stay, and whoever chooses by
them is told, as are staff.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from applications import live
from applications.actors import Actor
from applications.services import audit
from applications.services.locking import lock_subject
from lenders.adapters.base import OfferTerms
from lenders.models import Offer, Submission
from lenders.states import OfferStatus, Restating

STANDING = (OfferStatus.OPEN, OfferStatus.SELECTED)


def note_restated(submission: Submission, said: Sequence[OfferTerms], actor: Actor) -> bool:
    """Mark the standing offers for which the lender now says other figures; whether there are any.

    Must run inside a transaction that holds the person's row.
    """
    if not said:
        return False
    by_reference = {terms.reference: terms for terms in said}
    changed = [
        offer
        for offer in Offer.objects.filter(submission=submission, status__in=STANDING)
        if offer.reference in by_reference and _differs(offer, by_reference[offer.reference])
    ]
    for offer in changed:
        if Offer.objects.filter(pk=offer.pk, restating=Restating.NONE).update(restating=Restating.OPEN):
            audit.record(actor=actor, action="offer.restated", subject_id=offer.subject_id, row=offer)
            live.touch(submission.application_id)
    return bool(changed)


def see_to_figures(*, submission_id: UUID, actor: Actor) -> bool:
    """Staff found out which figures hold; False when there is nothing to see to. Raises SubjectErased."""
    with transaction.atomic():
        submission = Submission.objects.get(pk=submission_id)
        lock_subject(submission.subject_id)
        seen = Offer.objects.filter(submission=submission, restating=Restating.OPEN).update(
            restating=Restating.SEEN
        )
        if seen:
            audit.record(
                actor=actor, action="offer.restating_seen", subject_id=submission.subject_id, row=submission
            )
    return bool(seen)


def figures_of(terms: OfferTerms) -> dict[str, Any]:
    """The figures of an offer by the names of its columns."""
    return {
        "amount_cents": terms.amount_cents,
        "term_months": terms.term_months,
        "instalment_cents": terms.instalment_cents,
        "total_payable_cents": terms.total_payable_cents,
        "upfront_fees_cents": terms.upfront_fees_cents,
        "borrowing_rate": terms.borrowing_rate,
        "stated_apr": terms.apr,
        "schedule": [[instalment.month, instalment.amount_cents] for instalment in terms.schedule],
    }


def _differs(offer: Offer, terms: OfferTerms) -> bool:
    return any(getattr(offer, name) != _as_kept(name, said) for name, said in figures_of(terms).items())


def _as_kept(name: str, said: Any) -> Any:
    """What a column gives back: it keeps a rate with so many digits."""
    column: Any = Offer._meta.get_field(name)
    return column.decode(column.encode(said))
