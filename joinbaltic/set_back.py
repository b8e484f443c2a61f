"""Nobody is served while the database lacks what the erasure ledger says: 503, in words, until it is told."""

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

from applications.selectors import set_back

Handler = Callable[[HttpRequest], HttpResponse]
ANSWERS_ALWAYS = ("/livez", "/readyz")
FOR_PROGRAMS = ("/api/", "/portability/", "/.well-known/")
RETRY_AFTER_SECONDS = 120
PROBLEM = {
    "type": "urn:joinbaltic:problem:restoring",
    "title": "The service is being restored. Nothing was taken in: send the same again later.",
    "status": int(HTTPStatus.SERVICE_UNAVAILABLE),
}


class RefuseWhenSetBack:
    """Pages in three languages, addresses for programs in problem+json (RFC 9457), both with Retry-After."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path in ANSWERS_ALWAYS or set_back.refused() is None:
            return self.get_response(request)
        status = HTTPStatus.SERVICE_UNAVAILABLE
        answer: HttpResponse
        if request.path.startswith(FOR_PROGRAMS):
            answer = JsonResponse(PROBLEM, status=status, content_type="application/problem+json")
        else:
            answer = HttpResponse(render_to_string("503.html"), status=status)
        answer["Retry-After"] = str(RETRY_AFTER_SECONDS)
        answer["Cache-Control"] = "no-store"
        return answer
