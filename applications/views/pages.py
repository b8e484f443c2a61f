"""The first page, and the consumer's own."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from applications.flow import fewest_and_most_steps
from applications.models import Consent
from applications.panels import account_panels
from applications.personal import Purpose
from applications.selectors.people import FORM_CATEGORIES, applications_of, consents_of
from applications.selectors.permission import refusal
from applications.selectors.retention import kept_of_account, kept_of_application
from applications.selectors.who_saw import who_saw
from applications.services.processing import withdraw_consent
from applications.states import ApplicationStatus
from applications.views.guard import ConsumerRequest, actor_of, consumer_required


@consumer_required
@require_safe
def seen(request: ConsumerRequest) -> HttpResponse:
    """Who saw what about the consumer."""
    sights = who_saw(request.consumer.subject_id, purpose=Purpose.DATA_SUBJECT_RIGHTS)
    return render(request, "applications/who_saw.html", {"sights": sights})


@consumer_required
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: ConsumerRequest, consent_id: UUID) -> HttpResponse:
    """Take a consent back: as easy as giving it (GDPR Art. 7(3)). The address alone leads to the button."""
    if request.method != "POST":
        return redirect("applications:account")
    try:
        withdraw_consent(
            consent_id=consent_id, subject_id=request.consumer.subject_id, actor=actor_of(request)
        )
    except Consent.DoesNotExist:
        raise Http404 from None
    return redirect(f"{reverse('applications:account')}#consents")


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What this is, that giving data is voluntary, and the way in."""
    fewest, most = fewest_and_most_steps()
    return render(request, "applications/home.html", {"fewest": fewest, "most": most})


@consumer_required
@require_safe
def account(request: ConsumerRequest) -> HttpResponse:
    """The consumer's applications."""
    found = applications_of(request.consumer.subject_id, purpose=Purpose.DATA_SUBJECT_RIGHTS, emptied=True)
    refused = refusal(request.consumer.subject_id, Purpose.HANDLE_APPLICATIONS, categories=FORM_CATEGORIES)
    draft = next((one for one in found if one.status == ApplicationStatus.DRAFT), None)
    context = {
        "subject": request.consumer.subject,
        "stopped": refused.sentence if refused else "",
        "applications": [
            (one, kept_of_application(one)) for one in found if one.status != ApplicationStatus.DRAFT
        ],
        "account_kept": kept_of_account(request.consumer.subject),
        "consents": consents_of(request.consumer.subject_id, purpose=Purpose.DATA_SUBJECT_RIGHTS),
        "panels": account_panels.rendered(request, request.consumer.subject),
        "draft": draft,
        "draft_kept": kept_of_application(draft) if draft else None,
    }
    return render(request, "applications/account.html", context)
