"""Who the sandbox lenders are, what they ask for and on what terms they lend, and the secret each shares
with us.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Behaviour(StrEnum):
    """How a sandbox lender answers an application."""

    OFFERS = "offers"
    CALLS_BACK = "calls_back"
    DECLINES = "declines"
    FAILS = "fails"


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxLender:
    """One invented lender.

    protocol               the adapter that speaks with it
    requested_fields       labels it declares it needs; it should be given no other
    borrowing_rate         percent a year
    upfront_fee_permille   of the amount, paid at drawdown
    answer_seconds         how long it thinks before it answers
    callback_seconds       for CALLS_BACK: how long after that the offer follows
    asks_above_cents       for more than this it wants to see `asks_for` first
    """

    slug: str
    name: str
    protocol: str = "join"
    behaviour: Behaviour
    minimum_amount_cents: int
    maximum_amount_cents: int
    minimum_term_months: int
    maximum_term_months: int
    requested_fields: tuple[str, ...]
    borrowing_rate: Decimal
    upfront_fee_permille: int = 0
    answer_seconds: float = 0.2
    callback_seconds: float = 6.0
    decline_reason: str = "internal_policy"
    asks_above_cents: int | None = None
    asks_for: tuple[str, ...] = ("document.income",)


_CREDIT = ("loan.amount_cents", "loan.term_months")
_PERSON = ("identification.given_name", "identification.surname", "identification.personal_code")
_CONTACT = ("identification.email", "identification.phone")
_ADDRESS = ("identification.street_address", "identification.city", "identification.postcode")
_DOCUMENT = (
    "identity_document.document_type",
    "identity_document.document_number",
    "identity_document.valid_until",
)
_INCOME = ("financial.income_type", "financial.employer", "financial.monthly_income_cents")
_BURDENS = ("financial.monthly_expenses_cents", "financial.monthly_obligations_cents")
_FAMILY = ("family.marital_status", "family.dependants")
_PEP = ("pep.pep_status", "pep.pep_relation", "pep.pep_office")

SANDBOX_LENDERS: tuple[SandboxLender, ...] = (
    SandboxLender(
        slug="atra",
        name="Ātrā Līzings (sandbox)",
        behaviour=Behaviour.OFFERS,
        minimum_amount_cents=100_00,
        maximum_amount_cents=10_000_00,
        minimum_term_months=1,
        maximum_term_months=60,
        requested_fields=(*_CREDIT, *_PERSON, *_CONTACT, *_INCOME),
        borrowing_rate=Decimal("14.90"),
        upfront_fee_permille=10,
    ),
    SandboxLender(
        slug="leja",
        name="Lejas Kredīts (sandbox)",
        behaviour=Behaviour.OFFERS,
        minimum_amount_cents=300_00,
        maximum_amount_cents=25_000_00,
        minimum_term_months=3,
        maximum_term_months=84,
        requested_fields=(
            *_CREDIT,
            "loan.loan_purpose",
            "loan.repayment_day",
            *_PERSON,
            "identification.birth_date",
            *_CONTACT,
            *_ADDRESS,
            *_FAMILY,
            *_INCOME,
            *_BURDENS,
        ),
        borrowing_rate=Decimal("11.50"),
        answer_seconds=4.0,
        asks_above_cents=8_000_00,
    ),
    SandboxLender(
        slug="dzintars",
        name="Dzintara Aizdevumi (sandbox)",
        behaviour=Behaviour.CALLS_BACK,
        minimum_amount_cents=500_00,
        maximum_amount_cents=30_000_00,
        minimum_term_months=6,
        maximum_term_months=120,
        requested_fields=(*_CREDIT, "loan.repayment_day", *_PERSON, *_CONTACT, *_DOCUMENT, *_INCOME, *_PEP),
        borrowing_rate=Decimal("9.90"),
        upfront_fee_permille=20,
    ),
    SandboxLender(
        slug="piesardze",
        name="Piesardzes Fonds (sandbox)",
        behaviour=Behaviour.DECLINES,
        minimum_amount_cents=100_00,
        maximum_amount_cents=15_000_00,
        minimum_term_months=3,
        maximum_term_months=60,
        requested_fields=(*_CREDIT, *_PERSON, *_CONTACT, *_FAMILY, *_INCOME, *_BURDENS, *_PEP),
        borrowing_rate=Decimal("8.90"),
        answer_seconds=0.5,
    ),
    SandboxLender(
        slug="vetra",
        name="Vētras Kredīti (sandbox)",
        behaviour=Behaviour.FAILS,
        minimum_amount_cents=100_00,
        maximum_amount_cents=5_000_00,
        minimum_term_months=1,
        maximum_term_months=36,
        requested_fields=(*_CREDIT, *_PERSON, *_CONTACT),
        borrowing_rate=Decimal("19.90"),
        answer_seconds=0.1,
    ),
)


def secret_of(sandbox_secret: str, slug: str) -> str:
    """The "whsec_…" secret of one sandbox lender, derived so that both sides know it from SANDBOX_SECRET
    alone.
    """
    derived = hmac.new(sandbox_secret.encode(), slug.encode(), hashlib.sha256).digest()
    return "whsec_" + base64.b64encode(derived).decode()
