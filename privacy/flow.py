"""The flow of data as the data map has it: which categories may go to which kinds of recipients."""

from typing import Any

from applications.personal import Category, RecipientKind
from privacy.datamap import recipients_by_category
from privacy.flow_drawing import Flow, Node


def flow_of_data() -> Flow:
    """What the drawing shows, in the active language."""
    return Flow(
        categories=[Node(one.value, str(one.label)) for one in Category],
        recipients=[Node(one.value, str(one.label)) for one in RecipientKind],
        lines={
            category.value: [kind.value for kind in RecipientKind if kind in kinds]
            for category, kinds in recipients_by_category().items()
        },
    )


def facts() -> dict[str, Any]:
    """The same as a table: each category with a yes or no for each kind of recipients."""
    found = flow_of_data()
    return {
        "recipients": found.recipients,
        "rows": [
            {"category": one, "may": [kind.key in found.lines[one.key] for kind in found.recipients]}
            for one in found.categories
        ],
    }
