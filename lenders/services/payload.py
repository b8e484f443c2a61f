"""What leaves: the call to a lender, built from the fields it declared, and the record of what it holds."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone

from applications.crypto.errors import CURABLE, CryptoError
from applications.data_policy import NotInPolicy, require_allowed
from applications.form_fields import CONSENTS_LABEL, LANGUAGE_LABEL, mark_of
from applications.personal import Purpose, RecipientKind
from applications.selectors.people import MODEL_NAMES, values_by_label
from applications.selectors.permission import require
from lenders.adapters import get_adapter
from lenders.adapters.base import (
    Adapter,
    AnyAnswer,
    Choice,
    Consent,
    Credentials,
    CreditRequest,
    DeletionReason,
    DeletionRequest,
    Document,
    ErrorCode,
    HttpCall,
    Inquiry,
    LenderEndpoint,
    LenderError,
    Notice,
    NoticeKind,
    Supplement,
)
from lenders.models import Attempt, DeletionNotice, Delivery, Lender, Offer, Submission
from lenders.purposes import PURPOSES
from lenders.selectors.more_page import KEYWORD, may_be_passed
from lenders.states import DeliveryKind, OfferStatus

# What is passed to a lender is passed for this: the application, what it still needed, the choice.
PURPOSE = Purpose.PASS_TO_LENDERS


def load_deliveries(ids: Sequence[UUID]) -> list[Delivery]:
    """Deliveries with everything that building their calls reads, in one query."""
    application = "submission__application"
    return list(
        Delivery.objects.filter(pk__in=ids)
        .select_related(
            "lender__recipient", "word", f"{application}__subject", "submission__subject",
            *(f"{application}__{name}" for name in MODEL_NAMES),
        )
        .prefetch_related(f"{application}__consents")
    )  # fmt: skip


def endpoint_of(lender: Lender) -> LenderEndpoint:
    """Where the lender listens, the shared secrets, and where it calls back.

    Raises LenderError(not_configured) when the secrets do not open: that is this lender's trouble alone.
    """
    path = reverse("lender-api:callbacks", kwargs={"slug": lender.slug})
    return LenderEndpoint(
        slug=lender.slug,
        base_url=lender.base_url,
        credentials=_credentials_of(lender),
        callback_url=f"{settings.PUBLIC_URL}{path}",
    )


def _credentials_of(lender: Lender) -> Credentials:
    try:
        return Credentials.from_stored(lender.secrets)
    except CryptoError as error:
        raise LenderError(ErrorCode.NOT_CONFIGURED, permanent=error.code not in CURABLE) from None
    except TypeError:  # written by another release
        raise LenderError(ErrorCode.NOT_CONFIGURED, permanent=True) from None


@dataclass(frozen=True)
class Discloses:
    """What a call carries: labels of fields, and for which purpose."""

    labels: tuple[str, ...]
    purpose: Purpose


Parse = Callable[..., AnyAnswer]
"""`parse`, `parse_choice`, `parse_deletion` or `parse_notice` of an adapter."""


@dataclass(frozen=True)
class Call:
    """A call that is ready, and how its answer is read. An inquiry, a request to delete and word of a
    restriction disclose nothing.

    token  the call that obtains the bearer token this one is to carry, where the lender wants one
    token_refused_at  when the lender refused the one that this delivery carried before
    """

    http: HttpCall
    adapter: Adapter
    endpoint: LenderEndpoint
    parse: Parse
    discloses: Discloses | None = None
    token: HttpCall | None = None
    token_refused_at: datetime | None = None


def build(delivery: Delivery) -> Call:
    """The call of one delivery. Raises LenderError when the lender's adapter cannot express it."""
    adapter, endpoint = get_adapter(delivery.lender.adapter), endpoint_of(delivery.lender)
    builder = _BUILDERS[DeliveryKind(delivery.kind)]
    call = builder(delivery, adapter, endpoint, timezone.now())
    token = adapter.build_token_request(endpoint, now=timezone.now())
    return replace(call, token=token, token_refused_at=_token_refused_at(delivery))


def _token_refused_at(delivery: Delivery) -> datetime | None:
    if delivery.error_code != ErrorCode.TOKEN_REFUSED:
        return None
    ended: dict[str, datetime | None] = Attempt.objects.filter(delivery=delivery).aggregate(
        at=Max("finished_at")
    )
    return ended["at"]


def _application(delivery: Delivery, adapter: Adapter, endpoint: LenderEndpoint, now: datetime) -> Call:
    request = credit_request(delivery)
    http = adapter.build_application(request, endpoint, now=now)
    labels = (*sorted(request.fields), LANGUAGE_LABEL, CONSENTS_LABEL)
    return Call(http, adapter, endpoint, adapter.parse, Discloses(labels, PURPOSE))


def _inquiry(delivery: Delivery, adapter: Adapter, endpoint: LenderEndpoint, now: datetime) -> Call:
    submission = delivery.submission
    _require(delivery)
    inquiry = Inquiry(submission.pk, submission.lender_reference or "")
    return Call(adapter.build_inquiry(inquiry, endpoint, now=now), adapter, endpoint, adapter.parse)


