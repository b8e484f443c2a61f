"""What any offer must be, whatever language its lender speaks: figures within limits that agree."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from lenders.adapters.answers import OfferTerms

MOST_CENTS = 10_000_000_00
LONGEST_TERM_MONTHS = 480
MOST_OFFERS = 10
HIGHEST_RATE = Decimal(1000)


def contradiction(terms: OfferTerms) -> str:
    """How the figures contradict one another, "" where they agree: then whatever of them a consumer reads
    first is true of the others.
    """
    months = [instalment.month for instalment in terms.schedule]
    amounts = [instalment.amount_cents for instalment in terms.schedule]
    counts = Counter(amounts)
    agrees = {
        "months of the schedule that do not rise": months == sorted(set(months)),
        "a schedule longer than the term": months[-1] <= terms.term_months,
        "a total that is not the sum of schedule and fees": (
            sum(amounts) + terms.upfront_fees_cents == terms.total_payable_cents
        ),
        "a total below the amount": terms.total_payable_cents >= terms.amount_cents,
        "fees of the whole amount": terms.upfront_fees_cents < terms.amount_cents,
        "an instalment that is not the commonest": counts[terms.instalment_cents] == max(counts.values()),
    }
    return next((how for how, agreed in agrees.items() if not agreed), "")
