"""The offers page, the fragment that replaces its middle, and the choice."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import condition, require_http_methods, require_safe

from applications.errors import Refusal
from applications.models import Application
from applications.personal import Purpose
from applications.selectors.people import own_application
from applications.views.guard import ConsumerRequest, actor_of, consumer_required
from lenders.ordering import SHORT_NAMES, Order, parse_order
from lenders.selectors.not_asked import lenders_not_asked
from lenders.selectors.offers_page import offer_view, offers_page, own_offer, waiting_submissions
from lenders.services.choosing import choose as choose_offer

# A person's own pages stay readable whatever else stopped (GDPR Art. 15, 18(2)).
SHOW = Purpose.DATA_SUBJECT_RIGHTS


def own_sent_application(request: ConsumerRequest, application_id: UUID) -> Application:
    """The consumer's own application, or a page that is not there."""
    application = own_application(
        subject_id=request.consumer.subject_id, application_id=application_id, purpose=SHOW
    )
    if application is None:
        raise Http404
    return application


def _context(request: ConsumerRequest, application: Application) -> dict[str, Any]:
    page = offers_page(application, parse_order(request.GET.get("order")), purpose=SHOW)
    here = reverse("lenders:offers", args=[application.pk])
    query = f"?order={page.order}"
    return {
        "page": page,
        "application": application,
        "version": page.version,
        "lenders": page.lenders,
        "offers": page.offers,
        "waiting": page.waiting,
        "chosen": page.chosen,
        "order": page.order,
        "orders": [
            {
                "value": one,
                "label": one.label,
                "short": SHORT_NAMES[one],
                "url": f"{here}?order={one}",
                "current": one == page.order,
            }
            for one in Order
        ],
        "refresh_url": here + query,
        "fragment_url": reverse("lenders:fragment", args=[application.pk]) + query,
        "events_url": reverse("lenders:events", args=[application.pk]),
    }


@consumer_required
@require_safe
def offers(request: ConsumerRequest, application_id: UUID) -> HttpResponse:
    """Where each lender stands, and the offers to choose from."""
    application = own_sent_application(request, application_id)
    context = _context(request, application) | {"not_asked": lenders_not_asked(application)}
    return render(request, "lenders/offers.html", context)


def _etag(request: HttpRequest, application_id: UUID) -> str | None:
    """Changes with everything the fragment shows, and costs two small queries."""
    consumer = getattr(request, "consumer", None)
    if consumer is None:
        return None
    application = own_application(subject_id=consumer.subject_id, application_id=application_id, purpose=SHOW)
    if application is None:
        return None
    order = parse_order(request.GET.get("order"))
    return f'"{application.version}-{waiting_submissions(application)}-{order}-{get_language()}"'


@condition(etag_func=_etag)
@consumer_required
@require_safe
def fragment(request: ConsumerRequest, application_id: UUID) -> HttpResponse:
    """The part of the offers page that changes while lenders answer."""
    application = own_sent_application(request, application_id)
    return render(request, "lenders/_offers_fragment.html", _context(request, application))


@consumer_required
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: ConsumerRequest, application_id: UUID, offer_id: UUID) -> HttpResponse:
    """Show what choosing means; on POST, choose."""
    application = own_sent_application(request, application_id)
    offer = own_offer(
        subject_id=request.consumer.subject_id,
        application_id=application_id,
        offer_id=offer_id,
        purpose=SHOW,
    )
    if offer is None:
        raise Http404
    refusal, status = None, 200
    if request.method == "POST":
        try:
            choose_offer(offer_id=offer.pk, subject_id=request.consumer.subject_id, actor=actor_of(request))
        except Refusal as error:
            refusal, status = error.sentence, 409
        else:
            return redirect("lenders:offers", application.pk)
    page = offers_page(application, Order.APR, purpose=SHOW)
    context = {
        "application": application,
        "page": page,
        "chosen": page.chosen,
        "offer": offer_view(offer, application, stopped=bool(page.stopped)),
        "keyword": application.loanrequest.keyword,
        "refusal": refusal,
        "offers_url": reverse("lenders:offers", args=[application.pk]),
    }
    return render(request, "lenders/choose.html", context, status=status)
