"""Whether a person's data may be used for a purpose now: restriction, objection, consent.

GDPR Art. 18, 21 and 7(3). Selectors of personal data ask here; the queries by which workers claim what is due
carry the same conditions. Nothing else decides it, so nothing can decide it otherwise.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet

from applications.data_policy import WHILE_RESTRICTED, is_objectable, needs_consent
from applications.errors import (
    ConsentMissing,
    ProcessingObjectedTo,
    ProcessingRefused,
    ProcessingRestricted,
    RequestWithdrawn,
    SubjectErased,
)
from applications.models import Consent, DataSubject, Objection, Restriction
from applications.personal import Category, Purpose

Obstacles = list[tuple[type[ProcessingRefused], Q]]


def standing_restrictions() -> QuerySet[Restriction]:
    """Restrictions that were not lifted."""
    return Restriction.objects.filter(lifted_at__isnull=True)


def standing_objections(purpose: Purpose) -> QuerySet[Objection]:
    """Objections to a purpose that were neither overruled nor taken back."""
    return Objection.objects.filter(purpose=purpose, overruled_at__isnull=True, withdrawn_at__isnull=True)


def restricted_use(subject_id: UUID, purpose: Purpose) -> dict[str, str]:
    """What the audit is to say of a use by staff while a restriction stands: for which purpose (GDPR Art.
    18(2)). Nothing while none stands."""
    restricted = standing_restrictions().filter(subject=subject_id).exists()
    return {"while_restricted": purpose} if restricted else {}


def refusal(
    subject_id: UUID,
    purpose: Purpose,
    *,
    application_id: UUID | None = None,
    categories: Iterable[Category] = Category,
) -> SubjectErased | ProcessingRefused | None:
    """Why a person's data may not be used for `purpose`, or None when they may. One query.

    One purpose can rest on a contract for one category and on consent or legitimate interests for another:
    `categories` are those in use.
    """
    obstacles = _obstacles(purpose, subject_id, application_id, tuple(categories))
    flags = {error.code: ExpressionWrapper(wall, output_field=BooleanField()) for error, wall in obstacles}
    person = DataSubject.objects.filter(pk=subject_id).annotate(**flags).values("erased_at", *flags).get()
    if person["erased_at"] is not None:
        return SubjectErased()
    return next((error() for error, _wall in obstacles if person[error.code]), None)


def require(
    subject_id: UUID,
    purpose: Purpose,
    *,
    application_id: UUID | None = None,
    categories: Iterable[Category] = Category,
) -> None:
    """Raise SubjectErased or a ProcessingRefused when the data may not be used for `purpose`."""
    refused = refusal(subject_id, purpose, application_id=application_id, categories=categories)
    if refused is not None:
        raise refused


def permitted(
    purpose: Purpose,
    *,
    subject: str = "subject",
    application: str | None = None,
    categories: Iterable[Category] = Category,
) -> Q:
    """The condition on rows that their person's data may be used for `purpose`.

    `subject` and `application` are the paths from the row to the two, `categories` those in use.
    """
    outer_application = None if application is None else OuterRef(application)
    condition = Q()
    for _error, wall in _obstacles(purpose, OuterRef(subject), outer_application, tuple(categories)):
        condition &= ~wall
    return condition


def without_consent(purpose: Purpose, *, subject: str = "subject", application: str) -> Q:
    """The condition on rows that the consent to `purpose` for their application was taken back."""
    return _without_consent(purpose, OuterRef(subject), OuterRef(application), tuple(Category))


def _obstacles(
    purpose: Purpose, subject: Any, application: Any, categories: tuple[Category, ...]
) -> Obstacles:
    """What can stand in the way of a purpose; `subject` and `application` are ids or references to ids."""
    found: Obstacles = []
    if purpose not in WHILE_RESTRICTED:
        found.append((ProcessingRestricted, Q(Exists(standing_restrictions().filter(subject=subject)))))
    if is_objectable(purpose, categories):
        found.append((ProcessingObjectedTo, Q(Exists(standing_objections(purpose).filter(subject=subject)))))
    error = ConsentMissing if needs_consent(purpose, categories) else RequestWithdrawn
    found.append((error, _without_consent(purpose, subject, application, categories)))
    return found


def _without_consent(purpose: Purpose, subject: Any, application: Any, categories: tuple[Category, ...]) -> Q:
    """Where a consent is the only basis none stands on record; elsewhere the one given was taken back."""
    given = Consent.objects.filter(subject=subject, purpose=purpose)
    if application is not None:
        given = given.filter(application=application)
    stands = Q(Exists(given.filter(withdrawn_at__isnull=True)))
    return ~stands if needs_consent(purpose, categories) else ~stands & Q(Exists(given))
