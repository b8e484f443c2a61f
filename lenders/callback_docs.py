"""The description of the callback API (OpenAPI 3.1), made from the view and from what the adapters read."""

from http import HTTPStatus
from typing import Any

from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.utils import OpenApiResponse, extend_schema
from drf_spectacular.views import SpectacularAPIView

from lenders.adapters.join_schema import callback_schema

# What each refusal means, by status; the `type` of the problem names the case.
REFUSALS = {
    HTTPStatus.UNAUTHORIZED: "The signature or its time is not right.",
    HTTPStatus.NOT_FOUND: "Not a lender, or not a submission of this lender, that we know.",
    HTTPStatus.GONE: "The person's data were erased; nothing is kept.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "More than one megabyte.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "The message does not follow the protocol.",
    HTTPStatus.SERVICE_UNAVAILABLE: "Nothing of this lender can be checked now: call again later.",
}
REPEATED = "408, 425, 429, 5xx"
"""Refusals after which a lender is to call again; docs/lender-api.md has the same."""
PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "description": "urn:joinbaltic:problem:… or about:blank"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
    },
    "description": "A refusal (RFC 9457).",
}
SIGNED = {
    "webhook-id": "The message's own id, the same however often it is sent: at most 128 characters.",
    "webhook-timestamp": "Seconds since 1970 in UTC; not more than five minutes from now.",
    "webhook-signature": "One or several, separated by spaces: `v1,` and the base64 of HMAC-SHA256 over "
    "`id.timestamp.body`.",
}


def described(view: Any) -> Any:
    """A decorator for the callback view's `post`."""
    refusals = {
        (status.value, "application/problem+json"): OpenApiResponse(
            response={"$ref": "#/components/schemas/Problem"}, description=text
        )
        for status, text in REFUSALS.items()
    }
    return extend_schema(
        operation_id="callBack",
        summary="One message of one lender about one submission.",
        description=f"Send it again after {REPEATED} or no answer, with growing pauses, for at least an "
        "hour, under the same `webhook-id` and signed anew.",
        request={"application/json": {"$ref": "#/components/schemas/Callback"}},
        responses={
            HTTPStatus.NO_CONTENT.value: OpenApiResponse(description="Taken in, or known already."),
            **refusals,
        },
        tags=["callbacks"],
    )(view)


def complete(result: dict[str, Any], **_context: Any) -> dict[str, Any]:
    """Add what no view declares: the schemas by name, and the three headers that are the signature."""
    for operations in result["paths"].values():
        operations["post"]["requestBody"]["required"] = True
    result["security"] = [{name: [] for name in SIGNED}]
    result["components"] = {
        "schemas": {"Callback": callback_schema(), "Problem": PROBLEM},
        "securitySchemes": {
            name: {"type": "apiKey", "in": "header", "name": name, "description": text}
            for name, text in SIGNED.items()
        },
    }
    return result


class CallbackApi(SpectacularAPIView):
    """GET: this API as an OpenAPI 3.1 document."""

    renderer_classes = [OpenApiJsonRenderer]
