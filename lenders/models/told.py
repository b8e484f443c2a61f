"""How a field that a lender filled is declared."""

from applications.personal import AnyField, Category, Source, personal
from applications.retention_rules import Retention


def from_lender(field: AnyField, retention: Retention | None = None) -> AnyField:
    """What a lender told us about an application, in the clear: a state, a time."""
    return personal(field, Category.TRANSACTIONS, Source.LENDER, retention=retention)
