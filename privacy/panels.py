"""What the privacy floor shows on pages of the floor below."""

from django.http import HttpRequest
from django.template.loader import render_to_string

from applications.models import DataSubject
from privacy.selectors.portability import waiting_for


def arrivals_panel(request: HttpRequest, subject: DataSubject) -> str:
    """The consumer: another controller passed their data on; nothing is used before they accept."""
    waiting = waiting_for(subject)
    if not waiting:
        return ""
    return render_to_string("privacy/arrivals_panel.html", {"waiting": waiting}, request=request)
