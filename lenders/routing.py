"""Who is asked: only what each lender published that it accepts, never a judgement of ours. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class NotAsked(TextChoices):
    """Why a lender is not asked."""

    AMOUNT_TOO_SMALL = "amount_too_small", _("It lends larger amounts only.")
    AMOUNT_TOO_LARGE = "amount_too_large", _("It does not lend this much.")
    TERM_TOO_SHORT = "term_too_short", _("It lends for longer terms only.")
    TERM_TOO_LONG = "term_too_long", _("It does not lend for this long.")
    NOT_TAKING_PART = "not_taking_part", _("It is not taking applications at the moment.")
    NOT_FIT = "not_fit", _("We may not pass data to it at the moment.")


class Accepts(Protocol):
    """What a lender published: amounts in euro cents, terms in months."""

    active: bool
    paused_at: datetime | None

    @property
    def fit_to_receive(self) -> bool: ...

    minimum_amount_cents: int
    maximum_amount_cents: int
    minimum_term_months: int
    maximum_term_months: int


@dataclass(frozen=True)
class Wanted:
    """The credit the consumer asks for."""

    amount_cents: int
    term_months: int


def why_not_asked(lender: Accepts, wanted: Wanted) -> NotAsked | None:
    """The first published condition that the request does not meet, or None when the lender can be asked."""
    if not lender.active or lender.paused_at is not None:
        return NotAsked.NOT_TAKING_PART
    if not lender.fit_to_receive:
        return NotAsked.NOT_FIT
    if wanted.amount_cents < lender.minimum_amount_cents:
        return NotAsked.AMOUNT_TOO_SMALL
    if wanted.amount_cents > lender.maximum_amount_cents:
        return NotAsked.AMOUNT_TOO_LARGE
    if wanted.term_months < lender.minimum_term_months:
        return NotAsked.TERM_TOO_SHORT
    if wanted.term_months > lender.maximum_term_months:
        return NotAsked.TERM_TOO_LONG
    return None
