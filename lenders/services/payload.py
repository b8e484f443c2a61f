"""What leaves: the call to a lender, built from the fields it declared, and the record of what it holds."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from applications.crypto.errors import CURABLE, CryptoError
from applications.data_policy import NotInPolicy
from applications.form_fields import CONSENTS_LABEL, FORM_FIELDS, LANGUAGE_LABEL
from applications.personal import Purpose, RecipientKind
from applications.selectors.people import MODEL_NAMES, values_by_label
from applications.selectors.permission import require
from lenders.adapters import get_adapter
from lenders.adapters.base import (
    Adapter,
    Choice,
    Consent,
    CreditRequest,
    ErrorCode,
    HttpCall,
    LenderEndpoint,
    LenderError,
)
from lenders.models import Delivery, Lender, Offer, Submission
from lenders.states import DeliveryKind, OfferStatus

KEYWORD = FORM_FIELDS["keyword"].label
# What any delivery to a lender is for: the application, the choice, the question what became of it.
PURPOSE = Purpose.PASS_TO_LENDERS


def load_deliveries(ids: Sequence[UUID]) -> list[Delivery]:
    """Deliveries with everything that building their calls reads, in one query."""
    application = "submission__application"
    return list(
        Delivery.objects.filter(pk__in=ids)
        .select_related(
            "lender__recipient", f"{application}__subject", "submission__subject",
            *(f"{application}__{name}" for name in MODEL_NAMES),
        )
        .prefetch_related(f"{application}__consents")
    )  # fmt: skip


def endpoint_of(lender: Lender) -> LenderEndpoint:
    """Where the lender listens, the shared secrets, and where it calls back.

    Raises LenderError(not_configured) when the secrets do not open: that is the trouble of this lender alone.
    """
    path = reverse("lender-api:callbacks", kwargs={"slug": lender.slug})
    return LenderEndpoint(
        slug=lender.slug,
        base_url=lender.base_url,
        secrets=_secrets_of(lender),
        callback_url=f"{settings.PUBLIC_URL}{path}",
    )


def _secrets_of(lender: Lender) -> tuple[str, ...]:
    try:
        return tuple(lender.secrets or ())
    except CryptoError as error:
        raise LenderError(ErrorCode.NOT_CONFIGURED, permanent=error.code not in CURABLE) from None


@dataclass(frozen=True)
class Discloses:
    """What a call carries: labels of fields, and for which purpose."""

    labels: tuple[str, ...]
    purpose: Purpose


@dataclass(frozen=True)
class Call:
    """A call that is ready; an inquiry discloses nothing."""

    http: HttpCall
    adapter: Adapter
    endpoint: LenderEndpoint
    discloses: Discloses | None = None


def build(delivery: Delivery) -> Call:
    """The call of one delivery. Raises LenderError when the lender's adapter cannot express it."""
    adapter, endpoint = get_adapter(delivery.lender.adapter), endpoint_of(delivery.lender)
    now = timezone.now()
    submission = delivery.submission
    if delivery.kind == DeliveryKind.INQUIRY:
        require(submission.subject_id, PURPOSE, application_id=submission.application_id)
        return Call(adapter.build_inquiry(submission.pk, endpoint, now=now), adapter, endpoint)
    if delivery.kind == DeliveryKind.CHOICE:
        offer = Offer.objects.get(submission=submission, status=OfferStatus.SELECTED)
        keyword = _values(submission, [KEYWORD])[KEYWORD]
        http = adapter.build_choice(Choice(submission.pk, offer.reference, keyword), endpoint, now=now)
        return Call(http, adapter, endpoint, Discloses((KEYWORD,), PURPOSE))
    request = credit_request(delivery)
    http = adapter.build_application(request, endpoint, now=now)
    labels = (*sorted(request.fields), LANGUAGE_LABEL, CONSENTS_LABEL)
    return Call(http, adapter, endpoint, Discloses(labels, PURPOSE))


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
