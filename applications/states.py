"""The life of an application: a pure table of transitions."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ApplicationStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Sent to lenders")
    CHOSEN = "chosen", _("Offer chosen")
    CONTRACTED = "contracted", _("Contract signed")
    CLOSED = "closed", _("Closed")


TRANSITIONS: dict[ApplicationStatus, frozenset[ApplicationStatus]] = {
    ApplicationStatus.DRAFT: frozenset({ApplicationStatus.SUBMITTED}),
    ApplicationStatus.SUBMITTED: frozenset({ApplicationStatus.CHOSEN, ApplicationStatus.CLOSED}),
    # A lender may decline after it was chosen: the held offers are open again.
    ApplicationStatus.CHOSEN: frozenset(
        {ApplicationStatus.CONTRACTED, ApplicationStatus.SUBMITTED, ApplicationStatus.CLOSED}
    ),
    ApplicationStatus.CONTRACTED: frozenset({ApplicationStatus.CLOSED}),
    ApplicationStatus.CLOSED: frozenset(),
}


def sources(to: ApplicationStatus) -> list[ApplicationStatus]:
    """The states from which `to` may be reached."""
    return [status for status, targets in TRANSITIONS.items() if to in targets]
