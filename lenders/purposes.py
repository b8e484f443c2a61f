"""What each kind of delivery to a lender is for: the purpose under which a right of the person stops it."""

from collections.abc import Mapping

from applications.personal import Purpose
from lenders.states import DeliveryKind

# A request to delete passes nothing on: it carries our number alone, and is made above all when the consent
# to pass on is gone. It closes the handling of the application. While the person's data are restricted it
# waits (GDPR Art. 18(1)(b), (c)): they may need as evidence what a lender would delete, and waiting can be
# made good, deleting cannot.
# What a lender is told of a right of the person goes out all the same (GDPR Art. 18(2), 19).
PURPOSES: Mapping[DeliveryKind, Purpose] = {
    DeliveryKind.APPLICATION: Purpose.PASS_TO_LENDERS,
    DeliveryKind.INQUIRY: Purpose.PASS_TO_LENDERS,
    DeliveryKind.CHOICE: Purpose.PASS_TO_LENDERS,
    DeliveryKind.SUPPLEMENT: Purpose.PASS_TO_LENDERS,
    DeliveryKind.DELETION: Purpose.HANDLE_APPLICATIONS,
    DeliveryKind.WORD: Purpose.DATA_SUBJECT_RIGHTS,
}


SERVED = tuple(dict.fromkeys(PURPOSES.values()))
"""Every purpose that a delivery serves."""


def kinds_for(purpose: Purpose) -> list[DeliveryKind]:
    """The kinds of delivery that serve a purpose."""
    return [kind for kind, served in PURPOSES.items() if served is purpose]
