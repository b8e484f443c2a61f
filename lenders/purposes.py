"""What each kind of delivery to a lender is for: the purpose under which a right of the person stops it."""

from collections.abc import Mapping

from applications.personal import Purpose
from lenders.states import DeliveryKind

# A request to delete passes nothing on: it carries our number alone, and is made above all when the consent
# to pass on is gone. It closes the handling of the application. While the person's data are restricted it
# waits (GDPR Art. 18(1)(b), (c)): they may need as evidence what a lender would delete, and waiting can be
# made good, deleting cannot.
PURPOSES: Mapping[DeliveryKind, Purpose] = {
    kind: Purpose.PASS_TO_LENDERS for kind in DeliveryKind if kind is not DeliveryKind.DELETION
} | {DeliveryKind.DELETION: Purpose.HANDLE_APPLICATIONS}


def kinds_for(purpose: Purpose) -> list[DeliveryKind]:
    """The kinds of delivery that serve a purpose."""
    return [kind for kind, served in PURPOSES.items() if served is purpose]
