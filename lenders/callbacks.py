"""Where lenders call back. Signed, deduplicated, and answered in problem+json (RFC 9457) when refused."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any

import structlog
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import APIException
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from applications.actors import SYSTEM, Actor
from applications.errors import SubjectErased
from applications.row_security import storing
from applications.services import audit
from lenders.adapters import get_adapter
from lenders.adapters.base import CallbackMessage, Deleted, LenderError, Retained
from lenders.adapters.errors import ErrorCode
from lenders.callback_docs import described
from lenders.erased import late_word
from lenders.models import Lender, Submission
from lenders.services.ingest import ingest
from lenders.services.payload import endpoint_of

log = structlog.get_logger(__name__)

LARGEST_CALLBACK = 1024 * 1024
UNAUTHENTICATED = {ErrorCode.BAD_SIGNATURE, ErrorCode.STALE_MESSAGE}


class Problem(APIException):
    """A refusal: `type` names it for programs, `title` says it in a few words."""

    def __init__(self, status: HTTPStatus, code: str, title: str) -> None:
        super().__init__(detail=title, code=code)
        self.status_code = status
        self.problem = {"type": f"urn:joinbaltic:problem:{code}", "title": title, "status": int(status)}


def erased() -> Problem:
    """The refusal of whatever is said about an erased person."""
    return Problem(HTTPStatus.GONE, "erased", "The person's data were erased; nothing is kept.")


def problem_handler(error: Exception, _context: dict[str, Any]) -> Response | None:
    """Render every refusal of the lender API as application/problem+json."""
    if not isinstance(error, APIException):
        return None
    body = getattr(error, "problem", None) or {
        "type": "about:blank",
        "title": HTTPStatus(error.status_code).phrase,
        "status": error.status_code,
    }
    return Response(body, status=error.status_code, content_type="application/problem+json")


class TakeAnything(BaseContentNegotiation):
    """What a lender would like to read decides nothing: the signature does."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class CallbackView(APIView):
    """POST: one message of one lender about one submission. 204 when taken in, also when it was known."""

    content_negotiation_class = TakeAnything

    def get_exception_handler(self) -> Any:
        return problem_handler

    @described
    def post(self, request: Request, slug: str) -> Response:
        lender = Lender.objects.filter(slug=slug).first()
        if lender is None:
            raise Problem(HTTPStatus.NOT_FOUND, "unknown_lender", "No lender has this address.")
        # The bytes as they came, for the signature covers those, whatever they are called. `request.data`
        # would be empty for a message that does not say its length: sent in chunks, or over HTTP/2.
        body: bytes = request.read(LARGEST_CALLBACK + 1)
        if len(body) > LARGEST_CALLBACK:
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", "Send at most one megabyte.")
        message = self._verified(lender, {k.lower(): v for k, v in request.headers.items()}, body)
        with storing():
            outcome = self._take_in(lender, message)
        log.info("callback.taken", lender=slug, submission=str(message.submission_id), outcome=outcome)
        return Response(status=HTTPStatus.NO_CONTENT)

    def _verified(self, lender: Lender, headers: dict[str, str], body: bytes) -> CallbackMessage:
        try:
            return get_adapter(lender.adapter).parse_callback(
                headers, body, endpoint_of(lender), now=timezone.now()
            )
        except LenderError as error:
            _note_refusal(lender, error)
            if error.code in UNAUTHENTICATED:
                raise Problem(
                    HTTPStatus.UNAUTHORIZED, error.code, "The signature or its time is not right."
                ) from None
            if error.code == ErrorCode.NOT_CONFIGURED:  # the fault is ours: the lender is to call again
                raise Problem(
                    HTTPStatus.SERVICE_UNAVAILABLE, error.code, "Nothing of this lender can be checked now."
                ) from None
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY, error.code, "The message does not follow the protocol."
            ) from None

    def _take_in(self, lender: Lender, message: CallbackMessage) -> str:
        if not Submission.objects.filter(pk=message.submission_id, lender=lender).exists():
            return self._take_in_late(lender, message)
        try:
            outcome = ingest(
                submission_id=message.submission_id,
                answer=message.answer,
                message_id=message.message_id,
                actor=Actor.lender(lender.slug),
            )
        except SubjectErased:  # and the rows have yet to go
            if late_word(lender.slug, message.submission_id, message.answer):
                return "noted_after_erasure"
            raise erased() from None
        if isinstance(message.answer, Deleted | Retained):
            # the application may be one that stayed when its person was erased
            late_word(lender.slug, message.submission_id, message.answer)
        return outcome

    def _take_in_late(self, lender: Lender, message: CallbackMessage) -> str:
        """Of what was erased its answer to the request to delete is noted, and nothing else is taken in.

        A lender speaks of its own submissions alone: any other is unknown.
        """
        noted = late_word(lender.slug, message.submission_id, message.answer)
        if noted is None:
            raise Problem(HTTPStatus.NOT_FOUND, "unknown_submission", "This submission is not known.")
        if not noted:
            raise erased()
        return "noted_after_erasure"


@extend_schema(exclude=True)
class NothingHere(APIView):
    """Any other address of the API: a program gets a refusal that it can read, not a page."""

    content_negotiation_class = TakeAnything

    def get_exception_handler(self) -> Any:
        return problem_handler

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise Problem(HTTPStatus.NOT_FOUND, "unknown_address", "There is nothing at this address.")


def _note_refusal(lender: Lender, error: LenderError) -> None:
    """One audit entry a minute and lender: whoever forges messages must not fill what cannot be deleted."""
    log.warning("callback.refused", lender=lender.slug, code=str(error.code))
    if not audit.recorded_lately(action="callback.refused", row=lender, within=timedelta(minutes=1)):
        audit.record_aside(actor=SYSTEM, action="callback.refused", row=lender, code=str(error.code))
