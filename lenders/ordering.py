"""The published, neutral order of offers, which the consumer can change. Pure.

By APR ascending, then total payable, then the lender's name by the Latvian alphabet: a measure of cost that
the law defines, the same for every lender, with no part for what a lender pays.
"""

from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from applications.collation import latvian_key


class Order(TextChoices):
    APR = "apr", _("annual percentage rate")
    TOTAL = "total", _("total amount payable")
    INSTALMENT = "instalment", _("monthly payment")
    LENDER = "lender", _("lender's name")


SHORT_NAMES = {
    Order.APR: _("APR"),
    Order.TOTAL: _("Total"),
    Order.INSTALMENT: _("Monthly"),
    Order.LENDER: _("Lender"),
}


class Comparable(Protocol):
    """What is compared: rates in percent, money in euro cents."""

    @property
    def apr(self) -> Any: ...
    @property
    def total_payable_cents(self) -> int: ...
    @property
    def instalment_cents(self) -> int: ...
    @property
    def lender_name(self) -> str: ...


Shown = TypeVar("Shown", bound=Comparable)

_KEYS: dict[Order, Callable[[Comparable], tuple[Any, ...]]] = {
    Order.APR: lambda offer: (offer.apr, offer.total_payable_cents, latvian_key(offer.lender_name)),
    Order.TOTAL: lambda offer: (offer.total_payable_cents, offer.apr, latvian_key(offer.lender_name)),
    Order.INSTALMENT: lambda offer: (offer.instalment_cents, offer.apr, latvian_key(offer.lender_name)),
    Order.LENDER: lambda offer: (latvian_key(offer.lender_name), offer.apr),
}


def parse_order(text: str | None) -> Order:
    """The order a consumer asked for; the published one when they asked for none or for nonsense."""
    return Order(text) if text in Order.values else Order.APR


def in_order(offers: Iterable[Shown], order: Order) -> list[Shown]:
    """Offers in that order; equal ones always stand in the same sequence."""
    return sorted(offers, key=_KEYS[order])
