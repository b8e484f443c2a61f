"""JO1N lender protocol v1: the adapter for lenders that implement docs/lender-api.md.

Building stands here; the places of our fields in `join_fields`, the reading of answers in `join_answers`.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from lenders.adapters import join_answers, join_fields, reading, signing, statuses, writing
from lenders.adapters.base import (
    DOCUMENT_LABELS,
    MEDIA_TYPES,
    Abilities,
    Adapter,
    Answer,
    CallbackMessage,
    Choice,
    ChoiceAnswer,
    Consent,
    Credential,
    CreditRequest,
    Deleted,
    DeletionAnswer,
    DeletionRequest,
    Document,
    HttpAnswer,
    HttpCall,
    Inquiry,
    LenderEndpoint,
    Noted,
    Notice,
    NoticeAnswer,
    NoticeKind,
    Supplement,
    Unrecognised,
)
from lenders.adapters.errors import ErrorCode, LenderError, Problem

USER_AGENT = "JO1N-lender-protocol/1"
NEVER_HEARD_OF_IT = Problem("submission_id", "unknown")
HAS_IT_IN_OTHER_WORDS = Problem("idempotency_key", "conflict")
LARGEST_SUPPLEMENT = 20 * 1024 * 1024  # bytes of the body, files in base64 included


class JoinAdapter(Adapter):
    """Stateless; one instance serves every lender of this protocol."""

    slug = "join"
    name = "JO1N lender protocol v1"
    # the protocol obliges its lenders to all of this
    abilities = Abilities(
        idempotent=True,
        can_be_asked=True,
        calls_back=True,
        takes_supplement=True,
        deletion_notices=True,
        takes_notices=True,
    )
    credentials = frozenset({Credential.SIGNING_SECRETS})
    supported_labels = frozenset(join_fields.PLACES)

    def build_application(
        self, request: CreditRequest, endpoint: LenderEndpoint, *, now: datetime
    ) -> HttpCall:
        """POST /applications.

        The body depends on the request alone, so that every attempt sends the same bytes.
        """
        groups: dict[str, Any] = join_fields.grouped(request.fields)
        groups.setdefault("customer", {})["language"] = request.language
        body = {
            "submission_id": str(request.submission_id),
            "application_reference": request.application_reference,
            "submitted_at": writing.moment(request.submitted_at),
            "callback_url": endpoint.callback_url,
            **groups,
            "consents": [_consent(consent) for consent in request.consents],
        }
        return _call(
            "POST",
            "/applications",
            writing.json_body(body),
            endpoint,
            submission_id=request.submission_id,
            message_id=f"application_{request.submission_id}",
            now=now,
        )

    def build_inquiry(self, inquiry: Inquiry, endpoint: LenderEndpoint, *, now: datetime) -> HttpCall:
        """GET /applications/{submission_id}.

        The signed message id names the submission, because the path itself is not signed.
        """
        submission_id = inquiry.submission_id
        return _call(
            "GET",
            f"/applications/{submission_id}",
            b"",
            endpoint,
            submission_id=submission_id,
            message_id=f"inquiry_{submission_id}_{int(now.timestamp())}",
            now=now,
        )

    def build_choice(self, choice: Choice, endpoint: LenderEndpoint, *, now: datetime) -> HttpCall:
        """POST /applications/{submission_id}/choice: the offer chosen, and the keyword."""
        body = {
            "submission_id": str(choice.submission_id),
            "offer_reference": choice.offer_reference,
            "keyword": choice.keyword,
        }
        return _call(
            "POST",
            f"/applications/{choice.submission_id}/choice",
            writing.json_body(body),
            endpoint,
            submission_id=choice.submission_id,
            message_id=f"choice_{choice.submission_id}",
            now=now,
        )

    def build_supplement(
        self, supplement: Supplement, endpoint: LenderEndpoint, *, now: datetime
    ) -> HttpCall:
        """POST /applications/{submission_id}/supplement: what it asked for, in the application's groups."""
        body = {
            "submission_id": str(supplement.submission_id),
            "supplement_id": str(supplement.supplement_id),
            **join_fields.grouped(supplement.fields),
            "documents": [_document(document) for document in supplement.documents],
        }
        encoded = writing.json_body(body)
        if len(encoded) > LARGEST_SUPPLEMENT:
            raise LenderError(ErrorCode.VALUE_NOT_SUPPORTED, permanent=True)
        return _call(
            "POST",
            f"/applications/{supplement.submission_id}/supplement",
            encoded,
            endpoint,
            submission_id=supplement.submission_id,
            message_id=f"supplement_{supplement.supplement_id}",
            key=supplement.supplement_id,
            now=now,
        )

    def build_deletion(
        self, request: DeletionRequest, endpoint: LenderEndpoint, *, now: datetime
    ) -> HttpCall:
        """POST /applications/{submission_id}/deletion: which submission, and why."""
        body = {"submission_id": str(request.submission_id), "reason": str(request.reason)}
        return _call(
            "POST",
            f"/applications/{request.submission_id}/deletion",
            writing.json_body(body),
            endpoint,
            submission_id=request.submission_id,
            message_id=f"deletion_{request.submission_id}",
            now=now,
        )

    def build_notice(self, notice: Notice, endpoint: LenderEndpoint, *, now: datetime) -> HttpCall:
        """POST /applications/{submission_id}/notices: which right of the person, and what follows from it."""
        body: dict[str, Any] = {
            "submission_id": str(notice.submission_id),
            "notice_id": str(notice.notice_id),
            "kind": str(notice.kind),
            "said_at": writing.moment(notice.said_at),
            **join_fields.corrected(notice.fields),
        }
        if notice.text:
            body["view" if notice.kind == NoticeKind.REVIEW else "statement"] = notice.text
        if notice.answer_by is not None:
            body["answer_by"] = notice.answer_by.isoformat()
        return _call(
            "POST",
            f"/applications/{notice.submission_id}/notices",
            writing.json_body(body),
            endpoint,
            submission_id=notice.submission_id,
            message_id=f"notice_{notice.notice_id}",
            key=notice.notice_id,
            now=now,
        )

    def parse(self, answer: HttpAnswer, endpoint: LenderEndpoint, *, now: datetime) -> Answer:
        """The reply to an application, an inquiry or a supplement.

        Raises LenderError; `not_received` only where the lender says so under its signature, for on that
        word we send again.
        """
        document = _verified(answer, endpoint, now=now)
        join_answers.check_submission(document, answer.submission_id)
        return join_answers.answer_of(document)

    def parse_choice(self, answer: HttpAnswer, endpoint: LenderEndpoint, *, now: datetime) -> ChoiceAnswer:
        """The reply to a choice. Raises LenderError."""
        document = _verified(answer, endpoint, now=now)
        join_answers.check_submission(document, answer.submission_id, required=False)
        return join_answers.choice_answer_of(document)

    def parse_deletion(
        self, answer: HttpAnswer, endpoint: LenderEndpoint, *, now: datetime
    ) -> DeletionAnswer:
        """The reply to a request to delete. A lender that says under its signature that it knows no such
        submission has nothing of it. Raises LenderError.
        """
        try:
            document = _verified(answer, endpoint, now=now)
        except LenderError as error:
            if error.code != ErrorCode.NOT_RECEIVED:
                raise
            document = None
        if document is None:
            return Deleted()
        join_answers.check_submission(document, answer.submission_id)
        return join_answers.deletion_answer_of(document)

    def parse_notice(
        self, answer: HttpAnswer, endpoint: LenderEndpoint, *, notice: Notice, now: datetime
    ) -> NoticeAnswer:
        """The reply to a notice. A lender that says under its signature that it knows no such submission has
        nothing to correct or restrict; of a decision that it does not know it can review none.

        Raises LenderError.
        """
        unknown = False
        try:
            document = _verified(answer, endpoint, now=now)
        except LenderError as error:
            if error.code != ErrorCode.NOT_RECEIVED:
                raise
            unknown = True
        if unknown and notice.kind == NoticeKind.REVIEW:
            raise LenderError(ErrorCode.NOT_RECEIVED, permanent=True)
        if unknown:
            return Noted(notice.notice_id)
        join_answers.check_submission(document, answer.submission_id)
        found = join_answers.notice_answer_of(document)
        if not isinstance(found, Unrecognised) and found.notice_id != notice.notice_id:
            raise LenderError(ErrorCode.WRONG_SUBMISSION, permanent=True)
        return found

    def parse_callback(
        self, headers: Mapping[str, str], body: bytes, endpoint: LenderEndpoint, *, now: datetime
    ) -> CallbackMessage:
        """A callback, once its signature and age are right.

        Raises LenderError; nothing of an unsigned body is read.
        """
        message_id = signing.verify(headers, body, endpoint.credentials.signing, now=now)
        document = reading.document(body)
        submission_id = reading.identifier(document, "submission_id")
        return CallbackMessage(message_id, submission_id, join_answers.callback_answer_of(document))


