"""What any offer must be, whatever language its lender speaks: figures within limits that agree."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from lenders.adapters.answers import OfferTerms

MOST_CENTS = 10_000_000_00
LONGEST_TERM_MONTHS = 480
MOST_OFFERS = 10
HIGHEST_RATE = Decimal(1000)


def adds_up(terms: OfferTerms) -> bool:
    """The figures agree with one another, so that whatever of them a consumer reads first is true of the
    others.
    """
    months = [instalment.month for instalment in terms.schedule]
    amounts = [instalment.amount_cents for instalment in terms.schedule]
    counts = Counter(amounts)
    return (
        months == sorted(set(months))
        and months[-1] <= terms.term_months
        and sum(amounts) + terms.upfront_fees_cents == terms.total_payable_cents
        and terms.total_payable_cents >= terms.amount_cents
        and terms.upfront_fees_cents < terms.amount_cents
        and counts[terms.instalment_cents] == max(counts.values())
    )