def _choice(delivery: Delivery, adapter: Adapter, endpoint: LenderEndpoint, now: datetime) -> Call:
    submission = delivery.submission
    offer = Offer.objects.get(submission=submission, status=OfferStatus.SELECTED)
    keyword = _values(submission, [KEYWORD])[KEYWORD]
    choice = Choice(submission.pk, offer.reference, keyword, submission.lender_reference or "")
    http = adapter.build_choice(choice, endpoint, now=now)
    return Call(http, adapter, endpoint, adapter.parse_choice, Discloses((KEYWORD,), PURPOSE))


def _supplement(delivery: Delivery, adapter: Adapter, endpoint: LenderEndpoint, now: datetime) -> Call:
    """What the person gave last to the lender that needed more: that and nothing else."""
    submission = delivery.submission
    _require(delivery)
    given = submission.supplements.prefetch_related("files").latest()
    answers = given.given
    documents = tuple(
        Document(file.label, file.media_type, file.content or b"") for file in given.files.all()
    )
    labels = (*sorted(answers), *sorted({document.label for document in documents}))
    if not all(map(may_be_passed, labels)):
        raise LenderError(ErrorCode.FIELD_NOT_SUPPORTED, permanent=True)
    supplement = Supplement(given.pk, submission.pk, submission.lender_reference or "", answers, documents)
    http = adapter.build_supplement(supplement, endpoint, now=now)
    return Call(http, adapter, endpoint, adapter.parse, Discloses(labels, PURPOSE))


def _deletion(delivery: Delivery, adapter: Adapter, endpoint: LenderEndpoint, now: datetime) -> Call:
    submission = delivery.submission
    _require(delivery)
    reason = DeletionReason(DeletionNotice.objects.get(submission=submission).reason)
    request = DeletionRequest(submission.pk, reason, submission.lender_reference or "")
    http = adapter.build_deletion(request, endpoint, now=now)
    return Call(http, adapter, endpoint, adapter.parse_deletion)


def _word(delivery: Delivery, adapter: Adapter, endpoint: LenderEndpoint, now: datetime) -> Call:
    """Word of a right: the new values, or what the person says, and nothing else."""
    submission, word = delivery.submission, delivery.word
    assert word is not None  # noqa: S101 - a database constraint sees to it
    _require(delivery)
    purpose, labels = PURPOSES[DeliveryKind.WORD], word.labels
    try:
        require_allowed(map(mark_of, labels), purpose, RecipientKind.LENDER)
    except NotInPolicy:
        raise LenderError(ErrorCode.FIELD_NOT_SUPPORTED, permanent=True) from None
    notice = Notice(
        word.pk, submission.pk, NoticeKind(word.kind), word.asked_at, submission.lender_reference or "",
        fields=word.given, text=word.text or "", answer_by=word.due_on,
    )  # fmt: skip
    http = adapter.build_notice(notice, endpoint, now=now)
    discloses = Discloses(labels, purpose) if labels else None
    return Call(http, adapter, endpoint, partial(adapter.parse_notice, notice=notice), discloses)


def _require(delivery: Delivery) -> None:
    """Raise SubjectErased or a ProcessingRefused where a right of the person stops this kind of delivery."""
    purpose = PURPOSES[DeliveryKind(delivery.kind)]
    require(delivery.subject_id, purpose, application_id=delivery.submission.application_id)


_BUILDERS: Mapping[DeliveryKind, Callable[[Delivery, Adapter, LenderEndpoint, datetime], Call]] = {
    DeliveryKind.APPLICATION: _application,
    DeliveryKind.INQUIRY: _inquiry,
    DeliveryKind.CHOICE: _choice,
    DeliveryKind.SUPPLEMENT: _supplement,
    DeliveryKind.DELETION: _deletion,
    DeliveryKind.WORD: _word,
}


def _values(submission: Submission, labels: Collection[str]) -> dict[str, Any]:
    """What a lender may get of these fields. Raises LenderError for a label that no lender may be given,
    SubjectErased or a ProcessingRefused when a right of the person stands in the way.
    """
    try:
        return values_by_label(
            submission.application, labels, purpose=PURPOSE, recipient=RecipientKind.LENDER
        )
    except (KeyError, NotInPolicy):
        raise LenderError(ErrorCode.FIELD_NOT_SUPPORTED, permanent=True) from None


def credit_request(delivery: Delivery) -> CreditRequest:
    """The application reduced to what the lender declared that it needs (GDPR Art. 5(1)(c)).

    Raises LenderError for a declared field that the form does not have or that no lender may be given.
    """
    application = delivery.submission.application
    assert application.submitted_at is not None  # noqa: S101 - a database constraint sees to it
    if KEYWORD in delivery.submission.requested_fields:  # for the chosen lender alone, with the choice
        raise LenderError(ErrorCode.FIELD_NOT_SUPPORTED, permanent=True)
    fields = _values(delivery.submission, delivery.submission.requested_fields)
    return CreditRequest(
        submission_id=delivery.submission_id,
        application_reference=application.reference,
        submitted_at=application.submitted_at,
        fields=fields,
        consents=tuple(
            Consent(consent.purpose, consent.wording, consent.given_at)
            for consent in application.consents.all()
            if consent.withdrawn_at is None
        ),
        language=application.language,
    )
