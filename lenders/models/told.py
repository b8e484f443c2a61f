"""How a field that a lender filled is declared."""

from applications.personal import AnyField, Category, Source, personal


def from_lender(field: AnyField) -> AnyField:
    """What a lender told us about an application, in the clear: a state, a time."""
    return personal(field, Category.TRANSACTIONS, Source.LENDER)
