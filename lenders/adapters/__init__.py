"""The ways in which lenders are spoken to, by the name stored with each lender.

A new way is one module and one line here.
"""

from __future__ import annotations

from collections.abc import Mapping

from lenders.adapters.bank import BankAdapter
from lenders.adapters.base import Adapter
from lenders.adapters.errors import ErrorCode, LenderError
from lenders.adapters.join import JoinAdapter
from lenders.adapters.market import MarketAdapter
from lenders.adapters.xml_v1 import XmlAdapter

ADAPTERS: Mapping[str, Adapter] = {
    adapter.slug: adapter for adapter in (JoinAdapter(), BankAdapter(), MarketAdapter(), XmlAdapter())
}

ADAPTER_CHOICES: tuple[tuple[str, str], ...] = tuple(
    (adapter.slug, adapter.name) for adapter in ADAPTERS.values()
)
"""For the lender's form: stored value and what staff read."""


def get_adapter(slug: str) -> Adapter:
    """The adapter of that name. Raises LenderError(not_configured) for a name no code answers to."""
    adapter = ADAPTERS.get(slug)
    if adapter is None:
        raise LenderError(ErrorCode.NOT_CONFIGURED, permanent=True)
    return adapter
