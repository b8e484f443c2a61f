"""Reading what people typed. Each reader says for which purpose: a right of the person may stand in its way.

Every function with `purpose=` raises SubjectErased or a ProcessingRefused (selectors.permission).
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.utils import timezone

from applications.data_policy import require_allowed
from applications.form_fields import BY_LABEL, EMAIL_LABEL, FORM_FIELDS, mark_of
from applications.models import FORM_MODELS, Application, Consent, ConsumerSession, FormData
from applications.personal import Category, Purpose, RecipientKind
from applications.row_security import opened
from applications.selectors.permission import require
from applications.states import ApplicationStatus

FORM_CATEGORIES = frozenset(field.personal.category for field in FORM_FIELDS.values())
MODEL_NAMES = [str(model._meta.model_name) for model in FORM_MODELS]


def draft_of(subject_id: UUID, *, purpose: Purpose) -> Application | None:
    """The consumer's own draft, if one is open. A draft is its consumer's alone."""
    require(subject_id, purpose)
    with opened(purpose, person=subject_id):
        return (
            Application.objects.select_related("subject", *MODEL_NAMES)
            .filter(subject_id=subject_id, status=ApplicationStatus.DRAFT)
            .first()
        )


def applications_of(subject_id: UUID, *, purpose: Purpose, emptied: bool = False) -> list[Application]:
    """The applications of a consumer, newest first, for the consumer's own pages; `emptied`: also those of
    which only evidence is left."""
    require(subject_id, purpose)
    found = Application.objects.filter(subject_id=subject_id).order_by("-created_at")
    return list(found if emptied else found.filter(emptied_at__isnull=True))


def own_application(*, subject_id: UUID, application_id: UUID, purpose: Purpose) -> Application | None:
    """An application that was sent, if it is this consumer's own; None once its data are gone."""
    require(subject_id, purpose)
    with opened(purpose, person=subject_id):
        return (
            Application.objects.select_related("subject", *MODEL_NAMES)
            .filter(pk=application_id, subject_id=subject_id, emptied_at__isnull=True)
            .exclude(status=ApplicationStatus.DRAFT)
            .first()
        )


def consents_of(subject_id: UUID, *, purpose: Purpose) -> list[Consent]:
    """Every consent that the person gave, the newest first, with its application."""
    require(subject_id, purpose)
    return list(
        Consent.objects.filter(subject_id=subject_id).select_related("application").order_by("-given_at")
    )


def answers(
    application: Application, *, purpose: Purpose, categories: Collection[Category] = FORM_CATEGORIES
) -> dict[str, Any]:
    """Every answer given so far, by its name in the form; unanswered ones are left out.

    For the consumer's own pages; lenders receive through `values_by_label`, staff read through `masked` and
    `revealed`.
    """
    require(application.subject_id, purpose, application_id=application.pk, categories=categories)
    asked = {name: field for name, field in FORM_FIELDS.items() if field.personal.category in categories}
    with opened(purpose, person=application.subject_id):
        rows = {model: _row(application, model) for model in {field.model for field in asked.values()}}
    given = {name: getattr(rows[field.model], name, None) for name, field in asked.items()}
    return {name: value for name, value in given.items() if value is not None}


def values_by_label(
    application: Application, labels: Collection[str], *, purpose: Purpose, recipient: RecipientKind
) -> dict[str, Any]:
    """The values that a recipient declared it needs, by data-map label; unanswered ones are left out.

    Raises KeyError for a label that no field of the form has, NotInPolicy for one that the map does not give
    to such a recipient for this purpose.
    """
    require_allowed([mark_of(label) for label in labels], purpose, recipient)
    require(application.subject_id, purpose, application_id=application.pk)
    found: dict[str, Any] = {}
    for label in labels:
        if label == EMAIL_LABEL:
            found[label] = application.subject.email
            continue
        field = BY_LABEL[label]
        with opened(purpose, person=application.subject_id):
            row = _row(application, field.model)
        value = None if row is None else getattr(row, field.name)
        if value is not None:
            found[label] = value
    return found


def _row(application: Application, model: type[FormData]) -> FormData | None:
    try:
        row: FormData = getattr(application, str(model._meta.model_name))
    except ObjectDoesNotExist:
        return None
    return row


def own_version(*, session_id: UUID, application_id: UUID, idle: timedelta) -> int | None:
    """The version number of an application, while this session is alive and it is the session's own."""
    return (
        Application.objects.filter(
            pk=application_id,
            subject__erased_at__isnull=True,
            subject_id__in=ConsumerSession.objects.filter(
                pk=session_id,
                ended_at__isnull=True,
                expires_at__gt=timezone.now(),
                last_seen_at__gt=timezone.now() - idle,
            ).values("subject_id"),
        )
        .values_list("version", flat=True)
        .first()
    )