def _verified(answer: HttpAnswer, endpoint: LenderEndpoint, *, now: datetime) -> reading.Document:
    """The document of a usable reply.

    Raises the error its status stands for, else whatever is wrong with it.
    """
    error = statuses.failure(answer, now=now)
    if error is not None and error.code == ErrorCode.REJECTED:
        error = _rejection(answer, endpoint, now=now)
    if error is not None:
        raise error
    signing.verify(answer.headers, answer.body, endpoint.credentials.signing, now=now)
    return reading.document(answer.body)


def _rejection(answer: HttpAnswer, endpoint: LenderEndpoint, *, now: datetime) -> LenderError:
    """A 4xx with what a signed body says of it; a proxy's unsigned page says nothing."""
    problems: tuple[Problem, ...] = ()
    signed = False
    try:
        signing.verify(answer.headers, answer.body, endpoint.credentials.signing, now=now)
        document = reading.document(answer.body)
        problems = join_answers.problems_of(document)
        signed = "errors" in document  # our own request, sent back to us, bears a right signature as well
    except LenderError:
        pass
    if answer.status == HTTPStatus.NOT_FOUND and NEVER_HEARD_OF_IT in problems:
        return LenderError(ErrorCode.NOT_RECEIVED, permanent=False)
    if answer.status == HTTPStatus.CONFLICT and HAS_IT_IN_OTHER_WORDS in problems:
        return LenderError(ErrorCode.ALREADY_RECEIVED, permanent=True)
    return LenderError(ErrorCode.REJECTED, permanent=True, problems=problems, signed=signed)


