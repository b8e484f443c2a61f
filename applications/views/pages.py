"""The first page, and the consumer's own."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from applications.flow import shown_steps
from applications.selectors.people import applications_of
from applications.states import ApplicationStatus
from applications.views.guard import ConsumerRequest, consumer_required


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What this is, that giving data is voluntary, and the way in."""
    return render(request, "applications/home.html", {"steps_count": len(shown_steps({}))})


@consumer_required
@require_safe
def account(request: ConsumerRequest) -> HttpResponse:
    """The consumer's applications."""
    found = applications_of(request.consumer.subject_id)
    context = {
        "subject": request.consumer.subject,
        "applications": [one for one in found if one.status != ApplicationStatus.DRAFT],
        "draft": next((one for one in found if one.status == ApplicationStatus.DRAFT), None),
    }
    return render(request, "applications/account.html", context)
