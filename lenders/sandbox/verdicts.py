"""What a sandbox lender decides and answers, as documents in the words of docs/lender-api.md."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from lenders.sandbox import credit
from lenders.sandbox.books import Fault, FaultName
from lenders.sandbox.secrets import Behaviour, Deletes, SandboxLender

KEPT_FOR = timedelta(days=5 * 365 + 1)
"""The Latvian law against money laundering keeps customer data for five years."""
MENDED_UP_TO_CENTS = 1_000_00
"""A review finds in the person's favour up to this amount."""
EXPLAINED = {
    "changed": "Cilvēks izskatīja lēmumu vēlreiz un to mainīja.",
    "upheld": "Cilvēks izskatīja lēmumu vēlreiz: ienākumi ir par maziem šādai summai.",
}


def needed(lender: SandboxLender, asked: dict[str, Any], fault: Fault) -> list[str]:
    """What the lender wants to have before it decides: on order, or of its own for a large amount."""
    if fault.name is FaultName.NEEDS_MORE:
        return list(fault.needs)
    large = lender.asks_above_cents is not None and asked["amount_cents"] > lender.asks_above_cents
    return list(lender.asks_for) if large else []


def to_deletion(lender: SandboxLender, submission: UUID) -> dict[str, Any]:
    if lender.deletes is Deletes.AT_ONCE:
        return stated(lender, submission, status="deleted")
    if lender.deletes is Deletes.LATER:
        return stated(lender, submission, status="pending")
    return stated(
        lender,
        submission,
        status="retained",
        basis="money_laundering_prevention",
        until=(datetime.now(tz=UTC) + KEPT_FOR).date().isoformat(),
    )


def reviewed(asked: dict[str, Any], *, mends: bool) -> dict[str, Any]:
    """What a human being finds who looks at it again: by the amount, or on order."""
    outcome = "changed" if mends or asked["amount_cents"] <= MENDED_UP_TO_CENTS else "upheld"
    return {"outcome": outcome, "explanation": EXPLAINED[outcome]}


def after_review(lender: SandboxLender, submission: UUID, asked: dict[str, Any]) -> dict[str, Any]:
    """The offer that follows when a decision was changed, under a number of its own."""
    offer = credit.offer(
        lender,
        submission,
        amount_cents=asked["amount_cents"],
        term_months=asked["term_months"],
        now=datetime.now(tz=UTC),
    )
    offer["reference"] += "-reviewed"
    return stated(lender, submission, status="offered", offer=offer)


def verdicts(lender: SandboxLender, submission: UUID, asked: dict[str, Any]) -> list[dict[str, Any]]:
    """What the lender decides. Where several products answer one by one, what it can say after each: the
    offers so far, and under `pending` who has yet to answer.
    """
    if lender.behaviour is Behaviour.DECLINES:
        return [stated(lender, submission, status="declined", reason=lender.decline_reason)]
    if asked["amount_cents"] < lender.minimum_amount_cents:
        return [stated(lender, submission, status="declined", reason="amount_or_term_not_available")]
    terms = credit.offers(
        lender,
        submission,
        amount_cents=asked["amount_cents"],
        term_months=asked["term_months"],
        now=datetime.now(tz=UTC),
    )
    if not lender.other_products:
        return [stated(lender, submission, status="offered", offer=terms[0])]
    others = [name for name, _ in lender.other_products]
    return [
        stated(lender, submission, status="offered", offers=terms[:answered], pending=others[answered - 1 :])
        for answered in range(1, len(terms) + 1)
    ]


def stated(lender: SandboxLender, submission: UUID, *, status: str, **more: Any) -> dict[str, Any]:
    """An answer in the words of the protocol."""
    reference = f"{lender.slug}-{submission.hex[:12]}"
    return {"submission_id": str(submission), "status": status, "lender_reference": reference, **more}