def _call(
    method: str,
    path: str,
    body: bytes,
    endpoint: LenderEndpoint,
    *,
    submission_id: UUID,
    message_id: str,
    now: datetime,
    key: UUID | None = None,
) -> HttpCall:
    """`key` is the Idempotency-Key of a POST: the submission's id where None."""
    headers = {
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": USER_AGENT,
        **signing.sign(message_id, body, endpoint.credentials.signing, now=now),
    }
    if method == "POST":
        headers |= {"Content-Type": "application/json", "Idempotency-Key": str(key or submission_id)}
    return HttpCall(method, endpoint.base_url.rstrip("/") + path, headers, body, submission_id)


def _document(document: Document) -> dict[str, str]:
    if document.label not in DOCUMENT_LABELS:
        raise LenderError(ErrorCode.FIELD_NOT_SUPPORTED, permanent=True)
    if document.media_type not in MEDIA_TYPES or not document.content:
        raise LenderError(ErrorCode.VALUE_NOT_SUPPORTED, permanent=True)
    content = base64.b64encode(document.content).decode()
    return {"label": document.label, "media_type": document.media_type, "content": content}


def _consent(consent: Consent) -> dict[str, str]:
    return {
        "purpose": consent.purpose,
        "wording": consent.wording,
        "given_at": writing.moment(consent.given_at),
    }
