"""The life of a data subject's request: a pure table of transitions (GDPR Art. 12).

received        it came in; nobody has established yet who asks
identity_check  on reasonable doubt the person is asked to show who they are; the legal clock stands still
assessed        it is known who asks; whether and how far the right applies is being looked into
approved        it will be carried out
running         it is being carried out, step by step; a step that failed is tried again, and ends nothing
completed       carried out and answered
refused         not carried out; answered with the reasons and the ways to complain
withdrawn       the person took it back

That the time was extended is no state: it holds beside each of them, once (`request_clock`).
"""

from collections.abc import Mapping

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class RequestStatus(TextChoices):
    RECEIVED = "received", _("Received")
    IDENTITY_CHECK = "identity_check", _("Waiting to know who asks")
    ASSESSED = "assessed", _("Being assessed")
    APPROVED = "approved", _("Approved")
    RUNNING = "running", _("Being carried out")
    COMPLETED = "completed", _("Completed")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Request withdrawn")


S = RequestStatus

TRANSITIONS: Mapping[RequestStatus, frozenset[RequestStatus]] = {
    S.RECEIVED: frozenset({S.IDENTITY_CHECK, S.ASSESSED, S.WITHDRAWN}),
    # Refused: nobody can be identified by what was given (Art. 11(2), 12(2)).
    S.IDENTITY_CHECK: frozenset({S.ASSESSED, S.REFUSED, S.WITHDRAWN}),
    # A doubt may come up while it is assessed.
    S.ASSESSED: frozenset({S.IDENTITY_CHECK, S.APPROVED, S.REFUSED, S.WITHDRAWN}),
    S.APPROVED: frozenset({S.RUNNING, S.WITHDRAWN}),
    # Of what has begun nothing is taken back: an erasure has no half.
    S.RUNNING: frozenset({S.COMPLETED}),
    S.COMPLETED: frozenset(),
    S.REFUSED: frozenset(),
    S.WITHDRAWN: frozenset(),
}

ENDED = frozenset(status for status, targets in TRANSITIONS.items() if not targets)
OPEN = frozenset(TRANSITIONS) - ENDED


def sources(to: RequestStatus) -> list[RequestStatus]:
    """The states from which `to` may be reached."""
    return [status for status, targets in TRANSITIONS.items() if to in targets]
