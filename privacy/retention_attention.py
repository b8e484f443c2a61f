"""What waits for the DPO about retention."""

from collections.abc import Iterator
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from applications.selectors.periods import in_force
from applications.staff_site import Flag
from privacy.selectors.periods import notices_differ, undecided_editions


def periods_to_decide(_now: datetime) -> Iterator[Flag]:
    """Proposed periods that wait for a second person; the defaults, until somebody confirms them."""
    here = reverse("admin:privacy_retention")
    undecided = list(undecided_editions())
    for edition in undecided:
        yield Flag(_("Edition %(number)d waits for approval.") % {"number": edition.number}, here)
    if in_force().is_proposal and not undecided:
        yield Flag(_("The periods are a proposal. Propose them as they are to confirm them."), here)


def notice_to_write(_now: datetime) -> Iterator[Flag]:
    """The privacy notice states other periods than those that hold."""
    if notices_differ():
        sentence = _(
            "The privacy notice states other periods than those that hold: it has to be written anew."
        )
        yield Flag(sentence, reverse("admin:privacy_retention"))
