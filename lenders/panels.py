"""What the lenders floor shows on pages of the floor below."""

from django.db.models import Prefetch
from django.http import HttpRequest
from django.template.loader import render_to_string

from applications.collation import latvian_key
from applications.models import Application, DataSubject
from applications.personal import Purpose
from lenders.models import Attempt, Delivery, Submission
from lenders.selectors.deletions import came_of_the_request
from lenders.selectors.more_page import open_requests
from lenders.selectors.not_asked import lenders_not_asked
from lenders.selectors.offers_page import applications_with_offers


def offers_panel(request: HttpRequest, subject: DataSubject) -> str:
    """The consumer: which applications have offers that can be chosen from."""
    waiting = applications_with_offers(subject.pk, purpose=Purpose.DATA_SUBJECT_RIGHTS)
    if not waiting:
        return ""
    return render_to_string("lenders/account_panel.html", {"waiting": waiting}, request=request)


def requests_panel(request: HttpRequest, subject: DataSubject) -> str:
    """The consumer: which lenders wait for something from them."""
    requests = open_requests(subject.pk, purpose=Purpose.DATA_SUBJECT_RIGHTS)
    if not requests:
        return ""
    return render_to_string("lenders/requests_panel.html", {"requests": requests}, request=request)


def submissions_panel(request: HttpRequest, application: Application) -> str:
    """Staff: where each lender stands with an application, with every delivery and attempt, and why others
    were not asked."""
    if not request.user.has_perm("lenders.view_submission"):
        return ""
    attempts = Prefetch("attempt_log", Attempt.objects.order_by("started_at"))
    deliveries = Prefetch("deliveries", Delivery.objects.order_by("created_at").prefetch_related(attempts))
    submissions = list(
        Submission.objects.filter(application=application)
        .select_related("lender", "deletion", "application")
        .prefetch_related(deliveries)
    )
    submissions.sort(key=lambda submission: latvian_key(submission.lender.name))
    context = {
        "rows": [(one, came_of_the_request(one)) for one in submissions],
        "not_asked": lenders_not_asked(application),
        "shows_deliveries": request.user.has_perm("lenders.view_delivery"),
        "shows_attempts": request.user.has_perm("lenders.view_attempt"),
    }
    return render_to_string("admin/lenders/submissions_panel.html", context, request=request)
