"""XML over mutual TLS: older lenders with one address and no signatures (docs/lenders/xml.md).

The lender knows us by our certificate and we know it by its own: what came over that connection is its word.
It keeps no key against repeats, and calls nobody back. Building stands here; the places of our fields in
`xml_v1_fields`, the reading of answers in `xml_v1_answers`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID
from xml.etree.ElementTree import Element, SubElement, tostring

from lenders.adapters import xml_v1_answers, xml_v1_fields
from lenders.adapters.base import (
    Abilities,
    Adapter,
    Answer,
    Choice,
    ChoiceAnswer,
    Credential,
    CreditRequest,
    Deleted,
    DeletionAnswer,
    DeletionReason,
    DeletionRequest,
    HttpAnswer,
    HttpCall,
    Inquiry,
    LenderEndpoint,
)
from lenders.adapters.errors import ErrorCode, LenderError
from lenders.adapters.xml_v1_answers import NAMESPACE
from lenders.adapters.xml_v1_fields import add_text

HEADERS = {
    "Accept": "application/xml",
    "Accept-Encoding": "identity",
    "Content-Type": "application/xml; charset=utf-8",
    "User-Agent": "JO1N-xml/1",
}
DELETION_REASONS: Mapping[DeletionReason, str] = {
    DeletionReason.NOT_SELECTED: "NOT_CHOSEN",
    DeletionReason.CONSENT_WITHDRAWN: "CONSENT_WITHDRAWN",
    DeletionReason.ERASURE: "ERASURE_REQUEST",
    DeletionReason.RETENTION_OVER: "RETENTION_OVER",
}


class XmlAdapter(Adapter):
    """Stateless; one instance serves every lender that speaks so."""

    slug = "xml"
    name = "XML over mutual TLS"
    # sent twice, an application is two at the lender; but by our id it can be asked
    abilities = Abilities(idempotent=False, can_be_asked=True, is_polled=True, deletion_notices=True)
    credentials = frozenset({Credential.CLIENT_CERTIFICATE})
    supported_labels = frozenset(xml_v1_fields.PLACES)

    def build_application(
        self, request: CreditRequest, endpoint: LenderEndpoint, *, now: datetime
    ) -> HttpCall:
        """CreditApplication."""
        message = _message("CreditApplication", request.submission_id)
        add_text(message, "ApplicationNumber", request.application_reference)
        add_text(message, "SubmittedAt", _written(request.submitted_at))
        add_text(message, "Language", request.language.upper())
        xml_v1_fields.add_groups(message, request.fields)
        consents = SubElement(message, "Consents")
        for given in request.consents:
            consent = SubElement(consents, "Consent")
            add_text(consent, "Purpose", given.purpose)
            add_text(consent, "Wording", given.wording)
            add_text(consent, "GivenAt", _written(given.given_at))
        return _call(message, endpoint, request.submission_id)

    def build_inquiry(self, inquiry: Inquiry, endpoint: LenderEndpoint, *, now: datetime) -> HttpCall:
        """StatusRequest."""
        message = _message("StatusRequest", inquiry.submission_id, inquiry.lender_reference)
        return _call(message, endpoint, inquiry.submission_id)

    def build_choice(self, choice: Choice, endpoint: LenderEndpoint, *, now: datetime) -> HttpCall:
        """AcceptOffer: the offer chosen, and the keyword."""
        message = _message("AcceptOffer", choice.submission_id, choice.lender_reference)
        add_text(message, "OfferNumber", choice.offer_reference)
        add_text(message, "Keyword", choice.keyword)
        return _call(message, endpoint, choice.submission_id)

    def build_deletion(
        self, request: DeletionRequest, endpoint: LenderEndpoint, *, now: datetime
    ) -> HttpCall:
        """DeleteRequest."""
        message = _message("DeleteRequest", request.submission_id, request.lender_reference)
        add_text(message, "Reason", DELETION_REASONS[request.reason])
        return _call(message, endpoint, request.submission_id)

    def parse(self, answer: HttpAnswer, endpoint: LenderEndpoint, *, now: datetime) -> Answer:
        """CreditApplicationReply or StatusReply. Raises LenderError."""
        return xml_v1_answers.answer_of(xml_v1_answers.opened(answer, xml_v1_answers.DECISIONS, now=now))

    def parse_choice(self, answer: HttpAnswer, endpoint: LenderEndpoint, *, now: datetime) -> ChoiceAnswer:
        """AcceptOfferReply. Raises LenderError."""
        return xml_v1_answers.choice_answer_of(xml_v1_answers.opened(answer, xml_v1_answers.CHOICES, now=now))

    def parse_deletion(
        self, answer: HttpAnswer, endpoint: LenderEndpoint, *, now: datetime
    ) -> DeletionAnswer:
        """DeleteReply. Raises LenderError."""
        try:
            document = xml_v1_answers.opened(answer, xml_v1_answers.DELETIONS, now=now)
        except LenderError as error:
            if error.code == ErrorCode.NOT_RECEIVED:  # it holds nothing under our id, or no more
                return Deleted()
            raise
        return xml_v1_answers.deletion_answer_of(document)


def _message(name: str, submission_id: UUID, lender_reference: str = "") -> Element:
    message = Element(name, {"xmlns": NAMESPACE, "Id": str(submission_id)})
    if lender_reference:
        add_text(message, "CaseNumber", lender_reference)
    return message


def _call(message: Element, endpoint: LenderEndpoint, submission_id: UUID) -> HttpCall:
    if Credential.CLIENT_CERTIFICATE not in endpoint.credentials.held:
        raise LenderError(ErrorCode.NOT_CONFIGURED, permanent=True)
    body: bytes = tostring(message, encoding="utf-8", xml_declaration=True)
    return HttpCall("POST", endpoint.base_url.rstrip("/") + "/service", HEADERS, body, submission_id)


def _written(moment: datetime) -> str:
    """RFC 3339 in UTC to the second."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
