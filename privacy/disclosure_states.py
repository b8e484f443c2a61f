"""The life of a request for disclosure by an authority, a court or a partner: a pure table of transitions.

received       it came in; whose data it is about is being found, and what of them it may have
assessed       what would be disclosed is fixed: the cases, the categories, the certificate it is sealed for
approved_once  one person has approved exactly that
approved       a second person has
sealed         the package is made and may leave; the register says that it is about to
disclosed      it was handed over
refused        nothing is disclosed, for a reason
withdrawn      whoever asked took it back

What is fixed is opened again only by going back to `received`, which takes back every approval.
"""

from collections.abc import Mapping

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class DisclosureState(TextChoices):
    RECEIVED = "received", _("Received")
    ASSESSED = "assessed", _("Waits for two approvals")
    APPROVED_ONCE = "approved_once", _("Waits for a second approval")
    APPROVED = "approved", _("Approved by two")
    SEALED = "sealed", _("Sealed, to be handed over")
    DISCLOSED = "disclosed", _("Disclosed")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn by whoever asked")


S = DisclosureState

TRANSITIONS: Mapping[DisclosureState, frozenset[DisclosureState]] = {
    S.RECEIVED: frozenset({S.ASSESSED, S.REFUSED, S.WITHDRAWN}),
    S.ASSESSED: frozenset({S.RECEIVED, S.APPROVED_ONCE, S.REFUSED, S.WITHDRAWN}),
    S.APPROVED_ONCE: frozenset({S.RECEIVED, S.APPROVED, S.REFUSED, S.WITHDRAWN}),
    S.APPROVED: frozenset({S.RECEIVED, S.SEALED, S.REFUSED, S.WITHDRAWN}),
    # Whether a sealed package left is settled first: only one that never did leads back.
    S.SEALED: frozenset({S.APPROVED, S.DISCLOSED}),
    S.DISCLOSED: frozenset(),
    S.REFUSED: frozenset(),
    S.WITHDRAWN: frozenset(),
}

ENDED = frozenset(state for state, targets in TRANSITIONS.items() if not targets)
OPEN = frozenset(TRANSITIONS) - ENDED
APPROVED_BY_TWO = frozenset({S.APPROVED, S.SEALED, S.DISCLOSED})


def sources(to: DisclosureState) -> list[DisclosureState]:
    """The states from which `to` may be reached."""
    return [state for state, targets in TRANSITIONS.items() if to in targets]
