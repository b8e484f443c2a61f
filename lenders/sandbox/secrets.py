"""Who the sandbox lenders are, what they ask for, on what terms they lend, and what each shares with us."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from lenders.sandbox.certificates import Authority


class Behaviour(StrEnum):
    """How a sandbox lender answers an application."""

    OFFERS = "offers"
    CALLS_BACK = "calls_back"
    DECLINES = "declines"
    FAILS = "fails"


class Deletes(StrEnum):
    """How a sandbox lender answers a request to delete."""

    AT_ONCE = "at_once"
    LATER = "later"
    KEEPS = "keeps"


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxLender:
    """One invented lender.

    protocol               the adapter that speaks with it
    requested_fields       labels it declares it needs; it should be given no other
    languages              codes of those it serves customers in
    minimum_age, maximum_age  in whole years, on the day of sending; None is no limit
    maximum_age_at_end     the same at the end of the term
    borrowing_rate         percent a year
    other_products         its products that answer later, one by one: name, and percent a year
    upfront_fee_permille   of the amount, paid at drawdown
    answer_seconds         how long it thinks before it answers
    callback_seconds       how long after that the offer follows (CALLS_BACK), or that of each other product
    signs_seconds          how long after a choice it says that the contract is signed; None: only on order
    deletes                how it answers a request to delete
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
    languages: tuple[str, ...] = ("lv", "en", "ru")
    minimum_age: int = 18
    maximum_age: int | None = None
    maximum_age_at_end: int | None = None
    borrowing_rate: Decimal
    other_products: tuple[tuple[str, Decimal], ...] = ()
    upfront_fee_permille: int = 0
    answer_seconds: float = 0.2
    callback_seconds: float = 6.0
    decline_reason: str = "internal_policy"
    signs_seconds: float | None = None
    deletes: Deletes = Deletes.AT_ONCE

    @property
    def over_tls(self) -> bool:
        """Whether it listens where a certificate is wanted."""
        return self.protocol == "xml"


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
        deletes=Deletes.KEEPS,
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
        minimum_age=21,
        maximum_age=75,
        maximum_age_at_end=80,
        borrowing_rate=Decimal("9.90"),
        upfront_fee_permille=20,
        signs_seconds=20.0,
        deletes=Deletes.LATER,
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
        languages=("lv",),
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
    SandboxLender(
        slug="baka",
        name="Bākas Banka (sandbox)",
        protocol="bank",
        behaviour=Behaviour.OFFERS,
        minimum_amount_cents=500_00,
        maximum_amount_cents=30_000_00,
        minimum_term_months=6,
        maximum_term_months=120,
        requested_fields=(
            *_CREDIT,
            "loan.repayment_day",
            *_PERSON,
            "identification.birth_date",
            *_CONTACT,
            *_ADDRESS,
            *_DOCUMENT,
            *_INCOME,
            *_BURDENS,
            *_PEP,
        ),
        borrowing_rate=Decimal("10.40"),
        upfront_fee_permille=5,
        answer_seconds=5.0,
    ),
    # One creditor with three products, and one recipient: it passes nothing on to others.
    SandboxLender(
        slug="krasts",
        name="Krasta Finanšu grupa (sandbox)",
        protocol="market",
        behaviour=Behaviour.OFFERS,
        minimum_amount_cents=200_00,
        maximum_amount_cents=20_000_00,
        minimum_term_months=3,
        maximum_term_months=96,
        requested_fields=(*_CREDIT, "loan.loan_purpose", *_PERSON, *_CONTACT, *_INCOME, *_BURDENS),
        borrowing_rate=Decimal("13.40"),
        other_products=(("Krasts Mierīgi", Decimal("10.70")), ("Krasts Ilgi", Decimal("12.20"))),
        upfront_fee_permille=5,
        answer_seconds=0.6,
        callback_seconds=3.0,
    ),
    SandboxLender(
        slug="vecpilseta",
        name="Vecpilsētas Kredītkase (sandbox)",
        protocol="xml",
        behaviour=Behaviour.OFFERS,
        minimum_amount_cents=200_00,
        maximum_amount_cents=20_000_00,
        minimum_term_months=3,
        maximum_term_months=72,
        requested_fields=(
            *_CREDIT,
            *_PERSON,
            "identification.birth_date",
            *_CONTACT,
            *_ADDRESS,
            *_DOCUMENT,
            *_INCOME,
            *_BURDENS,
        ),
        borrowing_rate=Decimal("12.40"),
        upfront_fee_permille=15,
        answer_seconds=1.0,
    ),
)


def secret_of(sandbox_secret: str, slug: str) -> str:
    """The "whsec_…" secret of one sandbox lender, derived so that both sides know it from SANDBOX_SECRET
    alone.
    """
    derived = hmac.new(sandbox_secret.encode(), slug.encode(), hashlib.sha256).digest()
    return "whsec_" + base64.b64encode(derived).decode()


def credentials_of(sandbox_secret: str, lender: SandboxLender) -> dict[str, Any]:
    """What one sandbox lender wants to see, as `Credentials.from_stored` reads it."""
    return _CREDENTIALS[lender.protocol](sandbox_secret, lender.slug)


def client_of(sandbox_secret: str, slug: str) -> tuple[str, str]:
    """The OAuth 2 client id and secret by which one sandbox lender knows us. Like many in the field they hold
    what a form encodes.
    """
    derived = hmac.new(sandbox_secret.encode(), f"client of {slug}".encode(), hashlib.sha256).digest()
    return f"jo1n:{slug}", base64.b64encode(derived).decode()


def key_of(sandbox_secret: str, slug: str) -> tuple[str, str]:
    """The id and the key by which one sandbox lender that wants a key knows us."""
    derived = hmac.new(sandbox_secret.encode(), f"key of {slug}".encode(), hashlib.sha256).digest()
    return f"jo1n-at-{slug}", base64.b64encode(derived).decode()


def client_name(slug: str) -> str:
    """Under which that lender certified us."""
    return f"JO1N at {slug}"


def _signing(sandbox_secret: str, slug: str) -> dict[str, Any]:
    return {"signing": [secret_of(sandbox_secret, slug)]}


def _client(sandbox_secret: str, slug: str) -> dict[str, Any]:
    client_id, client_secret = client_of(sandbox_secret, slug)
    return {"client_id": client_id, "client_secret": client_secret}


def _key_and_signing(sandbox_secret: str, slug: str) -> dict[str, Any]:
    key_id, key = key_of(sandbox_secret, slug)
    return {**_signing(sandbox_secret, slug), "client_id": key_id, "client_secret": key}


def _certificate(sandbox_secret: str, slug: str) -> dict[str, Any]:
    authority = Authority(sandbox_secret)
    shown = authority.client(client_name(slug))
    return {
        "certificate": shown.certificate,
        "private_key": shown.private_key,
        "trust": authority.certificate,
    }


_CREDENTIALS: Mapping[str, Callable[[str, str], dict[str, Any]]] = {
    "join": _signing,
    "bank": _client,
    "market": _key_and_signing,
    "xml": _certificate,
}
"""By protocol."""
