"""Leads of a lender group: one application, and several products of the group that answer it one by one.

The group is one creditor and one recipient in the register: it agreed as a whole, and which of its products
consider a lead is its own matter. What it names as pending are its products, never further lenders; an API
that hands leads on to lenders whom the person did not tick has no place here (GDPR Art. 13(1)(e)).

Our calls carry a key, its callbacks a Standard Webhooks signature, its replies nothing but TLS. The places of
our fields stand in `market_fields`, the reading of leads in `market_answers`; docs/lenders/market.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote
from uuid import UUID

from lenders.adapters import market_answers, places, reading, signing, statuses, writing
from lenders.adapters.base import (
    Abilities,
    Adapter,
    Answer,
    CallbackMessage,
    Choice,
    ChoiceAnswer,
    Consent,
    Credential,
    CreditRequest,
    HttpAnswer,
    HttpCall,
    Inquiry,
    LenderEndpoint,
    Supplement,
)
from lenders.adapters.errors import ErrorCode, LenderError, Problem
from lenders.adapters.market_fields import PLACES

_HEADER_VALUE = re.compile(r"[!-~]{1,256}")
NEVER_HEARD_OF_IT = Problem("submission_id", "unknown")
HAS_IT_IN_OTHER_WORDS = Problem("submission_id", "conflict")


class MarketAdapter(Adapter):
    """Stateless; one instance serves every lender group of this protocol."""

    slug = "market"
    name = "Leads of a lender group, answered product by product"
    abilities = Abilities(
        idempotent=True, can_be_asked=True, is_polled=True, calls_back=True, takes_supplement=True
    )
    credentials = frozenset({Credential.CLIENT_SECRET, Credential.SIGNING_SECRETS})
    supported_labels = frozenset(PLACES)

    def build_application(
        self, request: CreditRequest, endpoint: LenderEndpoint, *, now: datetime
    ) -> HttpCall:
        """POST /leads. The same `leadUuid` again is the same lead."""
        body = {
            "leadUuid": str(request.submission_id),
            "applicationNumber": request.application_reference,
            "submittedAt": writing.moment(request.submitted_at),
            "callbackUrl": endpoint.callback_url,
            "language": request.language,
            **places.grouped(PLACES, request.fields),
            "consents": [_consent(consent) for consent in request.consents],
        }
        return _call("POST", "/leads", endpoint, request.submission_id, body)

    def build_inquiry(self, inquiry: Inquiry, endpoint: LenderEndpoint, *, now: datetime) -> HttpCall:
        """GET /leads/{leadUuid}: the lead as it stands."""
        return _call("GET", f"/leads/{inquiry.submission_id}", endpoint, inquiry.submission_id)

    def build_choice(self, choice: Choice, endpoint: LenderEndpoint, *, now: datetime) -> HttpCall:
        """POST /leads/{leadUuid}/offers/{offerId}/select, with the keyword."""
        path = f"/leads/{choice.submission_id}/offers/{quote(choice.offer_reference, safe='')}/select"
        return _call("POST", path, endpoint, choice.submission_id, {"keyword": choice.keyword})

    def build_supplement(
        self, supplement: Supplement, endpoint: LenderEndpoint, *, now: datetime
    ) -> HttpCall:
        """PATCH /leads/{leadUuid} with just those fields: twice is the same as once.

        Raises LenderError: `field_not_supported` for a document, which has no place here, as for any field
        without one; `value_not_supported` for a field left empty, or none at all.
        """
        if supplement.documents:
            raise LenderError(ErrorCode.FIELD_NOT_SUPPORTED, permanent=True)
        groups = places.grouped(PLACES, supplement.fields)
        if sum(map(len, groups.values())) != len(supplement.fields) or not groups:
            raise LenderError(ErrorCode.VALUE_NOT_SUPPORTED, permanent=True)
        path = f"/leads/{supplement.submission_id}"
        return _call("PATCH", path, endpoint, supplement.submission_id, groups)

    def parse(self, answer: HttpAnswer, endpoint: LenderEndpoint, *, now: datetime) -> Answer:
        """The lead in the reply to an application, an inquiry or a supplement.

        Raises LenderError; `not_received` only where the group says so of this lead, for on that word we send
        again.
        """
        return market_answers.answer_of(_lead(answer, now=now))

    def parse_choice(self, answer: HttpAnswer, endpoint: LenderEndpoint, *, now: datetime) -> ChoiceAnswer:
        """The lead in the reply to a choice. Raises LenderError."""
        return market_answers.choice_answer_of(_lead(answer, now=now))

    def parse_callback(
        self, headers: Mapping[str, str], body: bytes, endpoint: LenderEndpoint, *, now: datetime
    ) -> CallbackMessage:
        """The lead in a callback, once its signature and age are right.

        Raises LenderError; nothing of an unsigned body is read.
        """
        message_id = signing.verify(headers, body, endpoint.credentials.signing, now=now)
        document = reading.document(body)
        lead = reading.identifier(document, "leadUuid")
        return CallbackMessage(message_id, lead, market_answers.answer_of(document))


def _lead(answer: HttpAnswer, *, now: datetime) -> reading.Document:
    """The lead of a usable reply. Raises the error its status stands for, else whatever is wrong with it."""
    error = statuses.failure(answer, now=now)
    if error is not None and error.code == ErrorCode.REJECTED:
        error = _rejection(answer)
    if error is not None:
        raise error
    document = reading.document(answer.body)
    market_answers.check_lead(document, answer.submission_id)
    return document


def _rejection(answer: HttpAnswer) -> LenderError:
    """A 4xx with what its body says of our lead. A gateway's page, which does not name it, says nothing."""
    problems: tuple[Problem, ...] = ()
    its_word = False
    try:
        document = reading.document(answer.body)
        market_answers.check_lead(document, answer.submission_id)
        problems = market_answers.problems_of(document)
        its_word = answer.submission_id is not None and "errors" in document
    except LenderError:
        pass
    if answer.status == HTTPStatus.NOT_FOUND and its_word and NEVER_HEARD_OF_IT in problems:
        return LenderError(ErrorCode.NOT_RECEIVED, permanent=False)
    if answer.status == HTTPStatus.CONFLICT and its_word and HAS_IT_IN_OTHER_WORDS in problems:
        return LenderError(ErrorCode.ALREADY_RECEIVED, permanent=True)
    return LenderError(ErrorCode.REJECTED, permanent=True, problems=problems, signed=its_word)


def _call(
    method: str,
    path: str,
    endpoint: LenderEndpoint,
    submission_id: UUID,
    body: Mapping[str, Any] | None = None,
) -> HttpCall:
    headers = {"Accept": "application/json", "Accept-Encoding": "identity", **_key(endpoint)}
    if body is not None:
        headers["Content-Type"] = "application/json"
    encoded = b"" if body is None else writing.json_body(body)
    return HttpCall(method, endpoint.base_url.rstrip("/") + path, headers, encoded, submission_id)


def _key(endpoint: LenderEndpoint) -> dict[str, str]:
    """The headers that say who we are. Raises LenderError(not_configured) without a key that can be sent."""
    key_id, key = endpoint.credentials.client_id, endpoint.credentials.client_secret
    if not (_HEADER_VALUE.fullmatch(key_id) and _HEADER_VALUE.fullmatch(key)):
        raise LenderError(ErrorCode.NOT_CONFIGURED, permanent=True)
    return {"X-Api-Key-Id": key_id, "X-Api-Key": key}


def _consent(consent: Consent) -> dict[str, str]:
    return {
        "purpose": consent.purpose,
        "text": consent.wording,
        "givenAt": writing.moment(consent.given_at),
    }
