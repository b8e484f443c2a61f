"""Where other controllers pass files on, and where programs find schema, keys and a description.

Signed, taken in once, and answered in problem+json (RFC 9457) when refused. Nothing tells whether a person is
known here.
"""

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from applications.actors import SYSTEM
from applications.services import audit
from lenders.callbacks import Problem, TakeAnything, problem_handler
from privacy.models import OtherController
from privacy.portability import schema
from privacy.portability.document import LARGEST
from privacy.portability.keys import jwks
from privacy.portability.openapi import REFUSALS, openapi
from privacy.services.arrivals import Refused, receive, sender_of

log = structlog.get_logger(__name__)

AN_HOUR = "public, max-age=3600"


@extend_schema(exclude=True)  # described by portability.openapi: the other description is for lenders
class Transfers(APIView):
    """POST: one signed file. 202 with a signed receipt, also when it was known."""

    content_negotiation_class = TakeAnything

    def get_exception_handler(self) -> Any:
        return problem_handler

    def post(self, request: Request) -> HttpResponse:
        body: bytes = request.read(LARGEST + 1)
        if len(body) > LARGEST:
            raise _problem("too_large")
        try:
            sender, message = sender_of(body)
        except Refused as refused:
            raise _problem(refused.code) from None
        try:
            receipt = receive(sender=sender, message=message)
        except Refused as refused:
            _note_refusal(sender, refused.code)
            raise _problem(refused.code) from None
        log.info("transfer.received", recipient=sender.recipient.slug)
        return HttpResponse(receipt, content_type="application/jose", status=HTTPStatus.ACCEPTED)


@require_safe
def published_schema(request: HttpRequest) -> HttpResponse:
    """The schema of the file."""
    return _public(schema.schema(), "application/schema+json")


@require_safe
def published_keys(request: HttpRequest) -> HttpResponse:
    """The keys by which we sign."""
    return _public(jwks(), "application/jwk-set+json")


@require_safe
def description(request: HttpRequest) -> HttpResponse:
    """This API as an OpenAPI 3.1 document."""
    return _public(openapi(), "application/vnd.oai.openapi+json")


def _public(document: Mapping[str, Any], kind: str) -> HttpResponse:
    response = JsonResponse(document, content_type=kind, json_dumps_params={"ensure_ascii": False})
    response["Cache-Control"] = AN_HOUR
    return response


def _problem(code: str) -> Problem:
    status, title = REFUSALS[code]
    return Problem(status, code, title)


def _note_refusal(sender: OtherController, code: str) -> None:
    """One audit entry a minute and sender: whoever sends nonsense must not fill what cannot be deleted."""
    log.warning("transfer.refused", recipient=sender.recipient.slug, code=code)
    if not audit.recorded_lately(action="arrival.refused", row=sender, within=timedelta(minutes=1)):
        audit.record_aside(actor=SYSTEM, action="arrival.refused", row=sender, code=code)
