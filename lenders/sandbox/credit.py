"""Honest figures for an offer: an annuity in whole cents, and the APR that follows from it. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from lenders.apr import apr_of_offer, round_half_up
from lenders.sandbox.secrets import SandboxLender

OFFER_STANDS = timedelta(days=14)


def dearer(offer: dict[str, Any]) -> dict[str, Any]:
    """The same offer with every instalment one euro dearer: what a lender may not do once it is chosen."""
    schedule = [{**due, "amount_cents": due["amount_cents"] + 100} for due in offer["schedule"]]
    return {
        **offer,
        "schedule": schedule,
        "instalment_cents": offer["instalment_cents"] + 100,
        "total_payable_cents": offer["total_payable_cents"] + 100 * len(schedule),
    }


def annuity(amount_cents: int, monthly_rate: Decimal, months: int) -> int:
    """The equal instalment, in cents half up, that repays an amount with interest of `monthly_rate` (a
    fraction) a month.
    """
    if monthly_rate == 0:
        return _cents(Decimal(amount_cents) / months)
    return _cents(amount_cents * monthly_rate / (1 - (1 + monthly_rate) ** -months))


def repayments(amount_cents: int, monthly_rate: Decimal, months: int) -> list[int]:
    """What falls due each month in cents: interest is rounded each month, the last instalment takes what is
    left.
    """
    instalment, owed = annuity(amount_cents, monthly_rate, months), amount_cents
    for _ in range(months - 1):
        owed += _cents(owed * monthly_rate) - instalment
    return [instalment] * (months - 1) + [owed + _cents(owed * monthly_rate)]


def offer(
    lender: SandboxLender, submission_id: UUID, *, amount_cents: int, term_months: int, now: datetime
) -> dict[str, Any]:
    """The lender's offer as the protocol writes it.

    What is asked beyond its limits is offered at the limit.
    """
    amount = min(amount_cents, lender.maximum_amount_cents)
    months = min(max(term_months, lender.minimum_term_months), lender.maximum_term_months)
    due = repayments(amount, lender.borrowing_rate / 1200, months)
    fee = amount * lender.upfront_fee_permille // 1000
    schedule = list(enumerate(due, start=1))
    rate = apr_of_offer(amount_cents=amount, upfront_fees_cents=fee, schedule=schedule)
    return {
        "reference": f"{lender.slug}-offer-{submission_id.hex[:16]}",
        "amount_cents": amount,
        "term_months": months,
        "instalment_cents": due[0],
        "borrowing_rate": str(lender.borrowing_rate),
        "apr": str(round_half_up(rate)),
        "total_payable_cents": sum(due) + fee,
        "upfront_fees_cents": fee,
        "schedule": [{"month": month, "amount_cents": cents} for month, cents in schedule],
        "valid_until": (now + OFFER_STANDS).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "price_personalised": False,
    }


def offers(
    lender: SandboxLender, submission_id: UUID, *, amount_cents: int, term_months: int, now: datetime
) -> list[dict[str, Any]]:
    """The lender's offer, then one of each of its other products."""
    found = [offer(lender, submission_id, amount_cents=amount_cents, term_months=term_months, now=now)]
    for number, (_, rate) in enumerate(lender.other_products, start=2):
        product = replace(lender, borrowing_rate=rate)
        terms = offer(product, submission_id, amount_cents=amount_cents, term_months=term_months, now=now)
        found.append({**terms, "reference": f"{terms['reference']}-{number}"})
    return found


def _cents(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))
