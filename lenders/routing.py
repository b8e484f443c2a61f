"""Who is asked: only what each lender published that it accepts, never a judgement of ours. Pure."""

from calendar import monthrange
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from applications.validators import full_years


class NotAsked(TextChoices):
    """Why a lender is not asked. What stands in its way is looked for in this order: first what the person
    cannot change, then what another amount or term would. The values are stored with what was sent.
    """

    NOT_TAKING_PART = "not_taking_part", _("It is not taking applications at the moment.")
    NOT_FIT = "not_fit", _("We may not pass data to it at the moment.")
    LANGUAGE = "language", _("It does not serve customers in this language.")
    AGE_TOO_LOW = "age_too_low", _("It lends to older people only.")
    AGE_TOO_HIGH = "age_too_high", _("It lends to younger people only.")
    AMOUNT_TOO_SMALL = "amount_too_small", _("It lends larger amounts only.")
    AMOUNT_TOO_LARGE = "amount_too_large", _("It does not lend this much.")
    TERM_TOO_SHORT = "term_too_short", _("It lends for longer terms only.")
    TERM_TOO_LONG = "term_too_long", _("It does not lend for this long.")
    AGE_AT_END = "age_at_end", _("It lends only to people who are younger at the end of the term.")
    NOT_TICKED = "not_ticked", _("It was not ticked on the page before sending.")

    @property
    def may_change(self) -> bool:
        """Whether another amount or term could change it."""
        return self in _OF_AMOUNT_OR_TERM


class Accepts(Protocol):
    """What a lender published: amounts in euro cents, terms in months, languages by their codes, ages in
    whole years; None is no limit.
    """

    active: bool
    paused_at: datetime | None

    @property
    def fit_to_receive(self) -> bool: ...

    @property
    def languages(self) -> Collection[str]: ...

    minimum_age: int
    maximum_age: int | None
    maximum_age_at_end: int | None
    minimum_amount_cents: int
    maximum_amount_cents: int
    minimum_term_months: int
    maximum_term_months: int


@dataclass(frozen=True)
class Wanted:
    """The credit that somebody asks for, in which language, and how old they are on the day of sending and at
    the end of the term, in whole years. An age that is not known meets every limit: the lender will ask.
    """

    amount_cents: int
    term_months: int
    language: str
    age: int | None
    age_at_end: int | None


def wanted_by(
    *, amount_cents: int, term_months: int, language: str, birth_date: date | None, today: date
) -> Wanted:
    """What somebody who was born on `birth_date` wants `today`, the date in Riga."""
    ages = (
        (None, None)
        if birth_date is None
        else (full_years(birth_date, today), full_years(birth_date, _months_after(today, term_months)))
    )
    return Wanted(amount_cents, term_months, language, *ages)


def why_not_asked(lender: Accepts, wanted: Wanted) -> NotAsked | None:
    """The first published condition that the request does not meet, or None when the lender can be asked."""
    return next(unmet(lender, wanted), None)


def unmet(lender: Accepts, wanted: Wanted) -> Iterator[NotAsked]:
    """Every published condition that the request does not meet, in the order in which they are looked for."""
    return (reason for reason, stands_in_the_way in _UNMET.items() if stands_in_the_way(lender, wanted))


def _over(age: int | None, limit: int | None) -> bool:
    return age is not None and limit is not None and age > limit


def _months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last of that month where it has no such day."""
    year, month0 = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month0 + 1, min(day.day, monthrange(year, month0 + 1)[1]))


_UNMET: Mapping[NotAsked, Callable[[Accepts, Wanted], bool]] = {
    NotAsked.NOT_TAKING_PART: lambda lender, wanted: not lender.active or lender.paused_at is not None,
    NotAsked.NOT_FIT: lambda lender, wanted: not lender.fit_to_receive,
    NotAsked.LANGUAGE: lambda lender, wanted: wanted.language not in lender.languages,
    NotAsked.AGE_TOO_LOW: lambda lender, wanted: _over(lender.minimum_age, wanted.age),
    NotAsked.AGE_TOO_HIGH: lambda lender, wanted: _over(wanted.age, lender.maximum_age),
    NotAsked.AMOUNT_TOO_SMALL: lambda lender, wanted: wanted.amount_cents < lender.minimum_amount_cents,
    NotAsked.AMOUNT_TOO_LARGE: lambda lender, wanted: wanted.amount_cents > lender.maximum_amount_cents,
    NotAsked.TERM_TOO_SHORT: lambda lender, wanted: wanted.term_months < lender.minimum_term_months,
    NotAsked.TERM_TOO_LONG: lambda lender, wanted: wanted.term_months > lender.maximum_term_months,
    NotAsked.AGE_AT_END: lambda lender, wanted: _over(wanted.age_at_end, lender.maximum_age_at_end),
}
_OF_AMOUNT_OR_TERM = {
    NotAsked.AMOUNT_TOO_SMALL, NotAsked.AMOUNT_TOO_LARGE, NotAsked.TERM_TOO_SHORT, NotAsked.TERM_TOO_LONG,
    NotAsked.AGE_AT_END,
}  # fmt: skip
