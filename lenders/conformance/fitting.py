"""Which invented applicant a lender's published limits let through. Pure."""

from collections.abc import Iterator
from datetime import date

from applications.validators import EARLIEST_BIRTH_DATE
from lenders.conformance.applicant import Applicant
from lenders.routing import Accepts, NotAsked, unmet, wanted_by

USUAL_BIRTH_DATE, USUAL_LANGUAGE = date(1990, 2, 1), "lv"
# A lender that takes no applications yet is the one that needs the check most.
_NOT_OF_THE_APPLICANT = frozenset({NotAsked.NOT_TAKING_PART, NotAsked.NOT_FIT})


def fitting(
    lender: Accepts, *, today: date, amount_cents: int | None = None, term_months: int | None = None
) -> Applicant | NotAsked:
    """Somebody who meets every limit `today`, the date in Riga; or the limit that nobody can meet.

    Where no amount is given it lies in the middle of what the lender accepts; the term as well, or it is the
    shortest, where that alone lets the person be young enough at its end.
    """
    amount = (
        _middle(lender.minimum_amount_cents, lender.maximum_amount_cents)
        if amount_cents is None
        else amount_cents
    )
    language = USUAL_LANGUAGE if USUAL_LANGUAGE in lender.languages else min(lender.languages)
    terms = (
        (_middle(lender.minimum_term_months, lender.maximum_term_months), lender.minimum_term_months)
        if term_months is None
        else (term_months,)
    )
    hindrances = []
    for term in terms:
        for birth_date in _birth_dates(lender, today):
            applicant = Applicant(birth_date, language, amount, term)
            hindrance = _hindrance(lender, applicant, today)
            if hindrance is None:
                return applicant
            hindrances.append(hindrance)
    return hindrances[-1]  # of whom the limits suit best


def _birth_dates(lender: Accepts, today: date) -> Iterator[date]:
    """The usual one, and that of the youngest person whom the lender serves."""
    yield USUAL_BIRTH_DATE
    year = today.year - lender.minimum_age
    if year > EARLIEST_BIRTH_DATE.year:
        yield date(year, today.month, min(today.day, 28))  # which every year has


def _hindrance(lender: Accepts, applicant: Applicant, today: date) -> NotAsked | None:
    wanted = wanted_by(
        amount_cents=applicant.amount_cents,
        term_months=applicant.term_months,
        language=applicant.language,
        birth_date=applicant.birth_date,
        today=today,
    )
    return next((reason for reason in unmet(lender, wanted) if reason not in _NOT_OF_THE_APPLICANT), None)


def _middle(least: int, most: int) -> int:
    return (least + most) // 2
