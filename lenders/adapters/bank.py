"""Banks of the Baltic kind: OAuth 2 client credentials, an application that is created and then polled.

docs/lenders/bank.md says what is spoken. Building stands here; the places of our fields in `bank_fields`, the
reading of answers in `bank_answers`. Messages are not signed: that TLS proves the bank to us, and the token
us to the bank, is all the proof there is.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, quote_plus
from uuid import UUID

from lenders.adapters import bank_answers, bank_fields, reading, statuses, writing
from lenders.adapters.base import (
    Abilities,
    Accepted,
    Adapter,
    Answer,
    Choice,
    ChoiceAnswer,
    Consent,
    Credential,
    CreditRequest,
    Document,
    HttpAnswer,
    HttpCall,
    Inquiry,
    LenderEndpoint,
    Supplement,
    Token,
)
from lenders.adapters.errors import ErrorCode, LenderError

HEADERS: Mapping[str, str] = {
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "User-Agent": "JO1N-bank-API/1",
}


class BankAdapter(Adapter):
    """Stateless; one instance serves every bank of this kind."""

    slug = "bank"
    name = "Bank API v1 (OAuth 2, polled)"
    # A second POST is a second application; but the bank finds the first by our number.
    abilities = Abilities(idempotent=False, can_be_asked=True, is_polled=True, takes_supplement=True)
    credentials = frozenset({Credential.CLIENT_SECRET})
    supported_labels = frozenset(bank_fields.PLACES)

    def build_token_request(self, endpoint: LenderEndpoint, *, now: datetime) -> HttpCall:
        """POST /oauth2/token (RFC 6749, 4.4), the client named as in 2.3.1. Nothing in it depends on `now`.

        Raises LenderError(not_configured) without the client's id and secret.
        """
        known = endpoint.credentials
        if Credential.CLIENT_SECRET not in known.held:
            raise LenderError(ErrorCode.NOT_CONFIGURED, permanent=True)
        client = f"{quote_plus(known.client_id)}:{quote_plus(known.client_secret)}"
        headers = {
            **HEADERS,
            "Authorization": f"Basic {base64.b64encode(client.encode()).decode()}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return HttpCall("POST", _url(endpoint, "/oauth2/token"), headers, b"grant_type=client_credentials")

    def build_application(
        self, request: CreditRequest, endpoint: LenderEndpoint, *, now: datetime
    ) -> HttpCall:
        """POST /credit-applications; the body depends on the request alone."""
        body = {
            "externalId": str(request.submission_id),
            "externalReference": request.application_reference,
            "submittedAt": writing.moment(request.submitted_at),
            "language": request.language,
            **bank_fields.sub_objects(request.fields),
            "consents": [_consent(consent) for consent in request.consents],
        }
        return _post("/credit-applications", body, endpoint, request.submission_id)

    def build_inquiry(self, inquiry: Inquiry, endpoint: LenderEndpoint, *, now: datetime) -> HttpCall:
        """GET by the bank's id; by ours while the bank's is not known."""
        path = (
            _path(inquiry.lender_reference)
            if inquiry.lender_reference
            else f"/credit-applications?externalId={inquiry.submission_id}"
        )
        return HttpCall("GET", _url(endpoint, path), HEADERS, b"", inquiry.submission_id)

    def build_choice(self, choice: Choice, endpoint: LenderEndpoint, *, now: datetime) -> HttpCall:
        """POST …/acceptance: the offer chosen, and the keyword as the text by which the customer knows us."""
        body = {
            "externalId": str(choice.submission_id),
            "offerId": choice.offer_reference,
            "referenceText": choice.keyword,
        }
        path = _path(choice.lender_reference, "/acceptance")
        return _post(path, body, endpoint, choice.submission_id)

    def build_supplement(
        self, supplement: Supplement, endpoint: LenderEndpoint, *, now: datetime
    ) -> HttpCall:
        """POST …/additional-info: the fields in their sub-objects, documents in base64."""
        body = {
            "informationId": str(supplement.supplement_id),
            "externalId": str(supplement.submission_id),
            **bank_fields.sub_objects(supplement.fields),
            "documents": [_document(document) for document in supplement.documents],
        }
        path = _path(supplement.lender_reference, "/additional-info")
        return _post(path, body, endpoint, supplement.submission_id)

    def parse(self, answer: HttpAnswer, endpoint: LenderEndpoint, *, now: datetime) -> Answer:
        """The reply to an application, an inquiry or a supplement.

        Raises LenderError. `not_received` stands on the bank's own words, an empty list or its document that
        names our number, and not on a bare 404, which may be a gateway's; on it we send again.
        """
        found = bank_answers.the_one(_read(answer, now=now))
        bank_answers.check_submission(found, answer.submission_id)
        return bank_answers.answer_of(found)

    def parse_choice(self, answer: HttpAnswer, endpoint: LenderEndpoint, *, now: datetime) -> ChoiceAnswer:
        """The reply to an acceptance. One that was there already is one. Raises LenderError."""
        if answer.status == HTTPStatus.CONFLICT and bank_answers.said(answer) == "ALREADY_ACCEPTED":
            return Accepted()
        found = _read(answer, now=now)
        bank_answers.check_submission(found, answer.submission_id)
        return bank_answers.choice_answer_of(found)

    def parse_token(self, answer: HttpAnswer, endpoint: LenderEndpoint, *, now: datetime) -> Token:
        """The token (RFC 6749, 5.1). Raises LenderError."""
        error = statuses.failure(answer, now=now)
        if error is not None:
            raise error
        return bank_answers.token_of(reading.document(answer.body))


def _read(answer: HttpAnswer, *, now: datetime) -> reading.Document:
    """The document of a usable reply. Raises the error its status stands for, else what is wrong with it."""
    error = statuses.failure(answer, now=now)
    if answer.status == HTTPStatus.UNAUTHORIZED:
        error = LenderError(ErrorCode.TOKEN_REFUSED, permanent=False)
    elif error is not None and error.code == ErrorCode.REJECTED:
        error = bank_answers.rejection(answer)
    if error is not None:
        raise error
    return reading.document(answer.body)


def _path(reference: str, below: str = "") -> str:
    """The path of an application at the bank. Raises LenderError where the bank never told its id."""
    if not reference:
        raise LenderError(ErrorCode.NOT_SUPPORTED, permanent=True)
    return f"/credit-applications/{quote(reference, safe='')}{below}"


def _url(endpoint: LenderEndpoint, path: str) -> str:
    return endpoint.base_url.rstrip("/") + path


def _post(path: str, body: Mapping[str, Any], endpoint: LenderEndpoint, submission_id: UUID) -> HttpCall:
    headers = {**HEADERS, "Content-Type": "application/json"}
    return HttpCall("POST", _url(endpoint, path), headers, writing.json_body(body), submission_id)


def _consent(consent: Consent) -> dict[str, str]:
    return {
        "purpose": consent.purpose,
        "text": consent.wording,
        "givenAt": writing.moment(consent.given_at),
    }


def _document(document: Document) -> dict[str, str]:
    kind = bank_fields.DOCUMENT_TYPES.get(document.label)
    if kind is None:
        raise LenderError(ErrorCode.FIELD_NOT_SUPPORTED, permanent=True)
    content = base64.b64encode(document.content).decode()
    return {"type": kind, "mediaType": document.media_type, "content": content}
